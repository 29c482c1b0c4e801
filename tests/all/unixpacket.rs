//! Unix listeners that keep the boundaries of messages.

use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};
use tempfile::TempDir;

use crate::support::guest::{ECHO, ECHO_ASYNC, Guest, MESSAGES};
use crate::support::server::{Server, run_serve};

#[test]
fn one_receive_returns_one_message() {
    let (folder, url) = place();
    let server = Server::of(ECHO).listen(&url).start();
    assert_eq!(server.address(), url);
    let peer = Peer::connect(folder.path());
    // All are queued before the handler is likely to have received the first.
    for message in ["a", "bb", "ccc"] {
        peer.send(message);
    }
    for message in ["a", "bb", "ccc"] {
        assert_eq!(peer.receive(), message);
    }
    peer.finish();
    assert_eq!(peer.receive(), "", "the end");
    let closed = &server.closed(1)[0];
    assert_eq!((closed.text("reason"), closed.text("listener")), ("completed", &*url));
    assert_eq!((closed.number("received"), closed.number("sent")), (6, 6));
    server.stop();
}

#[test]
fn an_async_read_returns_one_message_too() {
    for guest in [ECHO_ASYNC, Guest::Built("async_pass")] {
        let (folder, url) = place();
        let server = Server::of(guest).listen(&url).start();
        let peer = Peer::connect(folder.path());
        let long = "x".repeat(65_536);
        for message in ["a", "bb", &long, "ccc"] {
            peer.send(message);
        }
        for message in ["a", "bb", &long, "ccc"] {
            assert_eq!(peer.receive(), message);
        }
        peer.finish();
        assert_eq!(peer.receive(), "", "the end");
        assert_eq!(server.closed(1)[0].text("reason"), "completed");
        server.stop();
    }
}

/// A stream has no other way to say that there is more of a message than was asked for.
#[test]
fn what_an_async_read_has_no_room_for_is_read_next() {
    let (folder, url) = place();
    let server = Server::of(Guest::Built("async_misbehave")).listen(&url).start();
    let peer = Peer::connect(folder.path());
    // It reads a byte at a time.
    peer.send("error told");
    peer.send(" you so\nand more");
    assert_eq!(peer.receive(), "");
    let closed = &server.closed(1)[0];
    assert_eq!(
        (closed.text("reason"), closed.text("error")),
        ("handler-error", "told you so")
    );
    server.stop();
}

#[test]
fn a_message_is_never_cut() {
    let (folder, url) = place();
    let server = Server::of(MESSAGES).listen(&url).start();
    let peer = Peer::connect(folder.path());
    peer.send("fits");
    assert_eq!(peer.receive(), "fits");
    peer.send("12345");
    assert_eq!(peer.receive(), "too large, then 5 bytes");
    peer.send("x".repeat(65_536));
    assert_eq!(peer.receive(), "too large, then 65536 bytes");
    peer.send("x".repeat(65_537));
    peer.send("next");
    assert_eq!(peer.receive(), "lost, then next");
    drop(peer);
    assert_eq!(server.closed(1)[0].text("reason"), "completed");
    server.stop();
}

#[test]
fn an_empty_message_is_not_the_end() {
    let (folder, url) = place();
    let server = Server::of(ECHO).listen(&url).start();
    let peer = Peer::connect(folder.path());
    peer.send("");
    peer.send("a");
    assert_eq!(peer.receive(), "a");
    // The peer has finished by the time the handler sees these.
    for message in ["", "b", "", ""] {
        peer.send(message);
    }
    peer.finish();
    assert_eq!(peer.receive(), "b");
    assert_eq!(peer.receive(), "", "the end");
    assert_eq!(server.closed(1)[0].text("reason"), "completed");
    server.stop();
}

#[test]
fn a_peer_that_sends_nothing_but_empty_messages_holds_up_nobody_and_is_idle() {
    let (folder, url) = place();
    let server = Server::of(ECHO)
        .listen(&url)
        .with("threads", 1)
        .with("idle-timeout", "500ms")
        .start();
    let flood = Peer::connect(folder.path());
    std::thread::scope(|scope| {
        let flooding = scope.spawn(|| while flood.socket.send(b"").is_ok() {});
        // Until the server ends the flood, this peer is served beside it.
        let mut served = 0;
        while !flooding.is_finished() {
            let peer = Peer::connect(folder.path());
            peer.send("hello");
            assert_eq!(peer.receive(), "hello");
            served += 1;
        }
        assert!(served > 0, "nobody was served");
    });
    let closed = server
        .log()
        .wait_for_one("connection closed", |closed| closed.text("reason") != "completed");
    assert_eq!((closed.text("reason"), closed.number("received")), ("idle", 0));
    server.stop();
}

