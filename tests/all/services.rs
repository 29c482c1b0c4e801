//! Services in C, C++, Zig and TypeScript, asked well and badly: what a peer may say, and what a hostile one does.

use crate::support::server::Server;
use crate::support::source::component;
use crate::support::tool::Tool;

/// Runs the assertions of `tests/oracle/services/<name>.py` against the handler.
fn is_as_asserted(name: &str, handler: &str) {
    let (Some(python), Some(component)) = (Tool::find("python3", "python3"), component(handler)) else {
        return;
    };
    let server = Server::at(component).start();
    let (_, port) = server.address().rsplit_once(':').expect("an address has a port");
    let script = crate::support::guest::project().join(format!("tests/oracle/services/{name}.py"));
    let said = python.run(&[script.to_str().expect("a path in UTF-8"), port]);
    assert_eq!(said, format!("{name}: ok\n"));
    server.stop();
}

#[test]
fn http_in_c_answers_and_refuses() {
    is_as_asserted("http", "guest/handlers/http/handler.c");
}

#[test]
fn memcached_in_cpp_answers_and_refuses() {
    is_as_asserted("memcached", "guest/handlers/memcached/handler.cpp");
}

#[test]
fn whois_in_zig_answers_and_refuses() {
    is_as_asserted("whois", "guest/handlers/whois/handler.zig");
}

#[test]
fn json_lines_in_typescript_answer_requests_and_batches() {
    let Some(component) = component("guest/handlers/json-lines/handler.ts") else {
        return;
    };
    let server = Server::at(component).start();
    let mut client = server.connect();
    for (asked, answered) in [
        (
            r#"{"jsonrpc":"2.0","method":"sum","params":[1,2,3],"id":1}"#,
            r#"{"jsonrpc":"2.0","result":6,"id":1}"#,
        ),
        (
            r#"[{"jsonrpc":"2.0","method":"echo","params":["x"],"id":"a"},{"jsonrpc":"2.0","method":"count"}]"#,
            r#"[{"jsonrpc":"2.0","result":["x"],"id":"a"}]"#,
        ),
        // The notification has counted, and had no response.
        (
            r#"{"jsonrpc":"2.0","method":"count","id":2}"#,
            r#"{"jsonrpc":"2.0","result":2,"id":2}"#,
        ),
    ] {
        assert_eq!(client.ask(asked), answered);
    }
    for (asked, code) in [
        ("{", -32700),
        ("[]", -32600),
        ("1", -32600),
        (r#"{"jsonrpc":"2.0","method":"nonesuch","id":3}"#, -32601),
        (r#"{"jsonrpc":"2.0","method":"sum","params":["x"],"id":4}"#, -32602),
    ] {
        let answer = client.ask(asked);
        assert!(answer.contains(&format!("\"code\":{code}")), "{asked}: {answer}");
    }
    let long = client.ask(&"x".repeat(70_000));
    assert!(long.contains("\"code\":-32600"), "{long}");
    drop(client);
    server.stop();
}
