package server

import (
	"net"

	"github.com/socketserver/socketserver/guest/sdk/go/internal/host"
)

// Request is a request that was taken, and is not handled yet: a connection, or a datagram. It ends by Finish, Process or
// Close; one that ends by none keeps its peer waiting.
//
// It cannot be read here. Only the handler gets what the peer has sent, in a sandbox.
//
// Python equivalent: the pair (request, client_address)
type Request struct {
	host   host.Request
	remote host.Address
}

func newRequest(taken host.Request) *Request {
	return &Request{host: taken, remote: taken.RemoteAddress()}
}

// RemoteAddr is who sent it: a *net.TCPAddr for addresses of IP, also of datagrams, or a *net.UnixAddr.
//
// Python equivalent: client_address
func (r *Request) RemoteAddr() net.Addr {
	return r.remote.TCP()
}

// Finish handles it, in a fresh instance of the handler, and returns when it has ended. All goroutines of the program stop
// for that time.
func (r *Request) Finish() Outcome {
	return newOutcome(r.end().Finish())
}

// Process handles it in the background, in a fresh instance of the handler.
func (r *Request) Process() {
	r.end().Process()
}

// Close refuses it: the peer of a connection sees a reset.
func (r *Request) Close() {
	r.end().Drop()
}

func (r *Request) end() host.Request {
	taken := r.host
	if taken == nil {
		panic("server: a request that was handled or closed before")
	}
	r.host = nil
	return taken
}

// Outcome is how a request ended.
//
// Python equivalent: what handle_error() finds in sys.exception()
type Outcome struct {
	// Remote is who had sent it.
	Remote net.Addr
	// Reason is why it ended.
	Reason Reason
	// Message are the handler's words, or the host's, where there are some.
	Message string
}

func newOutcome(o host.Outcome) Outcome {
	return Outcome{Remote: o.Remote.TCP(), Reason: Reason(o.Reason), Message: o.Message}
}

func outcomes(of []host.Outcome) []Outcome {
	var converted []Outcome
	for _, o := range of {
		converted = append(converted, newOutcome(o))
	}
	return converted
}

// String is the reason, and the words after a colon: "handler-error: an empty line".
func (o Outcome) String() string {
	if o.Message == "" {
		return o.Reason.String()
	}
	return o.Reason.String() + ": " + o.Message
}

// Reason is why a request ended; its names are those of the host's log.
type Reason uint8

const (
	// Bug is a failure of the host itself.
	Bug Reason = iota
	// Completed is a handler that returned nil.
	Completed
	// CPUTime is one that used more processor time than it may.
	CPUTime
	// Exit is one that called exit.
	Exit
	// HandlerError is one that returned an error.
	HandlerError
	// Idle is a connection that moved no byte for too long.
	Idle
	// Instantiate is a sandbox that could not be made.
	Instantiate
	// Killed is a request that was still open when the server had to stop.
	Killed
	// Lifetime is one that was open for too long.
	Lifetime
	// Memory is a handler that failed after it was refused memory.
	Memory
	// Reset is one that returned an error after its peer had broken off.
	Reset
	// TimedOut is one that returned an error after a timeout of its own.
	TimedOut
	// Trap is one that panicked, or trapped.
	Trap
)

var reasons = [...]string{
	Bug:          "bug",
	Completed:    "completed",
	CPUTime:      "cpu-time",
	Exit:         "exit",
	HandlerError: "handler-error",
	Idle:         "idle",
	Instantiate:  "instantiate",
	Killed:       "killed",
	Lifetime:     "lifetime",
	Memory:       "memory",
	Reset:        "reset",
	TimedOut:     "timed-out",
	Trap:         "trap",
}

// String is the name in the host's log: "handler-error".
func (r Reason) String() string {
	if int(r) < len(reasons) {
		return reasons[r]
	}
	return "unknown"
}
