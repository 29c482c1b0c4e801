package main

import (
	"bytes"

	"github.com/socketserver/socketserver/guest/sdk/go/datagram"
)

func init() { datagram.HandleFunc(shout) }

func main() {}

// shout answers each datagram in upper case.
func shout(request *datagram.Request) error {
	return request.Reply(bytes.ToUpper(request.Data))
}
