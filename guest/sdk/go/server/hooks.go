package server

import (
	"fmt"
	"os"
	"strings"
)

// Hooks are the steps that a Server calls. Override some by a type that embeds Defaults, and has methods of its own for
// those that differ:
//
//	// local serves this machine alone, and counts failures.
//	type local struct {
//		server.Defaults
//		failures int
//	}
//
//	func (l *local) VerifyRequest(s *server.Server, request *server.Request) bool {
//		addr, ok := request.RemoteAddr().(*net.TCPAddr)
//		return ok && addr.IP.IsLoopback()
//	}
//
//	func (l *local) HandleError(s *server.Server, outcome server.Outcome) {
//		l.failures++
//		l.Defaults.HandleError(s, outcome)
//	}
//
//	srv.Hooks = &local{}
//
// Defaults call other hooks of the server, not of themselves: an override of one is seen by all.
//
// Hooks run in the program, one after the other, with all of its state. Handlers do not: each runs in an instance of its
// own.
//
// Python equivalent: the methods of socketserver.BaseServer that a subclass may override
type Hooks interface {
	// ServerBind binds the address.
	ServerBind(s *Server) error
	// ServerActivate takes requests from here on.
	ServerActivate(s *Server) error
	// ServerClose stops listening, waits for the requests in the background unless Server.DaemonThreads says not to, and
	// reports how they ended. It is called again where a server is closed twice.
	ServerClose(s *Server)
	// GetRequest takes the next request. Any error means that there is none, and is passed over in silence: its peer has
	// gone in the meantime, or it was over a limit of the operator.
	GetRequest(s *Server) (*Request, error)
	// VerifyRequest tells whether to handle a request; otherwise it is given to ShutdownRequest.
	VerifyRequest(s *Server, request *Request) bool
	// ProcessRequest has a request handled: by FinishRequest, or in the background, as Server.Concurrency says.
	ProcessRequest(s *Server, request *Request)
	// FinishRequest handles a request, and returns when it has ended. It is not called for requests in the background.
	FinishRequest(s *Server, request *Request) Outcome
	// ShutdownRequest refuses a request that is not to be handled.
	ShutdownRequest(s *Server, request *Request)
	// CloseRequest closes a request that was not handled.
	CloseRequest(s *Server, request *Request)
	// ServiceActions is called by ServeForever after every event, and when none has happened for PollInterval.
	//
	// Unlike in Python, children are collected whether or not this is overridden.
	ServiceActions(s *Server)
	// HandleTimeout is called by HandleRequest when no request has come within Timeout.
	HandleTimeout(s *Server)
	// HandleError is called with how a request ended, unless its handler returned nil: an error that it returned, a panic,
	// or that it crossed a limit of the operator.
	HandleError(s *Server, outcome Outcome)
	// CollectChildren reports to HandleError how requests in the background ended. It does not wait.
	//
	// Python equivalent: ForkingMixIn.collect_children()
	CollectChildren(s *Server)
}

// Defaults are the hooks of a server that overrides none: they do what Python's methods do.
//
// Python equivalent: super()
type Defaults struct{}

var _ Hooks = Defaults{}

// ServerBind binds the address.
func (Defaults) ServerBind(s *Server) error {
	return s.bind()
}

// ServerActivate takes requests from here on.
func (Defaults) ServerActivate(s *Server) error {
	return s.activate()
}

// ServerClose stops listening, and waits for the requests in the background.
func (Defaults) ServerClose(s *Server) {
	if s.stop() && !s.DaemonThreads {
		for {
			ended := s.joinSome()
			if len(ended) == 0 {
				break
			}
			report(s, ended)
		}
	}
	s.hooks().CollectChildren(s)
}

// GetRequest takes the next request.
func (Defaults) GetRequest(s *Server) (*Request, error) {
	return s.getRequest()
}

// VerifyRequest takes every request.
func (Defaults) VerifyRequest(*Server, *Request) bool {
	return true
}

// ProcessRequest finishes the request, or has it handled in the background.
func (Defaults) ProcessRequest(s *Server, request *Request) {
	if s.Concurrency() != OneAtATime {
		request.Process()
		return
	}
	report(s, []Outcome{s.hooks().FinishRequest(s, request)})
}

// FinishRequest handles the request.
func (Defaults) FinishRequest(_ *Server, request *Request) Outcome {
	return request.Finish()
}

// ShutdownRequest calls CloseRequest.
func (Defaults) ShutdownRequest(s *Server, request *Request) {
	s.hooks().CloseRequest(s, request)
}

// CloseRequest refuses the request: the peer of a connection sees a reset.
func (Defaults) CloseRequest(_ *Server, request *Request) {
	request.Close()
}

// ServiceActions does nothing.
func (Defaults) ServiceActions(*Server) {}

// HandleTimeout collects the children.
func (Defaults) HandleTimeout(s *Server) {
	s.hooks().CollectChildren(s)
}

// HandleError prints to standard error who had sent the request, and why it ended.
func (Defaults) HandleError(_ *Server, outcome Outcome) {
	line := strings.Repeat("-", 40)
	// One call, so that it stays together in a log.
	fmt.Fprintf(os.Stderr, "%s\nException occurred during processing of request from %v\n%v\n%s\n",
		line, outcome.Remote, outcome, line)
}

// CollectChildren reports how requests in the background ended.
func (Defaults) CollectChildren(s *Server) {
	report(s, s.collect())
}

func report(s *Server, ended []Outcome) {
	for _, outcome := range ended {
		if outcome.Reason != Completed {
			s.hooks().HandleError(s, outcome)
		}
	}
}
