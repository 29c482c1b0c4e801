//! `serve --workers`: several processes that are one server.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::client::{Client, End};
use crate::support::datagrams::Peer;
use crate::support::eventually::{eventually, settled};
use crate::support::guest::{DATAGRAMS, ECHO, Guest};
use crate::support::server::{Server, Setup, TOLD_TO_STOP, run_serve};

fn workers(count: u16) -> Setup {
    Server::of(ECHO).with("workers", count)
}

/// Opens connections until each of so many workers has one, and returns them with the numbers of their workers.
fn one_with_each(server: &Server, workers: u64) -> Vec<(u64, Client)> {
    let mut seen = HashSet::new();
    let mut clients = Vec::new();
    eventually("each worker takes a connection", || {
        let mut client = server.connect();
        client.echo("hello");
        let remote = format!("tcp://{}", client.address());
        let opened = server
            .log()
            .wait_for_one("connection opened", |opened| remote.ends_with(opened.text("remote")));
        let worker = (opened.number("connection") - 1) % workers;
        seen.insert(worker);
        clients.push((worker, client));
        (seen.len() as u64 == workers).then_some(())
    });
    clients
}

/// The processes of the workers, by their numbers, as the supervisor has last started them.
fn processes(server: &Server) -> Vec<Pid> {
    let started = server.log().all("worker started");
    let of = |worker: u64| {
        let started: Vec<_> = started.iter().filter(|line| line.number("worker") == worker).collect();
        let process = started.last()?.number("process");
        Pid::from_raw(i32::try_from(process).expect("the kernel's numbers are small"))
    };
    (0..).map_while(of).collect()
}

#[test]
fn connections_are_spread_and_counted_together() {
    let server = workers(3).start();
    let clients = one_with_each(&server, 3);
    let opened: HashSet<_> = server
        .log()
        .all("connection opened")
        .iter()
        .map(|opened| opened.number("connection"))
        .collect();
    assert_eq!(opened.len(), clients.len(), "no two connections have one number");
    assert_eq!(server.books().active, clients.len() as u64);
    let count = clients.len() as u64;
    drop(clients);
    assert_eq!(server.stop().accepted, count);
}

#[test]
fn max_connections_is_exact_over_all_workers() {
    let server = workers(2).with("max-connections", 5).start();
    let mut clients: Vec<_> = (0..8).map(|_| server.connect()).collect();
    clients.iter().for_each(|client| client.send("hello"));
    assert_eq!(settled("no more are accepted", || server.books().accepted), 5);
    let served: Vec<_> = clients.extract_if(.., |client| !client.is_silent()).collect();
    assert_eq!((served.len(), clients.len()), (5, 3));
    // Whichever worker they were with, there is room for those that wait.
    drop(served);
    for client in &mut clients {
        assert_eq!(client.receive(5), b"hello");
    }
    drop(clients);
    assert_eq!(server.stop().accepted, 8);
}

#[test]
fn the_limit_for_each_source_is_exact_over_all_workers() {
    let server = workers(3)
        .with("max-connections-per-source", 4)
        .with("exempt-source", "none")
        .start();
    let mut neighbour = Client::connect_from("127.0.0.2", server.address()).unwrap();
    for _ in 0..3 {
        let clients: Vec<_> = (0..20).map(|_| Client::connect(server.address())).collect();
        // A reset may come before the peer has seen that it was connected.
        let mut clients: Vec<_> = clients.into_iter().filter_map(Result::ok).collect();
        let served = clients
            .iter_mut()
            .filter(|client| client.try_send("hello").is_ok())
            .filter_map(|client| client.try_receive(5))
            .count();
        assert_eq!(served, 4);
        neighbour.echo("another source is not held to it");
        drop(clients);
        server.wait_for("they are closed", |books| books.active == 1);
    }
    drop(neighbour);
    let books = server.stop();
    assert_eq!((books.accepted, books.rejected("max-connections-per-source")), (13, 48));
}

