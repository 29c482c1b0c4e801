package server

import (
	"fmt"
	"strings"
)

// The twelve classes of Python. An address of IP is "host:port" as in package net, where no host is every IPv4 address of
// the machine, as in Python; one of Unix is a path, or "@name" for a name of Linux's abstract namespace. Either may be a
// URL, which may also name another transport of the same kind: "icmp://127.0.0.1" for NewUDP, "unixpacket:@echo" for
// NewUnixStream.

// NewTCP makes a server for TCP, one connection at a time. Python equivalent: socketserver.TCPServer
func NewTCP(address string) *Server { return New(ipURL("tcp", address), OneAtATime) }

// NewThreadingTCP makes a server for TCP, any number of connections at a time. Python equivalent:
// socketserver.ThreadingTCPServer
func NewThreadingTCP(address string) *Server { return New(ipURL("tcp", address), Threading) }

// NewForkingTCP makes a server for TCP, at most MaxChildren connections at a time. Python equivalent:
// socketserver.ForkingTCPServer
func NewForkingTCP(address string) *Server { return New(ipURL("tcp", address), Forking) }

// NewUDP makes a server for UDP, one datagram at a time. Python equivalent: socketserver.UDPServer
func NewUDP(address string) *Server { return New(ipURL("udp", address), OneAtATime) }

// NewThreadingUDP makes a server for UDP, any number of datagrams at a time. Python equivalent:
// socketserver.ThreadingUDPServer
func NewThreadingUDP(address string) *Server { return New(ipURL("udp", address), Threading) }

// NewForkingUDP makes a server for UDP, at most MaxChildren datagrams at a time. Python equivalent:
// socketserver.ForkingUDPServer
func NewForkingUDP(address string) *Server { return New(ipURL("udp", address), Forking) }

// NewUnixStream makes a server for Unix streams, one connection at a time. Python equivalent:
// socketserver.UnixStreamServer
func NewUnixStream(address string) *Server { return New(unixURL("unix", address), OneAtATime) }

// NewThreadingUnixStream makes a server for Unix streams, any number of connections at a time. Python equivalent:
// socketserver.ThreadingUnixStreamServer
func NewThreadingUnixStream(address string) *Server { return New(unixURL("unix", address), Threading) }

// NewForkingUnixStream makes a server for Unix streams, at most MaxChildren connections at a time. Python equivalent:
// socketserver.ForkingUnixStreamServer
func NewForkingUnixStream(address string) *Server { return New(unixURL("unix", address), Forking) }

// NewUnixDatagram makes a server for Unix datagrams, one at a time. Python equivalent: socketserver.UnixDatagramServer
func NewUnixDatagram(address string) *Server { return New(unixURL("unixgram", address), OneAtATime) }

// NewThreadingUnixDatagram makes a server for Unix datagrams, any number at a time. Python equivalent:
// socketserver.ThreadingUnixDatagramServer
func NewThreadingUnixDatagram(address string) *Server {
	return New(unixURL("unixgram", address), Threading)
}

// NewForkingUnixDatagram makes a server for Unix datagrams, at most MaxChildren at a time. Python equivalent:
// socketserver.ForkingUnixDatagramServer
func NewForkingUnixDatagram(address string) *Server {
	return New(unixURL("unixgram", address), Forking)
}

func ipURL(scheme, address string) string {
	switch {
	case strings.Contains(address, "://"):
		return address
	case strings.HasPrefix(address, ":"):
		return scheme + "://0.0.0.0" + address
	}
	return scheme + "://" + address
}

func unixURL(scheme, address string) string {
	for _, known := range []string{"unix:", "unixgram:", "unixpacket:"} {
		if strings.HasPrefix(address, known) {
			return address
		}
	}
	if strings.Contains(address, "://") {
		return address
	}
	var url strings.Builder
	url.WriteString(scheme + ":")
	if strings.HasPrefix(address, "/") {
		url.WriteString("//")
	}
	for _, c := range []byte(address) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("/@._-~", c) >= 0 {
			url.WriteByte(c)
		} else {
			fmt.Fprintf(&url, "%%%02X", c)
		}
	}
	return url.String()
}

// urlAddr is the address that was asked for, in errors.
type urlAddr string

// Network is the scheme.
func (a urlAddr) Network() string {
	return scheme(string(a))
}

// String is what follows the scheme.
func (a urlAddr) String() string {
	_, rest, _ := strings.Cut(string(a), ":")
	return strings.TrimPrefix(rest, "//")
}

func scheme(url string) string {
	scheme, _, _ := strings.Cut(url, ":")
	return scheme
}
