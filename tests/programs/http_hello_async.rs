//! Answers every request of HTTP with the same few bytes, by `wasi:http` of WASI 0.3.

use wasip3::exports::http::handler::Guest;
use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::wit_bindgen::spawn_local;
use wasip3::{wit_future, wit_stream};

wasip3::http::service::export!(Hello);

struct Hello;

impl Guest for Hello {
    async fn handle(_: Request) -> Result<Response, ErrorCode> {
        let (mut sender, body) = wit_stream::new();
        // Dropped, it resolves to what it was made with: no trailers.
        let (_, trailers) = wit_future::new(|| Ok(None));
        let (response, _) = Response::new(Fields::new(), Some(body), trailers);
        spawn_local(async move {
            // A peer that has gone needs no answer.
            sender.write_all(b"Hello, HTTP!\n".to_vec()).await;
        });
        Ok(response)
    }
}