/// What the other workers have goes on, what it had is accounted for, and its place is filled.
#[test]
fn a_worker_that_dies_costs_its_own_connections() {
    let server = workers(2)
        .with("max-connections-per-source", 64)
        .with("exempt-source", "none")
        // A worker that is killed says nothing of what it had open.
        .log(WITHOUT_LINES)
        .start();
    let clients = one_with_each(&server, 2);
    let processes = processes(&server);
    kill_process(processes[1], Signal::KILL).unwrap();
    let mut lost = 0;
    for (worker, mut client) in clients {
        if worker == 1 {
            // The kernel closes what a process leaves, in order if nothing is unread.
            client.end();
            lost += 1;
        } else {
            client.echo("it goes on");
        }
    }
    let ended = server
        .log()
        .wait_for("worker ended; what it had open is lost, and another takes its place", 1);
    assert_eq!(ended[0].number("worker"), 1);
    let books = server.wait_for("all are closed", |books| books.active == 0);
    assert_eq!(books.closed("worker-died"), lost);
    // Its part of what the source may have is free again.
    let mut clients: Vec<_> = (0..64).map(|_| server.connect()).collect();
    clients.iter_mut().for_each(|client| client.echo("hello"));
    assert!(server.rejects());
    drop(clients);
    server.wait_for("they are closed, too", |books| books.active == 0);
    drop(one_with_each(&server, 2));
    assert_eq!(server.stop().closed("worker-died"), lost);
}

/// So can each be replaced in turn, and no peer notices.
#[test]
fn a_worker_that_is_told_to_stop_finishes_and_is_replaced() {
    let server = workers(2).start();
    for number in 0..2 {
        let clients = one_with_each(&server, 2);
        kill_process(processes(&server)[number], Signal::TERM).unwrap();
        for _ in 0..50 {
            server.connect().echo("nobody is refused");
        }
        for (_, mut client) in clients {
            client.echo("it goes on");
        }
        let told = "worker was told to stop; another takes its place";
        server.log().wait_for(told, number + 1);
        drop(one_with_each(&server, 2));
    }
    server.stop();
}

#[test]
fn all_drain_together() {
    let server = workers(2).start();
    let clients = one_with_each(&server, 2);
    server.signal(Signal::TERM);
    server.log().wait_for(TOLD_TO_STOP, 1);
    eventually("new connections are refused", || {
        let refused = Client::connect(server.address()).err()?;
        (refused.kind() == ErrorKind::ConnectionRefused).then_some(())
    });
    for (_, mut client) in clients {
        client.echo("after");
        client.finish();
        assert_eq!(client.end(), End::Closed);
    }
    assert_eq!(server.ended().code, Some(0));
}

#[test]
fn a_second_signal_kills_in_all() {
    let server = workers(2).with("drain-grace", "1h").start();
    let clients = one_with_each(&server, 2);
    let books = server.kill();
    for (_, mut client) in clients {
        assert_eq!(client.end(), End::Reset);
    }
    assert_eq!(books.closed_in_all(), books.accepted);
}

/// A service manager sends its signal to all of them, and it counts once, whoever has it first.
#[test]
fn a_signal_to_all_processes_is_one() {
    for (signal, supervisor_first) in [(Signal::INT, false), (Signal::TERM, false), (Signal::TERM, true)] {
        signal_to_all(signal, supervisor_first);
    }
}

fn signal_to_all(signal: Signal, supervisor_first: bool) {
    let server = workers(2).start();
    let mut client = server.connect();
    client.echo("before");
    let workers = processes(&server);
    if supervisor_first {
        server.signal(signal);
        server.log().wait_for(TOLD_TO_STOP, 1);
    }
    for worker in workers {
        // One that has nothing open may have ended by now.
        let _ = kill_process(worker, signal);
    }
    client.echo("it is not killed");
    if !supervisor_first {
        server.signal(signal);
    }
    server.log().wait_for(TOLD_TO_STOP, 1);
    client.echo("after");
    client.finish();
    assert_eq!(client.end(), End::Closed);
    assert_eq!(server.ended().code, Some(0));
}

/// One that hangs does not keep the server from ending.
#[test]
fn a_third_signal_ends_what_does_not_obey() {
    let server = workers(2).with("drain-grace", "1h").log(WITHOUT_LINES).start();
    let mut client = server.connect();
    client.echo("before");
    kill_process(processes(&server)[0], Signal::STOP).unwrap();
    server.signal(Signal::TERM);
    server.log().wait_for(TOLD_TO_STOP, 1);
    eventually("the server ends", || {
        if server.is_running() {
            server.signal(Signal::TERM);
            return None;
        }
        Some(())
    });
    assert_eq!(server.ended().code, Some(70));
}

