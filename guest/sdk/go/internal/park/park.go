// Package park waits for the host without stopping the other goroutines of the component.
//
// A component has one thread, and a call to the host holds it until the host answers. So while there are other
// goroutines, a call waits for a moment only, and then it is their turn.
package park

import (
	"runtime"
	"time"

	"github.com/socketserver/socketserver/guest/sdk/go/internal/host"
)

// How long one call waits while there are other goroutines: from firstWait to lastWait, doubled each time. The last is what a sleeping goroutine may wake up too late by, and bounds what a connection costs
// where nothing happens: 50 calls a second.
const (
	firstWait host.Timeout = 1
	lastWait  host.Timeout = 20
)

// Until calls attempt until it returns anything but a timeout, or the deadline has passed, which may be changed in
// between; a zero one is none. It also ends when interrupted returns an error, which it returns: other goroutines may
// have closed what attempt uses.
//
// While there are other goroutines, attempt does not wait, and idle does: for whatever any of them may be waiting for.
func Until(deadline func() time.Time, interrupted func() error, attempt func(host.Timeout) error, idle func(host.Timeout)) error {
	wait := firstWait
	for {
		alone := runtime.NumGoroutine() == 1
		if !alone {
			// Also where attempt will not have to wait: a peer that never rests would let nobody else run.
			runtime.Gosched()
		}
		if err := interrupted(); err != nil {
			return err
		}
		left := remaining(deadline())
		if left == 0 {
			return &host.Error{Code: host.TimedOut}
		}
		if alone {
			// One call, however long that takes. Without a bound it is the network that gave up.
			if err := attempt(left); !host.IsTimeout(err) || left == host.Forever {
				return err
			}
			continue
		}
		if err := attempt(0); !host.IsTimeout(err) {
			return err
		}
		now := wait
		if left != host.Forever {
			now = min(now, left)
		}
		idle(now)
		wait = min(2*wait, lastWait)
	}
}

func remaining(deadline time.Time) host.Timeout {
	if deadline.IsZero() {
		return host.Forever
	}
	return host.In(time.Until(deadline))
}