/// Unread messages would reset the connection, and the peer could lose the answer.
#[test]
fn a_peer_that_still_sends_gets_the_answer_and_an_orderly_end() {
    let (folder, url) = place();
    let server = Server::of(Guest::Built("fail")).listen(&url).start();
    let peer = Peer::connect(folder.path());
    for _ in 0..5 {
        peer.send("x".repeat(20_000));
    }
    assert_eq!(peer.receive(), "an answer\n");
    assert_eq!(peer.receive(), "", "the end");
    drop(peer);
    assert_eq!(server.closed(1)[0].text("reason"), "handler-error");
    server.stop();
}

/// Nothing reads on the other side: the handler waits in `send`, and goes on when there is room.
#[test]
fn a_peer_that_does_not_receive_stops_the_handler() {
    let (folder, url) = place();
    let server = Server::of(ECHO).listen(&url).start();
    let peer = Peer::connect(folder.path());
    let message = "x".repeat(1000);
    peer.socket.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut sent = 0;
    while peer.socket.send(message.as_bytes()).is_ok() {
        sent += 1;
        assert!(sent < 100_000, "nothing stops the peer");
    }
    for _ in 0..sent {
        assert_eq!(peer.receive(), message);
    }
    peer.finish();
    assert_eq!(peer.receive(), "");
    server.stop();
}

#[test]
fn a_stream_cannot_connect_and_a_second_server_cannot_bind() {
    let (folder, url) = place();
    let server = Server::of(ECHO).listen(&url).start();
    assert!(UnixStream::connect(folder.path().join("socket")).is_err());
    for other in [&url, &url.replace("unixpacket", "unix")] {
        let second = run_serve(ECHO, &["--listen", other]);
        assert_eq!(second.code, Some(71), "{second:?}");
        assert!(second.errors.contains("something already listens there"), "{second:?}");
    }
    let peer = Peer::connect(folder.path());
    peer.send("still here");
    assert_eq!(peer.receive(), "still here");
    drop(peer);
    server.stop();
}

#[test]
fn a_file_that_nobody_answers_on_is_replaced() {
    let (folder, url) = place();
    let left = Socket::new(Domain::UNIX, Type::SEQPACKET, None).unwrap();
    left.bind(&address(folder.path())).unwrap();
    drop(left);
    let server = Server::of(ECHO).listen(&url).start();
    let peer = Peer::connect(folder.path());
    peer.send("hello");
    assert_eq!(peer.receive(), "hello");
    drop(peer);
    server.stop();
    assert!(!folder.path().join("socket").exists());
}

struct Peer {
    socket: Socket,
}

impl Peer {
    fn connect(folder: &Path) -> Self {
        let socket = Socket::new(Domain::UNIX, Type::SEQPACKET, None).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        socket.connect(&address(folder)).unwrap();
        Self { socket }
    }

    fn send(&self, message: impl AsRef<[u8]>) {
        let message = message.as_ref();
        assert_eq!(self.socket.send(message).unwrap(), message.len());
    }

    /// One message; an empty one is the end.
    fn receive(&self) -> String {
        let mut room = vec![MaybeUninit::uninit(); 100_000];
        let length = self.socket.recv(&mut room).unwrap();
        let bytes = room[..length].iter().map(|byte| {
            #[expect(unsafe_code, reason = "socket2 receives into uninitialised memory")]
            // SAFETY: the system has written as many bytes as it says.
            unsafe {
                byte.assume_init()
            }
        });
        String::from_utf8(bytes.collect()).unwrap()
    }

    fn finish(&self) {
        self.socket.shutdown(Shutdown::Write).unwrap();
    }
}

fn place() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("unixpacket://{}/socket", folder.path().display());
    (folder, url)
}

fn address(folder: &Path) -> SockAddr {
    SockAddr::unix(folder.join("socket")).unwrap()
}
