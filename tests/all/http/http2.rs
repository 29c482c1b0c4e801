//! HTTP/2 by prior knowledge.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Frame;
use rustix::process::Signal;

use crate::support::client::{Client, End, noise};
use crate::support::guest::{EACH_HTTP, HTTP};
use crate::support::http::serve;
use crate::support::http2::{Connection, run, streamed, whole};

#[test]
fn streams_are_answered_side_by_side() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        run(async {
            let connection = Connection::open(&server).await;
            let since = Instant::now();
            let all: Vec<_> = (0..20).map(|_| tokio::spawn(connection.get("/sleep/500"))).collect();
            for response in all {
                assert_eq!(response.await.unwrap(), (StatusCode::OK, Bytes::from("slept\n")));
            }
            assert!(since.elapsed() < Duration::from_secs(5));
        });
        let books = server.stop();
        assert_eq!((books.accepted, books.requests_ended("completed")), (1, 20));
    }
}

#[test]
fn streams_leave_each_other_nothing() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        run(async {
            let connection = Connection::open(&server).await;
            for _ in 0..50 {
                let (one, two) = tokio::join!(connection.get("/leave"), connection.get("/leave"));
                assert_eq!((&one.1[..], &two.1[..]), (&b"0\n"[..], &b"0\n"[..]));
            }
        });
        server.stop();
    }
}

#[test]
fn a_handler_sees_whom_the_request_is_for() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        run(async {
            let connection = Connection::open(&server).await;
            let (_, text) = connection.get("/describe/?x").await;
            let text = String::from_utf8(text.to_vec()).unwrap();
            assert_eq!(
                text.lines().take(4).collect::<Vec<_>>(),
                ["Method::Post", "/describe/?x", "test", "Scheme::Http"]
            );
        });
        server.stop();
    }
}

#[test]
fn bodies_and_trailers_go_both_ways() {
    let server = serve(HTTP).start();
    run(async {
        let connection = Connection::open(&server).await;
        let body = noise(8 << 20);
        let response = connection.send("/echo", whole(&body)).await.unwrap();
        assert!(response.into_body().collect().await.unwrap().to_bytes() == body);

        let (parts, body) = streamed();
        let response = connection.send("/echo", body).await.unwrap();
        let mut echoed = response.into_body();
        for part in ["one", "two"] {
            parts.send(Frame::data(part.into())).unwrap();
            assert_eq!(echoed.frame().await.unwrap().unwrap().into_data().unwrap(), part);
        }
        drop(parts);
        assert_eq!(echoed.collect().await.unwrap().to_bytes(), "");

        let (parts, body) = streamed();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "532".parse().unwrap());
        parts.send(Frame::data("hello".into())).unwrap();
        parts.send(Frame::trailers(trailers)).unwrap();
        drop(parts);
        let response = connection.send("/trailers", body).await.unwrap();
        let response = response.into_body().collect().await.unwrap();
        assert_eq!(response.trailers().unwrap()["x-count"], "1");
        assert_eq!(response.to_bytes(), "x-sum: 532\n");
    });
    server.stop();
}

/// The stream is reset, and the others of its connection go on.
#[test]
fn a_handler_that_fails_costs_its_own_stream() {
    let server = serve(HTTP).start();
    run(async {
        let connection = Connection::open(&server).await;
        assert_eq!(connection.get("/trap").await.0, 500);
        let beside = connection.send("/drip/20", whole(b"")).await.unwrap();
        let response = connection.send("/late/panic", whole(b"")).await.unwrap();
        assert_eq!(response.status(), 200);
        let error = response.into_body().collect().await.unwrap_err();
        assert!(format!("{error:?}").contains("INTERNAL_ERROR"), "{error:?}");
        assert_eq!(beside.into_body().collect().await.unwrap().to_bytes().len(), 50);
    });
    let books = server.stop();
    assert_eq!(
        (books.requests_ended("trap"), books.requests_ended("completed")),
        (2, 1)
    );
}

#[test]
fn a_stream_that_its_peer_gives_up_is_over() {
    let server = serve(HTTP).start();
    run(async {
        let connection = Connection::open(&server).await;
        let response = connection.send("/drip/1000", whole(b"")).await.unwrap();
        drop(response);
        let never = connection.send("/never", whole(b""));
        assert!(tokio::time::timeout(Duration::from_millis(300), never).await.is_err());
        let ended = server.requests(2);
        assert!(
            ended.iter().all(|ended| ended.text("outcome") == "aborted"),
            "{ended:?}"
        );
        assert_eq!(connection.get("/").await.1, "hello\n");
    });
    server.stop();
}

