//go:build wasip1

package abi

import "github.com/socketserver/socketserver/guest/sdk/go/internal/host"

// NewConnection takes a handle of the resource connection.
func NewConnection(handle int32) host.Connection {
	return &connection{handle: handle, timeout: host.Forever}
}

type connection struct {
	handle int32
	// timeout is what the host was told last.
	timeout host.Timeout
}

// maxReceived is what one call returns at most, as wit/connections.wit says.
const maxReceived = 1 << 16

func (c *connection) Receive(p []byte, t host.Timeout) (int, error) {
	c.setTimeout(t)
	p = p[:min(len(p), maxReceived)]
	beginFilling(p)
	connectionReceive(c.handle, uint32(len(p)), &area)
	if err := area.err(); err != nil {
		return 0, err
	}
	return int(area.word(2 * payload)), nil
}

func (c *connection) Send(p []byte, t host.Timeout) (int, error) {
	c.setTimeout(t)
	begin()
	connectionSend(c.handle, list(p), &area)
	if err := area.err(); err != nil {
		return 0, err
	}
	return int(area.word(payload)), nil
}

func (c *connection) SendAll(p []byte, t host.Timeout) error {
	c.setTimeout(t)
	begin()
	connectionSendAll(c.handle, list(p), &area)
	return area.err()
}

func (c *connection) Wait(interest host.Readiness, t host.Timeout) (host.Readiness, error) {
	c.setTimeout(t)
	begin()
	connectionWait(c.handle, uint32(interest), &area)
	if err := area.err(); err != nil {
		return 0, err
	}
	return host.Readiness(area.byte(payload)), nil
}

func (c *connection) Shutdown(d host.Direction) error {
	begin()
	connectionShutdown(c.handle, uint32(d), &area)
	return area.err()
}

func (c *connection) RemoteAddress() host.Address {
	begin()
	connectionRemoteAddress(c.handle, &area)
	return address(area.pointer())
}

func (c *connection) LocalAddress() host.Address {
	begin()
	connectionLocalAddress(c.handle, &area)
	return address(area.pointer())
}

func (c *connection) Drop() {
	connectionDrop(c.handle)
}

func (c *connection) setTimeout(t host.Timeout) {
	if c.timeout != t {
		c.timeout = t
		some, milliseconds := flatTimeout(t)
		connectionSetTimeout(c.handle, some, milliseconds)
	}
}

//go:wasmimport socketserver:core/connections@0.1.0 [method]connection.receive
//go:noescape
func connectionReceive(self int32, max uint32, result *result)

//go:wasmimport socketserver:core/connections@0.1.0 [method]connection.send
//go:noescape
func connectionSend(self int32, data string, result *result)

//go:wasmimport socketserver:core/connections@0.1.0 [method]connection.send-all
//go:noescape
func connectionSendAll(self int32, data string, result *result)

//go:wasmimport socketserver:core/connections@0.1.0 [method]connection.wait
//go:noescape
func connectionWait(self int32, interest uint32, result *result)

//go:wasmimport socketserver:core/connections@0.1.0 [method]connection.shutdown
//go:noescape
func connectionShutdown(self int32, how uint32, result *result)

//go:wasmimport socketserver:core/connections@0.1.0 [method]connection.set-timeout
func connectionSetTimeout(self, some int32, milliseconds uint32)

//go:wasmimport socketserver:core/connections@0.1.0 [method]connection.get-remote-address
//go:noescape
func connectionRemoteAddress(self int32, result *result)

//go:wasmimport socketserver:core/connections@0.1.0 [method]connection.get-local-address
//go:noescape
func connectionLocalAddress(self int32, result *result)

//go:wasmimport socketserver:core/connections@0.1.0 [resource-drop]connection
func connectionDrop(self int32)
