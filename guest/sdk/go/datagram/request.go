package datagram

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/socketserver/socketserver/guest/sdk/go/internal/host"
	"github.com/socketserver/socketserver/guest/sdk/go/internal/park"
)

// Request is one received datagram, and the way to answer it. It is of use until the handler returns.
//
// Python equivalent: socketserver.BaseRequestHandler of a UDPServer
type Request struct {
	// Data is what the datagram carries; it may be empty. Over icmp it is the ICMP message.
	Data []byte
	// Truncated tells that it was longer than the host receives (--max-packet-size): Data is its beginning.
	Truncated bool

	socket host.DatagramSocket
	remote host.Address

	mu       sync.Mutex
	ended    bool
	deadline time.Time
}

// NewRequest makes a Request of a host. It is for package socketservertest, which makes those that tests use.
func NewRequest(data []byte, truncated bool, remote host.Address, socket host.DatagramSocket) *Request {
	return &Request{Data: data, Truncated: truncated, remote: remote, socket: socket}
}

// Reply sends a datagram to who sent this one, and to nobody else; it may be called any number of times, also never.
//
// Errors are a *net.OpError around what happened, which errors.Is tells: syscall.EMSGSIZE (too large, and not sent),
// syscall.EPIPE (nobody receives there any more), syscall.EHOSTUNREACH, syscall.EINVAL (the sender is a Unix socket without
// a name), os.ErrDeadlineExceeded, net.ErrClosed (the handler has returned).
//
// Python equivalent: socket.sendto()
func (r *Request) Reply(data []byte) error {
	err := park.Until(r.deadlineToSend, r.errIfEnded, func(t host.Timeout) error {
		return r.socket.SendTo(data, r.remote, t)
	}, func(t host.Timeout) {
		// There is nothing to wait for but the next attempt.
		time.Sleep(time.Duration(t) * time.Millisecond)
	})
	if err == nil {
		return nil
	}
	if host.IsTimeout(err) && !r.deadlineToSend().IsZero() {
		err = os.ErrDeadlineExceeded
	} else if known := (*host.Error)(nil); errors.As(err, &known) && known.Unwrap() != nil {
		err = os.NewSyscallError("sendto", known.Unwrap())
	}
	remote := r.remote.UDP()
	return &net.OpError{Op: "write", Net: remote.Network(), Addr: remote, Err: err}
}

// Write replies with p as one datagram; it makes a Request an io.Writer.
func (r *Request) Write(p []byte) (int, error) {
	if err := r.Reply(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// RemoteAddr is who sent the datagram: a *net.UDPAddr, whose port is 0 over icmp, or a *net.UnixAddr, whose name is empty
// where the sender has none; then it cannot be answered.
//
// Python equivalent: socketserver.BaseRequestHandler.client_address
func (r *Request) RemoteAddr() net.Addr {
	return r.remote.UDP()
}

// LocalAddr is the address that the datagram was sent to, and nil once the handler has returned.
//
// Python equivalent: socket.getsockname()
func (r *Request) LocalAddr() net.Addr {
	if r.errIfEnded() != nil {
		return nil
	}
	return r.socket.LocalAddress().UDP()
}

// SetWriteDeadline sets when Reply fails with os.ErrDeadlineExceeded; the zero time is never.
func (r *Request) SetWriteDeadline(t time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deadline = t
	return nil
}

func (r *Request) deadlineToSend() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.deadline
}

func (r *Request) errIfEnded() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return net.ErrClosed
	}
	return nil
}

func (r *Request) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	r.socket.Drop()
}
