//! How a server is shut down and closed, and what is left of it.

use std::net::{TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};

use super::caller::{Caller, Wish};
use super::hooks::{BOUND, closed, on_both};
use super::running::{Class, Mixin, Running, Script, Setup, Side, every_class, unused_name};

/// Runs the script of hooks on both sides at this address, which is the same on both.
fn at(url: &str, class: Class, mode: &str, assert: impl Fn(Running)) {
    for side in [Side::Theirs, Side::Ours] {
        let setup = Setup::of(Script::Hooks, side, class).at(url).arguments(&[mode]);
        // A leak of one for each of 1,024 attempts is seen long before the last of them.
        if let Some(server) = setup.descriptors(64).start() {
            assert(server);
        }
    }
}

/// A socket, and the URL of its address.
fn taken(class: Class) -> (OwnedFd, String) {
    // An address that no other test binds, so that a port which was free there stays free.
    let ip = ("127.0.0.5", 0);
    match class.scheme {
        "tcp" => {
            let socket = TcpListener::bind(ip).unwrap();
            let url = format!("tcp://{}", socket.local_addr().unwrap());
            (socket.into(), url)
        }
        "udp" => {
            let socket = UdpSocket::bind(ip).unwrap();
            let url = format!("udp://{}", socket.local_addr().unwrap());
            (socket.into(), url)
        }
        scheme => {
            let name = unused_name();
            let url = format!("{scheme}:@{name}");
            let address = SocketAddr::from_abstract_name(name).unwrap();
            let socket = match scheme {
                "unix" => UnixListener::bind_addr(&address).unwrap().into(),
                _ => UnixDatagram::bind_addr(&address).unwrap().into(),
            };
            (socket, url)
        }
    }
}

/// An address that was free a moment ago.
fn free(class: Class) -> String {
    let (socket, url) = taken(class);
    drop(socket);
    url
}

#[test]
fn a_server_is_closed_at_once_and_serves_no_more() {
    for class in every_class() {
        at(&free(class), class, "close", |server| {
            server.expect(&BOUND);
            let server = server.listening();
            server.expect(&["server_close", "cannot serve"]);
            // Its address is free again.
            server.expect(&BOUND);
            let server = server.listening();
            server.expect(&["server_close"]);
            server.ended(0);
        });
    }
}

/// The end of Python's `with` block, and of a variable in Rust. CPython's `__exit__` calls `server_close`. Here a server
/// is closed by dropping its innermost part, which knows nothing of the type around it, so no override is called.
#[test]
fn leaving_a_server_closes_it_and_calls_no_hook() {
    for class in every_class() {
        at(&free(class), class, "leave", |server| {
            server.expect(&BOUND);
            let server = server.listening();
            if server.side == Side::Theirs {
                server.expect(&["server_close"]);
            }
            server.expect(&BOUND);
            let server = server.listening();
            server.expect(&["server_close"]);
            server.ended(0);
        });
    }
}

/// CPython issue 22435.
#[test]
fn a_thousand_failing_binds_leak_no_descriptor() {
    for class in every_class().filter(|class| class.mixin == Mixin::None) {
        let (socket, url) = taken(class);
        at(&url, class, "bind", |server| {
            server.expect(&["taken 1024 times", "server_bind", "server_close", "taken"]);
            server.ended(0);
        });
        drop(socket);
    }
}

/// CPython issue 2302. There the thread that shuts down races with the one that enters the loop; here it is called before
/// the loop and in it, and both end it.
#[test]
fn twenty_servers_are_shut_down_one_after_the_other() {
    for class in every_class() {
        at(&free(class), class, "shutdown", |mut server| {
            for _ in 0..20 {
                server.expect(&BOUND);
                server = server.listening();
                server.expect(&["ended", "ended again", "server_close"]);
            }
            server.ended(0);
        });
    }
}

/// CPython's `shutdown` waits for the loop, so it takes a thread there. A program has none, so here it is called in a hook,
/// and does not wait. What the loop does is the same.
#[test]
fn a_hook_shuts_the_server_down() {
    on_both(every_class(), &[], |server| {
        if let Ok(caller) = Caller::wishing(&server, Wish::Shutdown)
            && !server.class.has_streams()
        {
            caller.send("answer");
        }
        server.expect(&[
            "get_request",
            "verify_request",
            "shutdown_request",
            "close_request",
            "service_actions",
        ]);
        closed(server, 0);
    });
}
