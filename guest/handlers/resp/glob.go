package main

// matches tells whether all of text matches a pattern of KEYS and CONFIG GET: *, ?, [a-z], [^a-z], and \ before a character
// that is meant as it is.
//
// It goes back to the last * alone, so that the time is at most the product of the two lengths.
func matches(pattern, text []byte) bool {
	p, t := 0, 0
	// Where to go on when the last * stands for one byte more; before there is one, nowhere.
	afterStar, from := -1, 0
	for {
		if p < len(pattern) && pattern[p] == '*' {
			p++
			afterStar, from = p, t
			continue
		}
		if t == len(text) && p == len(pattern) {
			return true
		}
		if t < len(text) {
			if ok, length := matchesOne(pattern[p:], text[t]); ok {
				p, t = p+length, t+1
				continue
			}
		}
		if afterStar < 0 || from >= len(text) {
			return false
		}
		from++
		p, t = afterStar, from
	}
}

// matchesOne tells whether the first item of pattern matches c, and how long it is.
func matchesOne(pattern []byte, c byte) (ok bool, length int) {
	switch {
	case len(pattern) == 0:
		return false, 0
	case pattern[0] == '?':
		return true, 1
	case pattern[0] == '[':
		return matchesClass(pattern, c)
	case pattern[0] == '\\' && len(pattern) > 1:
		return pattern[1] == c, 2
	}
	return pattern[0] == c, 1
}

// matchesClass takes a class that is not closed to end with the pattern, as Redis does.
func matchesClass(pattern []byte, c byte) (ok bool, length int) {
	at := 1
	negated := len(pattern) > 1 && pattern[1] == '^'
	if negated {
		at = 2
	}
	found := false
	for at < len(pattern) {
		rest := pattern[at:]
		if rest[0] == ']' {
			return found != negated, at + 1
		}
		low, high, length := rest[0], rest[0], 1
		switch {
		case rest[0] == '\\' && len(rest) > 1:
			low, high, length = rest[1], rest[1], 2
		case len(rest) > 2 && rest[1] == '-':
			low, high, length = min(rest[0], rest[2]), max(rest[0], rest[2]), 3
		}
		found = found || low <= c && c <= high
		at += length
	}
	return found != negated, at
}
