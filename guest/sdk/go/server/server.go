// Package server makes a component that drives servers itself: Python's socketserver, in Go.
//
// A handler alone is served by the loop of the host. A program has its own: it makes the server, calls ServeForever, and
// can override every step of it. This is a whole one, with its handler:
//
//	package main
//
//	import (
//		"io"
//		"log"
//
//		"github.com/socketserver/socketserver/guest/sdk/go/server"
//		"github.com/socketserver/socketserver/guest/sdk/go/stream"
//	)
//
//	func init() { stream.HandleFunc(echo) }
//
//	func echo(conn *stream.Conn) error {
//		_, err := io.Copy(conn, conn)
//		return err
//	}
//
//	func main() {
//		srv := server.NewThreadingTCP("127.0.0.1:9999")
//		defer srv.Close()
//		if err := srv.ServeForever(); err != nil {
//			log.Fatal(err)
//		}
//	}
//
// "socketserver run" runs it, and says with --allow-bind what it may bind.
//
// # What runs where
//
// There is one instance of the program, from the beginning of main to its end. Each request is handled in a fresh instance
// of a handler all the same: of the component itself, where an init function registers one, or of another component, which
// the operator names (--handler name=path) and Server.Handler chooses. In those instances main is not called. So a handler
// shares no state with the program, and to handle requests in the background takes neither goroutines nor locks.
//
// Goroutines are for several servers at once: each has its own loop. What package stream says of them holds here too.
//
// # Python's names
//
//	ThreadingTCPServer(address, Handler)      NewThreadingTCP(address), and eleven more
//	ThreadingMixIn, ForkingMixIn              Concurrency
//	address_family, socket_type               the scheme of a URL as the address
//	server.timeout = 5, other attributes      fields of Server
//	server_address, fileno()                  Server.Addr, Server.Number
//	serve_forever(), handle_request()         Server.ServeForever, Server.HandleRequest
//	shutdown(), server_close()                Server.Shutdown, Server.Close
//	a subclass that overrides a method        Hooks
//	super().handle_error(…)                   Defaults{}.HandleError(…)
package server

import (
	"errors"
	"math"
	"net"
	"os"
	"sync"
	"time"

	"github.com/socketserver/socketserver/guest/sdk/go/internal/host"
	"github.com/socketserver/socketserver/guest/sdk/go/internal/park"
)

// Concurrency is how a server handles its requests. Each of them has a fresh instance of the handler in any case.
//
// Python equivalent: the mixins
type Concurrency int

const (
	// OneAtATime handles one request after the other.
	OneAtATime Concurrency = iota
	// Threading handles requests in the background, any number at a time.
	//
	// Python equivalent: socketserver.ThreadingMixIn
	Threading
	// Forking handles requests in the background, 40 at a time unless told otherwise.
	//
	// Python equivalent: socketserver.ForkingMixIn
	Forking
)

const (
	// pollInterval is Python's default of poll_interval.
	pollInterval = 500 * time.Millisecond
	// forkingTimeout is that of ForkingMixIn, and forkingChildren its max_children.
	forkingTimeout  = 300 * time.Second
	forkingChildren = 40
)

// Server is a server: the loop, which calls its hooks.
//
// Set the fields before the server is bound. Those that are zero are as the operator has set them, or mean no limit.
//
// Python equivalent: socketserver.BaseServer and its subclasses
type Server struct {
	// Hooks are the steps of the loop; nil are Defaults.
	Hooks Hooks
	// PollInterval is how often ServeForever calls ServiceActions while nothing happens; 0 is half a second.
	//
	// Python equivalent: the argument of serve_forever()
	PollInterval time.Duration
	// Timeout is how long HandleRequest waits for a request; 0 is as long as it takes. It is 300 seconds in servers with
	// Forking, as in Python.
	//
	// Python equivalent: timeout
	Timeout time.Duration
	// MaxChildren is how many requests are handled in the background at a time, at most; further ones wait. 0 is no limit.
	//
	// Python equivalent: ForkingMixIn.max_children
	MaxChildren int
	// DaemonThreads makes Close not wait for the requests in the background. They do not end with the program: the
	// operator's --drain-grace is theirs.
	//
	// Python equivalent: daemon_threads, and the opposite of block_on_close
	DaemonThreads bool
	// RequestQueueSize is how many connections the kernel may hold until they are taken.
	//
	// Python equivalent: request_queue_size
	RequestQueueSize int
	// AllowReuseAddress binds although connections of an earlier server linger at the address; nil is as the operator has
	// set it.
	//
	// Python equivalent: allow_reuse_address
	AllowReuseAddress *bool
	// AllowReusePort shares the address with other servers that ask for this too; nil is as the operator has set it.
	//
	// Python equivalent: allow_reuse_port
	AllowReusePort *bool
	// MaxPacketSize is how many bytes of a datagram are received, at most what the operator has set.
	//
	// Python equivalent: max_packet_size
	MaxPacketSize int
	// Handler is the component that handles the requests, by the name that the operator has given it; "" is the program
	// itself where it has a handler, or else the only one that was given.
	//
	// Python equivalent: RequestHandlerClass
	Handler string

	url         string
	concurrency Concurrency

	mu        sync.Mutex
	host      host.Server
	bound     bool
	activated bool
	closed    bool
	suspended bool
	// full is suspended because of MaxChildren.
	full              bool
	stopping          bool
	shutdownRequested bool
}

