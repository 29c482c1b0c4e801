package stream

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/socketserver/socketserver/guest/sdk/go/internal/host"
	"github.com/socketserver/socketserver/guest/sdk/go/internal/park"
)

// Conn is one accepted connection: all of the network that a handler reaches. It is a net.Conn.
//
// Errors are those of package net: a *net.OpError around what happened, so errors.Is tells syscall.ECONNRESET (the peer
// has reset the connection), syscall.EPIPE (it takes no more), syscall.EHOSTUNREACH, os.ErrDeadlineExceeded (a deadline
// has passed, also reported by Timeout of net.Error) and net.ErrClosed. The end of the stream is io.EOF.
//
// It has no buffer: each Read and Write is a call to the host. For small pieces use package bufio.
//
// Python equivalent: socketserver.BaseRequestHandler.request
type Conn struct {
	host host.Connection

	mu            sync.Mutex
	closed        bool
	readDeadline  time.Time
	writeDeadline time.Time
	remote, local net.Addr
	// How many goroutines are in Read and in Write.
	readers, writers int
}

var _ net.Conn = (*Conn)(nil)

// NewConn makes a Conn of a host. It is for package socketservertest, which makes those that tests use.
func NewConn(connection host.Connection) *Conn {
	return &Conn{host: connection}
}

// Read waits until the peer has sent something, and reads some of it into p, at most 65,536 bytes; io.EOF is the end of
// the stream.
//
// Over unixpacket it reads one message. One that is longer than p is syscall.EMSGSIZE, and is kept for a longer p.
//
// Python equivalent: socket.recv()
func (c *Conn) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	c.count(&c.readers, 1)
	defer c.count(&c.readers, -1)
	err = park.Until(c.deadlineToRead, c.errIfClosed, func(t host.Timeout) (err error) {
		n, err = c.host.Receive(p, t)
		return err
	}, c.idle)
	if err != nil {
		return 0, c.opError("read", err)
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Write waits until the operating system has taken all of p, in one call to the host where no deadline and no other
// goroutine interrupts it. When it fails, n is how much was certainly taken.
//
// Over unixpacket p is one message.
//
// Python equivalent: socket.sendall()
func (c *Conn) Write(p []byte) (n int, err error) {
	c.count(&c.writers, 1)
	defer c.count(&c.writers, -1)
	for len(p) > 0 {
		var sent int
		err = park.Until(c.deadlineToWrite, c.errIfClosed, func(t host.Timeout) (err error) {
			if t == host.Forever {
				if err = c.host.SendAll(p, t); err == nil {
					sent = len(p)
				}
				return err
			}
			sent, err = c.host.Send(p[:min(len(p), maxSent)], t)
			return err
		}, c.idle)
		if err != nil {
			return n, c.opError("write", err)
		}
		n, p = n+sent, p[sent:]
	}
	return n, nil
}

// maxSent bounds what is copied for one call that may take a part of it; no message of unixpacket is longer.
const maxSent = 1 << 20

// copySize is as much as one call of the host returns.
const copySize = 1 << 16

// WriteTo writes all that the peer sends to w, until the end of the stream; io.Copy uses it.
func (c *Conn) WriteTo(w io.Writer) (n int64, err error) {
	buffer := make([]byte, copySize)
	for {
		read, err := c.Read(buffer)
		if read > 0 {
			written, err := w.Write(buffer[:read])
			n += int64(written)
			if err == nil && written < read {
				err = io.ErrShortWrite
			}
			if err != nil {
				return n, err
			}
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// Close closes the connection: what was written still reaches the peer. The end of the handler does the same.
//
// Python equivalent: socket.close()
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.opErrorLocked("close", net.ErrClosed)
	}
	// While they can still be asked for.
	c.addressesLocked()
	c.closed = true
	c.host.Drop()
	return nil
}

// CloseRead ends reading: every later Read returns io.EOF.
//
// Python equivalent: socket.shutdown(socket.SHUT_RD)
func (c *Conn) CloseRead() error {
	return c.shutdown(host.Receiving)
}

// CloseWrite ends writing: the peer reads to the end of what was written and then sees the end of the stream, while Read
// still works.
//
// Python equivalent: socket.shutdown(socket.SHUT_WR)
func (c *Conn) CloseWrite() error {
	return c.shutdown(host.Sending)
}

func (c *Conn) shutdown(d host.Direction) error {
	err := c.errIfClosed()
	if err == nil {
		err = c.host.Shutdown(d)
	}
	if err != nil {
		return c.opError("close", err)
	}
	return nil
}

// LocalAddr is the address that the peer connected to, a *net.TCPAddr or a *net.UnixAddr.
//
// Python equivalent: socket.getsockname()
func (c *Conn) LocalAddr() net.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.addressesLocked()
	return c.local
}

// RemoteAddr is the address of the peer, a *net.TCPAddr or a *net.UnixAddr, whose name is empty where the peer has none.
//
// Python equivalent: socketserver.BaseRequestHandler.client_address
func (c *Conn) RemoteAddr() net.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.addressesLocked()
	return c.remote
}

