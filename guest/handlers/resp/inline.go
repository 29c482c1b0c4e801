package main

import (
	"bytes"
	"strings"
)

const errUnbalanced = protocolError("unbalanced quotes in request")

// splitInline splits an inline command into its arguments, with quotes as in the configuration file of Redis. In double
// quotes \n, \r, \t, \a, \b, \xHH and \ before any other character have their usual meaning; in single quotes \' alone
// does. The arguments share no memory with the line.
func splitInline(line []byte) (arguments [][]byte, err error) {
	rest := trimBlanks(line)
	for len(rest) > 0 {
		var argument []byte
		if argument, rest, err = firstArgument(rest); err != nil {
			return nil, err
		}
		arguments = append(arguments, argument)
		rest = trimBlanks(rest)
	}
	return arguments, nil
}

func firstArgument(rest []byte) (argument, after []byte, err error) {
	argument = []byte{}
	for len(rest) > 0 && !isBlank(rest[0]) {
		c := rest[0]
		rest = rest[1:]
		if c != '"' && c != '\'' {
			argument = append(argument, c)
			continue
		}
		if argument, rest, err = appendQuoted(argument, c, rest); err != nil {
			return nil, nil, err
		}
		// Redis: "closing quote must be followed by a space or nothing at all".
		if len(rest) > 0 && !isBlank(rest[0]) {
			return nil, nil, errUnbalanced
		}
		break
	}
	return argument, rest, nil
}

// appendQuoted appends what stands between here and the closing quote, and returns what follows that.
func appendQuoted(argument []byte, quote byte, rest []byte) (appended, after []byte, err error) {
	for len(rest) > 0 {
		c, length := rest[0], 1
		switch {
		case c == quote:
			return argument, rest[1:], nil
		case c != '\\' || len(rest) == 1:
		case quote == '"' && rest[1] == 'x' && len(rest) >= 4 && isHexadecimal(rest[2]) && isHexadecimal(rest[3]):
			c, length = hexadecimal(rest[2])<<4|hexadecimal(rest[3]), 4
		case quote == '"':
			c, length = escaped(rest[1]), 2
		case rest[1] == '\'':
			c, length = '\'', 2
		}
		argument, rest = append(argument, c), rest[length:]
	}
	return nil, nil, errUnbalanced
}

func escaped(c byte) byte {
	if at := strings.IndexByte("nrtab", c); at >= 0 {
		return "\n\r\t\a\b"[at]
	}
	return c
}

const digits = "0123456789abcdef"

func isHexadecimal(c byte) bool { return strings.IndexByte(digits, lower(c)) >= 0 }

func hexadecimal(c byte) byte { return byte(strings.IndexByte(digits, lower(c))) }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// blanks are those of ASCII; the vertical tab is none, as in the handler in Rust.
const blanks = " \t\n\f\r"

func isBlank(c byte) bool { return strings.IndexByte(blanks, c) >= 0 }

func trimBlanks(text []byte) []byte { return bytes.TrimLeft(text, blanks) }
