package main

import (
	"bufio"
	"log"
	"net"
	"strings"

	"github.com/socketserver/socketserver/guest/sdk/go/server"
	"github.com/socketserver/socketserver/guest/sdk/go/stream"
)

func init() { stream.HandleFunc(shout) }

// shout answers one line in upper case. It runs in an instance of its own for each connection.
func shout(conn *stream.Conn) error {
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	_, err = conn.Write([]byte(strings.ToUpper(line)))
	return err
}

// hooks are the steps of the server that differ from the usual: who is not of this machine is not served.
type hooks struct {
	server.Defaults
}

func (hooks) VerifyRequest(_ *server.Server, request *server.Request) bool {
	remote, ok := request.RemoteAddr().(*net.TCPAddr)
	return ok && remote.IP.IsLoopback()
}

// main runs once, from the start of the program to its end.
func main() {
	srv := server.NewThreadingTCP("127.0.0.1:9999")
	srv.Hooks = hooks{}
	defer srv.Close()
	if err := srv.ServeForever(); err != nil {
		log.Print(err)
	}
}
