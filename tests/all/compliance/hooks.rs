//! Which hooks a server calls, and in which order: the whole of what it says, so that one too many fails as well.

use super::caller::{Caller, Wish};
use super::running::{Class, Mixin, Running, Script, Side, every_class, on_both_sides};
use crate::support::client::End;

/// What a server says before anything comes, its address apart.
pub(super) const BOUND: [&str; 2] = ["server_bind", "server_activate"];

/// Runs the script of hooks on both sides, from when it listens.
pub(super) fn on_both(classes: impl IntoIterator<Item = Class>, settings: &[&str], assert: impl Fn(Running)) {
    let arguments = [&["serve"], settings].concat();
    on_both_sides(Script::Hooks, classes, &arguments, |server| {
        server.expect(&BOUND);
        assert(server.listening());
    });
}

/// What is called for a request that is taken, with the words of its failure if it has one.
///
/// Up to the request both sides agree, and about `handle_error`. What differs is what `differences` explains:
/// - CPython shuts down and closes what was handled, here the host does.
/// - A thread and a child of CPython's call hooks where they are, here the one instance of the program calls all of them,
///   and hears of a failure when the request is over.
/// - `finish_request` is what such a thread or child calls there. Here it is the host that handles in the background.
pub(super) fn taken(server: &Running, failure: Option<&str>) -> Vec<String> {
    let error = failure.map(|words| format!("handle_error {words}"));
    let error: Vec<&str> = error.as_deref().into_iter().collect();
    let shut_down = ["shutdown_request", "close_request"];
    let elsewhere = ["finish_request"].iter().chain(&error).chain(&shut_down);
    let elsewhere = elsewhere.map(|hook| format!("elsewhere {hook}"));
    let mut called = vec!["get_request", "verify_request", "process_request"];
    match (server.side, server.class.mixin) {
        (Side::Ours, Mixin::None) => {
            called.push("finish_request");
            called.extend(error);
            called.push("service_actions");
        }
        (Side::Ours, Mixin::Forking | Mixin::Threading) => {
            called.push("service_actions");
            called.extend(error);
        }
        (Side::Theirs, Mixin::None) => {
            called.push("finish_request");
            called.extend(error);
            called.extend(shut_down);
            called.push("service_actions");
        }
        (Side::Theirs, mixin) => {
            // The parent closes its copy of what the child has.
            called.extend((mixin == Mixin::Forking).then_some("close_request"));
            called.push("service_actions");
            return called.into_iter().map(str::to_owned).chain(elsewhere).collect();
        }
    }
    called.into_iter().map(str::to_owned).collect()
}

/// What a server says when its loop is over, and that it ends.
pub(super) fn stop(server: Running, errors: u32) -> Vec<String> {
    server.terminate();
    closed(server, errors)
}

pub(super) fn closed(server: Running, errors: u32) -> Vec<String> {
    server.expect(&[
        &format!("errors {errors}"),
        "few children",
        "server_close",
        "closed with 0 children",
    ]);
    server.ended(0)
}

#[test]
fn a_request_that_is_handled_goes_through_its_hooks() {
    on_both(every_class(), &[], |server| {
        for _ in 0..2 {
            let mut caller = Caller::of(&server);
            assert_eq!(caller.ask("answer"), "answered", "{server}");
            assert_ne!(caller.end(), Some(End::Reset), "{server}");
            drop(caller);
            server.expect(&taken(&server, None));
        }
        stop(server, 0);
    });
}

/// `handle_error` is called once for a failure, in each class, and nobody else feels it.
#[test]
fn a_failure_of_a_handler_is_handled_once_and_the_next_client_is_served() {
    on_both(every_class(), &[], |server| {
        let mut caller = Caller::of(&server);
        assert_eq!(caller.ask("fail"), "failing", "{server}: what it wrote still arrives");
        assert_ne!(caller.end(), Some(End::Reset), "{server}");
        drop(caller);
        server.expect(&taken(&server, Some("told you so")));

        assert_eq!(Caller::of(&server).ask("answer"), "answered", "{server}");
        server.expect(&taken(&server, None));

        // See `what_handle_error_remembers_is_not_lost_with_a_child`.
        let is_lost = (server.side, server.class.mixin) == (Side::Theirs, Mixin::Forking);
        let said = stop(server, u32::from(!is_lost));
        let says = |words: &str| said.iter().filter(|line| line.starts_with(words)).count();
        assert_eq!(says("Exception occurred during processing of request from "), 1);
        assert_eq!(says(&"-".repeat(40)), 2, "the words are between two lines: {said:#?}");
    });
}

/// CPython issue 26309: what is refused is shut down too.
#[test]
fn a_request_that_is_refused_is_shut_down() {
    on_both(every_class(), &[], |server| {
        // A connection may be over before its client has one.
        if let Ok(caller) = Caller::wishing(&server, Wish::Refuse)
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
        assert_eq!(Caller::of(&server).ask("answer"), "answered", "{server}");
        server.expect(&taken(&server, None));
        stop(server, 0);
    });
}

/// `except OSError: return`: no hook hears of it.
#[test]
fn a_request_that_cannot_be_taken_is_passed_over() {
    on_both(every_class(), &[], |server| {
        if let Ok(caller) = Caller::wishing(&server, Wish::Lose)
            && !server.class.has_streams()
        {
            caller.send("answer");
        }
        server.expect(&["get_request", "close_request", "service_actions"]);
        assert_eq!(Caller::of(&server).ask("answer"), "answered", "{server}");
        server.expect(&taken(&server, None));
        stop(server, 0);
    });
}

#[test]
fn service_actions_are_called_without_a_request() {
    on_both(every_class(), &["says_first=true"], |server| {
        server.expect(&["service_actions"]);
        stop(server, 0);
    });
}

#[test]
fn handle_timeout_is_called_when_no_request_comes_in_time() {
    on_both_sides(Script::Hooks, every_class(), &["requests", "timeout=50"], |server| {
        server.expect(&BOUND);
        let server = server.listening();
        server.expect(&["handle_timeout", "handle_timeout", "server_close"]);
        server.ended(0);
    });
}

/// Without the threads that answer datagrams: see `a_datagram_is_answered_although_its_server_is_closed`.
#[test]
fn handle_request_handles_one_and_no_more() {
    let classes = every_class().filter(|class| class.has_streams() || class.mixin != Mixin::Threading);
    on_both_sides(Script::Hooks, classes, &["requests"], |server| {
        server.expect(&BOUND);
        let server = server.listening();
        // That is for the loop.
        let mut called = taken(&server, None);
        called.retain(|hook| hook != "service_actions");
        assert_eq!(Caller::of(&server).ask("answer"), "answered", "{server}");
        server.expect(&called);
        assert_eq!(Caller::of(&server).ask("answer"), "answered", "{server}");
        called.push("server_close".to_owned());
        server.expect(&called);
        server.ended(0);
    });
}

/// It takes its request without waiting, so that a call without one finds none.
#[test]
fn get_request_is_called_for_requests_alone() {
    on_both(every_class(), &["says_none=true"], |server| {
        for _ in 0..3 {
            assert_eq!(Caller::of(&server).ask("answer"), "answered", "{server}");
            server.expect(&taken(&server, None));
        }
        stop(server, 0);
    });
}
