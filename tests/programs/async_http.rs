//! Handles requests of HTTP, by `wasi:http` of WASI 0.3, in the way that the path says. The host must do for it what it does
//! for a handler of WASI 0.2.

#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "what a guest prints is for the log"
)]

use std::sync::atomic::{AtomicU32, Ordering};

use wasip3::clocks::monotonic_clock::wait_for;
use wasip3::exports::http::handler::Guest;
use wasip3::http::client;
use wasip3::http::types::{ErrorCode, Fields, Method, Request, Response, Scheme, Trailers};
use wasip3::wit_bindgen::{self, StreamResult};
use wasip3::{wit_future, wit_stream};

wasip3::http::service::export!(Http);

struct Http;

impl Guest for Http {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let path = request.get_path_with_query().unwrap_or_default();
        let (what, rest) = path[1..].split_once('/').unwrap_or_else(|| (&path[1..], ""));
        let rest = rest.to_owned();
        match what {
            "after" => {
                wit_bindgen::spawn_local(async move {
                    wait_for(nanos(&rest)).await;
                    eprintln!("and after");
                });
                Ok(answer(200, "done\n"))
            }
            "count" => {
                let count = consume(request).await;
                Ok(answer(200, format!("{count}\n")))
            }
            "decline" => Err(ErrorCode::ConnectionRefused),
            "describe" => Ok(answer(200, describe(&request))),
            "drip" => Ok(drip(rest.parse().expect("a number"))),
            "echo" => Ok(echo(request)),
            "exit" => end(),
            "fetch" => Ok(answer(200, fetch(&rest).await)),
            "grow" => grow(),
            "late" => Ok(late(rest)),
            "leave" => Ok(answer(200, format!("{}\n", LEFT.fetch_add(1, Ordering::Relaxed)))),
            "never" => {
                wait_for(3_600_000_000_000).await;
                Ok(answer(200, "at last\n"))
            }
            "panic" => panic!("gave up on purpose"),
            "pass" => Ok(pass(request)),
            "print" => {
                println!("{rest} to stdout");
                eprintln!("{rest} to stderr");
                Ok(answer(200, "printed\n"))
            }
            "sleep" => {
                wait_for(nanos(&rest)).await;
                Ok(answer(200, "slept\n"))
            }
            "spin" => loop {
                std::hint::black_box(());
            },
            "status" => Ok(answer(rest.parse().expect("a status"), "as you say\n")),
            "trap" => core::arch::wasm32::unreachable(),
            _ => Ok(answer(200, "hello\n")),
        }
    }
}

/// What one request leaves behind.
static LEFT: AtomicU32 = AtomicU32::new(0);

fn nanos(millis: &str) -> u64 {
    millis.parse::<u64>().expect("a number") * 1_000_000
}

/// A response whose body is what `write` sends.
fn respond<F: Future<Output = ()> + 'static>(
    status: u16,
    write: impl FnOnce(wit_bindgen::StreamWriter<u8>) -> F + 'static,
) -> Response {
    let (sender, contents) = wit_stream::new();
    let (trailers, ended) = wit_future::new(|| Ok(None));
    let fields = Fields::from_list(&[("content-type".to_owned(), b"text/plain".to_vec())]).expect("headers");
    let (response, _sent) = Response::new(fields, Some(contents), ended);
    response.set_status_code(status).expect("a status");
    wit_bindgen::spawn_local(async move {
        write(sender).await;
        drop(trailers);
    });
    response
}

fn answer(status: u16, text: impl Into<String>) -> Response {
    let text = text.into().into_bytes();
    respond(status, move |mut sender| async move {
        sender.write_all(text).await;
    })
}

fn body(
    request: Request,
) -> (
    wit_bindgen::StreamReader<u8>,
    wit_bindgen::FutureReader<Result<Option<Trailers>, ErrorCode>>,
) {
    let (done, result) = wit_future::new(|| Ok(()));
    drop(done);
    Request::consume_body(request, result)
}

async fn consume(request: Request) -> usize {
    let (mut contents, _trailers) = body(request);
    let mut count = 0;
    loop {
        let (result, bytes) = contents.read(Vec::with_capacity(64 << 10)).await;
        count += bytes.len();
        if matches!(result, StreamResult::Dropped) {
            return count;
        }
    }
}

/// Copies, part by part.
fn echo(request: Request) -> Response {
    let (mut contents, _trailers) = body(request);
    respond(200, move |mut sender| async move {
        loop {
            let (result, bytes) = contents.read(Vec::with_capacity(64 << 10)).await;
            if !bytes.is_empty() && !sender.write_all(bytes).await.is_empty() {
                return;
            }
            if matches!(result, StreamResult::Dropped) {
                return;
            }
        }
    })
}

/// Gives the body back as it is, trailers and all.
fn pass(request: Request) -> Response {
    let (contents, trailers) = body(request);
    let (response, _sent) = Response::new(Fields::new(), Some(contents), trailers);
    response
}

fn describe(request: &Request) -> String {
    let method = match request.get_method() {
        Method::Other(method) => method,
        method => format!("{method:?}"),
    };
    let mut lines = vec![
        method,
        request.get_path_with_query().unwrap_or_default(),
        request.get_authority().unwrap_or_default(),
        format!("{:?}", request.get_scheme().expect("a scheme")),
    ];
    let mut headers = request.get_headers().copy_all();
    headers.sort();
    for (name, value) in headers {
        lines.push(format!("{name}: {}", String::from_utf8_lossy(&value)));
    }
    lines.join("\n") + "\n"
}

/// One line each tenth of a second.
fn drip(count: u64) -> Response {
    respond(200, move |mut sender| async move {
        for number in 0..count {
            if !sender.write_all(format!("{number}\n").into_bytes()).await.is_empty() {
                return;
            }
            wait_for(100_000_000).await;
        }
    })
}

/// Fails when its response has begun, and the peer has had time to see that.
fn late(how: String) -> Response {
    respond(200, move |mut sender| async move {
        sender.write_all(b"a part\n".to_vec()).await;
        wait_for(100_000_000).await;
        match how.as_str() {
            "exit" => end(),
            "grow" => grow(),
            "panic" => panic!("gave up on purpose"),
            "never" => wait_for(3_600_000_000_000).await,
            _ => loop {
                std::hint::black_box(());
            },
        }
    })
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

/// Asks `AUTHORITY/PATH`, and says what comes.
async fn fetch(target: &str) -> String {
    let (authority, path) = target.split_once('/').unwrap_or((target, ""));
    let (trailers, ended) = wit_future::new(|| Ok(None));
    drop(trailers);
    let (request, _sent) = Request::new(Fields::new(), None, ended, None);
    request.set_scheme(Some(&Scheme::Http)).expect("a scheme");
    request.set_authority(Some(authority)).expect("an authority");
    request.set_path_with_query(Some(&format!("/{path}"))).expect("a path");
    let response = match client::send(request).await {
        Ok(response) => response,
        Err(code) => return format!("{code:?}\n"),
    };
    let status = response.get_status_code();
    let (done, result) = wit_future::new(|| Ok(()));
    drop(done);
    let (contents, trailers) = Response::consume_body(response, result);
    let text = contents.collect().await;
    let whole = trailers.await.is_ok();
    format!("{status} {whole} {}", String::from_utf8_lossy(&text))
}
