// A server program: it makes a ThreadingTCPServer for a handler of its own, the echo protocol, and serves until it is told to
// stop.
package main

import (
	"io"
	"log"

	"github.com/socketserver/socketserver/guest/sdk/go/server"
	"github.com/socketserver/socketserver/guest/sdk/go/stream"
)

func init() { stream.HandleFunc(echo) }

func echo(conn *stream.Conn) error {
	_, err := io.Copy(conn, conn)
	return err
}

func main() {
	srv := server.NewThreadingTCP("127.0.0.1:9999")
	defer srv.Close()
	if err := srv.ServeForever(); err != nil {
		log.Print(err)
	}
}