#[test]
fn a_stream_that_its_peer_does_not_read_is_not_waited_for() {
    let server = serve(HTTP).with("body-idle-timeout", "500ms").start();
    run(async {
        let connection = Connection::open(&server).await;
        let response = connection.send("/size/100000000", whole(b"")).await.unwrap();
        // The window of one stream fills up, and that of the connection does not.
        let beside = connection.get("/").await;
        assert_eq!(beside.1, "hello\n");
        let ended = server.requests(2);
        let large = ended
            .iter()
            .find(|ended| ended.text("path").starts_with("/size"))
            .unwrap();
        assert_eq!(large.text("outcome"), "idle");
        assert!(response.into_body().collect().await.is_err());
        assert_eq!(connection.get("/").await.1, "hello\n", "the connection goes on");
    });
    server.stop();
}

/// Not even when everything is there to be sent, and its handler has returned.
#[test]
fn a_peer_that_opens_no_window_is_not_waited_for() {
    let server = serve(HTTP).with("body-idle-timeout", "500ms").start();
    run(async {
        let connection = Connection::open_with_window(&server, 0).await;
        for path in ["/fixed/8192", "/fixed/10", "/size/100000000"] {
            let response = connection.send(path, whole(b"")).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            assert!(response.into_body().collect().await.is_err(), "{path}");
        }
        // Those that were whole had nothing to do any more.
        let ended = server.requests(3);
        let outcomes = ended.iter().map(|ended| ended.text("outcome")).collect::<Vec<_>>();
        assert_eq!(outcomes, ["completed", "completed", "idle"]);
        assert_eq!(
            connection.send("/empty/0", whole(b"")).await.unwrap().status(),
            200,
            "the connection goes on"
        );
    });
    server.stop();
}

#[test]
fn a_stream_whose_response_is_taken_slowly_has_its_time() {
    let server = serve(HTTP)
        .with("body-idle-timeout", "1h")
        .with("request-timeout", "500ms")
        .start();
    run(async {
        let connection = Connection::open(&server).await;
        let response = connection.send("/size/100000000", whole(b"")).await.unwrap();
        assert_eq!(server.requests(1)[0].text("outcome"), "timed-out");
        assert!(response.into_body().collect().await.is_err());
        assert_eq!(connection.get("/").await.1, "hello\n", "the connection goes on");
    });
    server.stop();
}

#[test]
fn requests_have_their_times_and_sizes() {
    let server = serve(HTTP)
        .with("request-timeout", "500ms")
        .with("max-request-body", "1000")
        .with("max-response-body", "1000")
        .start();
    run(async {
        let connection = Connection::open(&server).await;
        assert_eq!(connection.get("/never").await.0, 504);
        let response = connection.send("/count", whole(&[b'x'; 1001])).await.unwrap();
        assert_eq!(response.status(), 413);
        let (parts, body) = streamed();
        parts.send(Frame::data(vec![b'x'; 1001].into())).unwrap();
        let response = connection.send("/count", body).await.unwrap();
        assert_eq!(response.status(), 413);
        let response = connection.send("/size/1000000", whole(b"")).await.unwrap();
        assert!(response.status() == 500 || response.into_body().collect().await.is_err());
    });
    let books = server.stop();
    assert_eq!(
        (
            books.requests_ended("request-size"),
            books.requests_ended("response-size")
        ),
        (2, 1)
    );
}

#[test]
fn a_head_of_headers_is_no_longer_than_it_may_be() {
    let server = serve(HTTP).with("max-request-head", "8KiB").start();
    run(async {
        let connection = Connection::open(&server).await;
        let mut sender = connection.sender.clone();
        let request = Request::get("http://test/")
            .header("x-long", "x".repeat(20_000))
            .body(whole(b""))
            .unwrap();
        match sender.send_request(request).await {
            Ok(response) => assert_eq!(response.status(), 431),
            Err(error) => assert!(format!("{error:?}").contains("Reset"), "{error:?}"),
        }
    });
    assert_eq!(server.stop().requests, 0);
}

