//go:build !wasip1

package stream

import "github.com/socketserver/socketserver/guest/sdk/go/internal/host"

// httpRequest finds no host to ask.
func httpRequest() *host.HTTPRequest { return nil }
