package datagram_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/socketserver/socketserver/guest/sdk/go/socketservertest"
)

var remote = &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 49152}

func TestEachReplyIsADatagram(t *testing.T) {
	request, replies := socketservertest.NewRequest([]byte("hello"), remote)
	if err := request.Reply(request.Data); err != nil {
		t.Fatal(err)
	}
	request.Reply(nil)
	fmt.Fprintf(request, "%d", 3)
	if got := fmt.Sprintf("%q", replies.All()); got != `["hello" "" "3"]` {
		t.Error(got)
	}
	if request.RemoteAddr().String() != remote.String() || request.LocalAddr() == nil {
		t.Error(request.RemoteAddr(), request.LocalAddr())
	}
}

func TestWhatCannotBeSentSaysWhy(t *testing.T) {
	request, replies := socketservertest.NewRequest(nil, remote)
	if err := request.Reply(make([]byte, 1<<16)); !errors.Is(err, syscall.EMSGSIZE) {
		t.Error(err)
	}
	request.SetWriteDeadline(time.Now().Add(-time.Second))
	if _, err := request.Write([]byte("late")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	unnamed, _ := socketservertest.NewRequest(nil, &net.UnixAddr{Net: "unixgram"})
	if err := unnamed.Reply(nil); !errors.Is(err, syscall.EINVAL) {
		t.Error(err)
	}
	if len(replies.All()) != 0 {
		t.Error(replies.All())
	}
}
