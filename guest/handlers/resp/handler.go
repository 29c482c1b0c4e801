// A key-value store in the protocol of Redis, RESP2, whose data live as long as the connection.
//
// frame.go and inline.go read commands, command.go finds and checks them, connection.go, key.go, server.go, set.go and
// string.go carry them out on a session, and reply.go writes the answer. Nothing but this file knows of connections.
package main

import (
	"bufio"
	"errors"
	"io"

	"github.com/socketserver/socketserver/guest/sdk/go/stream"
)

func init() {
	stream.HandleFunc(func(conn *stream.Conn) error { return serve(conn, conn) })
}

func main() {}

// serve answers commands until the peer has sent its last, sends QUIT, or breaks the protocol.
func serve(from io.Reader, to io.Writer) error {
	writer := bufio.NewWriterSize(to, bufferSize)
	// Answers are left in the buffer until there is nothing more to read, which batches those to pipelined commands.
	reader := bufio.NewReaderSize(flushBeforeReading{from, writer}, bufferSize)
	s := newSession()
	for !s.closed {
		arguments, err := readCommand(reader)
		var broken protocolError
		switch {
		case errors.As(err, &broken):
			// Where the next command begins cannot be told any more.
			failure("ERR Protocol error: " + string(broken)).write(writer)
			return writer.Flush()
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			// In the middle of a command too: there is nobody left to tell.
			return writer.Flush()
		case err != nil:
			return err
		}
		execute(s, arguments).write(writer)
	}
	return writer.Flush()
}

const bufferSize = 16 << 10

type flushBeforeReading struct {
	io.Reader
	writer *bufio.Writer
}

func (f flushBeforeReading) Read(p []byte) (int, error) {
	if err := f.writer.Flush(); err != nil {
		return 0, err
	}
	return f.Reader.Read(p)
}
