package datagram

import (
	"errors"
	"net"
	"testing"

	"github.com/socketserver/socketserver/guest/sdk/go/internal/host"
)

// counted is a host.DatagramSocket that only counts how often it was dropped.
type counted struct {
	host.DatagramSocket
	drops int
}

func (c *counted) Drop() { c.drops++ }

func TestARequestEndsWithItsHandler(t *testing.T) {
	defer func() { registered = nil }()
	socket := &counted{}
	if err := serve(NewRequest(nil, false, host.Address{}, socket)); err != errNoHandler {
		t.Error(err)
	}
	var kept *Request
	HandleFunc(func(request *Request) error {
		kept = request
		return nil
	})
	if err := serve(NewRequest(nil, false, host.Address{}, socket)); err != nil || socket.drops != 1 {
		t.Error(err, socket.drops)
	}
	if err := kept.Reply(nil); !errors.Is(err, net.ErrClosed) || kept.LocalAddr() != nil {
		t.Error("it is of no more use:", err)
	}
}
