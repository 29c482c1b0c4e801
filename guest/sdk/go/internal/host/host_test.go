package host

import (
	"errors"
	"math"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

func TestOnlyADurationOfZeroIsZeroMilliseconds(t *testing.T) {
	for duration, expected := range map[time.Duration]Timeout{
		-time.Second:               0,
		0:                          0,
		1:                          1,
		time.Millisecond:           1,
		time.Millisecond + 1:       2,
		time.Duration(1<<63 - 1):   math.MaxUint32,
		math.MaxUint32 * 1_000_000: math.MaxUint32,
	} {
		if got := In(duration); got != expected {
			t.Errorf("%v: %d", duration, got)
		}
	}
}

func TestAddressesAreThoseOfPackageNet(t *testing.T) {
	for _, addr := range []net.Addr{
		&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1).To4(), Port: 49152},
		&net.TCPAddr{IP: net.ParseIP("2001:db8::1"), Port: 1},
		&net.TCPAddr{IP: net.ParseIP("fe80::1"), Port: 1, Zone: "7"},
		&net.UnixAddr{Name: "/run/echo.sock", Net: "unix"},
		&net.UnixAddr{Name: "", Net: "unix"},
	} {
		if got := Of(addr).TCP(); got.String() != addr.String() || got.Network() != addr.Network() {
			t.Errorf("%v: %v", addr, got)
		}
	}
	datagram := &net.UDPAddr{IP: net.ParseIP("::ffff:192.0.2.1"), Port: 5}
	if got := Of(datagram); got.Family != IPv4 || got.UDP().String() != "192.0.2.1:5" {
		t.Error(got.UDP())
	}
}

func TestErrorsAreThoseOfPackageSyscall(t *testing.T) {
	for code, errno := range map[Code]error{
		AccessDenied:    os.ErrPermission,
		ConnectionReset: syscall.ECONNRESET,
		TimedOut:        syscall.ETIMEDOUT,
	} {
		if err := error(&Error{Code: code}); !errors.Is(err, errno) {
			t.Error(code, err)
		}
	}
	for err, text := range map[*Error]string{
		{Code: Other, Text: "no room"}: "no room",
		{Code: Other}:                  "unknown error of the host",
		// Of a host that is newer than this SDK.
		{Code: Other + 1}: "unknown error of the host",
	} {
		if err.Error() != text || err.Unwrap() != nil {
			t.Error(err)
		}
	}
}
