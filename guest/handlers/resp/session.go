package main

// session is what the server remembers of a connection.
type session struct {
	keyspace *keyspace
	// name is what CLIENT SETNAME has set; empty is no name.
	name []byte
	// closed is after the answer to the command that is under way: no more is read.
	closed bool
}

func newSession() *session {
	return &session{keyspace: newKeyspace()}
}
