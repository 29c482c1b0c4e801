package host

// Event is why Server.Wait returned, by the order of wit/server.wit.
type Event uint8

// The events.
const (
	RequestCame Event = iota
	TimePassed
	RequestFinished
	ShutdownWanted
)

// Reason is why a request ended, by the order of wit/server.wit.
type Reason uint8

// ServerOptions are what a server is made with; what is nil is as the operator has set it.
type ServerOptions struct {
	RequestQueueSize *uint32
	ReuseAddress     *bool
	ReusePort        *bool
	MaxPacketSize    *uint32
	Handler          *string
}

// Outcome is how a request ended.
type Outcome struct {
	Remote  Address
	Reason  Reason
	Message string
}

// Counters are the numbers of one server.
type Counters struct {
	Accepted, Active, Rejected uint32
}

// Server is the resource server of wit/server.wit.
//
// Its errors are of type *Error.
type Server interface {
	Bind() error
	Activate() error
	// Address is false before there is one.
	Address() (Address, bool)
	Number() uint32
	Wait(t Timeout) (Event, error)
	GetRequest() (Request, error)
	Collect() []Outcome
	Suspend()
	Resume()
	Counters() Counters
	Close()
}

// Request is the resource request of wit/server.wit. Each of its last three methods ends it.
type Request interface {
	RemoteAddress() Address
	Finish() Outcome
	Process()
	Drop()
}

// NewServer is the host of a test, where there is no component; package socketservertest replaces it.
var NewServer = func(string, ServerOptions) (Server, error) {
	return nil, &Error{Code: Other, Text: "there is no host: see package socketservertest"}
}
