// Package datagram makes a component that serves datagrams, one for each of its instances.
//
// It is the world datagram-service of wit/. As with package stream, a handler is registered before main, which is not
// called, and is empty:
//
//	package main
//
//	import "github.com/socketserver/socketserver/guest/sdk/go/datagram"
//
//	func init() { datagram.HandleFunc(echo) }
//
//	func main() {}
//
//	func echo(request *datagram.Request) error {
//		return request.Reply(request.Data)
//	}
//
// Where the operator asks for sessions, an instance serves the datagrams of one remote address, one after the other:
// variables keep what one of them left for the next. Otherwise each instance serves a single one.
//
// What package stream says of goroutines and of failures holds here too. A component that uses both packages serves both:
// each listener takes the handler of its kind.
package datagram

import "errors"

// A Handler serves datagrams.
type Handler interface {
	// ServeDatagram serves one datagram. What it has sent by then is sent, whatever it returns.
	ServeDatagram(request *Request) error
}

// HandlerFunc is a function that is a Handler.
type HandlerFunc func(request *Request) error

// ServeDatagram calls f.
func (f HandlerFunc) ServeDatagram(request *Request) error {
	return f(request)
}

// Handle registers the handler of the component. Call it once, in an init function.
//
// Python equivalent: RequestHandlerClass
func Handle(handler Handler) {
	if handler == nil {
		panic("datagram: nil handler")
	}
	if registered != nil {
		panic("datagram: there is a handler already")
	}
	registered = handler
}

// HandleFunc registers a function as the handler of the component.
func HandleFunc(handler func(request *Request) error) {
	if handler == nil {
		panic("datagram: nil handler")
	}
	Handle(HandlerFunc(handler))
}

var registered Handler

var errNoHandler = errors.New("no handler: call datagram.Handle or datagram.HandleFunc in an init function")

func serve(request *Request) error {
	if registered == nil {
		return errNoHandler
	}
	err := registered.ServeDatagram(request)
	request.end()
	return err
}
