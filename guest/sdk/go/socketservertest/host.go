package socketservertest

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/socketserver/socketserver/guest/sdk/go/internal/host"
	"github.com/socketserver/socketserver/guest/sdk/go/server"
)

// Host is the host of the server programs of one test: what happens to them, said beforehand, and what they did about it.
//
// What was said happens in that order, each step when the program waits and nothing else is left to report. After the last
// one the operator wants the program to end; when that has happened, or the server is closed, requests in the background
// end one after the other. No time passes but that of ThenQuiet, which is real where a program bounds its waiting.
//
//	host := socketservertest.NewHost(t)
//	host.ThenRequest(server.Outcome{Remote: remote, Reason: server.Completed})
//	server.NewThreadingTCP("127.0.0.1:9999").ServeForever()
//	// host.Calls() begins with "create tcp://127.0.0.1:9999", "bind", "activate".
type Host struct {
	mu        sync.Mutex
	steps     []step
	createErr error
	bindErr   error
	calls     []string
	options   []host.ServerOptions
	bound     bool
	activated bool
	suspended bool
	closed    bool
	shutdown  bool
	// arrived has a nil where a request has gone before it is taken.
	arrived  []*host.Outcome
	active   []host.Outcome
	finished []host.Outcome
	counters host.Counters
}

// step is one of: a request, one that has gone, the end of one, time that passes, a failure, a shutdown.
type step struct {
	kind    stepKind
	outcome host.Outcome
	quiet   time.Duration
	err     error
}

type stepKind int

const (
	arrive stepKind = iota
	vanish
	finish
	quiet
	fail
	shutdown
)

// NewHost makes a host where nothing happens: the operator wants the program to end as soon as it waits. It serves until
// the end of the test; there can be one at a time.
func NewHost(t testing.TB) *Host {
	h := &Host{}
	before := host.NewServer
	host.NewServer = h.create
	t.Cleanup(func() { host.NewServer = before })
	return h
}

// Refuse makes the creation of servers fail: the operator has not granted their addresses.
func (h *Host) Refuse() *Host {
	h.createErr = &host.Error{Code: host.AccessDenied}
	return h
}

// FailToBind makes binding fail: something else uses the address.
func (h *Host) FailToBind() *Host {
	h.bindErr = &host.Error{Code: host.AddressInUse}
	return h
}

// ThenRequest lets a request come that will end so, when it is handled.
func (h *Host) ThenRequest(outcome server.Outcome) *Host {
	of := host.Outcome{Remote: host.Of(outcome.Remote), Reason: host.Reason(outcome.Reason), Message: outcome.Message}
	return h.then(step{kind: arrive, outcome: of})
}

// ThenVanishingRequest lets a request come, which has gone before it is taken.
func (h *Host) ThenVanishingRequest() *Host {
	return h.then(step{kind: vanish})
}

// ThenFinishing ends the request that is in the background for the longest time, if there is one.
func (h *Host) ThenFinishing() *Host {
	return h.then(step{kind: finish})
}

// ThenQuiet lets nothing happen for so long.
func (h *Host) ThenQuiet(d time.Duration) *Host {
	return h.then(step{kind: quiet, quiet: d})
}

// ThenFailing lets one call that waits fail.
func (h *Host) ThenFailing() *Host {
	return h.then(step{kind: fail, err: &host.Error{Code: host.Other, Text: "the host has failed"}})
}

// ThenShutdown lets the operator want the program to end, although the script goes on.
func (h *Host) ThenShutdown() *Host {
	return h.then(step{kind: shutdown})
}

func (h *Host) then(s step) *Host {
	h.steps = append(h.steps, s)
	return h
}

// Calls is what the program did, one element for each call that has an effect, by the names of wit/server.wit:
// "get-request 192.0.2.1:49152". Closing a request is "refuse".
func (h *Host) Calls() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.calls...)
}

// Settings are what the servers were made with, as text: "request-queue-size=5 handler=echo". What is as the operator has
// set it is left out.
func (h *Host) Settings() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []string
	for _, o := range h.options {
		var text string
		add := func(name string, value any) { text += fmt.Sprintf(" %s=%v", name, value) }
		if o.RequestQueueSize != nil {
			add("request-queue-size", *o.RequestQueueSize)
		}
		if o.ReuseAddress != nil {
			add("reuse-address", *o.ReuseAddress)
		}
		if o.ReusePort != nil {
			add("reuse-port", *o.ReusePort)
		}
		if o.MaxPacketSize != nil {
			add("max-packet-size", *o.MaxPacketSize)
		}
		if o.Handler != nil {
			add("handler", *o.Handler)
		}
		if text != "" {
			text = text[1:]
		}
		all = append(all, text)
	}
	return all
}

