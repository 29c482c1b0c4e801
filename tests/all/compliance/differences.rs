//! Where the two sides differ on purpose. Each test asserts both, so that what is said of CPython is true as well.

use super::caller::Caller;
use super::hooks::{BOUND, on_both, stop, taken};
use super::running::{DATAGRAMS, Mixin, Running, STREAMS, Script, Setup, Side, every_class};
use crate::support::client::{Client, End};
use crate::support::eventually::settled;

/// One request of each outcome, in one of our servers of each class.
fn ours(assert: impl Fn(Running)) {
    for class in every_class() {
        let server = Setup::of(Script::Hooks, Side::Ours, class)
            .arguments(&["serve"])
            .start();
        let server = server.expect("ours needs no Python");
        server.expect(&BOUND);
        assert(server.listening());
    }
}

/// In CPython each request that was handled is shut down and closed by its server. Here its handler has the connection, in
/// a sandbox, and the host closes it when the handler is done, in whatever way. `finish_request` waits for that, so it is
/// not called for what is handled in the background: the host does that without the program.
#[test]
fn the_host_finishes_requests_in_the_background_and_closes_those_that_were_handled() {
    ours(|server| {
        assert_eq!(Caller::of(&server).ask("answer"), "answered", "{server}");
        server.expect(match server.class.mixin {
            Mixin::None => &[
                "get_request",
                "verify_request",
                "process_request",
                "finish_request",
                "service_actions",
            ][..],
            _ => &["get_request", "verify_request", "process_request", "service_actions"],
        });
        stop(server, 0);
    });
}

/// CPython calls `handle_error` where the handler failed: in the thread, or in the child. Here that was another sandbox,
/// which may be gone, so the program is told when the request is over: at once if it waits for it, else by its loop.
#[test]
fn handle_error_is_told_of_a_failure_after_the_fact() {
    ours(|server| {
        Caller::of(&server).ask("fail");
        server.expect(match server.class.mixin {
            Mixin::None => &[
                "get_request",
                "verify_request",
                "process_request",
                "finish_request",
                "handle_error told you so",
                "service_actions",
            ][..],
            _ => &[
                "get_request",
                "verify_request",
                "process_request",
                "service_actions",
                "handle_error told you so",
            ],
        });
        stop(server, 1);
    });
}

/// What a child of CPython's counts is lost with it. Here there are no children: the hooks of each class run in the one
/// instance of the program.
#[test]
fn what_handle_error_remembers_is_not_lost_with_a_child() {
    on_both(every_class(), &[], |server| {
        Caller::of(&server).ask("fail");
        server.expect(&taken(&server, Some("told you so")));
        let is_lost = (server.side, server.class.mixin) == (Side::Theirs, Mixin::Forking);
        stop(server, u32::from(!is_lost));
    });
}

/// `SystemExit` is no `Exception` in Python, so `handle_error` does not hear of it: it ends a thread or a child without a
/// word, and a server without a mixin altogether. Here a handler can end nothing but its sandbox, and its exit is a reason
/// like any other.
#[test]
fn exit_in_a_handler_ends_its_request_and_is_told() {
    on_both(every_class(), &[], |server| {
        let mut caller = Caller::of(&server);
        caller.send("exit");
        match (server.side, server.class.mixin) {
            (Side::Theirs, Mixin::None) => {
                server.expect(&[
                    "get_request",
                    "verify_request",
                    "process_request",
                    "finish_request",
                    "shutdown_request",
                    "close_request",
                    "server_close",
                ]);
                server.ended(3);
                return;
            }
            (Side::Theirs, _) => server.expect(&taken(&server, None)),
            (Side::Ours, _) => {
                server.expect(&taken(&server, Some("exit")));
                if server.class.scheme == "tcp" {
                    assert_eq!(
                        caller.end(),
                        Some(End::Reset),
                        "{server}: nothing says that this was all"
                    );
                }
            }
        }
        assert_eq!(Caller::of(&server).ask("answer"), "answered", "{server}");
        server.expect(&taken(&server, None));
        let errors = u32::from(server.side == Side::Ours);
        stop(server, errors);
    });
}

/// Handlers of CPython's share the memory of their server, unless they are children. Here each has its own, whatever the
/// class: that is what a sandbox is for.
#[test]
fn handlers_share_no_memory() {
    on_both(every_class(), &[], |server| {
        let shares = server.side == Side::Theirs && server.class.mixin != Mixin::Forking;
        for number in 1..=3 {
            let counted = Caller::of(&server).ask("count");
            assert_eq!(counted, if shares { number } else { 1 }.to_string(), "{server}");
            server.expect(&taken(&server, None));
        }
        stop(server, 0);
    });
}

