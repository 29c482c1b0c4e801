package server_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/socketserver/socketserver/guest/sdk/go/server"
	"github.com/socketserver/socketserver/guest/sdk/go/socketservertest"
)

const address = "127.0.0.1:9999"

func remote(port int) net.Addr {
	return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: port}
}

func completed(port int) server.Outcome {
	return server.Outcome{Remote: remote(port), Reason: server.Completed}
}

func failed(port int) server.Outcome {
	return server.Outcome{Remote: remote(port), Reason: server.HandlerError, Message: "told you so"}
}

// watched overrides every hook that says something, and writes down what it was told.
type watched struct {
	server.Defaults
	told          []string
	refuse        net.Addr
	shutdownAfter int
}

func (w *watched) tell(s *server.Server, what string) {
	w.told = append(w.told, what)
	if len(w.told) == w.shutdownAfter {
		s.Shutdown()
	}
}

func (w *watched) ServiceActions(s *server.Server) { w.tell(s, "service") }

func (w *watched) HandleTimeout(s *server.Server) { w.tell(s, "timeout") }

func (w *watched) HandleError(s *server.Server, o server.Outcome) {
	w.tell(s, "error "+o.Remote.String())
}

func (w *watched) VerifyRequest(_ *server.Server, r *server.Request) bool {
	return w.refuse == nil || r.RemoteAddr().String() != w.refuse.String()
}

func watch(s *server.Server) (*server.Server, *watched) {
	w := &watched{}
	s.Hooks = w
	return s, w
}

func equal(t *testing.T, got []string, expected ...string) {
	t.Helper()
	if !slices.Equal(got, expected) {
		t.Errorf("got %q, not %q", got, expected)
	}
}

// calls are what the program did after it was bound.
func calls(t *testing.T, host *socketservertest.Host) []string {
	t.Helper()
	all := host.Calls()
	equal(t, all[:min(3, len(all))], "create tcp://"+address, "bind", "activate")
	return all[3:]
}

func serve(t *testing.T, s *server.Server) {
	t.Helper()
	if err := s.ServeForever(); err != nil {
		t.Fatal(err)
	}
}

func TestWithoutAMixinARequestIsFinishedBeforeTheNext(t *testing.T) {
	host := socketservertest.NewHost(t).ThenRequest(completed(1)).ThenRequest(failed(2))
	s, w := watch(server.NewTCP(address))
	serve(t, s)
	equal(t, calls(t, host), "get-request 192.0.2.1:1", "finish", "get-request 192.0.2.1:2", "finish")
	equal(t, w.told, "service", "error 192.0.2.1:2", "service")
}

func TestWithAMixinRequestsAreProcessedAndCollected(t *testing.T) {
	host := socketservertest.NewHost(t).ThenRequest(failed(1)).ThenRequest(completed(2)).ThenFinishing()
	s, w := watch(server.NewThreadingTCP(address))
	serve(t, s)
	equal(t, calls(t, host), "get-request 192.0.2.1:1", "process", "get-request 192.0.2.1:2", "process")
	equal(t, w.told, "service", "service", "error 192.0.2.1:1", "service")
	if counters := s.Counters(); counters != (server.Counters{Accepted: 2, Active: 1}) {
		t.Error(counters)
	}
}

func TestARequestThatIsNotVerifiedIsRefused(t *testing.T) {
	host := socketservertest.NewHost(t).ThenRequest(completed(1)).ThenRequest(completed(2))
	s, w := watch(server.NewTCP(address))
	w.refuse = remote(1)
	serve(t, s)
	equal(t, calls(t, host), "get-request 192.0.2.1:1", "refuse", "get-request 192.0.2.1:2", "finish")
	if s.Counters().Rejected != 1 {
		t.Error(s.Counters())
	}
}

// CPython: "except OSError: return".
func TestARequestThatHasGoneIsPassedOver(t *testing.T) {
	host := socketservertest.NewHost(t).ThenVanishingRequest().ThenRequest(completed(2))
	s := server.NewTCP(address)
	serve(t, s)
	s.Close()
	equal(t, calls(t, host), "get-request 192.0.2.1:2", "finish", "close")
}

func TestServiceActionsAreCalledWhileNothingHappens(t *testing.T) {
	for interval, expected := range map[time.Duration]int{0: 1, 100 * time.Millisecond: 7} {
		socketservertest.NewHost(t).ThenQuiet(750 * time.Millisecond)
		s, w := watch(server.NewTCP(address))
		s.PollInterval = interval
		serve(t, s)
		// A machine that is busy makes pauses longer, and then there are fewer.
		if got := len(w.told); got < 1 || got > expected {
			t.Errorf("%v: %q", interval, w.told)
		}
	}
}

