//go:build wasip1

package server

import (
	_ "unsafe" // for go:linkname

	"github.com/socketserver/socketserver/guest/sdk/go/internal/abi"
	"github.com/socketserver/socketserver/guest/sdk/go/internal/host"
)

func newServer(url string, options host.ServerOptions) (host.Server, error) {
	return abi.NewServer(url, options)
}

// programMain is the function main of the program: the runtime does not call it in a component.
//
//go:linkname programMain main.main
func programMain()

//go:wasmexport wasi:cli/run@0.2.6#run
func run() int32 {
	abi.Handle(func() error {
		programMain()
		return nil
	})
	return 0
}
