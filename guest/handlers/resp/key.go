package main

import (
	"fmt"
	"math"
)

func del(s *session, arguments [][]byte) reply {
	count := 0
	for _, key := range arguments[1:] {
		if s.keyspace.remove(key) {
			count++
		}
	}
	return integer(count)
}

// exists counts a key twice that is named twice.
func exists(s *session, arguments [][]byte) reply {
	count := 0
	for _, key := range arguments[1:] {
		if s.keyspace.contains(key) {
			count++
		}
	}
	return integer(count)
}

func listKeys(s *session, arguments [][]byte) reply {
	found := array{}
	for _, key := range s.keyspace.keys() {
		if matches(arguments[1], []byte(key)) {
			found = append(found, bulk(key))
		}
	}
	return found
}

func typeOf(s *session, arguments [][]byte) reply {
	if s.keyspace.contains(arguments[1]) {
		return simple("string")
	}
	return simple("none")
}

// ttl rounds to the next second, as Redis does.
func ttl(s *session, arguments [][]byte) reply {
	entry, ok := s.keyspace.get(arguments[1])
	switch {
	case !ok:
		return integer(-2)
	case entry.ends == never:
		return integer(-1)
	}
	left := max(entry.ends-s.keyspace.now(), 0)
	if left > math.MaxInt64-500 {
		return integer(math.MaxInt64 / 1000)
	}
	return integer((left + 500) / 1000)
}

func persist(s *session, arguments [][]byte) reply {
	entry, ok := s.keyspace.get(arguments[1])
	if !ok || entry.ends == never {
		return integer(0)
	}
	s.keyspace.set(arguments[1], entry.value, never)
	return integer(1)
}

func expire(s *session, arguments [][]byte) reply {
	amount, ok := parseInteger(arguments[2])
	if !ok {
		return notAnInteger
	}
	ends, ok := endsAfter(s.keyspace.now(), amount, 1000)
	if !ok {
		return failure("ERR invalid expire time in 'expire' command")
	}
	allows, err := parseConditions(arguments[3:])
	if err != "" {
		return err
	}
	entry, ok := s.keyspace.get(arguments[1])
	if !ok || !allows(entry.ends, ends) {
		return integer(0)
	}
	// A time that is not in the future removes the key with the next look at it.
	s.keyspace.set(arguments[1], entry.value, ends)
	return integer(1)
}

// endsAfter is false where the moment is beyond all that can be counted. One in the past is the first there was.
func endsAfter(now moment, amount, unit int64) (moment, bool) {
	if amount > (math.MaxInt64-int64(now))/unit || amount < math.MinInt64/unit {
		return 0, false
	}
	return max(now+moment(amount*unit), 0), true
}

// parseConditions reads when EXPIRE is allowed to change the end of a key. A key without an end counts as one that ends
// later than any.
func parseConditions(arguments [][]byte) (allows func(old, new moment) bool, err failure) {
	var hasNone, hasOne, isLater, isEarlier bool
	for _, argument := range arguments {
		switch {
		case isWord(argument, "NX"):
			hasNone = true
		case isWord(argument, "XX"):
			hasOne = true
		case isWord(argument, "GT"):
			isLater = true
		case isWord(argument, "LT"):
			isEarlier = true
		default:
			return nil, failure(fmt.Sprintf("ERR Unsupported option %s", argument))
		}
	}
	switch {
	case hasNone && (hasOne || isLater || isEarlier):
		return nil, "ERR NX and XX, GT or LT options at the same time are not compatible"
	case isLater && isEarlier:
		return nil, "ERR GT and LT options at the same time are not compatible"
	}
	return func(old, new moment) bool {
		return !(hasNone && old != never ||
			hasOne && old == never ||
			isLater && (old == never || new <= old) ||
			isEarlier && old != never && new >= old)
	}, ""
}
