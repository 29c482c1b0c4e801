// Reads one line from its peer, and does what it says: for the tests of what the host does about it.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/socketserver/socketserver/guest/sdk/go/stream"
)

func init() { stream.HandleFunc(misbehave) }

func main() {}

func misbehave(conn *stream.Conn) error {
	reader := bufio.NewReader(conn)
	line, err := reader.ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	switch word := strings.TrimSpace(line); word {
	case "echo":
		_, err := io.Copy(conn, reader)
		return err
	case "count":
		counter++
		_, err := fmt.Fprintf(conn, "%d\n", counter)
		return err
	case "allocate":
		allocate()
	case "spin":
		for {
			counter++
		}
	case "trap":
		var nothing *int
		*nothing = 1
	case "recurse":
		counter = recurse(1)
	case "fail":
		return errors.New("refused by choice")
	case "exit":
		os.Exit(3)
	case "print":
		fmt.Println("to stdout")
		fmt.Fprintln(os.Stderr, "to stderr")
		_, err := io.WriteString(conn, "done\n")
		return err
	case "leak":
		leaked = conn
	default:
		return fmt.Errorf("no such word: %q", word)
	}
	return nil
}

var (
	counter int
	kept    [][]byte
	leaked  *stream.Conn
)

func allocate() {
	const piece = 1 << 20
	for {
		block := make([]byte, piece)
		for i := range block {
			block[i] = 1
		}
		kept = append(kept, block)
	}
}

// recurse uses what it is returned, so that no call is a jump.
func recurse(depth int) int {
	return recurse(depth+1) + depth
}
