// Sends what it is told of the HTTP request that its connection is. See tests/programs/README.md.
package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/socketserver/socketserver/guest/sdk/go/stream"
)

func init() { stream.HandleFunc(tell) }

func main() {}

func tell(conn *stream.Conn) error {
	answer := bufio.NewWriter(conn)
	request := stream.CurrentHTTPRequest()
	if request == nil {
		fmt.Fprintln(answer, "no request")
		return answer.Flush()
	}
	fmt.Fprintln(answer, request.Method, orNone(request.PathWithQuery))
	fmt.Fprintln(answer, "authority", orNone(request.Authority))
	fmt.Fprintln(answer, "scheme", orNone(request.Scheme))
	for _, header := range request.Headers {
		fmt.Fprintf(answer, "%s: %s\n", header.Name, escaped(header.Value))
	}
	count, err := io.Copy(io.Discard, conn)
	if err != nil {
		return err
	}
	fmt.Fprintln(answer, "received", count)
	return answer.Flush()
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func escaped(value []byte) string {
	var text strings.Builder
	for _, b := range value {
		if b >= ' ' && b <= '~' {
			text.WriteByte(b)
		} else {
			fmt.Fprintf(&text, "\\x%02x", b)
		}
	}
	return text.String()
}
