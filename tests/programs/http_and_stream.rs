//! Behaves: handles connections, and requests of HTTP, and each handler answers what it is. The host must give each listener
//! the handler of its kind.

use std::io::Write as _;

use socketserver_guest::{Handler, Request, Result};
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

#[derive(Default)]
struct Both;

impl Handler for Both {
    fn handle(&mut self, request: &mut Request) -> Result {
        request.wfile.write_all(b"by a stream\n")?;
        Ok(())
    }
}

impl Guest for Both {
    fn handle(_request: IncomingRequest, out: ResponseOutparam) {
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().expect("the body");
        ResponseOutparam::set(out, Ok(response));
        body.write()
            .expect("the stream")
            .write_all(b"by HTTP\n")
            .expect("it is taken");
        OutgoingBody::finish(body, None).expect("it is whole");
    }
}

socketserver_guest::export!(Both);
wasip2::http::proxy::export!(Both);