// New makes a server for an address, which is a URL as for --listen: "tcp://127.0.0.1:9999", "unix:///run/echo.sock".
// Nothing is bound yet.
//
// Most programs use the functions that have the names of Python's classes.
func New(url string, concurrency Concurrency) *Server {
	s := &Server{url: url, concurrency: concurrency}
	if concurrency == Forking {
		s.Timeout, s.MaxChildren = forkingTimeout, forkingChildren
	}
	return s
}

// BindAndActivate binds the address and takes requests from there on, unless that has been done. If it fails, the server
// is closed.
//
// The error is a *net.OpError, of which errors.Is tells os.ErrPermission (the operator has not granted the address, or the
// system forbids it), syscall.EADDRINUSE, syscall.EADDRNOTAVAIL, and syscall.EINVAL (the address is none, or there is no
// such handler, or it does not handle requests of this kind).
//
// Python equivalent: what the constructor does unless bind_and_activate is false
func (s *Server) BindAndActivate() error {
	if errors.Is(s.interrupted(), errClosed) {
		return s.opError("listen", net.ErrClosed)
	}
	var err error
	if !s.isBound() {
		err = s.hooks().ServerBind(s)
	}
	if err == nil && !s.isActivated() {
		err = s.hooks().ServerActivate(s)
	}
	if err != nil {
		s.hooks().ServerClose(s)
	}
	return err
}

// ServeForever binds and activates the server where that has not been done, and serves until Shutdown is called, the server
// is closed or the operator wants the program to end; then it returns nil. What happens to single requests is no error: see
// Hooks.HandleError.
//
// Python equivalent: serve_forever()
func (s *Server) ServeForever() error {
	if err := s.BindAndActivate(); err != nil {
		return err
	}
	defer s.forgetShutdown()
	interval := s.PollInterval
	if interval <= 0 {
		interval = pollInterval
	}
	for !s.isShutdownRequested() {
		event, err := s.wait(time.Now().Add(interval))
		switch {
		case errors.Is(err, errShutdown), errors.Is(err, errClosed):
			return nil
		case err != nil:
			return s.opError("accept", err)
		}
		switch event {
		case host.RequestCame:
			s.take()
		case host.RequestFinished:
			s.hooks().CollectChildren(s)
		case host.ShutdownWanted:
			return nil
		}
		s.hooks().ServiceActions(s)
	}
	return nil
}

// HandleRequest binds and activates the server where that has not been done, and handles one request if one comes within
// Timeout; otherwise it calls Hooks.HandleTimeout. One that has gone before it was taken does not count.
//
// It returns false when the operator wants the program to end or the server was closed by another goroutine.
//
// Python equivalent: handle_request()
func (s *Server) HandleRequest() (bool, error) {
	if err := s.BindAndActivate(); err != nil {
		return false, err
	}
	var deadline time.Time
	if s.Timeout > 0 {
		deadline = time.Now().Add(s.Timeout)
	}
	for {
		event, err := s.wait(deadline)
		switch {
		case errors.Is(err, errShutdown), errors.Is(err, errClosed):
			s.forgetShutdown()
			return false, nil
		case err != nil:
			return false, s.opError("accept", err)
		}
		switch event {
		case host.RequestCame:
			if s.take() {
				return true, nil
			}
		case host.RequestFinished:
			s.hooks().CollectChildren(s)
		case host.TimePassed:
			s.hooks().HandleTimeout(s)
			return true, nil
		case host.ShutdownWanted:
			return false, nil
		}
	}
}

