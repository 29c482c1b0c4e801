package host

import (
	"net"
	"net/netip"
	"strconv"
)

// Family is the case of an Address, by the order of wit/network.wit.
type Family uint8

// The families.
const (
	IPv4 Family = iota
	IPv6
	Unix
)

// Address is the variant socket-address of wit/network.wit. It can be compared, and sent back as it came.
type Address struct {
	Family Family
	Port   uint16
	// IPv4 has the first 4 bytes, IPv6 all of them, in the order of the network.
	IP       [16]byte
	FlowInfo uint32
	ScopeID  uint32
	// Path is that of a Unix socket, "@name" for an abstract name, and empty for a socket without a name.
	Path string
}

// TCP is the address in the types that package net has for streams.
func (a Address) TCP() net.Addr {
	if a.Family == Unix {
		return &net.UnixAddr{Name: a.Path, Net: "unix"}
	}
	return &net.TCPAddr{IP: a.ip(), Port: int(a.Port), Zone: a.zone()}
}

// UDP is the address in the types that package net has for datagrams.
func (a Address) UDP() net.Addr {
	if a.Family == Unix {
		return &net.UnixAddr{Name: a.Path, Net: "unixgram"}
	}
	return &net.UDPAddr{IP: a.ip(), Port: int(a.Port), Zone: a.zone()}
}

func (a Address) ip() net.IP {
	if a.Family == IPv4 {
		return net.IP(append([]byte(nil), a.IP[:4]...))
	}
	return net.IP(append([]byte(nil), a.IP[:]...))
}

func (a Address) zone() string {
	if a.ScopeID == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(a.ScopeID), 10)
}

// Of is the address that a test means. One of another type than those of package net is a Unix socket without a name.
func Of(addr net.Addr) Address {
	switch addr := addr.(type) {
	case *net.TCPAddr:
		return ofIP(addr.AddrPort())
	case *net.UDPAddr:
		return ofIP(addr.AddrPort())
	case *net.UnixAddr:
		return Address{Family: Unix, Path: addr.Name}
	}
	return Address{Family: Unix}
}

func ofIP(from netip.AddrPort) Address {
	ip := from.Addr().Unmap()
	a := Address{Family: IPv6, Port: from.Port()}
	if ip.Is4() {
		four := ip.As4()
		a.Family = IPv4
		copy(a.IP[:], four[:])
		return a
	}
	a.IP = ip.As16()
	// A zone that is no number means nothing to the host.
	if scope, err := strconv.ParseUint(ip.Zone(), 10, 32); err == nil {
		a.ScopeID = uint32(scope)
	}
	return a
}
