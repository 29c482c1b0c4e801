// Package stream makes a component that serves connections, one for each of its instances.
//
// It is the world handler of wit/: the host makes a fresh instance of the component for each connection that it
// accepts, calls the handler once, and drops the instance. A handler is registered before main, so that it is there in
// every instance; main itself is not called, and is empty:
//
//	package main
//
//	import (
//		"io"
//
//		"github.com/socketserver/socketserver/guest/sdk/go/stream"
//	)
//
//	func init() { stream.HandleFunc(echo) }
//
//	func main() {}
//
//	func echo(conn *stream.Conn) error {
//		_, err := io.Copy(conn, conn)
//		return err
//	}
//
// # Goroutines
//
// An instance has one thread. A handler may start goroutines: they run while it waits, for them or for its peer. One that
// computes without a pause stops all others, and while there are several, a timer may be late by 20 ms, because a call that
// waits for the peer waits that long at a time. When the handler returns, the instance ends, and all goroutines with it.
//
// # Failures
//
// An error that the handler returns is a message for the log of the server, and the connection is closed in order. A panic
// that nobody recovers, in any goroutine, is printed with its traceback to the log, and resets the connection: the peer
// cannot take a part of an answer for the whole. Neither affects another connection.
package stream

import "errors"

// A Handler serves connections.
type Handler interface {
	// ServeConn serves one connection, which is closed when it has returned.
	ServeConn(conn *Conn) error
}

// HandlerFunc is a function that is a Handler.
type HandlerFunc func(conn *Conn) error

// ServeConn calls f.
func (f HandlerFunc) ServeConn(conn *Conn) error {
	return f(conn)
}

// Handle registers the handler of the component. Call it once, in an init function.
//
// Python equivalent: RequestHandlerClass
func Handle(handler Handler) {
	if handler == nil {
		panic("stream: nil handler")
	}
	if registered != nil {
		panic("stream: there is a handler already")
	}
	registered = handler
}

// HandleFunc registers a function as the handler of the component.
func HandleFunc(handler func(conn *Conn) error) {
	if handler == nil {
		panic("stream: nil handler")
	}
	Handle(HandlerFunc(handler))
}

var registered Handler

var errNoHandler = errors.New("no handler: call stream.Handle or stream.HandleFunc in an init function")

func serve(conn *Conn) error {
	if registered == nil {
		return errNoHandler
	}
	err := registered.ServeConn(conn)
	// Not deferred: after a panic the peer is to see a reset.
	if conn.errIfClosed() == nil {
		conn.Close()
	}
	return err
}