// Shutdown ends ServeForever, when the hook that calls this has returned. It does not wait for that.
//
// Python equivalent: shutdown()
func (s *Server) Shutdown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shutdownRequested = true
}

// Close stops listening, and waits for the requests in the background, unless DaemonThreads says not to. A server that is
// closed stays so. It is never an error.
//
// Python equivalent: server_close()
func (s *Server) Close() error {
	s.hooks().ServerClose(s)
	return nil
}

// Addr is the address that is bound, with the port that the system chose, and nil before and after: a *net.TCPAddr for
// addresses of IP, or a *net.UnixAddr.
//
// Python equivalent: server_address
func (s *Server) Addr() net.Addr {
	if server := s.server(); server != nil {
		if address, ok := server.Address(); ok {
			return address.TCP()
		}
	}
	return nil
}

// URL is the address that was asked for.
func (s *Server) URL() string {
	return s.url
}

// Concurrency is how requests are handled.
func (s *Server) Concurrency() Concurrency {
	return s.concurrency
}

// Number stands for the server in logs; false before it is bound.
//
// Python equivalent: fileno()
func (s *Server) Number() (uint32, bool) {
	if server := s.server(); server != nil {
		return server.Number(), true
	}
	return 0, false
}

// Counters are numbers of one server. They wrap around at 2 to the power of 32.
type Counters struct {
	// Accepted are the requests that were handled up to now, or are being handled.
	Accepted uint32
	// Active are those that are being handled.
	//
	// Python equivalent: the length of ForkingMixIn.active_children
	Active uint32
	// Rejected are the requests that were refused, by the program or by a limit.
	Rejected uint32
}

// Counters returns the numbers of this moment; all are 0 before the server is bound.
func (s *Server) Counters() Counters {
	if server := s.server(); server != nil {
		return Counters(server.Counters())
	}
	return Counters{}
}

// IsStopping tells whether the operator wants the program to end.
func (s *Server) IsStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

// Suspend leaves requests in the buffers of the kernel until Resume. Those that are being handled go on, and so does the
// loop.
func (s *Server) Suspend() {
	s.setSuspended(func() { s.suspended = true })
}

// Resume takes requests again.
func (s *Server) Resume() {
	s.setSuspended(func() { s.suspended = false })
}

func (s *Server) setSuspended(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	if s.host == nil || s.closed {
		return
	}
	if s.suspended || s.full {
		s.host.Suspend()
	} else {
		s.host.Resume()
	}
}

func (s *Server) hooks() Hooks {
	if s.Hooks == nil {
		return Defaults{}
	}
	return s.Hooks
}

func (s *Server) server() host.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.host
}

func (s *Server) isBound() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bound
}

func (s *Server) isActivated() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.activated
}

func (s *Server) isShutdownRequested() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shutdownRequested
}

func (s *Server) forgetShutdown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shutdownRequested = false
}

// What ends a wait.
var (
	errShutdown = errors.New("shut down")
	errClosed   = errors.New("closed")
)

func (s *Server) interrupted() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return errClosed
	case s.shutdownRequested:
		return errShutdown
	}
	return nil
}

// wait waits for the next event until the deadline, and for no request while all children are busy.
func (s *Server) wait(deadline time.Time) (event host.Event, err error) {
	server := s.server()
	if s.MaxChildren > 0 && s.concurrency != OneAtATime {
		// By suspending, and not by a loop of its own: hooks are called and time passes while there is no room.
		if full := int64(server.Counters().Active) >= int64(s.MaxChildren); full != s.full {
			s.setSuspended(func() { s.full = full })
		}
	}
	err = park.Until(func() time.Time { return deadline }, s.interrupted, waitOf(server, &event), idleOf(server))
	if host.IsTimeout(err) {
		return host.TimePassed, nil
	}
	if err == nil && event == host.ShutdownWanted {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.stopping = true
	}
	return event, err
}

