//! Behaves: answers with the values that it finds in `wasi:config`. The host must refuse it unless the operator grants them.

use std::io::Write as _;

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

wit_bindgen::generate!({ path: "wit", world: "configured", generate_all });

struct Reader;

impl Guest for Reader {
    fn handle(_request: IncomingRequest, out: ResponseOutparam) {
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().expect("the body");
        ResponseOutparam::set(out, Ok(response));
        let mut values = wasi::config::store::get_all().expect("no error");
        values.sort();
        let mut stream = body.write().expect("the stream");
        for (name, value) in values {
            writeln!(stream, "{name}={value}").expect("it is taken");
        }
        drop(stream);
        OutgoingBody::finish(body, None).expect("it is whole");
    }
}

wasip2::http::proxy::export!(Reader);
