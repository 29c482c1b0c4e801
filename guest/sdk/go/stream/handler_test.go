package stream

import (
	"errors"
	"strings"
	"testing"

	"github.com/socketserver/socketserver/guest/sdk/go/internal/host"
)

// counted is a host.Connection that only counts how often it was dropped.
type counted struct {
	host.Connection
	drops int
}

func (c *counted) Drop() { c.drops++ }

func (c *counted) RemoteAddress() host.Address { return host.Address{} }

func (c *counted) LocalAddress() host.Address { return host.Address{} }

func TestAHandlerServesOneConnection(t *testing.T) {
	defer func() { registered = nil }()
	connection := &counted{}
	if err := serve(NewConn(connection)); err == nil || !strings.Contains(err.Error(), "no handler") {
		t.Error(err)
	}

	refusal := errors.New("refused by choice")
	HandleFunc(func(*Conn) error { return refusal })
	if err := serve(NewConn(connection)); err != refusal || connection.drops != 1 {
		t.Error(err, connection.drops)
	}

	registered = nil
	HandleFunc(func(conn *Conn) error { return conn.Close() })
	if err := serve(NewConn(connection)); err != nil || connection.drops != 2 {
		t.Error("a connection that the handler has closed is not closed again:", err, connection.drops)
	}
}

// The host resets the connection then, which it could not if it were closed.
func TestAPanicDoesNotCloseTheConnection(t *testing.T) {
	defer func() { registered = nil }()
	connection := &counted{}
	HandleFunc(func(*Conn) error { panic("boom") })
	func() {
		defer func() { recover() }()
		serve(NewConn(connection))
	}()
	if connection.drops != 0 {
		t.Error("it was closed")
	}
}

func TestThereIsOneHandler(t *testing.T) {
	defer func() { registered = nil }()
	panics := func(register func()) (panicked bool) {
		defer func() { panicked = recover() != nil }()
		register()
		return false
	}
	if !panics(func() { Handle(nil) }) || !panics(func() { HandleFunc(nil) }) {
		t.Error("nil is no handler")
	}
	HandleFunc(func(*Conn) error { return nil })
	if !panics(func() { HandleFunc(func(*Conn) error { return nil }) }) {
		t.Error("a second one would never be called")
	}
}
