//! How a server stops: in order, by force, and what it says about it.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::Signal;
use socketserver::{CloseReason, Closed, Config, Connection, Observer, Phase};

use crate::support::client::{Client, End};
use crate::support::eventually::eventually;
use crate::support::guest::{ECHO, Guest};
use crate::support::server::{Server, TOLD_TO_STOP};

#[test]
fn open_connections_finish_and_new_ones_are_refused() {
    for signal in [Signal::TERM, Signal::INT] {
        let server = Server::of(ECHO).start();
        let mut clients: Vec<_> = (0..100).map(|_| server.connect()).collect();
        clients.iter_mut().for_each(|client| client.echo("before"));

        server.signal(signal);
        server.log().wait_for(TOLD_TO_STOP, 1);
        // One that comes before the listener is closed is served in order, or reset as it closes.
        let mut served = 0;
        eventually("new connections are refused", || {
            match Client::connect(server.address()) {
                Ok(mut early) => {
                    served += u64::from(early.try_ask("early").is_some());
                    None
                }
                Err(error) => (error.kind() == ErrorKind::ConnectionRefused).then_some(()),
            }
        });

        for client in &mut clients {
            client.echo("after");
            client.finish();
            assert_eq!(client.end(), End::Closed);
        }
        let ended = server.ended();
        assert_eq!(ended.code, Some(0));
        assert_eq!(ended.books.closed("completed"), 100 + served);
        let phases: Vec<_> = ended
            .log
            .all("phase")
            .iter()
            .map(|line| line.text("phase").to_owned())
            .collect();
        assert_eq!(phases, ["serving", "draining"]);
    }
}

#[test]
fn what_is_open_when_the_grace_is_over_is_killed() {
    let server = Server::of(ECHO).with("drain-grace", "500ms").start();
    let mut quick = server.connect();
    let mut slow = server.connect();
    quick.echo("hello");
    slow.echo("hello");
    server.signal(Signal::TERM);
    server.log().wait_for(TOLD_TO_STOP, 1);
    quick.finish();
    assert_eq!(quick.end(), End::Closed);
    assert_eq!(slow.end(), End::Reset);
    let ended = server.ended();
    assert_eq!(ended.code, Some(75));
    assert_eq!((ended.books.closed("completed"), ended.books.closed("killed")), (1, 1));
}

#[test]
fn a_second_signal_kills_at_once() {
    for second in [Signal::TERM, Signal::INT] {
        // Far more than the test waits for.
        let server = Server::of(ECHO).with("drain-grace", "1h").start();
        let mut client = server.connect();
        client.echo("hello");
        server.signal(Signal::TERM);
        server.log().wait_for(TOLD_TO_STOP, 1);
        server.signal(second);
        assert_eq!(client.end(), End::Reset);
        let ended = server.ended();
        assert_eq!((ended.code, ended.books.closed("killed")), (Some(75), 1));
    }
}

#[test]
fn a_guest_that_spins_is_killed_too() {
    let server = Server::of(Guest::Built("spin"))
        .with("max-cpu-time", "none")
        .with("drain-grace", "300ms")
        .start();
    let mut client = server.connect();
    server.wait_for("it spins", |books| books.active == 1);
    server.signal(Signal::TERM);
    assert_eq!(client.end(), End::Reset);
    assert_eq!(server.ended().books.closed("killed"), 1);
}

/// What lingers has been served, so it does not count as killed; nor is it waited for.
#[test]
fn a_connection_that_lingers_is_not_waited_for_when_killed() {
    let server = Server::of(Guest::Built("early_answer")).with("linger", "1h").start();
    let mut client = server.connect();
    client.send("question\n");
    assert_eq!(client.receive_to_end().0.len(), 256 << 10);
    assert_eq!(server.kill().closed("completed"), 1);
}

#[test]
fn a_quiet_server_stops_at_once() {
    let server = Server::of(ECHO).with("drain-grace", "1h").start();
    assert_eq!(server.stop().accepted, 0);
}

#[test]
fn peers_in_the_backlog_are_refused_when_it_drains() {
    let server = Server::of(ECHO).with("max-connections", 1).start();
    let mut served = server.connect();
    served.echo("hello");
    let mut waiting = server.connect();
    server.signal(Signal::TERM);
    assert_eq!(waiting.end(), End::Reset);
    served.finish();
    assert_eq!(served.end(), End::Closed);
    let ended = server.ended();
    assert_eq!((ended.code, ended.books.accepted), (Some(0), 1));
}

/// The library's verbs, in this process.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_server_leaves_peers_in_the_backlog_until_it_resumes() {
    let events = Arc::new(Events::default());
    let mut config = Config::new(ECHO.path());
    config.listen = vec!["tcp://127.0.0.1:0".parse().unwrap()];
    config.limits.max_connections = 10;
    let server = socketserver::Server::bind(config, Arc::clone(&events) as Arc<dyn Observer>)
        .await
        .unwrap();
    let handle = server.handle();
    assert_eq!(handle.status().phase, Phase::Starting);
    let address = handle.addresses()[0].to_string();

    let script = tokio::task::spawn_blocking(move || {
        let mut first = Client::connect(&address).unwrap();
        first.echo("hello");
        assert_eq!(handle.status().phase, Phase::Serving);

        handle.suspend();
        assert_eq!(handle.status().phase, Phase::Suspended);
        let mut second = Client::connect(&address).unwrap();
        second.send("hello");
        first.echo("open connections go on");
        assert_eq!(handle.status().counts.accepted, 1);
        assert!(second.is_silent());

        handle.resume();
        assert_eq!(second.receive(5), b"hello");
        drop((first, second));
        eventually("both are closed", || (handle.status().counts.active == 0).then_some(()));
        handle.stop();
        handle.resume();
        assert!(
            handle.status().phase >= Phase::Draining,
            "a server that stops does not resume"
        );
    });
    let stopped = tokio::time::timeout(Duration::from_secs(30), server.serve())
        .await
        .unwrap();
    script.await.unwrap();

    assert!(!stopped.killed);
    assert_eq!(stopped.counts.closed(CloseReason::Completed), 2);
    assert_eq!(events.opened.load(Ordering::Relaxed), 2);
    assert_eq!(*events.closed.lock().unwrap(), [CloseReason::Completed; 2]);
}

/// Remembers what happened.
#[derive(Default)]
struct Events {
    opened: AtomicUsize,
    closed: Mutex<Vec<CloseReason>>,
}

impl Observer for Events {
    fn opened(&self, _connection: &Connection) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    fn closed(&self, _connection: &Connection, closed: &Closed) {
        self.closed.lock().unwrap().push(closed.reason);
    }
}
