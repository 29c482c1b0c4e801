//! The way from the bytes that a handler sends to a response.

use adapter_async_exchange::{aborted, bare, complain};
use adapter_connection::network::ErrorCode;
use adapter_wire::{Event, Head, Malformed, Response as Wire};
use wasip3::http::types::{ErrorCode as HttpError, Fields, HeaderError, Response};
use wit_bindgen::{FutureReader, StreamReader, StreamResult, StreamWriter, spawn_local};

/// What a handler sends, and how that ended.
struct Sent {
    stream: StreamReader<u8>,
    told: FutureReader<Result<(), ErrorCode>>,
    wire: Wire,
    /// What was read and not understood yet, from `taken` on.
    data: Vec<u8>,
    taken: usize,
}

const BAD_GATEWAY: u16 = 502;
const INTERNAL_SERVER_ERROR: u16 = 500;

/// How much is taken of what the handler sends at once.
const PART: usize = 65_536;

/// The response that the handler sends, whose body is relayed by a task.
pub(crate) async fn relay(
    stream: StreamReader<u8>,
    told: FutureReader<Result<(), ErrorCode>>,
    is_of_head: bool,
) -> Result<Response, HttpError> {
    let mut sent = Sent {
        stream,
        told,
        wire: Wire::new(is_of_head),
        data: Vec::new(),
        taken: 0,
    };
    let head = match sent.head().await {
        Ok(head) => head,
        Err(malformed) => {
            drop(sent.stream);
            if let Err(error) = sent.told.await {
                complain(&format!("handler error: {error}"));
                return bare(INTERNAL_SERVER_ERROR);
            }
            complain(&malformed.to_string());
            return bare(BAD_GATEWAY);
        }
    };
    let fields = fields(&head)?;
    let has_body = !sent.wire.has_ended();
    let (body, body_for_runtime) = wasip3::wit_stream::new();
    let (end, end_for_runtime) = wasip3::wit_future::new(aborted);
    let response = Response::new(fields, has_body.then_some(body_for_runtime), end_for_runtime).0;
    response
        .set_status_code(head.status)
        .map_err(|()| HttpError::InternalError(None))?;
    spawn_local(async move {
        let ended = match sent.body(body).await {
            Ok(()) => Ok(None),
            Err(error) => {
                complain(&error);
                aborted()
            }
        };
        let _ = end.write(ended).await;
    });
    Ok(response)
}

impl Sent {
    /// Reads up to the end of the head.
    async fn head(&mut self) -> Result<Head, Malformed> {
        loop {
            let (taken, event) = self.wire.next(&self.data[self.taken..])?;
            self.taken += taken;
            if let Event::Head(head) = event {
                return Ok(head);
            }
            // Without a head there is neither a body nor an end.
            if self.taken == self.data.len() && !self.read().await {
                self.wire.finish()?;
            }
        }
    }

    /// Relays the body, and tells how the response ended: in words, if it is not complete.
    async fn body(mut self, mut body: StreamWriter<u8>) -> Result<(), String> {
        let mut relayed = Ok(());
        while !self.wire.has_ended() {
            let (taken, event) = match self.wire.next(&self.data[self.taken..]) {
                Ok(next) => next,
                Err(malformed) => {
                    relayed = Err(malformed.to_string());
                    break;
                }
            };
            let part = match event {
                Event::Body(part) => part.to_vec(),
                _ => Vec::new(),
            };
            self.taken += taken;
            let size = part.len();
            if size > 0 {
                if !body.write_all(part).await.is_empty() {
                    // The client has gone: nobody is left to be told.
                    break;
                }
                self.wire.take(size);
                self.taken += size;
            } else if self.taken == self.data.len() && !self.read().await {
                relayed = self.wire.finish().map_err(|malformed| malformed.to_string());
                break;
            }
        }
        drop(body);
        // What the handler sends beyond its response is for nobody.
        drop(self.stream);
        match self.told.await {
            Err(error) => Err(format!("handler error: {error}")),
            Ok(()) => relayed,
        }
    }

    /// Reads more, behind what is there, and returns whether there was more.
    async fn read(&mut self) -> bool {
        loop {
            let (result, data) = self.stream.read(Vec::with_capacity(PART)).await;
            let has_more = !data.is_empty();
            if has_more {
                self.data = data;
                self.taken = 0;
            }
            match result {
                _ if has_more => return true,
                StreamResult::Complete(_) => {}
                _ => return false,
            }
        }
    }
}

/// The fields of the response, but for those that a runtime keeps for itself.
fn fields(head: &Head) -> Result<Fields, HttpError> {
    let fields = Fields::new();
    for (name, value) in &head.fields {
        match fields.append(name, value) {
            Ok(()) | Err(HeaderError::Forbidden) => {}
            Err(error) => {
                complain(&format!(
                    "the runtime does not take the field {name} of the handler: {error}"
                ));
                return Err(HttpError::InternalError(None));
            }
        }
    }
    Ok(fields)
}
