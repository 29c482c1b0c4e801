// The echo protocol over datagrams, RFC 862: sends each datagram back, an empty one too.
package main

import "github.com/socketserver/socketserver/guest/sdk/go/datagram"

func init() { datagram.HandleFunc(echo) }

func main() {}

func echo(request *datagram.Request) error {
	return request.Reply(request.Data)
}
