package socketservertest

import (
	"net"
	"sync"

	"github.com/socketserver/socketserver/guest/sdk/go/datagram"
	"github.com/socketserver/socketserver/guest/sdk/go/internal/host"
)

// Replies are what a handler has sent to the sender of a datagram.
type Replies struct {
	mu   sync.Mutex
	sent [][]byte
}

// All returns the replies so far, in their order.
func (r *Replies) All() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([][]byte(nil), r.sent...)
}

// NewRequest makes the Request of a handler: a datagram from remote, which is a *net.UDPAddr or a *net.UnixAddr. One from a
// Unix socket without a name cannot be answered.
func NewRequest(data []byte, remote net.Addr) (*datagram.Request, *Replies) {
	replies := &Replies{}
	return datagram.NewRequest(data, false, host.Of(remote), socket{replies}), replies
}

// socket is a host.DatagramSocket that keeps what is sent.
type socket struct {
	replies *Replies
}

func (s socket) SendTo(p []byte, remote host.Address, _ host.Timeout) error {
	if remote.Family == host.Unix && remote.Path == "" {
		return &host.Error{Code: host.InvalidArgument}
	}
	// The longest that UDP over IPv4 has room for.
	if len(p) > 65_507 {
		return &host.Error{Code: host.DatagramTooLarge}
	}
	s.replies.mu.Lock()
	defer s.replies.mu.Unlock()
	s.replies.sent = append(s.replies.sent, append([]byte{}, p...))
	return nil
}

func (socket) LocalAddress() host.Address {
	return host.Of(&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9999})
}

func (socket) Drop() {}
