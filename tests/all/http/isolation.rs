//! Nothing of one request reaches another.

use std::thread;

use crate::support::guest::EACH_HTTP;
use crate::support::http::{request, serve};

/// A handler that was left as another request had made it would answer with more than 0.
#[test]
fn requests_of_one_connection_leave_each_other_nothing() {
    for guest in EACH_HTTP {
        let server = serve(guest).start();
        let mut client = server.connect();
        for _ in 0..100 {
            assert_eq!(client.get("/leave").text(), "0\n");
        }
        client.send(request("GET", "/leave", "").repeat(20));
        for _ in 0..20 {
            assert_eq!(client.response().text(), "0\n");
        }
        drop(client);
        server.stop();
    }
}

#[test]
fn requests_of_many_connections_leave_each_other_nothing() {
    for guest in EACH_HTTP {
        let server = serve(guest).with("max-concurrent-requests", 4).start();
        let clients: Vec<_> = (0..8).map(|_| server.connect()).collect();
        thread::scope(|scope| {
            for mut client in clients {
                scope.spawn(move || {
                    for _ in 0..50 {
                        assert_eq!(client.get("/leave").text(), "0\n");
                    }
                });
            }
        });
        let books = server.stop();
        assert_eq!(books.requests_ended("completed"), 400);
    }
}
