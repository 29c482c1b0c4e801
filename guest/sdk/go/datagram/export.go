//go:build wasip1

package datagram

import (
	"unsafe"

	"github.com/socketserver/socketserver/guest/sdk/go/internal/abi"
)

//go:wasmexport socketserver:core/datagram-handler@0.1.0#handle
func handle(data unsafe.Pointer, length int32, family, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10 int32, truncated, socket int32) unsafe.Pointer {
	remote := abi.FlatAddress{Case: family, Fields: [11]int32{a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10}}.Lift()
	// A copy, because a handler may keep it, and the next datagram of a session takes the same room.
	received := append([]byte(nil), unsafe.Slice((*byte)(data), length)...)
	arguments.used = 0
	return abi.Handle(func() error {
		return serve(NewRequest(received, truncated != 0, remote, abi.NewDatagramSocket(socket)))
	})
}

// arguments is where the host puts what handle is called with: the data, which the host bounds to 65,535 bytes, and the
// path of a Unix socket. Like all of a component's memory it costs nothing until it is used.
var arguments struct {
	memory [1<<16 + 1<<12]byte
	used   uint32
}

// exportRealloc is called outside of any goroutine's turn, so it does no more than it must.
//
//go:wasmexport cabi_export_realloc
//go:nosplit
func exportRealloc(_ unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	at := (arguments.used + align - 1) &^ (align - 1)
	if oldSize != 0 || at+size > uint32(len(arguments.memory)) || at+size < at {
		abi.Trap()
	}
	arguments.used = at + size
	return unsafe.Pointer(&arguments.memory[at])
}
