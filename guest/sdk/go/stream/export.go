//go:build wasip1

package stream

import (
	"unsafe"

	"github.com/socketserver/socketserver/guest/sdk/go/internal/abi"
	"github.com/socketserver/socketserver/guest/sdk/go/internal/host"
)

//go:wasmexport socketserver:core/stream-handler@0.1.0#handle
func handle(connection int32) unsafe.Pointer {
	return abi.Handle(func() error {
		return serve(NewConn(abi.NewConnection(connection)))
	})
}

func httpRequest() *host.HTTPRequest { return abi.HTTPRequest() }
