//! What the loop and the classes do, against a script of what happens to them.

use std::io::ErrorKind;
use std::time::Duration;

use super::*;
use crate::address::Address;
use crate::error::ErrorCode;
use crate::testing::Host;

const ADDRESS: (&str, u16) = ("127.0.0.1", 9999);
const BOUND: [&str; 3] = ["create tcp://127.0.0.1:9999", "bind", "activate"];

fn remote(port: u16) -> Address {
    Address::Ip(([192, 0, 2, 1], port).into())
}

fn completed(port: u16) -> Outcome {
    Outcome::new(remote(port), Reason::Completed, None)
}

fn failed(port: u16) -> Outcome {
    Outcome::new(remote(port), Reason::HandlerError, Some("told you so".to_owned()))
}

/// What the program did after it was bound.
fn calls(host: &Host) -> Vec<String> {
    let calls = host.calls();
    assert_eq!(calls[..3], BOUND);
    calls[3..].to_vec()
}

/// Overrides every hook that says something, and writes down what it was told.
struct Watched<B> {
    base: B,
    told: Vec<String>,
    refuse: Option<Address>,
    shutdown_after: usize,
}

impl<B: BaseServer> Watched<B> {
    fn new(base: B) -> Self {
        Self {
            base,
            told: Vec::new(),
            refuse: None,
            shutdown_after: usize::MAX,
        }
    }

    fn tell(&mut self, what: impl Into<String>) {
        self.told.push(what.into());
        if self.told.len() == self.shutdown_after {
            self.shutdown();
        }
    }
}

impl<B: BaseServer> BaseServer for Watched<B> {
    fn core(&mut self) -> &mut ServerCore {
        self.base.core()
    }

    fn service_actions(&mut self) {
        self.tell("service");
    }

    fn verify_request(&mut self, request: &PendingRequest) -> bool {
        self.refuse.as_ref() != Some(request.remote_address())
    }

    fn handle_timeout(&mut self) {
        self.tell("timeout");
    }

    fn handle_error(&mut self, outcome: &Outcome) {
        self.tell(format!("error {}", outcome.remote));
    }
}

#[test]
fn without_a_mixin_a_request_is_finished_before_the_next() {
    let host = Host::new().then_request(completed(1)).then_request(failed(2));
    let mut server = Watched::new(TcpServer::new(ADDRESS).unwrap());
    server.serve_forever().unwrap();
    assert_eq!(
        calls(&host),
        ["get-request 192.0.2.1:1", "finish", "get-request 192.0.2.1:2", "finish"]
    );
    assert_eq!(server.told, ["service", "error 192.0.2.1:2", "service"]);
}

#[test]
fn with_a_mixin_requests_are_processed_and_collected() {
    let host = Host::new()
        .then_request(failed(1))
        .then_request(completed(2))
        .then_finishing();
    let mut server = Watched::new(ThreadingTcpServer::new(ADDRESS).unwrap());
    server.serve_forever().unwrap();
    assert_eq!(
        calls(&host),
        [
            "get-request 192.0.2.1:1",
            "process",
            "get-request 192.0.2.1:2",
            "process"
        ]
    );
    assert_eq!(server.told, ["service", "service", "error 192.0.2.1:1", "service"]);
    assert_eq!(server.active_children(), 1);
    assert_eq!(server.core().counters().accepted, 2);
}

#[test]
fn a_request_that_is_not_verified_is_refused() {
    let host = Host::new().then_request(completed(1)).then_request(completed(2));
    let mut server = Watched::new(TcpServer::new(ADDRESS).unwrap());
    server.refuse = Some(remote(1));
    server.serve_forever().unwrap();
    assert_eq!(
        calls(&host),
        ["get-request 192.0.2.1:1", "refuse", "get-request 192.0.2.1:2", "finish"]
    );
    assert_eq!(server.core().counters().rejected, 1);
}

/// CPython: `except OSError: return`.
#[test]
fn a_request_that_has_gone_is_passed_over() {
    let host = Host::new().then_vanishing_request().then_request(completed(2));
    TcpServer::new(ADDRESS).unwrap().serve_forever().unwrap();
    assert_eq!(calls(&host), ["get-request 192.0.2.1:2", "finish", "close"]);
}

#[test]
fn service_actions_are_called_while_nothing_happens() {
    let _host = Host::new().then_quiet(Duration::from_millis(1250));
    let mut server = Watched::new(TcpServer::new(ADDRESS).unwrap());
    server.serve_forever().unwrap();
    assert_eq!(server.told, ["service", "service"]);

    let _host = Host::new().then_quiet(Duration::from_millis(1250));
    let mut server = Watched::new(TcpServer::new(ADDRESS).unwrap());
    server.serve_forever_with(Duration::from_millis(300)).unwrap();
    assert_eq!(server.told, ["service"; 4]);
}

