package main

const errSyntax = failure("ERR syntax error")

const errInvalidTime = failure("ERR invalid expire time in 'set' command")

// setOptions are those of SET.
type setOptions struct {
	isNew, exists, returnsOld, keepsEnd bool
	ends                                moment
}

func set(s *session, arguments [][]byte) reply {
	options, err := parseSetOptions(arguments[3:], s.keyspace)
	if err != "" {
		return err
	}
	key, value := arguments[1], arguments[2]
	old, found := s.keyspace.get(key)
	met := !(options.isNew && found || options.exists && !found)
	if met {
		ends := options.ends
		if options.keepsEnd {
			ends = old.ends
		}
		s.keyspace.set(key, value, ends)
	}
	switch {
	case options.returnsOld && found:
		return bulk(old.value)
	case options.returnsOld || !met:
		return null{}
	}
	return ok
}

// parseSetOptions takes options that exclude each other, or the same one twice, for an error of syntax.
func parseSetOptions(arguments [][]byte, keyspace *keyspace) (options setOptions, err failure) {
	options.ends = never
	for len(arguments) > 0 {
		argument := arguments[0]
		arguments = arguments[1:]
		hasEnd := options.keepsEnd || options.ends != never
		isTime := isWord(argument, "EX") || isWord(argument, "PX")
		switch {
		case isWord(argument, "NX") && !options.isNew && !options.exists:
			options.isNew = true
		case isWord(argument, "XX") && !options.isNew && !options.exists:
			options.exists = true
		case isWord(argument, "GET") && !options.returnsOld:
			options.returnsOld = true
		case isWord(argument, "KEEPTTL") && !hasEnd:
			options.keepsEnd = true
		case isTime && !hasEnd && len(arguments) > 0:
			unit := int64(1)
			if isWord(argument, "EX") {
				unit = 1000
			}
			amount, ok := parseInteger(arguments[0])
			if !ok {
				return options, notAnInteger
			}
			if options.ends, ok = endsAfter(keyspace.now(), amount, unit); !ok || amount <= 0 {
				return options, errInvalidTime
			}
			arguments = arguments[1:]
		default:
			return options, errSyntax
		}
	}
	return options, ""
}