// take returns false where there was no request after all, so that who wants one waits on.
//
// Python equivalent: BaseServer._handle_request_noblock()
func (s *Server) take() bool {
	request, err := s.hooks().GetRequest(s)
	switch {
	case err != nil:
		return !errors.Is(err, os.ErrDeadlineExceeded)
	case s.hooks().VerifyRequest(s, request):
		s.hooks().ProcessRequest(s, request)
	default:
		s.hooks().ShutdownRequest(s, request)
	}
	return true
}

// The steps of the host, which Defaults call.

func (s *Server) bind() error {
	if s.server() != nil || errors.Is(s.interrupted(), errClosed) {
		return s.opError("listen", &host.Error{Code: host.InvalidState})
	}
	queue, err := setting(s.RequestQueueSize)
	if err != nil {
		return s.opError("listen", err)
	}
	packet, err := setting(s.MaxPacketSize)
	if err != nil {
		return s.opError("listen", err)
	}
	options := host.ServerOptions{
		RequestQueueSize: queue,
		ReuseAddress:     s.AllowReuseAddress,
		ReusePort:        s.AllowReusePort,
		MaxPacketSize:    packet,
	}
	if s.Handler != "" {
		options.Handler = &s.Handler
	}
	server, err := newServer(s.url, options)
	if err != nil {
		return s.opError("listen", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.host = server
	if err := server.Bind(); err != nil {
		return s.opError("listen", err)
	}
	s.bound = true
	if s.suspended {
		server.Suspend()
	}
	return nil
}

// setting is a number that the host takes; 0 is as the operator has set it.
func setting(number int) (*uint32, error) {
	if number == 0 {
		return nil, nil
	}
	if number < 0 || int64(number) > math.MaxUint32 {
		return nil, &host.Error{Code: host.InvalidArgument}
	}
	value := uint32(number)
	return &value, nil
}

func (s *Server) activate() error {
	server := s.server()
	if server == nil {
		return s.opError("listen", &host.Error{Code: host.InvalidState})
	}
	if err := server.Activate(); err != nil {
		return s.opError("listen", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.activated = true
	return nil
}

func (s *Server) getRequest() (*Request, error) {
	server := s.server()
	if server == nil {
		return nil, s.opError("accept", &host.Error{Code: host.InvalidState})
	}
	taken, err := server.GetRequest()
	if host.IsTimeout(err) {
		err = os.ErrDeadlineExceeded
	}
	if err != nil {
		return nil, s.opError("accept", err)
	}
	return newRequest(taken), nil
}

func (s *Server) collect() []Outcome {
	server := s.server()
	if server == nil {
		return nil
	}
	return outcomes(server.Collect())
}

// stop stops listening, and returns whether it did so now.
func (s *Server) stop() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.closed = true
	if s.host == nil {
		return false
	}
	s.host.Close()
	return true
}

// joinSome waits until requests in the background have ended, and returns how; nil when none is left. For a server that is
// closed.
func (s *Server) joinSome() []Outcome {
	server := s.server()
	if server == nil {
		return nil
	}
	for {
		// In this order: none becomes active any more, so what was collected after 0 was seen is all there is.
		active := server.Counters().Active
		if ended := outcomes(server.Collect()); len(ended) > 0 || active == 0 {
			return ended
		}
		// Nothing but the end of one is reported for a server that is closed.
		var event host.Event
		if park.Until(never, notInterrupted, waitOf(server, &event), idleOf(server)) != nil {
			return nil
		}
	}
}

// waitOf waits for an event as package park has it.
func waitOf(server host.Server, event *host.Event) func(host.Timeout) error {
	return func(t host.Timeout) (err error) {
		*event, err = server.Wait(t)
		if err == nil && *event == host.TimePassed {
			err = &host.Error{Code: host.TimedOut}
		}
		return err
	}
}

func idleOf(server host.Server) func(host.Timeout) {
	return func(t host.Timeout) {
		// Events stay until they are taken: the next attempt tells.
		_, _ = server.Wait(t)
	}
}

func never() time.Time { return time.Time{} }

func notInterrupted() error { return nil }

func (s *Server) opError(op string, err error) error {
	if known := (*host.Error)(nil); errors.As(err, &known) && known.Unwrap() != nil {
		err = os.NewSyscallError(op, known.Unwrap())
	}
	return &net.OpError{Op: op, Net: scheme(s.url), Addr: urlAddr(s.url), Err: err}
}
