//! Handles requests of HTTP, by `wasi:http` of WASI 0.2, in the way that the path says. The host must answer each, whatever
//! its handler does, and keep what one request leaves behind from every other.

#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "what a guest prints is for the log"
)]

use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingRequest, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    OutgoingResponse, ResponseOutparam, Scheme,
};
use wasip2::io::streams::StreamError;

wasip2::http::proxy::export!(Http);

struct Http;

impl Guest for Http {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let (what, rest) = path[1..].split_once('/').unwrap_or_else(|| (&path[1..], ""));
        match what {
            "after" => {
                answer(out, 200, b"done\n");
                subscribe_duration(nanos(number(rest))).block();
                eprintln!("and after");
            }
            "count" => {
                let count = consume(&request);
                answer(out, 200, format!("{count}\n").as_bytes());
            }
            "decline" => ResponseOutparam::set(out, Err(ErrorCode::ConnectionRefused)),
            "describe" => answer(out, 200, describe(&request).as_bytes()),
            "drip" => drip(out, number(rest)),
            "echo" => echo(&request, out),
            "empty" => {
                let body = begin(out, 200, &[("content-length", "0")]);
                let _ = OutgoingBody::finish(body, None);
                subscribe_duration(nanos(number(rest))).block();
                eprintln!("and after");
            }
            "exit" => end(),
            "fetch" => answer(out, 200, fetch(rest).as_bytes()),
            "fixed" => fixed(out, number(rest)),
            "grow" => grow(),
            "hoard" => answer(out, 200, hoard().as_bytes()),
            "late" => late(out, rest),
            "leave" => {
                let first = LEFT.fetch_add(1, Ordering::Relaxed);
                answer(out, 200, format!("{first}\n").as_bytes());
            }
            "leak" => leak(out, number(rest)),
            "length" => {
                let body = begin(
                    out,
                    number(rest).try_into().expect("a status"),
                    &[("content-length", "10")],
                );
                let _ = OutgoingBody::finish(body, None);
            }
            "never" => subscribe_duration(nanos(3_600_000)).block(),
            "panic" => panic!("gave up on purpose"),
            "print" => {
                println!("{rest} to stdout");
                eprintln!("{rest} to stderr");
                answer(out, 200, b"printed\n");
            }
            "reach" => answer(out, 200, reach().as_bytes()),
            "short" => short(out),
            "silent" => {}
            "size" => size(out, number(rest)),
            "sleep" => {
                subscribe_duration(nanos(number(rest))).block();
                answer(out, 200, b"slept\n");
            }
            "spin" => loop {
                std::hint::black_box(());
            },
            "status" => answer(out, rest.parse().expect("a status"), b"as you say\n"),
            "trailers" => trailers(&request, out),
            "trap" => core::arch::wasm32::unreachable(),
            _ => answer(out, 200, b"hello\n"),
        }
    }
}

/// What one request leaves behind.
static LEFT: AtomicU32 = AtomicU32::new(0);

fn number(text: &str) -> u64 {
    text.parse().expect("a number")
}

fn nanos(millis: u64) -> u64 {
    millis * 1_000_000
}

fn begin(out: ResponseOutparam, status: u16, headers: &[(&str, &str)]) -> OutgoingBody {
    let fields = Fields::new();
    for (name, value) in headers {
        fields.append(name, value.as_bytes()).expect("a header");
    }
    let response = OutgoingResponse::new(fields);
    response.set_status_code(status).expect("a status");
    let body = response.body().expect("the body");
    ResponseOutparam::set(out, Ok(response));
    body
}

fn answer(out: ResponseOutparam, status: u16, bytes: &[u8]) {
    let body = begin(out, status, &[("content-type", "text/plain")]);
    let mut stream = body.write().expect("the stream");
    if !bytes.is_empty() {
        let _ = stream.write_all(bytes);
    }
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}

fn describe(request: &IncomingRequest) -> String {
    let method = match request.method() {
        Method::Other(method) => method,
        method => format!("{method:?}"),
    };
    let mut lines = vec![
        method,
        request.path_with_query().unwrap_or_default(),
        request.authority().unwrap_or_default(),
        format!("{:?}", request.scheme().expect("a scheme")),
    ];
    let mut headers: Vec<_> = request.headers().entries();
    headers.sort();
    for (name, value) in headers {
        lines.push(format!("{name}: {}", String::from_utf8_lossy(&value)));
    }
    lines.join("\n") + "\n"
}

fn consume(request: &IncomingRequest) -> u64 {
    let body = request.consume().expect("the body");
    let stream = body.stream().expect("the stream");
    let mut count = 0;
    while let Ok(bytes) = stream.blocking_read(1 << 16) {
        count += bytes.len() as u64;
    }
    count
}

fn echo(request: &IncomingRequest, out: ResponseOutparam) {
    let received = request.consume().expect("the body");
    let input = received.stream().expect("the stream");
    let body = begin(out, 200, &[]);
    let output = body.write().expect("the stream");
    loop {
        match output.blocking_splice(&input, 1 << 20) {
            Ok(_) => {}
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => panic!("{}", error.to_debug_string()),
        }
    }
    drop(output);
    let _ = OutgoingBody::finish(body, None);
}

