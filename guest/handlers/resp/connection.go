package main

import (
	"bytes"
	"fmt"
)

// id is that of each connection: each has a server of its own, so it is always the first.
const id = 1

func ping(_ *session, arguments [][]byte) reply {
	switch len(arguments) {
	case 1:
		return simple("PONG")
	case 2:
		return bulk(arguments[1])
	}
	return wrongNumber("ping")
}

func echo(_ *session, arguments [][]byte) reply {
	return bulk(arguments[1])
}

func quit(s *session, _ [][]byte) reply {
	s.closed = true
	return ok
}

func reset(s *session, _ [][]byte) reply {
	s.name = nil
	return simple("RESET")
}

func selectDatabase(_ *session, arguments [][]byte) reply {
	switch number, ok := parseInteger(arguments[1]); {
	case !ok:
		return notAnInteger
	case number != 0:
		return failure("ERR DB index is out of range")
	}
	return ok
}

// hello agrees on the second version of the protocol alone.
func hello(s *session, arguments [][]byte) reply {
	options := arguments[1:]
	if len(options) > 0 {
		switch version, ok := parseInteger(options[0]); {
		case !ok:
			return failure("ERR Protocol version is not an integer or out of range")
		case version != 2:
			return failure("NOPROTO unsupported protocol version")
		}
		options = options[1:]
	}
	name := s.name
	for len(options) > 0 {
		switch option := options[0]; {
		case isWord(option, "SETNAME") && len(options) > 1:
			if !isName(options[1]) {
				return errName
			}
			name, options = options[1], options[2:]
		case isWord(option, "AUTH") && len(options) > 2:
			return failure("ERR AUTH <password> called without any password configured for the default user. " +
				"Are you sure your configuration is correct?")
		default:
			return failure(fmt.Sprintf("ERR Syntax error in HELLO option '%s'", option))
		}
	}
	s.name = name
	return array{
		bulk("server"), bulk("redis"),
		bulk("version"), bulk(version),
		bulk("proto"), integer(2),
		bulk("id"), integer(id),
		bulk("mode"), bulk("standalone"),
		bulk("role"), bulk("master"),
		bulk("modules"), array{},
	}
}

func clientID(*session, [][]byte) reply {
	return integer(id)
}

func clientGetname(s *session, _ [][]byte) reply {
	if len(s.name) == 0 {
		return null{}
	}
	return bulk(s.name)
}

// clientSetname takes the name away where the new one is empty.
func clientSetname(s *session, arguments [][]byte) reply {
	if !isName(arguments[2]) {
		return errName
	}
	s.name = arguments[2]
	return ok
}

// clientSetinfo is what a library tells its name and version with, before its first command. Nothing here shows them, so they
// are not kept.
func clientSetinfo(_ *session, arguments [][]byte) reply {
	if isWord(arguments[2], "LIB-NAME") || isWord(arguments[2], "LIB-VER") {
		return ok
	}
	return failure(fmt.Sprintf("ERR Unrecognized option '%s'", arguments[2]))
}

func clientInfo(s *session, _ [][]byte) reply {
	return bulk(fmt.Appendf(nil, "id=%d name=%s db=0 resp=2\n", id, s.name))
}

const errName = failure("ERR Client names cannot contain spaces, newlines or special characters.")

// isName refuses blanks, between which names stand in the answer of CLIENT INFO.
func isName(name []byte) bool {
	for _, c := range name {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// isWord compares without regard to the case of ASCII letters.
func isWord(argument []byte, word string) bool {
	return len(argument) == len(word) && bytes.EqualFold(argument, []byte(word))
}
