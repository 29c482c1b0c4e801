//go:build wasip1

package abi

import (
	"runtime"

	"github.com/socketserver/socketserver/guest/sdk/go/internal/host"
)

// NewDatagramSocket takes a handle of the resource datagram-socket.
func NewDatagramSocket(handle int32) host.DatagramSocket {
	return &datagramSocket{handle: handle, timeout: host.Forever}
}

type datagramSocket struct {
	handle  int32
	timeout host.Timeout
}

func (s *datagramSocket) SendTo(p []byte, remote host.Address, t host.Timeout) error {
	if s.timeout != t {
		s.timeout = t
		some, milliseconds := flatTimeout(t)
		datagramSetTimeout(s.handle, some, milliseconds)
	}
	begin()
	a := lower(&remote)
	f := &a.Fields
	datagramSendTo(s.handle, list(p), a.Case, f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10], &area)
	// One of the fields may point to the path.
	runtime.KeepAlive(remote.Path)
	return area.err()
}

func (s *datagramSocket) LocalAddress() host.Address {
	begin()
	datagramLocalAddress(s.handle, &area)
	return address(area.pointer())
}

func (s *datagramSocket) Drop() {
	datagramDrop(s.handle)
}

//go:wasmimport socketserver:core/datagrams@0.1.0 [method]datagram-socket.send-to
//go:noescape
func datagramSendTo(self int32, data string, family, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10 int32, result *result)

//go:wasmimport socketserver:core/datagrams@0.1.0 [method]datagram-socket.set-timeout
func datagramSetTimeout(self, some int32, milliseconds uint32)

//go:wasmimport socketserver:core/datagrams@0.1.0 [method]datagram-socket.get-local-address
//go:noescape
func datagramLocalAddress(self int32, result *result)

//go:wasmimport socketserver:core/datagrams@0.1.0 [resource-drop]datagram-socket
func datagramDrop(self int32)
