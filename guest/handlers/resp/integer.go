package main

import "strconv"

// parseInteger reads a number that is written in the one way that Redis writes it: no sign +, no leading zeros, no blanks,
// no -0.
func parseInteger(text []byte) (int64, bool) {
	digits := text
	if len(text) > 0 && text[0] == '-' {
		digits = text[1:]
	}
	if len(digits) == 0 || digits[0] < '0' || digits[0] > '9' || digits[0] == '0' && len(text) > 1 {
		return 0, false
	}
	number, err := strconv.ParseInt(string(text), 10, 64)
	return number, err == nil
}