func (c *Conn) addressesLocked() {
	if c.remote == nil && !c.closed {
		c.remote, c.local = c.host.RemoteAddress().TCP(), c.host.LocalAddress().TCP()
	}
}

// SetDeadline sets both deadlines.
//
// Python equivalent: socket.settimeout(), which bounds each call anew
func (c *Conn) SetDeadline(t time.Time) error {
	return c.setDeadlines(t, &c.readDeadline, &c.writeDeadline)
}

// SetReadDeadline sets when Read fails with os.ErrDeadlineExceeded, and loses nothing; the zero time is never.
//
// A Read that waits already notices where another goroutine sets it.
func (c *Conn) SetReadDeadline(t time.Time) error {
	return c.setDeadlines(t, &c.readDeadline)
}

// SetWriteDeadline sets when Write fails with os.ErrDeadlineExceeded; the zero time is never. Write may have written a
// part by then.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	return c.setDeadlines(t, &c.writeDeadline)
}

func (c *Conn) setDeadlines(t time.Time, deadlines ...*time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.opErrorLocked("set", net.ErrClosed)
	}
	for _, deadline := range deadlines {
		*deadline = t
	}
	return nil
}

func (c *Conn) count(waiting *int, change int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*waiting += change
}

// idle waits for what goroutines wait for in Read and in Write, so that none of them stops another that could go on.
func (c *Conn) idle(t host.Timeout) {
	c.mu.Lock()
	var interest host.Readiness
	if c.readers > 0 {
		interest |= host.Readable
	}
	if c.writers > 0 {
		interest |= host.Writable
	}
	c.mu.Unlock()
	// Whatever it is, the next attempt tells.
	_, _ = c.host.Wait(interest, t)
}

func (c *Conn) deadlineToRead() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.readDeadline
}

func (c *Conn) deadlineToWrite() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writeDeadline
}

func (c *Conn) errIfClosed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	return nil
}

func (c *Conn) opError(op string, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opErrorLocked(op, err)
}

func (c *Conn) opErrorLocked(op string, err error) error {
	deadline := c.readDeadline
	if op == "write" {
		deadline = c.writeDeadline
	}
	switch known := (*host.Error)(nil); {
	case c.closed:
		err = net.ErrClosed
	// A timeout without a deadline is the network's.
	case host.IsTimeout(err) && !deadline.IsZero():
		err = os.ErrDeadlineExceeded
	case errors.As(err, &known) && known.Unwrap() != nil:
		err = os.NewSyscallError(op, known.Unwrap())
	}
	c.addressesLocked()
	failure := &net.OpError{Op: op, Source: c.local, Addr: c.remote, Err: err}
	if c.remote != nil {
		failure.Net = c.remote.Network()
	}
	return failure
}
