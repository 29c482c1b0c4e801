//! A guest that reaches others is bounded as any is, in its sockets too, and leaves none behind.

use std::io::{BufRead as _, BufReader};
use std::iter;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::outbound::server;
use crate::support::client::{Client, End};
use crate::support::eventually::{DEADLINE, eventually, settled};
use crate::support::server::Server;
use crate::support::upstream::{silent, upper};

#[test]
fn max_outbound_is_exact_and_sockets_end_with_their_guest() {
    let upstream = upper();
    let server = server(&[&upstream.to_string()]).with("max-outbound", 3).start();
    let before = settled("the server is idle", || server.descriptors());
    let mut client = server.connect();
    assert_eq!(client.ask(&format!("connect {upstream}")), "ok");
    assert_eq!(client.ask(&format!("connect {upstream}")), "ok");
    assert!(client.ask("bind 0.0.0.0:0").starts_with("ok "));
    for command in ["bind 0.0.0.0:0".to_owned(), format!("connect {upstream}")] {
        let answer = client.ask(&command);
        assert!(answer.starts_with("error No file descriptors available"), "{answer}");
    }
    assert_eq!(server.descriptors(), before + 4);
    let mut another = server.connect();
    assert_eq!(
        another.ask(&format!("connect {upstream}")),
        "ok",
        "the limit is each guest's"
    );
    assert_eq!(client.ask("close"), "ok");
    assert_eq!(client.ask(&format!("connect {upstream}")), "ok");
    drop((client, another));
    server.closed(2);
    eventually("all sockets are closed", || {
        (server.descriptors() == before).then_some(())
    });
    server.stop();
}

/// A socket that waits is dropped while the host still waits for its datagram, again and again.
#[test]
fn a_socket_that_is_dropped_makes_room_at_once() {
    let server = server(&["udp://127.0.0.1:9"]).with("max-outbound", 1).start();
    let before = settled("the server is idle", || server.descriptors());
    let mut client = server.connect();
    assert_eq!(client.ask("churn 200"), "ok");
    eventually("what is left is the connection", || {
        (server.descriptors() == before + 1).then_some(())
    });
    drop(client);
    server.stop();
}

#[test]
fn a_guest_that_waits_for_another_server_is_idle() {
    let (upstream, streams) = silent();
    let server = server(&[&upstream.to_string()]).with("idle-timeout", "300ms").start();
    let (mut client, mut stream) = waiting(&server, upstream, &streams);
    assert_eq!(client.end(), End::Reset);
    assert_eq!(server.closed(1)[0].text("reason"), "idle");
    assert!(is_over(&mut stream), "its sockets are closed");
    server.stop();
}

#[test]
fn a_guest_that_waits_for_another_server_grows_old() {
    let (upstream, streams) = silent();
    let server = server(&[&upstream.to_string()])
        .with("idle-timeout", "none")
        .with("max-lifetime", "300ms")
        .start();
    let (mut client, _stream) = waiting(&server, upstream, &streams);
    assert_eq!(client.end(), End::Reset);
    assert_eq!(server.closed(1)[0].text("reason"), "lifetime");
    server.stop();
}

#[test]
fn a_guest_that_waits_for_another_server_does_not_hold_the_drain() {
    let (upstream, streams) = silent();
    let server = server(&[&upstream.to_string()]).with("drain-grace", "100ms").start();
    let (mut client, mut stream) = waiting(&server, upstream, &streams);
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(client.end(), End::Reset);
    assert!(is_over(&mut stream));
    let ended = server.ended();
    assert_eq!((ended.code, ended.books.closed("killed")), (Some(75), 1));
}

#[test]
fn a_guest_that_waits_to_be_connected_is_killed() {
    // Linux leaves whoever asks a listener with a full backlog without an answer.
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let in_backlog: Vec<_> = iter::from_fn(|| TcpStream::connect_timeout(&address, FULL).ok()).collect();

    let server = server(&[&address.to_string()]).start();
    let client = server.connect();
    client.send(format!("connect {address}\n"));
    assert!(settled("the guest waits", || client.is_silent()));
    assert_eq!(server.kill().closed("killed"), 1);
    drop(in_backlog);
}

#[test]
fn a_hundred_guests_ask_at_once() {
    let upstream = upper();
    let server = server(&[&format!("127.0.0.0/8:{}", upstream.port())]).start();
    let before = settled("the server is idle", || server.descriptors());
    let mut clients: Vec<_> = (0..100).map(|_| server.connect()).collect();
    for client in &clients {
        client.send(format!("connect {upstream}\n"));
    }
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.receive_line(), "ok");
        client.send(format!("ask number {number}\n"));
    }
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.receive_line(), format!("ok NUMBER {number}"));
    }
    drop(clients);
    server.closed(100);
    eventually("all sockets are closed", || {
        (server.descriptors() == before).then_some(())
    });
    assert_eq!(server.stop().closed("completed"), 100);
}

fn waiting(server: &Server, upstream: SocketAddr, streams: &Receiver<TcpStream>) -> (Client, TcpStream) {
    let mut client = server.connect();
    assert_eq!(client.ask(&format!("connect {upstream}")), "ok");
    client.send("ask anything\n");
    let stream = streams.recv_timeout(DEADLINE).unwrap();
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line).unwrap();
    assert_eq!(line, "anything\n", "the guest waits for the answer");
    (client, stream)
}

fn is_over(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut line = String::new();
    !matches!(BufReader::new(stream).read_line(&mut line), Ok(count) if count > 0)
}

/// How long a listener must leave a peer without an answer to count as full.
const FULL: Duration = Duration::from_millis(500);
