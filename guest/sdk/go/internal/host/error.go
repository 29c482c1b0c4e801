package host

import "syscall"

// Code is a case of the variant error-code of wit/network.wit, by its order there.
type Code uint8

// The codes.
const (
	AccessDenied Code = iota
	AddressInUse
	AddressNotBindable
	InvalidArgument
	InvalidState
	OutOfMemory
	TimedOut
	RemoteUnreachable
	ConnectionBroken
	ConnectionReset
	ConnectionAborted
	DatagramTooLarge
	Other
)

// errnos are what POSIX calls the codes, as wit/network.wit says. The host has words of its own for Other alone.
var errnos = [...]syscall.Errno{
	AccessDenied:       syscall.EACCES,
	AddressInUse:       syscall.EADDRINUSE,
	AddressNotBindable: syscall.EADDRNOTAVAIL,
	InvalidArgument:    syscall.EINVAL,
	InvalidState:       syscall.ENOTCONN,
	OutOfMemory:        syscall.ENOBUFS,
	TimedOut:           syscall.ETIMEDOUT,
	RemoteUnreachable:  syscall.EHOSTUNREACH,
	ConnectionBroken:   syscall.EPIPE,
	ConnectionReset:    syscall.ECONNRESET,
	ConnectionAborted:  syscall.ECONNABORTED,
	DatagramTooLarge:   syscall.EMSGSIZE,
}

// Error is an error of the host. It unwraps to the syscall.Errno that stands for it, if one does.
type Error struct {
	Code Code
	// Text are the host's words for Other, where it has some.
	Text string
}

func (e *Error) Error() string {
	if errno := e.Unwrap(); errno != nil {
		return errno.Error()
	}
	if e.Text != "" {
		return e.Text
	}
	return "unknown error of the host"
}

// Unwrap is the error of package syscall, or nil.
func (e *Error) Unwrap() error {
	if int(e.Code) < len(errnos) {
		return errnos[e.Code]
	}
	return nil
}

// Timeout makes a *net.OpError around the error tell whether it is one.
func (e *Error) Timeout() bool {
	return e.Code == TimedOut
}

// IsTimeout tells whether an error of a host is that the time of the call has passed.
func IsTimeout(err error) bool {
	e, ok := err.(*Error)
	return ok && e.Code == TimedOut
}
