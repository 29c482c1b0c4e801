//go:build !wasip1

package server

import "github.com/socketserver/socketserver/guest/sdk/go/internal/host"

// newServer asks the host of a test: see package socketservertest.
func newServer(url string, options host.ServerOptions) (host.Server, error) {
	return host.NewServer(url, options)
}