#[test]
fn a_hook_ends_the_loop_and_it_can_begin_again() {
    let host = Host::new().then_request(failed(1)).then_request(completed(2));
    let mut server = Watched::new(TcpServer::new(ADDRESS).unwrap());
    server.shutdown_after = 1;
    server.serve_forever().unwrap();
    assert!(!server.core().is_stopping());
    assert_eq!(calls(&host), ["get-request 192.0.2.1:1", "finish"]);

    server.serve_forever().unwrap();
    assert!(server.core().is_stopping());
    assert_eq!(calls(&host)[2..], ["get-request 192.0.2.1:2", "finish"]);
}

#[test]
fn the_loop_ends_when_there_is_nothing_to_wait_for() {
    let _host = Host::new().then_failing(ErrorCode::InvalidState);
    let mut server = TcpServer::new(ADDRESS).unwrap();
    let error = server.serve_forever().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConnected);

    let mut server = TcpServer::unbound(ADDRESS);
    assert_eq!(server.serve_forever().unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(server.server_activate().unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(server.fileno(), None);
}

#[test]
fn handle_request_handles_one_or_none_in_time() {
    let host = Host::new()
        .then_request(completed(1))
        .then_quiet(Duration::from_mins(10))
        .then_request(completed(2));
    let mut server = Watched::new(TcpServer::new(ADDRESS).unwrap());
    assert!(server.handle_request().unwrap());
    assert_eq!(server.told, [""; 0]);

    server.base.timeout = Some(Duration::from_mins(5));
    assert!(server.handle_request().unwrap());
    assert_eq!(server.told, ["timeout"]);

    server.base.timeout = None;
    assert!(server.handle_request().unwrap());
    assert_eq!(calls(&host).len(), 4);
    assert!(
        !server.handle_request().unwrap(),
        "the operator wants the program to end"
    );
    assert_eq!(server.told, ["timeout"]);
}

/// The host says that a request waits, and then there is none. CPython would block in `accept` until there is one.
#[test]
fn handle_request_waits_on_when_a_request_has_gone() {
    let host = Host::new().then_vanishing_request().then_request(completed(2));
    let mut server = Watched::new(TcpServer::new(ADDRESS).unwrap());
    assert!(server.handle_request().unwrap());
    assert_eq!(calls(&host), ["get-request 192.0.2.1:2", "finish"]);

    let _host = Host::new().then_vanishing_request().then_quiet(Duration::from_mins(10));
    let mut server = Watched::new(TcpServer::new(ADDRESS).unwrap());
    server.base.timeout = Some(Duration::from_mins(5));
    assert!(server.handle_request().unwrap());
    assert_eq!(server.told, ["timeout"]);
}

#[test]
fn handle_request_collects_while_it_waits() {
    let _host = Host::new()
        .then_request(failed(1))
        .then_finishing()
        .then_request(completed(2));
    let mut server = Watched::new(ThreadingTcpServer::new(ADDRESS).unwrap());
    assert!(server.handle_request().unwrap());
    assert_eq!(server.told, [""; 0]);
    assert!(server.handle_request().unwrap());
    assert_eq!(server.told, ["error 192.0.2.1:1"]);
}

#[test]
fn no_request_is_taken_while_all_children_are_busy() {
    let host = Host::new()
        .then_request(completed(1))
        .then_request(completed(2))
        .then_request(completed(3))
        .then_quiet(Duration::from_millis(600))
        .then_finishing()
        .then_quiet(Duration::from_millis(600));
    let mut server = Watched::new(ForkingTcpServer::new(ADDRESS).unwrap());
    assert_eq!(server.base.max_children, Some(40));
    server.base.max_children = Some(2);
    server.serve_forever().unwrap();
    assert_eq!(
        calls(&host),
        [
            "get-request 192.0.2.1:1",
            "process",
            "get-request 192.0.2.1:2",
            "process",
            "suspend",
            "resume",
            "get-request 192.0.2.1:3",
            "process",
            "suspend"
        ]
    );
    // For three requests, for one that ended, and twice after half a second in which nothing happened.
    assert_eq!(server.told, ["service"; 6]);
}

#[test]
fn room_for_a_child_resumes_no_server_that_was_suspended() {
    let host = Host::new().then_request(completed(1)).then_finishing();
    let mut server = ForkingTcpServer::new(ADDRESS).unwrap();
    server.max_children = Some(1);
    assert!(server.handle_request().unwrap());
    server.suspend();
    server.serve_forever().unwrap();
    assert_eq!(calls(&host)[2..], ["suspend", "suspend", "suspend"]);
}

#[test]
fn closing_waits_for_the_background() {
    for shutdown in [false, true] {
        let host = Host::new().then_request(completed(1)).then_request(failed(2));
        let host = if shutdown { host.then_shutdown() } else { host };
        let mut server = Watched::new(ThreadingTcpServer::new(ADDRESS).unwrap());
        server.shutdown_after = if shutdown { usize::MAX } else { 2 };
        server.serve_forever().unwrap();
        assert_eq!(server.core().is_stopping(), shutdown);
        assert_eq!(server.active_children(), 2);

        server.server_close();
        assert_eq!(server.active_children(), 0);
        assert_eq!(server.told, ["service", "service", "error 192.0.2.1:2"]);
        drop(server);
        assert_eq!(calls(&host).last().unwrap(), "close");
        let closes = host.calls().into_iter().filter(|call| call == "close").count();
        assert_eq!(closes, 1, "it is not closed again when it is dropped");
    }
}

#[test]
fn closing_does_not_wait_when_told_not_to() {
    for daemon_threads in [false, true] {
        let _host = Host::new().then_request(failed(1));
        let mut server = Watched::new(ThreadingTcpServer::new(ADDRESS).unwrap());
        server.base.block_on_close = daemon_threads;
        server.base.daemon_threads = daemon_threads;
        server.serve_forever().unwrap();
        server.server_close();
        assert_eq!(server.active_children(), 1);
        assert_eq!(server.told, ["service"]);
    }
}

/// The end of Python's `with` block.
#[test]
fn dropping_closes_and_waits() {
    let host = Host::new().then_request(completed(1));
    let mut server = ThreadingTcpServer::new(ADDRESS).unwrap();
    server.serve_forever().unwrap();
    drop(server);
    assert_eq!(calls(&host), ["get-request 192.0.2.1:1", "process", "close"]);
}

#[test]
fn a_server_that_cannot_be_made_says_why() {
    let host = Host::new().refusing(ErrorCode::AccessDenied);
    let error = TcpServer::new(ADDRESS).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(host.calls(), ["create tcp://127.0.0.1:9999"]);

    let host = Host::new().failing_to_bind(ErrorCode::AddressInUse);
    let error = TcpServer::new(ADDRESS).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert_eq!(host.calls(), BOUND[..2]);

    drop(host);
    assert!(TcpServer::new(ADDRESS).is_err(), "there is no host");
}

#[test]
fn settings_reach_the_host_when_the_address_is_bound() {
    let host = Host::new();
    let mut server = UdpServer::unbound(ADDRESS);
    server.request_queue_size = Some(5);
    server.allow_reuse_address = Some(false);
    server.allow_reuse_port = Some(true);
    server.max_packet_size = Some(8192);
    assert_eq!(server.server_address(), None);
    server.bind_and_activate().unwrap();
    assert_eq!(server.server_address().unwrap().to_string(), "127.0.0.1:9999");
    assert_eq!(server.fileno(), Some(0));
    assert_eq!(server.server_bind().unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(
        host.options(),
        [Options {
            request_queue_size: Some(5),
            reuse_address: Some(false),
            reuse_port: Some(true),
            max_packet_size: Some(8192),
            handler: None,
        }]
    );

    let host = Host::new();
    TcpServer::with_handler(ADDRESS, "shout").unwrap();
    assert_eq!(host.options()[0].handler.as_deref(), Some("shout"));
}

#[test]
fn a_class_has_its_transport_and_its_mixin() {
    use Concurrency::{Forking, OneAtATime, Threading};

    fn check(server: &ServerCore, url: &str, concurrency: Concurrency) {
        assert_eq!((server.url(), server.concurrency()), (url, concurrency));
        let forking = concurrency == Forking;
        assert_eq!(server.max_children, forking.then_some(40));
        assert_eq!(server.timeout, forking.then_some(Duration::from_mins(5)));
    }

    let (tcp, udp) = ("tcp://127.0.0.1:9999", "udp://127.0.0.1:9999");
    check(&TcpServer::unbound(ADDRESS), tcp, OneAtATime);
    check(&ThreadingTcpServer::unbound(ADDRESS), tcp, Threading);
    check(&ForkingTcpServer::unbound(ADDRESS), tcp, Forking);
    check(&UdpServer::unbound(ADDRESS), udp, OneAtATime);
    check(&ThreadingUdpServer::unbound(ADDRESS), udp, Threading);
    check(&ForkingUdpServer::unbound(ADDRESS), udp, Forking);
    let (unix, unixgram) = ("unix:@echo", "unixgram:@echo");
    check(&UnixStreamServer::unbound("@echo"), unix, OneAtATime);
    check(&ThreadingUnixStreamServer::unbound("@echo"), unix, Threading);
    check(&ForkingUnixStreamServer::unbound("@echo"), unix, Forking);
    check(&UnixDatagramServer::unbound("@echo"), unixgram, OneAtATime);
    check(&ThreadingUnixDatagramServer::unbound("@echo"), unixgram, Threading);
    check(&ForkingUnixDatagramServer::unbound("@echo"), unixgram, Forking);
}