#[test]
fn workers_do_not_outlive_their_supervisor() {
    let server = workers(2).start();
    let mut client = server.connect();
    client.echo("before");
    let processes = processes(&server);
    server.signal(Signal::KILL);
    eventually("new connections are refused", || {
        let refused = Client::connect(server.address()).err()?;
        (refused.kind() == ErrorKind::ConnectionRefused).then_some(())
    });
    client.echo("what is open may finish");
    drop(client);
    eventually("the workers are gone", || {
        let is_gone = |process: &Pid| {
            !Path::new("/proc")
                .join(process.as_raw_pid().to_string())
                .join("exe")
                .exists()
        };
        processes.iter().all(is_gone).then_some(())
    });
}

#[test]
fn the_file_of_a_socket_stays_until_the_server_stops() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let server = workers(2)
        .log(WITHOUT_LINES)
        .listen(format!("unix://{}", path.display()))
        .start();
    server.connect().echo("hello");
    kill_process(processes(&server)[0], Signal::KILL).unwrap();
    server
        .log()
        .wait_for("worker ended; what it had open is lost, and another takes its place", 1);
    server.connect().echo("hello");
    server.log().wait_for("worker serves", 1);
    server.connect().echo("hello");
    server.stop();
    assert!(fs::symlink_metadata(path).is_err());
}

/// Those of one remote reach one worker, and so one sandbox.
#[test]
fn sessions_of_datagrams_hold() {
    let server = Server::of(DATAGRAMS)
        .with("workers", 3)
        .with("datagram-session", "1h")
        .listen("udp://127.0.0.1:0")
        .start();
    let peers: Vec<_> = (0..20).map(|_| Peer::of(server.address())).collect();
    for count in 1..=3 {
        for peer in &peers {
            assert_eq!(peer.ask("count"), count.to_string());
        }
    }
    let workers: HashSet<_> = server
        .log()
        .all("connection opened")
        .iter()
        .map(|opened| (opened.number("connection") - 1) % 3)
        .collect();
    assert!(workers.len() > 1, "the kernel spreads 20 remotes over {workers:?}");
    assert_eq!(server.stop().closed("completed"), 20);
}

/// A Unix datagram socket is the first worker's, so that these hold there, too.
#[test]
fn sessions_of_unix_datagrams_hold() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::of(DATAGRAMS)
        .with("workers", 2)
        .with("datagram-session", "1h")
        .listen(format!("unixgram://{}/server", folder.path().display()))
        .listen("udp://127.0.0.1:0")
        .start();
    let peer = crate::support::datagrams::UnixPeer::at_path(&folder.path().join("peer"), server.address());
    for count in 1..=9 {
        assert_eq!(peer.ask("count"), count.to_string());
    }
    server.stop();
}

/// Workers share a port among themselves, and with nobody else.
#[test]
fn a_port_of_datagrams_is_not_shared_with_others() {
    let server = Server::of(DATAGRAMS)
        .with("workers", 2)
        .listen("udp://127.0.0.1:0")
        .start();
    let listen = format!("--listen={}", server.address());
    let other = run_serve(DATAGRAMS, &["--workers=2", &listen]);
    assert_eq!(other.code, Some(71), "{other:?}");
    server.stop();
}

#[test]
fn what_cannot_start_is_said_once() {
    let failure = |guest, flags: &[&str], code| {
        let run = run_serve(guest, flags);
        assert_eq!((run.code, run.output.as_str()), (Some(code), ""), "{run:?}");
        assert_eq!(run.errors.lines().count(), 1, "{run:?}");
        run.errors
    };
    assert!(failure(ECHO, &["--workers=0"], 78).contains("workers cannot be 0"));
    let nobody = ["--workers=2", "--listen=unixgram:@nobody-shares-this"];
    assert!(failure(ECHO, &nobody, 78).contains("several processes cannot share"));
    assert!(failure(ECHO, &["--workers=4", "--max-connections=3"], 78).contains("no more than max-connections"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("--listen=tcp://{}", taken.local_addr().unwrap());
    assert!(failure(ECHO, &["--workers=2", &listen], 71).contains("something already listens"));
    failure(Guest::Text("wrong_world"), &["--workers=2"], 65);
}

/// Its lines are not compared with the books.
const WITHOUT_LINES: &str = "info,nothing=off";
