package stream_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/socketserver/socketserver/guest/sdk/go/socketservertest"
	"github.com/socketserver/socketserver/guest/sdk/go/stream"
)

// tcp returns both ends of a connection over loopback: that of the handler, and that of its peer.
func tcp(t *testing.T) (*stream.Conn, *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	peer, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { peer.Close(); accepted.Close() })
	return socketservertest.NewConn(accepted), peer.(*net.TCPConn)
}

func TestBytesComeBackAsTheyWereSent(t *testing.T) {
	conn, peer := tcp(t)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	echoed := make(chan error, 1)
	go func() {
		_, err := io.Copy(conn, conn)
		conn.Close()
		echoed <- err
	}()
	go func() {
		peer.Write(sent)
		peer.CloseWrite()
	}()
	got, err := io.ReadAll(peer)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("got %d bytes and %v", len(got), err)
	}
	if err := <-echoed; err != nil {
		t.Error(err)
	}
}

func TestTheEndOfTheStreamIsEOF(t *testing.T) {
	conn, peer := tcp(t)
	peer.CloseWrite()
	if n, err := conn.Read(make([]byte, 10)); n != 0 || err != io.EOF {
		t.Error(n, err)
	}
	if n, err := conn.Read(nil); n != 0 || err != nil {
		t.Error("an empty slice is no end:", n, err)
	}
}

func TestADeadlineLosesNothing(t *testing.T) {
	conn, peer := tcp(t)
	conn.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	_, err := conn.Read(make([]byte, 10))
	var timeout net.Error
	if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Fatal(err)
	}
	peer.Write([]byte("late"))
	conn.SetReadDeadline(time.Time{})
	got := make([]byte, 10)
	if n, err := conn.Read(got); string(got[:n]) != "late" || err != nil {
		t.Error(string(got[:n]), err)
	}
}

func TestADeadlineThatHasPassedIsOneAtOnce(t *testing.T) {
	conn, peer := tcp(t)
	peer.Write([]byte("there"))
	conn.SetDeadline(time.Now().Add(-time.Second))
	if _, err := conn.Read(make([]byte, 10)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	if _, err := conn.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

func TestAReadThatWaitsSeesANewDeadline(t *testing.T) {
	conn, _ := tcp(t)
	ended := make(chan error, 1)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		ended <- err
	}()
	time.Sleep(20 * time.Millisecond)
	conn.SetReadDeadline(time.Now())
	select {
	case err := <-ended:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("it waits on")
	}
}

func TestAReadThatWaitsEndsWhenTheConnectionIsClosed(t *testing.T) {
	conn, _ := tcp(t)
	ended := make(chan error, 1)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		ended <- err
	}()
	time.Sleep(20 * time.Millisecond)
	conn.Close()
	select {
	case err := <-ended:
		if !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("it waits on")
	}
}

func TestWritesTellHowMuchWasTaken(t *testing.T) {
	conn, _ := tcp(t)
	conn.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	n, err := conn.Write(make([]byte, 64<<20))
	if !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 || n == 64<<20 {
		t.Error(n, err)
	}
}

func TestClosingOneDirectionLeavesTheOther(t *testing.T) {
	conn, peer := tcp(t)
	conn.Write([]byte("bye"))
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(peer); string(got) != "bye" || err != nil {
		t.Error(string(got), err)
	}
	if _, err := conn.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Error(err)
	}
	peer.Write([]byte("still"))
	got := make([]byte, 10)
	if n, err := conn.Read(got); string(got[:n]) != "still" || err != nil {
		t.Error(string(got[:n]), err)
	}
	conn.CloseRead()
	if _, err := conn.Read(got); err != io.EOF {
		t.Error(err)
	}
}

func TestAResetIsTold(t *testing.T) {
	conn, peer := tcp(t)
	peer.SetLinger(0)
	peer.Close()
	_, err := conn.Read(make([]byte, 1))
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "read" || op.Net != "tcp" || op.Addr == nil {
		t.Error(err)
	}
}

func TestAClosedConnectionKeepsItsAddresses(t *testing.T) {
	conn, peer := tcp(t)
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if conn.RemoteAddr().String() != peer.LocalAddr().String() || conn.LocalAddr().String() != peer.RemoteAddr().String() {
		t.Error(conn.RemoteAddr(), conn.LocalAddr())
	}
	for _, err := range []error{conn.Close(), conn.CloseWrite(), conn.SetDeadline(time.Now())} {
		if !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	}
}
