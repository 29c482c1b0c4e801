package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// version is that of Redis whose answers these commands give. Libraries choose what they send by it.
const version = "7.0.0"

func dbsize(s *session, _ [][]byte) reply {
	return integer(s.keyspace.len())
}

// flush takes ASYNC and SYNC, which say when memory is freed: at once.
func flush(s *session, arguments [][]byte) reply {
	if len(arguments) > 2 || len(arguments) == 2 && !isWord(arguments[1], "ASYNC") && !isWord(arguments[1], "SYNC") {
		return errSyntax
	}
	s.keyspace.clear()
	return ok
}

func describeCommands(s *session, arguments [][]byte) reply {
	if len(arguments) > 1 {
		return executeSubcommand(s, arguments)
	}
	all := array{}
	for i := range commands {
		all = append(all, describe(&commands[i]))
	}
	return all
}

func commandCount(*session, [][]byte) reply {
	return integer(len(commands))
}

func commandList(*session, [][]byte) reply {
	names := array{}
	for _, command := range commands {
		names = append(names, bulk(command.name))
	}
	return names
}

func commandInfo(s *session, arguments [][]byte) reply {
	if len(arguments) == 2 {
		return describeCommands(s, arguments[:1])
	}
	found := array{}
	for _, name := range arguments[2:] {
		found = append(found, describe(find(name)))
	}
	return found
}

func describe(command *command) reply {
	if command == nil {
		return null{}
	}
	flags := array{}
	switch command.access {
	case "read":
		flags = append(flags, simple("readonly"))
	case "write":
		flags = append(flags, simple("write"))
	}
	return array{
		bulk(command.name),
		integer(command.arity),
		flags,
		integer(command.keys.first),
		integer(command.keys.last),
		integer(command.keys.step),
	}
}

// configGet knows the parameters that clients ask for. None can be set.
func configGet(_ *session, arguments [][]byte) reply {
	parameters := []struct{ name, value string }{
		{"appendonly", "no"},
		{"databases", "1"},
		{"proto-max-bulk-len", strconv.Itoa(maxBulk)},
		{"save", ""},
	}
	found := array{}
	for _, parameter := range parameters {
		for _, pattern := range arguments[2:] {
			if matches(bytes.ToLower(pattern), []byte(parameter.name)) {
				found = append(found, bulk(parameter.name), bulk(parameter.value))
				break
			}
		}
	}
	return found
}

func info(s *session, arguments [][]byte) reply {
	keyspace := ""
	if keys := s.keyspace.len(); keys > 0 {
		keyspace = fmt.Sprintf("db0:keys=%d,expires=%d,avg_ttl=0\r\n", keys, s.keyspace.ending())
	}
	sections := []struct{ name, lines string }{
		{"Server", "redis_version:" + version + "\r\nredis_mode:standalone\r\n"},
		{"Clients", "connected_clients:1\r\n"},
		{"Replication", "role:master\r\n"},
		{"Keyspace", keyspace},
	}
	var texts []string
	for _, section := range sections {
		if len(arguments) == 1 || isAskedFor(section.name, arguments[1:]) {
			texts = append(texts, "# "+section.name+"\r\n"+section.lines)
		}
	}
	return bulk(strings.Join(texts, "\r\n"))
}

func isAskedFor(section string, asked [][]byte) bool {
	for _, name := range asked {
		for _, known := range []string{section, "default", "all", "everything"} {
			if isWord(name, known) {
				return true
			}
		}
	}
	return false
}