func (h *Host) create(url string, options host.ServerOptions) (host.Server, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.call("create " + url)
	if h.createErr != nil {
		return nil, h.createErr
	}
	h.options = append(h.options, options)
	return scripted{h}, nil
}

func (h *Host) call(name string) {
	h.calls = append(h.calls, name)
}

func (h *Host) finishOne() {
	if len(h.active) > 0 {
		h.finished = append(h.finished, h.active[0])
		h.active = h.active[1:]
		h.counters.Active--
	}
}

// event is what can be reported at once.
func (h *Host) event() (host.Event, bool) {
	switch {
	case h.shutdown && !h.closed:
		return host.ShutdownWanted, true
	case len(h.finished) > 0:
		return host.RequestFinished, true
	case h.activated && !h.closed && !h.suspended && len(h.arrived) > 0:
		return host.RequestCame, true
	}
	return 0, false
}

// scripted is a host.Server that no host has made.
type scripted struct {
	*Host
}

func (s scripted) Bind() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.call("bind")
	s.bound = s.bindErr == nil
	return s.bindErr
}

func (s scripted) Activate() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.call("activate")
	if !s.bound || s.closed {
		return &host.Error{Code: host.InvalidState}
	}
	s.activated = true
	return nil
}

func (s scripted) Address() (host.Address, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return host.Of(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9999}), s.bound && !s.closed
}

func (s scripted) Number() uint32 { return 0 }

func (s scripted) Wait(t host.Timeout) (host.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed && len(s.active) == 0 && len(s.finished) == 0 {
		return 0, &host.Error{Code: host.InvalidState}
	}
	for {
		if event, ok := s.event(); ok {
			return event, nil
		}
		if len(s.steps) == 0 {
			if s.closed {
				s.finishOne()
			} else {
				s.shutdown = true
			}
			continue
		}
		next := &s.steps[0]
		if next.kind == quiet && t != host.Forever {
			passes := time.Duration(t) * time.Millisecond
			if passes < next.quiet {
				next.quiet -= passes
				s.sleep(passes)
				return host.TimePassed, nil
			}
			t -= host.In(next.quiet)
			s.sleep(next.quiet)
		}
		s.steps = s.steps[1:]
		switch next.kind {
		case arrive:
			s.arrived = append(s.arrived, &next.outcome)
		case vanish:
			s.arrived = append(s.arrived, nil)
		case finish:
			s.finishOne()
		case fail:
			return 0, next.err
		case shutdown:
			s.shutdown = true
		}
	}
}

func (s scripted) sleep(d time.Duration) {
	s.mu.Unlock()
	defer s.mu.Lock()
	time.Sleep(d)
}

func (s scripted) GetRequest() (host.Request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.activated || s.closed {
		return nil, &host.Error{Code: host.InvalidState}
	}
	if len(s.arrived) == 0 {
		return nil, &host.Error{Code: host.TimedOut}
	}
	taken := s.arrived[0]
	s.arrived = s.arrived[1:]
	if taken == nil {
		return nil, &host.Error{Code: host.TimedOut}
	}
	s.call("get-request " + taken.Remote.TCP().String())
	return &request{s.Host, *taken}, nil
}

func (s scripted) Collect() []host.Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	finished := s.finished
	s.finished = nil
	return finished
}

func (s scripted) Suspend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.call("suspend")
	s.suspended = true
}

func (s scripted) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.call("resume")
	s.suspended = false
}

func (s scripted) Counters() host.Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counters
}

func (s scripted) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.call("close")
	s.closed = true
}

// request is a host.Request that no peer has sent.
type request struct {
	host    *Host
	outcome host.Outcome
}

func (r *request) RemoteAddress() host.Address { return r.outcome.Remote }

func (r *request) Finish() host.Outcome {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	r.host.call("finish")
	r.host.counters.Accepted++
	return r.outcome
}

func (r *request) Process() {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	r.host.call("process")
	r.host.counters.Accepted++
	r.host.counters.Active++
	r.host.active = append(r.host.active, r.outcome)
}

func (r *request) Drop() {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	r.host.call("refuse")
	r.host.counters.Rejected++
}