/// CPython closes what it refuses as it closes what it served. A reset tells the peer that it was not served, and leaves
/// the server with no connection in TIME_WAIT for each that it did not want.
#[test]
fn a_refused_connection_is_reset() {
    let [class, ..] = STREAMS;
    on_both([class], &[], |server| {
        let refused = Client::connect_from("127.0.0.2", &server.url).map(|mut client| client.end());
        match (server.side, refused) {
            (Side::Theirs, refused) => assert_eq!(refused.unwrap(), End::Closed),
            (Side::Ours, Ok(end)) => assert_eq!(end, End::Reset),
            // The reset was faster.
            (Side::Ours, Err(error)) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
        }
        server.until("service_actions");
        stop(server, 0);
    });
}

/// CPython's `wfile` writes through; ours keeps small writes together, because each one that leaves is a call from the
/// sandbox to the host. It is flushed when the handler reads or ends: only one that does neither for a while can tell.
#[test]
fn a_small_write_waits_until_the_handler_reads_or_ends() {
    on_both(STREAMS, &[], |server| {
        let mut caller = Caller::of(&server);
        caller.send("keep");
        if server.side == Side::Theirs {
            assert_eq!(caller.answer(), "kept", "{server}");
        } else {
            assert!(settled("nothing arrives", || caller.is_silent()), "{server}");
        }
        caller.send("go on");
        if server.side == Side::Ours {
            assert_eq!(caller.answer(), "kept", "{server}");
        }
        caller.end();
        drop(caller);
        server.expect(&taken(&server, None));
        stop(server, 0);
    });
}

/// CPython's `DatagramRequestHandler` sends what is in `wfile`, and so an empty datagram when a handler wrote nothing. Here
/// nothing written is nothing sent: whoever answers nothing to a forged sender shall not be made to.
#[test]
fn nothing_written_is_no_datagram() {
    on_both(DATAGRAMS, &[], |server| {
        let mut caller = Caller::of(&server);
        caller.send("nothing");
        if server.side == Side::Theirs {
            assert_eq!(caller.answer(), "", "{server}");
        }
        server.expect(&taken(&server, None));
        stop(server, 0);
        assert!(caller.is_silent());
    });
}

/// CPython closes a connection and forgets it. Here the host waits for the peer to close as well, at most for `--linger`:
/// to close a socket on which the peer still sends resets it, and what was sent last is lost. A server without a mixin
/// takes the next request after that.
#[test]
fn without_a_mixin_the_next_connection_waits_until_the_last_peer_has_closed() {
    for class in STREAMS.into_iter().filter(|class| !class.is_concurrent()) {
        for side in [Side::Theirs, Side::Ours] {
            let setup = Setup::of(Script::Hooks, side, class).arguments(&["serve"]);
            let Some(server) = setup.flag("--linger=1m").start() else {
                continue;
            };
            server.expect(&BOUND);
            let server = server.listening();
            let mut first = Caller::of(&server);
            assert_eq!(first.ask("answer"), "answered", "{server}");
            assert_eq!(first.end(), Some(End::Closed), "{server}");
            let mut second = Caller::of(&server);
            second.send("answer");
            if side == Side::Ours {
                assert!(settled("the second waits", || second.is_silent()), "{server}");
                drop(first);
            }
            assert_eq!(second.answer(), "answered", "{server}");
            drop(second);
            server.expect(&[taken(&server, None), taken(&server, None)].concat());
            stop(server, 0);
        }
    }
}

/// CPython's threads send from the socket of their server, so an answer is lost ("Bad file descriptor") if the server is
/// closed before. Here it is sent from a socket that is open until the last request is over.
#[test]
fn a_datagram_is_answered_although_its_server_is_closed() {
    for class in DATAGRAMS.into_iter().filter(|class| class.is_concurrent()) {
        let setup = Setup::of(Script::Hooks, Side::Ours, class).arguments(&["requests"]);
        let server = setup.start().expect("ours needs no Python");
        server.expect(&BOUND);
        let server = server.listening();
        for _ in 0..2 {
            assert_eq!(Caller::of(&server).ask("answer"), "answered", "{server}");
        }
        server.until("server_close");
        server.ended(0);
    }
}

/// CPython waits for a child in the middle of its loop when there are `max_children`, so that nothing else is done until
/// one ends: no hook is called, and `shutdown` waits as well. Here the loop goes on, and takes no requests.
#[test]
fn a_server_whose_children_are_busy_still_stops() {
    let classes = STREAMS.into_iter().filter(|class| class.mixin == Mixin::Forking);
    on_both(classes, &["max_children=1", "block_on_close=false"], |server| {
        let mut busy = Caller::of(&server);
        assert_eq!(busy.ask("dialogue"), "go on", "{server}");
        match server.side {
            Side::Ours => {
                server.terminate();
                server.until("closed with 1 children");
            }
            Side::Theirs => {
                let in_child = "elsewhere finish_request";
                let in_server = [
                    "get_request",
                    "verify_request",
                    "process_request",
                    "close_request",
                    "service_actions",
                ];
                server.expect(&[&in_server[..], &[in_child]].concat());
                server.terminate();
                assert!(server.is_silent(), "{server} waits");
            }
        }
        assert_eq!(busy.ask("be it"), "so be it", "{server}");
        server.over(0);
    });
}
