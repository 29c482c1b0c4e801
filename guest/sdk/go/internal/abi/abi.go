//go:build wasip1

// Package abi is the host of a component: the imports of wit/, by hand.
//
// By hand, and not by the generator of bindings for Go, because of memory. The canonical ABI has the host ask the component
// for memory in the middle of a call (cabi_import_realloc), where no other import may be called. The generator's answer
// allocates from the heap of Go: that may start a collection, which asks for the time, and traps; and what was allocated
// has to be pinned and unpinned. Here the memory is already there when the host asks: Receive has it write straight
// into the slice that its caller wants filled, and nothing is allocated at all.
//
// A component runs one goroutine at a time, and no other begins between a call and the reading of its result. So all
// calls share one result area.
package abi

import (
	"structs"
	"unsafe"

	"github.com/socketserver/socketserver/guest/sdk/go/internal/host"
)

// result is where the host writes what a call returns, in words: the largest is an HTTP request.
type result struct {
	_     structs.HostLayout
	words [14]uint32
}

var area result

func (r *result) byte(offset uintptr) uint8 {
	return *(*uint8)(unsafe.Add(unsafe.Pointer(&r.words), offset))
}

func (r *result) word(offset uintptr) uint32 {
	return *(*uint32)(unsafe.Add(unsafe.Pointer(&r.words), offset))
}

// payload is where the payload of a result, an option or an error-code begins: all of them are aligned to words.
const payload = 4

// err is the error of a result, if it is one.
func (r *result) err() error {
	if r.byte(0) == 0 {
		return nil
	}
	err := &host.Error{Code: host.Code(r.byte(payload))}
	// The payload of other(option<string>).
	if err.Code >= host.Other && r.byte(2*payload) != 0 {
		err.Text = text(r.word(3*payload), r.word(4*payload))
	}
	return err
}

// text copies a string out of the memory that the next call uses again.
func text(data, length uint32) string {
	return string(unsafe.Slice((*byte)(unsafe.Add(nil, data)), length))
}

// address is the variant socket-address at p.
func address(p unsafe.Pointer) host.Address {
	at := func(offset uintptr) unsafe.Pointer { return unsafe.Add(p, payload+offset) }
	a := host.Address{Family: host.Family(*(*uint8)(p))}
	switch a.Family {
	case host.IPv4:
		a.Port = *(*uint16)(at(0))
		copy(a.IP[:4], (*[4]byte)(at(2))[:])
	case host.IPv6:
		a.Port = *(*uint16)(at(0))
		a.FlowInfo = *(*uint32)(at(4))
		for i, group := range (*[8]uint16)(at(8)) {
			a.IP[2*i], a.IP[2*i+1] = byte(group>>8), byte(group)
		}
		a.ScopeID = *(*uint32)(at(24))
	case host.Unix:
		if *(*uint8)(at(0)) != 0 {
			a.Path = text(*(*uint32)(at(4)), *(*uint32)(at(8)))
		}
	}
	return a
}

// FlatAddress is a socket-address as it is passed: its case, and the fields of the largest one.
type FlatAddress struct {
	Case   int32
	Fields [11]int32
}

// Lift is the address that was passed to an export.
func (f FlatAddress) Lift() host.Address {
	a := host.Address{Family: host.Family(f.Case)}
	switch a.Family {
	case host.IPv4:
		a.Port = uint16(f.Fields[0])
		for i := range 4 {
			a.IP[i] = byte(f.Fields[1+i])
		}
	case host.IPv6:
		a.Port, a.FlowInfo, a.ScopeID = uint16(f.Fields[0]), uint32(f.Fields[1]), uint32(f.Fields[10])
		for i := range 8 {
			a.IP[2*i], a.IP[2*i+1] = byte(f.Fields[2+i]>>8), byte(f.Fields[2+i])
		}
	case host.Unix:
		if f.Fields[0] != 0 {
			a.Path = text(uint32(f.Fields[1]), uint32(f.Fields[2]))
		}
	}
	return a
}

func lower(a *host.Address) (f FlatAddress) {
	f.Case = int32(a.Family)
	switch a.Family {
	case host.IPv4:
		f.Fields[0] = int32(a.Port)
		for i := range 4 {
			f.Fields[1+i] = int32(a.IP[i])
		}
	case host.IPv6:
		f.Fields[0], f.Fields[1], f.Fields[10] = int32(a.Port), int32(a.FlowInfo), int32(a.ScopeID)
		for i := range 8 {
			f.Fields[2+i] = int32(a.IP[2*i])<<8 | int32(a.IP[2*i+1])
		}
	case host.Unix:
		if a.Path != "" {
			f.Fields[0], f.Fields[2] = 1, int32(len(a.Path))
			f.Fields[1] = int32(uintptr(unsafe.Pointer(unsafe.StringData(a.Path))))
		}
	}
	return f
}

func (r *result) pointer() unsafe.Pointer {
	return unsafe.Pointer(&r.words)
}

// list passes bytes the way that an import takes a list of them, which is that of a string.
func list(p []byte) string {
	return unsafe.String(unsafe.SliceData(p), len(p))
}

// flatTimeout is option<u32>.
func flatTimeout(t host.Timeout) (some int32, milliseconds uint32) {
	if t == host.Forever {
		return 0, 0
	}
	return 1, uint32(t)
}