func TestAHookEndsTheLoopAndItCanBeginAgain(t *testing.T) {
	host := socketservertest.NewHost(t).ThenRequest(failed(1)).ThenRequest(completed(2))
	s, w := watch(server.NewTCP(address))
	w.shutdownAfter = 1
	serve(t, s)
	equal(t, calls(t, host), "get-request 192.0.2.1:1", "finish")
	if s.IsStopping() {
		t.Error("nobody wants the program to end")
	}
	serve(t, s)
	equal(t, calls(t, host)[2:], "get-request 192.0.2.1:2", "finish")
	if !s.IsStopping() {
		t.Error("the operator wants the program to end")
	}
}

func TestTheLoopEndsWhereTheHostFails(t *testing.T) {
	socketservertest.NewHost(t).ThenFailing()
	if err := server.NewTCP(address).ServeForever(); err == nil || !strings.Contains(err.Error(), "the host has failed") {
		t.Error(err)
	}
}

func TestHandleRequestHandlesOneOrNoneInTime(t *testing.T) {
	host := socketservertest.NewHost(t).
		ThenRequest(completed(1)).ThenVanishingRequest().ThenQuiet(300 * time.Millisecond).ThenRequest(completed(2))
	s, w := watch(server.NewTCP(address))
	handle := func(expected bool) {
		t.Helper()
		if more, err := s.HandleRequest(); more != expected || err != nil {
			t.Error(more, err)
		}
	}
	handle(true)
	equal(t, w.told)
	s.Timeout = 50 * time.Millisecond
	handle(true)
	equal(t, w.told, "timeout")
	s.Timeout = 0
	handle(true)
	equal(t, calls(t, host), "get-request 192.0.2.1:1", "finish", "get-request 192.0.2.1:2", "finish")
	handle(false)
}

func TestNoRequestIsTakenWhileAllChildrenAreBusy(t *testing.T) {
	host := socketservertest.NewHost(t).
		ThenRequest(completed(1)).ThenRequest(completed(2)).ThenRequest(completed(3)).
		ThenQuiet(600 * time.Millisecond).ThenFinishing()
	s := server.NewForkingTCP(address)
	if s.MaxChildren != 40 || s.Timeout != 300*time.Second {
		t.Error(s.MaxChildren, s.Timeout)
	}
	s.MaxChildren = 2
	serve(t, s)
	equal(t, calls(t, host), "get-request 192.0.2.1:1", "process", "get-request 192.0.2.1:2", "process", "suspend",
		"resume", "get-request 192.0.2.1:3", "process", "suspend")
}

func TestRoomForAChildResumesNoServerThatWasSuspended(t *testing.T) {
	host := socketservertest.NewHost(t).ThenRequest(completed(1)).ThenFinishing()
	s := server.NewForkingTCP(address)
	s.MaxChildren = 1
	if more, err := s.HandleRequest(); !more || err != nil {
		t.Fatal(more, err)
	}
	s.Suspend()
	serve(t, s)
	equal(t, calls(t, host)[2:], "suspend", "suspend", "suspend")
}

func TestClosingWaitsForTheBackgroundUnlessToldNotTo(t *testing.T) {
	for _, daemon := range []bool{false, true} {
		host := socketservertest.NewHost(t).ThenRequest(completed(1)).ThenRequest(failed(2))
		s, w := watch(server.NewThreadingTCP(address))
		s.DaemonThreads = daemon
		w.shutdownAfter = 2
		serve(t, s)
		s.Close()
		s.Close()
		if daemon {
			equal(t, w.told, "service", "service")
		} else {
			equal(t, w.told, "service", "service", "error 192.0.2.1:2")
		}
		if calls := calls(t, host); calls[len(calls)-1] != "close" || slices.Contains(calls[:len(calls)-1], "close") {
			t.Errorf("it is closed once: %q", calls)
		}
		if err := s.ServeForever(); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	}
}

func TestAServerThatCannotBeMadeSaysWhy(t *testing.T) {
	host := socketservertest.NewHost(t).Refuse()
	err := server.NewTCP(address).ServeForever()
	if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "listen tcp "+address) {
		t.Error(err)
	}
	equal(t, host.Calls(), "create tcp://"+address)

	host = socketservertest.NewHost(t).FailToBind()
	if err := server.NewTCP(address).BindAndActivate(); !errors.Is(err, syscall.EADDRINUSE) {
		t.Error(err)
	}
	equal(t, host.Calls(), "create tcp://"+address, "bind", "close")

	s := server.NewTCP(address)
	s.RequestQueueSize = -1
	if err := s.BindAndActivate(); !errors.Is(err, syscall.EINVAL) {
		t.Error(err)
	}
}

