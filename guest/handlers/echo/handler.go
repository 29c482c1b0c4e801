// The echo protocol, RFC 862: sends back whatever it receives, until the peer has sent everything.
package main

import (
	"io"

	"github.com/socketserver/socketserver/guest/sdk/go/stream"
)

func init() { stream.HandleFunc(echo) }

func main() {}

func echo(conn *stream.Conn) error {
	_, err := io.Copy(conn, conn)
	return err
}