/// Whoever opens more streams than it may has them refused; hyper's client waits instead.
#[test]
fn streams_at_once_are_no_more_than_they_may_be() {
    let server = serve(HTTP).with("max-streams", 2).start();
    run(async {
        let connection = Connection::open(&server).await;
        connection.get("/").await;
        let since = Instant::now();
        let (one, two, three) = tokio::join!(
            connection.get("/sleep/500"),
            connection.get("/sleep/500"),
            connection.get("/sleep/500")
        );
        assert_eq!(
            (one.0, two.0, three.0),
            (StatusCode::OK, StatusCode::OK, StatusCode::OK)
        );
        assert!(since.elapsed() >= Duration::from_secs(1));
    });
    server.stop();
}

#[test]
fn a_connection_without_a_request_is_told_and_closed() {
    let server = serve(HTTP).with("keep-alive-timeout", "500ms").start();
    run(async {
        let connection = Connection::open(&server).await;
        connection.get("/").await;
        let since = Instant::now();
        connection.driver.await.unwrap().unwrap();
        assert!((400..5000).contains(&since.elapsed().as_millis()));
    });
    server.stop();
}

#[test]
fn a_preface_has_to_come_in_time() {
    let server = serve(HTTP).with("header-timeout", "500ms").start();
    let mut half = server.connect();
    half.send("PRI * HTTP/2.0\r\n");
    let mut silent = server.connect();
    silent.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    for client in [&mut half, &mut silent] {
        let (bytes, _) = client.receive_to_end();
        assert!(!bytes.starts_with(b"HTTP/1.1 200"), "{}", bytes.escape_ascii());
    }
    assert_eq!(server.stop().closed("header-timeout"), 2);
}

/// The frames of a client that keeps the rules, and then does not: a stream of headers without end.
#[test]
fn what_breaks_the_rules_is_told_and_closed() {
    let server = serve(HTTP).start();
    for frames in [
        // A frame of an impossible length.
        &b"\xff\xff\xff\x00\x00\x00\x00\x00\x00"[..],
        // DATA on stream 0.
        b"\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        // HEADERS on an even stream.
        b"\x00\x00\x01\x01\x05\x00\x00\x00\x02\x82",
        // Headers that are no HPACK.
        b"\x00\x00\x01\x01\x05\x00\x00\x00\x01\xff",
    ] {
        let mut client = Client::connect(server.address()).unwrap();
        client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00");
        client.send(frames);
        let (bytes, _) = client.receive_to_end();
        // A GOAWAY frame is of type 7.
        assert!(
            bytes.windows(4).any(|window| window[3] == 7),
            "{}",
            bytes.escape_ascii()
        );
    }
    assert_eq!(server.connect().get("/").text(), "hello\n");
    let books = server.stop();
    assert_eq!((books.closed("protocol"), books.requests), (4, 1));
}

#[test]
fn streams_that_are_reset_at_once_harm_nobody() {
    let server = serve(HTTP).with("max-concurrent-requests", 10).start();
    run(async {
        let connection = Connection::open(&server).await;
        for _ in 0..500 {
            let asked = connection.send("/never", whole(b""));
            let _ = tokio::time::timeout(Duration::ZERO, asked).await;
        }
        // The server may have had enough of it, which is told.
        let _ = connection.send("/", whole(b"")).await;
    });
    assert_eq!(server.connect().get("/").text(), "hello\n");
    server.wait_for("the others are over", |books| books.active_requests == 0);
    server.stop();
}

#[test]
fn a_server_that_stops_finishes_its_streams() {
    let server = serve(HTTP).start();
    run(async {
        let connection = Connection::open(&server).await;
        connection.get("/").await;
        let slow = tokio::spawn(connection.get("/sleep/700"));
        server.wait_for("it is handled", |books| books.active_requests == 1);
        server.signal(Signal::TERM);
        assert_eq!(slow.await.unwrap().1, "slept\n");
        connection.driver.await.unwrap().unwrap();
    });
    let ended = server.ended();
    assert_eq!((ended.code, ended.books.requests_ended("completed")), (Some(0), 2));
}

#[test]
fn http_1_is_spoken_at_the_same_port() {
    let server = serve(HTTP).start();
    let mut client = server.connect();
    // The first bytes are those of the preface of HTTP/2.
    client.send("P");
    client.send("OST / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.response().text(), "hello\n");
    client.finish();
    assert_eq!(client.end(), End::Closed);
    server.stop();
}
