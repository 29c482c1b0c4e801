//! Requests in the background: how many there may be, who waits for them, and what is left of them.

use super::caller::Caller;
use super::hooks::{on_both, stop, taken};
use super::running::{Mixin, Running, STREAMS, every_class};
use crate::support::client::End;
use crate::support::eventually::settled;

/// A request that is being handled until its client goes on.
fn held(server: &Running) -> Caller {
    let mut caller = Caller::of(server);
    assert_eq!(caller.ask("dialogue"), "go on", "{server}");
    caller
}

fn let_go(mut caller: Caller) {
    assert_eq!(caller.ask("be it"), "so be it");
    assert_eq!(caller.end(), Some(End::Closed));
}

/// CPython issue 37193: children and threads that have ended are not remembered.
#[test]
fn requests_that_are_over_do_not_pile_up() {
    on_both(every_class(), &[], |server| {
        for _ in 0..20 {
            assert_eq!(Caller::of(&server).ask("answer"), "answered", "{server}");
            server.expect(&taken(&server, None));
        }
        // Says that there are fewer than ten, and none after it was closed.
        stop(server, 0);
    });
}

/// `block_on_close`, which is true unless told otherwise.
#[test]
fn closing_waits_for_the_background() {
    on_both(
        STREAMS.into_iter().filter(|class| class.is_concurrent()),
        &[],
        |server| {
            let caller = held(&server);
            server.terminate();
            server.until("server_close");
            assert!(server.is_silent(), "{server} should wait");
            let_go(caller);
            server.until("closed with 0 children");
            server.ended(0);
        },
    );
}

#[test]
fn closing_does_not_wait_when_told_not_to() {
    let classes = STREAMS.into_iter().filter(|class| class.is_concurrent());
    on_both(classes, &["block_on_close=false"], |server| {
        let caller = held(&server);
        server.terminate();
        server.until("server_close");
        server.until("closed with 1 children");
        // The request goes on after its server.
        let_go(caller);
        server.over(0);
    });
}

/// `ForkingMixIn.max_children`.
#[test]
fn no_more_than_max_children_are_handled_at_once() {
    let classes = STREAMS.into_iter().filter(|class| class.mixin == Mixin::Forking);
    on_both(classes, &["max_children=2"], |server| {
        let (first, second) = (held(&server), held(&server));
        let mut third = Caller::of(&server);
        third.send("answer");
        assert!(settled("the third waits", || third.is_silent()), "{server}");
        let_go(first);
        assert_eq!(third.answer(), "answered", "{server}");
        let_go(second);
        server.terminate();
        server.until("closed with 0 children");
        server.ended(0);
    });
}
