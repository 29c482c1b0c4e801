// Package socketservertest runs handlers and server programs in ordinary tests: "go test" needs no host and no
// WebAssembly.
//
//	func TestEcho(t *testing.T) {
//		peer, conn := net.Pipe()
//		go func() {
//			defer conn.Close()
//			echo(socketservertest.NewConn(conn))
//		}()
//		fmt.Fprint(peer, "hello\n")
//		if line, _ := bufio.NewReader(peer).ReadString('\n'); line != "hello\n" {
//			t.Errorf("got %q", line)
//		}
//	}
package socketservertest

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/socketserver/socketserver/guest/sdk/go/internal/host"
	"github.com/socketserver/socketserver/guest/sdk/go/stream"
)

// NewConn makes the Conn of a handler from one end of net.Pipe, or from a connection of TCP or of a Unix socket.
//
// Where the test closes the other end, the handler reads io.EOF, and its writes fail with syscall.EPIPE.
func NewConn(conn net.Conn) *stream.Conn {
	return stream.NewConn(&connection{conn: conn})
}

// connection is a host.Connection whose peer is a test.
type connection struct {
	conn net.Conn

	mu         sync.Mutex
	readClosed bool
	sendClosed bool
}

func (c *connection) Receive(p []byte, t host.Timeout) (int, error) {
	if c.isClosed(host.Receiving) {
		return 0, nil
	}
	c.conn.SetReadDeadline(deadline(t))
	n, err := c.conn.Read(p[:min(len(p), 1<<16)])
	if n > 0 || errors.Is(err, io.EOF) {
		return n, nil
	}
	return n, hostError(err)
}

func (c *connection) Send(p []byte, t host.Timeout) (int, error) {
	if c.isClosed(host.Sending) {
		return 0, &host.Error{Code: host.ConnectionBroken}
	}
	c.conn.SetWriteDeadline(deadline(t))
	n, err := c.conn.Write(p)
	if n > 0 {
		return n, nil
	}
	return n, hostError(err)
}

func (c *connection) SendAll(p []byte, t host.Timeout) error {
	for len(p) > 0 {
		n, err := c.Send(p, t)
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// Wait has no way to look without reading, so it lets some time pass.
func (c *connection) Wait(interest host.Readiness, t host.Timeout) (host.Readiness, error) {
	if t == host.Forever {
		return interest, nil
	}
	time.Sleep(min(time.Duration(t)*time.Millisecond, time.Millisecond))
	return interest, nil
}

// Shutdown tells a peer of TCP; a pipe cannot be closed by halves, so there only this side knows.
func (c *connection) Shutdown(d host.Direction) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d == host.Receiving {
		c.readClosed = true
		return nil
	}
	c.sendClosed = true
	if half, ok := c.conn.(interface{ CloseWrite() error }); ok {
		return hostError(half.CloseWrite())
	}
	return nil
}

func (c *connection) RemoteAddress() host.Address { return host.Of(c.conn.RemoteAddr()) }

func (c *connection) LocalAddress() host.Address { return host.Of(c.conn.LocalAddr()) }

func (c *connection) Drop() { c.conn.Close() }

func (c *connection) isClosed(d host.Direction) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d == host.Receiving {
		return c.readClosed
	}
	return c.sendClosed
}

func deadline(t host.Timeout) time.Time {
	if t == host.Forever {
		return time.Time{}
	}
	// What does not wait still looks, and package net does not look after the deadline.
	return time.Now().Add(max(time.Duration(t)*time.Millisecond, time.Millisecond))
}

// hostError is what the host would have said.
func hostError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &host.Error{Code: host.TimedOut}
	case errors.Is(err, syscall.ECONNRESET):
		return &host.Error{Code: host.ConnectionReset}
	case errors.Is(err, io.ErrClosedPipe), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed):
		return &host.Error{Code: host.ConnectionBroken}
	}
	return &host.Error{Code: host.Other, Text: err.Error()}
}
