//go:build wasip1

package abi

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"unsafe"
)

var (
	ended   result
	message string
)

// Handle runs a handler, and returns its end as handle does in wit/: ok, or the message of an error.
//
// A panic becomes a trap, after its message and its traceback were printed. The runtime would print them as well, and exit
// with a code, which the host could not tell from an exit that the handler wanted.
func Handle(handler func() error) unsafe.Pointer {
	returned := false
	defer func() {
		if !returned {
			crash(recover())
		}
	}()
	err := handler()
	returned = true

	ended = result{}
	if err != nil {
		// Kept until the host has read it, which is after the end of this call.
		message = err.Error()
		ended.words[0] = 1
		ended.words[1] = uint32(uintptr(unsafe.Pointer(unsafe.StringData(message))))
		ended.words[2] = uint32(len(message))
	}
	return ended.pointer()
}

func crash(value any) {
	what := "runtime.Goexit was called by the goroutine of the handler"
	if value != nil {
		what = fmt.Sprint("panic: ", value)
	}
	stack := debug.Stack()
	// Above the panic there are only this function and what called it.
	if header, _, found := bytes.Cut(stack, []byte("\n")); found {
		if at := bytes.Index(stack, []byte("\npanic(")); at >= 0 {
			stack = append(header, stack[at:]...)
		}
	}
	// One call, so that it stays together in a log.
	fmt.Fprintf(os.Stderr, "%s\n\n%s", what, stack)
	trap()
}

// Whatever the runtime itself cannot go on after (a panic of another goroutine, no more memory, a deadlock) ends in a trap
// too; its traceback has all goroutines then.
func init() {
	debug.SetTraceback("crash")
}
