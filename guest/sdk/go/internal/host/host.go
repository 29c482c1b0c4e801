// Package host is what the SDK expects of a host: the interfaces of wit/ in the types of Go.
//
// A component has the one host of package abi; a test supplies another.
package host

import "time"

// Timeout bounds one call that waits, in milliseconds. With 0 it does not wait.
type Timeout int64

// Forever is no bound.
const Forever Timeout = -1

// maxTimeout is the longest that the host takes: 49 days.
const maxTimeout Timeout = 1<<32 - 1

// In is the timeout of a duration: a part of a millisecond counts as a whole, so that only 0 does not wait.
func In(d time.Duration) Timeout {
	if d <= 0 {
		return 0
	}
	// Not by adding before dividing: the longest duration would overflow.
	t := Timeout(d / time.Millisecond)
	if d%time.Millisecond != 0 {
		t++
	}
	return min(t, maxTimeout)
}

// Readiness is a set of the directions of a connection.
type Readiness uint8

// The directions, by the bits of wit/connections.wit.
const (
	Readable Readiness = 1 << iota
	Writable
)

// Direction is what Shutdown closes, by the order of wit/connections.wit.
type Direction uint8

// The directions.
const (
	Receiving Direction = iota
	Sending
)

// Connection is the resource connection of wit/connections.wit.
//
// Its errors are of type *Error.
type Connection interface {
	// Receive fills the beginning of p, which is not empty; 0 is the end of the stream.
	Receive(p []byte, t Timeout) (int, error)
	Send(p []byte, t Timeout) (int, error)
	SendAll(p []byte, t Timeout) error
	Wait(interest Readiness, t Timeout) (Readiness, error)
	Shutdown(d Direction) error
	RemoteAddress() Address
	LocalAddress() Address
	// Drop closes the connection. No method is called afterwards.
	Drop()
}

// DatagramSocket is the resource datagram-socket of wit/datagrams.wit.
//
// Its errors are of type *Error.
type DatagramSocket interface {
	SendTo(p []byte, remote Address, t Timeout) error
	LocalAddress() Address
	// Drop gives the socket back. No method is called afterwards.
	Drop()
}
