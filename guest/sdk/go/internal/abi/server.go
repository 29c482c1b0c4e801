//go:build wasip1

package abi

import (
	"unsafe"

	"github.com/socketserver/socketserver/guest/sdk/go/internal/host"
)

// NewServer makes a server for an address, which is a URL.
func NewServer(url string, options host.ServerOptions) (host.Server, error) {
	begin()
	queue, queueSize := flat(options.RequestQueueSize)
	packet, packetSize := flat(options.MaxPacketSize)
	reuseAddress, address := flatBool(options.ReuseAddress)
	reusePort, port := flatBool(options.ReusePort)
	var named int32
	var name string
	if options.Handler != nil {
		named, name = 1, *options.Handler
	}
	serverCreate(url, queue, queueSize, reuseAddress, address, reusePort, port, packet, packetSize, named, name, &area)
	if err := area.err(); err != nil {
		return nil, err
	}
	return server(area.word(payload)), nil
}

// server is a handle of the resource.
type server int32

func (s server) Bind() error {
	begin()
	serverBind(int32(s), &area)
	return area.err()
}

func (s server) Activate() error {
	begin()
	serverActivate(int32(s), &area)
	return area.err()
}

func (s server) Address() (host.Address, bool) {
	begin()
	serverAddress(int32(s), &area)
	if area.byte(0) == 0 {
		return host.Address{}, false
	}
	return address(unsafe.Add(area.pointer(), payload)), true
}

func (s server) Number() uint32 {
	return serverNumber(int32(s))
}

func (s server) Wait(t host.Timeout) (host.Event, error) {
	begin()
	some, milliseconds := flatTimeout(t)
	serverWait(int32(s), some, milliseconds, &area)
	if err := area.err(); err != nil {
		return 0, err
	}
	return host.Event(area.byte(payload)), nil
}

func (s server) GetRequest() (host.Request, error) {
	begin()
	serverGetRequest(int32(s), &area)
	if err := area.err(); err != nil {
		return nil, err
	}
	return request(area.word(payload)), nil
}

func (s server) Collect() []host.Outcome {
	begin()
	serverCollect(int32(s), &area)
	outcomes := make([]host.Outcome, area.word(payload))
	first := unsafe.Add(nil, area.word(0))
	for i := range outcomes {
		outcomes[i] = outcome(unsafe.Add(first, i*outcomeSize))
	}
	return outcomes
}

func (s server) Suspend() {
	serverSuspend(int32(s))
}

func (s server) Resume() {
	serverResume(int32(s))
}

func (s server) Counters() host.Counters {
	begin()
	serverCounters(int32(s), &area)
	return host.Counters{Accepted: area.words[0], Active: area.words[1], Rejected: area.words[2]}
}

func (s server) Close() {
	serverClose(int32(s))
}

// request is a handle of the resource.
type request int32

func (r request) RemoteAddress() host.Address {
	begin()
	requestRemoteAddress(int32(r), &area)
	return address(area.pointer())
}

func (r request) Finish() host.Outcome {
	begin()
	requestFinish(int32(r), &area)
	return outcome(area.pointer())
}

func (r request) Process() {
	requestProcess(int32(r))
}

func (r request) Drop() {
	requestDrop(int32(r))
}

// outcomeSize is that of the record outcome: an address of 32 bytes, a reason, and an option<string>, aligned to words.
const outcomeSize = 48

func outcome(p unsafe.Pointer) host.Outcome {
	o := host.Outcome{Remote: address(p), Reason: host.Reason(*(*uint8)(unsafe.Add(p, 32)))}
	if *(*uint8)(unsafe.Add(p, 36)) != 0 {
		o.Message = text(*(*uint32)(unsafe.Add(p, 40)), *(*uint32)(unsafe.Add(p, 44)))
	}
	return o
}

// flat is option<u32>.
func flat(value *uint32) (some int32, number uint32) {
	if value == nil {
		return 0, 0
	}
	return 1, *value
}

// flatBool is option<bool>.
func flatBool(value *bool) (some, flag int32) {
	switch {
	case value == nil:
		return 0, 0
	case *value:
		return 1, 1
	}
	return 1, 0
}

//go:wasmimport socketserver:core/server@0.1.0 [static]server.create
//go:noescape
func serverCreate(url string, queue int32, queueSize uint32, reuseAddress, address, reusePort, port, packet int32, packetSize uint32, named int32, name string, result *result)

//go:wasmimport socketserver:core/server@0.1.0 [method]server.bind
//go:noescape
func serverBind(self int32, result *result)

//go:wasmimport socketserver:core/server@0.1.0 [method]server.activate
//go:noescape
func serverActivate(self int32, result *result)

//go:wasmimport socketserver:core/server@0.1.0 [method]server.get-address
//go:noescape
func serverAddress(self int32, result *result)

//go:wasmimport socketserver:core/server@0.1.0 [method]server.get-number
func serverNumber(self int32) uint32

//go:wasmimport socketserver:core/server@0.1.0 [method]server.wait
//go:noescape
func serverWait(self, some int32, milliseconds uint32, result *result)

//go:wasmimport socketserver:core/server@0.1.0 [method]server.get-request
//go:noescape
func serverGetRequest(self int32, result *result)

//go:wasmimport socketserver:core/server@0.1.0 [method]server.collect
//go:noescape
func serverCollect(self int32, result *result)

//go:wasmimport socketserver:core/server@0.1.0 [method]server.suspend
func serverSuspend(self int32)

//go:wasmimport socketserver:core/server@0.1.0 [method]server.resume
func serverResume(self int32)

//go:wasmimport socketserver:core/server@0.1.0 [method]server.get-counters
//go:noescape
func serverCounters(self int32, result *result)

//go:wasmimport socketserver:core/server@0.1.0 [method]server.close
func serverClose(self int32)

//go:wasmimport socketserver:core/server@0.1.0 [method]request.get-remote-address
//go:noescape
func requestRemoteAddress(self int32, result *result)

//go:wasmimport socketserver:core/server@0.1.0 [static]request.finish
//go:noescape
func requestFinish(request int32, result *result)

//go:wasmimport socketserver:core/server@0.1.0 [static]request.process
func requestProcess(request int32)

//go:wasmimport socketserver:core/server@0.1.0 [resource-drop]request
func requestDrop(self int32)
