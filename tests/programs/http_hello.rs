//! Answers every request of HTTP with the same few bytes, by `wasi:http` of WASI 0.2. What a server does for the smallest answer
//! there is can be measured with it.

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

wasip2::http::proxy::export!(Hello);

struct Hello;

impl Guest for Hello {
    fn handle(_: IncomingRequest, out: ResponseOutparam) {
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().expect("it is asked for once");
        ResponseOutparam::set(out, Ok(response));
        let stream = body.write().expect("it is asked for once");
        // A peer that has gone needs no answer.
        let _ = stream.blocking_write_and_flush(b"Hello, HTTP!\n");
        drop(stream);
        let _ = OutgoingBody::finish(body, None);
    }
}