func TestSettingsReachTheHostWhenTheAddressIsBound(t *testing.T) {
	host := socketservertest.NewHost(t)
	s := server.NewUDP(":53")
	yes, no := true, false
	s.RequestQueueSize, s.AllowReuseAddress, s.AllowReusePort, s.MaxPacketSize, s.Handler = 5, &yes, &no, 512, "dns"
	if _, ok := s.Number(); ok || s.Addr() != nil {
		t.Error("it is not bound")
	}
	if err := s.BindAndActivate(); err != nil {
		t.Fatal(err)
	}
	equal(t, host.Settings(), "request-queue-size=5 reuse-address=true reuse-port=false max-packet-size=512 handler=dns")
	if _, ok := s.Number(); !ok || s.Addr().String() != address {
		t.Error(s.Addr())
	}
	serve(t, s)
	equal(t, host.Calls(), "create udp://0.0.0.0:53", "bind", "activate")
}

// As with Python's super(): an override that calls what it overrides takes no other override away.
type polite struct {
	server.Defaults
	told []string
}

func (p *polite) ProcessRequest(s *server.Server, r *server.Request) {
	p.Defaults.ProcessRequest(s, r)
}

func (p *polite) FinishRequest(s *server.Server, r *server.Request) server.Outcome {
	p.told = append(p.told, "finish")
	return p.Defaults.FinishRequest(s, r)
}

func (p *polite) HandleError(*server.Server, server.Outcome) { p.told = append(p.told, "error") }

func (p *polite) VerifyRequest(*server.Server, *server.Request) bool { return len(p.told) == 0 }

func (p *polite) CloseRequest(s *server.Server, r *server.Request) {
	p.told = append(p.told, "close")
	p.Defaults.CloseRequest(s, r)
}

func TestWhatAnOverrideCallsKnowsTheOtherOverrides(t *testing.T) {
	host := socketservertest.NewHost(t).ThenRequest(failed(1)).ThenRequest(failed(2))
	s, hooks := server.NewTCP(address), &polite{}
	s.Hooks = hooks
	serve(t, s)
	equal(t, hooks.told, "finish", "error", "close")
	equal(t, calls(t, host), "get-request 192.0.2.1:1", "finish", "get-request 192.0.2.1:2", "refuse")
}

func TestARequestEndsOnce(t *testing.T) {
	socketservertest.NewHost(t).ThenRequest(completed(1))
	s := server.NewTCP(address)
	s.Hooks = twice{t: t}
	serve(t, s)
}

type twice struct {
	server.Defaults
	t *testing.T
}

func (h twice) ProcessRequest(_ *server.Server, r *server.Request) {
	r.Process()
	defer func() {
		if recover() == nil {
			h.t.Error("the host would have trapped")
		}
	}()
	r.Close()
}

func TestTwoServersAreServedByGoroutines(t *testing.T) {
	host := socketservertest.NewHost(t).ThenRequest(completed(1)).ThenRequest(completed(2))
	ended := make(chan error, 2)
	for range 2 {
		go func() { ended <- server.NewThreadingTCP(address).ServeForever() }()
	}
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if got := strings.Join(host.Calls(), " "); strings.Count(got, "process") != 2 {
		t.Error(got)
	}
}

func TestAddressesAreURLsWithAllOfTheirCharacters(t *testing.T) {
	for s, url := range map[*server.Server]string{
		server.NewTCP("127.0.0.1:9999"):                                "tcp://127.0.0.1:9999",
		server.NewForkingTCP(":9999"):                                  "tcp://0.0.0.0:9999",
		server.NewThreadingUDP("[::1]:53"):                             "udp://[::1]:53",
		server.NewUDP("icmp://[::1]"):                                  "icmp://[::1]",
		server.NewUnixStream("/run/50% of?#"):                          "unix:///run/50%25%20of%3F%23",
		server.NewThreadingUnixStream("echo.sock"):                     "unix:echo.sock",
		server.NewForkingUnixStream("unixpacket:@echo"):                "unixpacket:@echo",
		server.NewUnixDatagram("@echo"):                                "unixgram:@echo",
		server.NewThreadingUnixDatagram("unixgram:///run/x?mode=0660"): "unixgram:///run/x?mode=0660",
	} {
		if s.URL() != url {
			t.Errorf("got %s, not %s", s.URL(), url)
		}
	}
}

func TestAnOutcomeReadsAsALineOfTheLog(t *testing.T) {
	for outcome, expected := range map[server.Outcome]string{
		failed(1):                "handler-error: told you so",
		{Reason: server.CPUTime}: "cpu-time",
		{Reason: server.Trap}:    "trap",
		// Of a host that is newer than this SDK.
		{Reason: server.Trap + 1}: "unknown",
	} {
		if got := fmt.Sprint(outcome); got != expected {
			t.Errorf("got %q, not %q", got, expected)
		}
	}
}
