package main

import (
	"math"
	"strconv"
)

const notAnInteger = failure("ERR value is not an integer or out of range")

func get(s *session, arguments [][]byte) reply {
	entry, ok := s.keyspace.get(arguments[1])
	if !ok {
		return null{}
	}
	return bulk(entry.value)
}

func mget(s *session, arguments [][]byte) reply {
	values := make(array, 0, len(arguments)-1)
	for _, key := range arguments[1:] {
		values = append(values, get(s, [][]byte{nil, key}))
	}
	return values
}

func mset(s *session, arguments [][]byte) reply {
	rest := arguments[1:]
	if len(rest)%2 != 0 {
		return wrongNumber("mset")
	}
	for ; len(rest) > 0; rest = rest[2:] {
		s.keyspace.set(rest[0], rest[1], never)
	}
	return ok
}

func appendValue(s *session, arguments [][]byte) reply {
	entry, _ := s.keyspace.get(arguments[1])
	value := append(entry.value, arguments[2]...)
	s.keyspace.set(arguments[1], value, entry.ends)
	return integer(len(value))
}

func strlen(s *session, arguments [][]byte) reply {
	entry, _ := s.keyspace.get(arguments[1])
	return integer(len(entry.value))
}

func incr(s *session, arguments [][]byte) reply {
	return add(s, arguments[1], 1)
}

func decr(s *session, arguments [][]byte) reply {
	return add(s, arguments[1], -1)
}

func incrby(s *session, arguments [][]byte) reply {
	amount, ok := parseInteger(arguments[2])
	if !ok {
		return notAnInteger
	}
	return add(s, arguments[1], amount)
}

func decrby(s *session, arguments [][]byte) reply {
	amount, ok := parseInteger(arguments[2])
	switch {
	case !ok:
		return notAnInteger
	case amount == math.MinInt64:
		return failure("ERR decrement would overflow")
	}
	return add(s, arguments[1], -amount)
}

// add keeps the time at which the key ends.
func add(s *session, key []byte, amount int64) reply {
	entry, found := s.keyspace.get(key)
	old := int64(0)
	if found {
		var ok bool
		if old, ok = parseInteger(entry.value); !ok {
			return notAnInteger
		}
	}
	sum := old + amount
	if (amount > 0) != (sum > old) && amount != 0 {
		return failure("ERR increment or decrement would overflow")
	}
	s.keyspace.set(key, strconv.AppendInt(nil, sum, 10), entry.ends)
	return integer(sum)
}
