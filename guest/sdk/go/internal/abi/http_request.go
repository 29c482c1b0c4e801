//go:build wasip1

package abi

import (
	"unsafe"

	"github.com/socketserver/socketserver/guest/sdk/go/internal/host"
)

// headerSize is the size of a tuple of a string and bytes.
const headerSize = 16

// HTTPRequest is the request that the connection being handled is; nil where it is none.
func HTTPRequest() *host.HTTPRequest {
	begin()
	httpRequest(&area)
	if area.byte(0) == 0 {
		return nil
	}
	// What follows allocates, and so may wait for a collection while another goroutine calls the host: that shall find other
	// memory, and this call keeps what it was told.
	told := area
	spare, spareSize = nil, 0
	request := &host.HTTPRequest{
		Method:        told.text(payload),
		Scheme:        told.optionalText(payload + 8),
		Authority:     told.optionalText(payload + 20),
		PathWithQuery: told.optionalText(payload + 32),
		Headers:       make([]host.HTTPHeader, told.word(payload+48)),
	}
	first := told.word(payload + 44)
	for i := range request.Headers {
		at := (*[4]uint32)(unsafe.Add(nil, uintptr(first)+uintptr(i)*headerSize))
		request.Headers[i] = host.HTTPHeader{Name: text(at[0], at[1]), Value: []byte(text(at[2], at[3]))}
	}
	return request
}

// text is a string.
func (r *result) text(offset uintptr) string {
	return text(r.word(offset), r.word(offset+4))
}

// optionalText is option<string>; empty where it is none.
func (r *result) optionalText(offset uintptr) string {
	if r.byte(offset) == 0 {
		return ""
	}
	return r.text(offset + 4)
}

//go:wasmimport socketserver:core/http-requests@0.1.0 get-http-request
//go:noescape
func httpRequest(result *result)
