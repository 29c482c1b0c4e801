package main

import (
	"bufio"
	"bytes"
	"io"

	"github.com/socketserver/socketserver/guest/sdk/go/stream"
)

func init() { stream.HandleFunc(shout) }

func main() {}

// shout answers each line in upper case.
func shout(conn *stream.Conn) error {
	reader := bufio.NewReader(conn)
	for {
		// A line that is longer than the buffer is answered in parts, so that no peer can fill the memory.
		line, err := reader.ReadSlice('\n')
		if len(line) > 0 {
			if _, err := conn.Write(bytes.ToUpper(line)); err != nil {
				return err
			}
		}
		switch err {
		case nil, bufio.ErrBufferFull:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}
