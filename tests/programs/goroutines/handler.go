// What the runtime of Go has to get right in a component: each line of its peer names one thing to do.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/socketserver/socketserver/guest/sdk/go/stream"
)

func init() { stream.HandleFunc(handle) }

func main() {}

func handle(conn *stream.Conn) error {
	reader := bufio.NewReader(conn)
	for {
		line, err := reader.ReadString('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch line {
		case "deadline\n":
			err = waitUntil(conn, reader, 50*time.Millisecond)
		case "deadlock\n":
			select {}
		case "duplex\n":
			return sendWhileReceiving(conn, reader)
		case "garbage\n":
			err = echoWithGarbage(conn, reader)
		case "panic elsewhere\n":
			go panic("boom")
			time.Sleep(time.Second)
		case "tick\n":
			err = tickWhileReading(conn, reader)
		default:
			return fmt.Errorf("no such line: %q", line)
		}
		if err != nil {
			return err
		}
	}
}

// waitUntil says whether a deadline has passed.
func waitUntil(conn *stream.Conn, reader *bufio.Reader, d time.Duration) error {
	conn.SetReadDeadline(time.Now().Add(d))
	defer conn.SetReadDeadline(time.Time{})
	_, err := reader.Peek(1)
	_, err = fmt.Fprintln(conn, errors.Is(err, os.ErrDeadlineExceeded))
	return err
}

// tickWhileReading reads the next line while another goroutine sends three.
func tickWhileReading(conn *stream.Conn, reader *bufio.Reader) error {
	sent := make(chan error, 1)
	go func() {
		for i := range 3 {
			time.Sleep(10 * time.Millisecond)
			if _, err := fmt.Fprintln(conn, i); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	line, err := reader.ReadString('\n')
	if err := errors.Join(err, <-sent); err != nil {
		return err
	}
	_, err = fmt.Fprint(conn, line)
	return err
}

// sendWhileReceiving sends 8 MiB whether or not the peer takes them, and receives all that the peer sends meanwhile, in two
// goroutines; then it says how much that was.
func sendWhileReceiving(conn *stream.Conn, reader *bufio.Reader) error {
	sent := make(chan error, 1)
	go func() {
		_, err := conn.Write(make([]byte, 8<<20))
		sent <- err
	}()
	received, err := io.Copy(io.Discard, reader)
	if err := errors.Join(err, <-sent); err != nil {
		return err
	}
	_, err = fmt.Fprintf(conn, "%d\n", received)
	return err
}

// echoWithGarbage echoes to the end with a buffer for each read, which is more than any memory has room for, and says to the
// log how often the collector has run.
func echoWithGarbage(conn *stream.Conn, reader io.Reader) error {
	for {
		buffer := make([]byte, 100_000)
		n, err := reader.Read(buffer)
		if _, err := conn.Write(append([]byte(nil), buffer[:n]...)); err != nil {
			return err
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Fprintln(os.Stderr, "collected", stats.NumGC > 10)
	return nil
}
