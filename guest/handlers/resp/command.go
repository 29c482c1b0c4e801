package main

import (
	"bytes"
	"fmt"
	"strings"
)

// command is a command or a subcommand.
type command struct {
	// name is in lower case. A subcommand has the name of its command before it: "config|get".
	name string
	// arity is how many arguments there are, the name among them; when negative, how many there are at least.
	arity int
	// access is what it does with keys, in the word of Redis, or "".
	access string
	keys   keys
	run    func(s *session, arguments [][]byte) reply
}

// keys are the first and the last argument that is a key, and the step between keys; a last one of -1 is the last argument.
type keys struct {
	first, last, step int64
}

var (
	noKey   = keys{0, 0, 0}
	oneKey  = keys{1, 1, 1}
	allKeys = keys{1, -1, 1}
	pairs   = keys{1, -1, 2}
)

// The tables are filled by init, because some commands look into them.
var commands, subcommands []command

// byName finds what is in the tables.
var byName = map[string]*command{}

func init() {
	commands = []command{
		{"append", 3, "write", oneKey, appendValue},
		{"client", -2, "", noKey, executeSubcommand},
		{"command", -1, "", noKey, describeCommands},
		{"config", -2, "", noKey, executeSubcommand},
		{"dbsize", 1, "", noKey, dbsize},
		{"decr", 2, "write", oneKey, decr},
		{"decrby", 3, "write", oneKey, decrby},
		{"del", -2, "write", allKeys, del},
		{"echo", 2, "", noKey, echo},
		{"exists", -2, "read", allKeys, exists},
		{"expire", -3, "write", oneKey, expire},
		{"flushall", -1, "", noKey, flush},
		{"flushdb", -1, "", noKey, flush},
		{"get", 2, "read", oneKey, get},
		{"hello", -1, "", noKey, hello},
		{"incr", 2, "write", oneKey, incr},
		{"incrby", 3, "write", oneKey, incrby},
		{"info", -1, "", noKey, info},
		{"keys", 2, "read", noKey, listKeys},
		{"mget", -2, "read", allKeys, mget},
		{"mset", -3, "write", pairs, mset},
		{"persist", 2, "write", oneKey, persist},
		{"ping", -1, "", noKey, ping},
		{"quit", -1, "", noKey, quit},
		{"reset", 1, "", noKey, reset},
		{"select", 2, "", noKey, selectDatabase},
		{"set", -3, "write", oneKey, set},
		{"strlen", 2, "read", oneKey, strlen},
		{"ttl", 2, "read", oneKey, ttl},
		{"type", 2, "read", oneKey, typeOf},
	}
	subcommands = []command{
		{"client|getname", 2, "", noKey, clientGetname},
		{"client|id", 2, "", noKey, clientID},
		{"client|info", 2, "", noKey, clientInfo},
		{"client|list", -2, "", noKey, clientInfo},
		{"client|setinfo", 4, "", noKey, clientSetinfo},
		{"client|setname", 3, "", noKey, clientSetname},
		{"command|count", 2, "", noKey, commandCount},
		{"command|info", -2, "", noKey, commandInfo},
		{"command|list", 2, "", noKey, commandList},
		{"config|get", -3, "", noKey, configGet},
	}
	for _, table := range [][]command{commands, subcommands} {
		for i := range table {
			byName[table[i].name] = &table[i]
		}
	}
}

// execute carries out a command. The arguments begin with its name, so there is at least one.
func execute(s *session, arguments [][]byte) reply {
	command := find(arguments[0])
	if command == nil {
		return unknown(arguments)
	}
	return call(command, s, arguments)
}

func find(name []byte) *command {
	// A name with the separator would find a subcommand.
	if bytes.IndexByte(name, '|') >= 0 {
		return nil
	}
	return lookUp(name)
}

// lookUp finds a name without regard to case, and does so without allocating.
func lookUp(name []byte) *command {
	var folded [32]byte
	if len(name) > len(folded) {
		return nil
	}
	for i, c := range name {
		folded[i] = lower(c)
	}
	return byName[string(folded[:len(name)])]
}

// executeSubcommand carries out the subcommand that the second argument names.
func executeSubcommand(s *session, arguments [][]byte) reply {
	command := lookUp(bytes.Join(arguments[:2], []byte("|")))
	if command == nil {
		name := strings.ToUpper(string(arguments[0]))
		return failure(fmt.Sprintf("ERR unknown subcommand '%s'. Try %s HELP.", quotable(arguments[1]), name))
	}
	return call(command, s, arguments)
}

func call(command *command, s *session, arguments [][]byte) reply {
	least := max(command.arity, -command.arity)
	if len(arguments) < least || command.arity > 0 && len(arguments) > least {
		return wrongNumber(command.name)
	}
	return command.run(s, arguments)
}

func wrongNumber(name string) failure {
	return failure(fmt.Sprintf("ERR wrong number of arguments for '%s' command", name))
}

// quoted is how much of what the peer sent an error quotes, in bytes, as Redis does.
const quoted = 128

func quotable(argument []byte) []byte {
	return argument[:min(len(argument), quoted)]
}

func unknown(arguments [][]byte) failure {
	var quotes []byte
	for _, argument := range arguments[1:] {
		if len(quotes) >= quoted {
			break
		}
		quotes = fmt.Appendf(quotes, "'%s' ", argument[:min(len(argument), quoted-len(quotes))])
	}
	return failure(fmt.Sprintf("ERR unknown command '%s', with args beginning with: %s", quotable(arguments[0]), quotes))
}