fn trailers(request: &IncomingRequest, out: ResponseOutparam) {
    let received = request.consume().expect("the body");
    let stream = received.stream().expect("the stream");
    while stream.blocking_read(1 << 16).is_ok() {}
    drop(stream);
    let trailers = IncomingBody::finish(received);
    trailers.subscribe().block();
    let trailers = trailers
        .get()
        .expect("they are there")
        .expect("once")
        .expect("no error");
    let entries = trailers.map(|fields| fields.entries()).unwrap_or_default();
    let body = begin(out, 200, &[("trailer", "x-count")]);
    let mut output = body.write().expect("the stream");
    for (name, value) in &entries {
        writeln!(output, "{name}: {}", String::from_utf8_lossy(value)).expect("it is taken");
    }
    drop(output);
    let fields = Fields::new();
    fields
        .append("x-count", entries.len().to_string().as_bytes())
        .expect("a trailer");
    let _ = OutgoingBody::finish(body, Some(fields));
}

fn size(out: ResponseOutparam, size: u64) {
    let body = begin(out, 200, &[]);
    send(&body, size);
    let _ = OutgoingBody::finish(body, None);
}

fn fixed(out: ResponseOutparam, size: u64) {
    let body = begin(out, 200, &[("content-length", &size.to_string())]);
    send(&body, size);
    let _ = OutgoingBody::finish(body, None);
}

fn send(body: &OutgoingBody, mut left: u64) {
    let mut stream = body.write().expect("the stream");
    let chunk = [b'x'; 64 << 10];
    while left > 0 {
        let now = usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()));
        if stream.write_all(&chunk[..now]).is_err() {
            return;
        }
        left -= now as u64;
    }
}

fn short(out: ResponseOutparam) {
    let body = begin(out, 200, &[("content-length", "10")]);
    body.write()
        .expect("the stream")
        .write_all(b"five\n")
        .expect("it is taken");
    let _ = OutgoingBody::finish(body, None);
}

/// Sends so many bytes where it has said ten, and never says that it is done.
fn leak(out: ResponseOutparam, count: u64) {
    let body = begin(out, 200, &[("content-length", "10")]);
    let stream = body.write().expect("the stream");
    let _ = stream.write(&b"0123456789abcdef"[..usize::try_from(count).expect("a few")]);
    std::mem::forget((stream, body));
}

/// Makes requests that it does not send, each with as much of a body as the host takes, and says how much that is in all.
fn hoard() -> String {
    let mut all = Vec::new();
    let mut bytes = 0;
    // The handles of the request that is answered, and a few to spare.
    for _ in 0..1000 {
        let request = OutgoingRequest::new(Fields::new());
        let body = request.body().expect("the body");
        let stream = body.write().expect("the stream");
        while let Ok(taken @ 1..) = stream.check_write() {
            let part = vec![b'x'; usize::try_from(taken).expect("it fits")];
            if stream.write(&part).is_err() {
                break;
            }
            bytes += taken;
        }
        drop(stream);
        drop(body);
        all.push(request);
    }
    format!("{} requests, {bytes} bytes\n", all.len())
}

/// One line each tenth of a second.
fn drip(out: ResponseOutparam, count: u64) {
    let body = begin(out, 200, &[]);
    let mut stream = body.write().expect("the stream");
    for number in 0..count {
        if stream.write_all(format!("{number}\n").as_bytes()).is_err() {
            eprintln!("nobody takes it");
            return;
        }
        subscribe_duration(nanos(100)).block();
    }
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}

/// Fails when its response has begun, and the peer has had time to see that.
fn late(out: ResponseOutparam, how: &str) {
    let body = begin(out, 200, &[]);
    let mut stream = body.write().expect("the stream");
    stream.write_all(b"a part\n").expect("it is taken");
    std::thread::sleep(Duration::from_millis(100));
    match how {
        "exit" => end(),
        "grow" => grow(),
        "panic" => panic!("gave up on purpose"),
        "never" => subscribe_duration(nanos(3_600_000)).block(),
        _ => loop {
            std::hint::black_box(());
        },
    }
}

#[expect(clippy::exit, reason = "the fault that is asked for")]
fn end() -> ! {
    std::process::exit(1);
}

fn grow() -> ! {
    let mut all = Vec::new();
    loop {
        all.push(vec![1_u8; 1 << 20]);
    }
}

fn reach() -> String {
    let variables = std::env::vars().count();
    let arguments = std::env::args().count();
    let file = std::fs::read("/etc/passwd").is_err();
    let mut input = Vec::new();
    let stdin = std::io::stdin().read_to_end(&mut input).unwrap_or_default();
    format!("{variables} variables, {arguments} arguments, no file: {file}, {stdin} bytes of input\n")
}

/// Asks `AUTHORITY/PATH`, and says what comes.
fn fetch(target: &str) -> String {
    let (authority, path) = target.split_once('/').unwrap_or((target, ""));
    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&Scheme::Http)).expect("a scheme");
    request.set_authority(Some(authority)).expect("an authority");
    request.set_path_with_query(Some(&format!("/{path}"))).expect("a path");
    let response = match outgoing_handler::handle(request, None) {
        Ok(response) => response,
        Err(code) => return format!("{code:?}\n"),
    };
    response.subscribe().block();
    match response.get().expect("it is there").expect("once") {
        Ok(response) => read(&response),
        Err(code) => format!("{code:?}\n"),
    }
}

fn read(response: &IncomingResponse) -> String {
    let body = response.consume().expect("the body");
    let mut text = String::new();
    let read = body.stream().expect("the stream").read_to_string(&mut text);
    format!("{} {} {text}", response.status(), read.is_ok())
}
