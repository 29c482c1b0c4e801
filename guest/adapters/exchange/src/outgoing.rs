//! A response, as it goes out.

use std::task::Poll;

use adapter_connection::Pollables;
use adapter_connection::network::ErrorCode;
use wasi::http::types::{Fields, HeaderError, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasi::io::streams::{OutputStream, StreamError};

/// A status code.
pub type Status = u16;

/// A response, and how far it is.
#[derive(Debug)]
pub enum Outgoing {
    /// Nothing was sent.
    Begun(ResponseOutparam),
    /// The head was sent, and the body is being sent. The stream is a child of the body, so it stands before it.
    Body {
        /// What the body is written to.
        stream: OutputStream,
        /// The body.
        body: OutgoingBody,
    },
    /// It was sent whole, or was aborted.
    Ended,
}

impl Outgoing {
    /// Whether nothing was sent.
    #[must_use]
    pub const fn is_untouched(&self) -> bool {
        matches!(self, Self::Begun(_))
    }

    /// Sends the head, if none was sent yet. Fields that a runtime keeps for itself are left out.
    ///
    /// # Errors
    ///
    /// The runtime does not take the status, or a field.
    pub fn begin(&mut self, status: Status, fields: &[(String, Vec<u8>)]) -> Result<(), ErrorCode> {
        if !self.is_untouched() {
            return Ok(());
        }
        let headers = Fields::new();
        for (name, value) in fields {
            match headers.append(name, value) {
                Ok(()) | Err(HeaderError::Forbidden) => {}
                Err(error) => return Err(ErrorCode::Other(Some(format!("the field {name}: {error}")))),
            }
        }
        let response = OutgoingResponse::new(headers);
        let unusable = |()| ErrorCode::Other(Some(format!("the status {status}")));
        response.set_status_code(status).map_err(unusable)?;
        let body = response.body().map_err(unusable)?;
        let stream = body.write().map_err(unusable)?;
        if let Self::Begun(response_out) = std::mem::replace(self, Self::Body { stream, body }) {
            ResponseOutparam::set(response_out, Ok(response));
        }
        Ok(())
    }

    /// Sends a part of the body, which is not empty, and returns how much. The head was sent before.
    pub fn write(&mut self, data: &[u8]) -> Poll<Result<usize, ErrorCode>> {
        let Self::Body { stream, .. } = self else {
            return Poll::Ready(Err(ErrorCode::ConnectionBroken));
        };
        let written = stream.check_write().and_then(|permit| {
            let taken = usize::try_from(permit).unwrap_or(usize::MAX).min(data.len());
            if taken > 0 {
                stream.write(&data[..taken])?;
            }
            Ok(taken)
        });
        match written {
            Ok(0) => Poll::Pending,
            Ok(taken) => Poll::Ready(Ok(taken)),
            Err(StreamError::Closed) => Poll::Ready(Err(ErrorCode::ConnectionBroken)),
            Err(StreamError::LastOperationFailed(error)) => {
                Poll::Ready(Err(ErrorCode::Other(Some(error.to_debug_string()))))
            }
        }
    }

    /// Whether [`write`](Self::write) would return at once.
    #[must_use]
    pub fn can_write(&self) -> bool {
        match self {
            Self::Body { stream, .. } => !matches!(stream.check_write(), Ok(0)),
            _ => true,
        }
    }

    /// Wakes up when some of the body may be written.
    pub fn wake(&self, pollables: &mut Pollables) {
        if let Self::Body { stream, .. } = self {
            pollables.add(stream.subscribe());
        }
    }

    /// Ends the body, if the head was sent: the response is complete.
    pub fn finish(&mut self) {
        if let Self::Body { stream, body } = self.take_body() {
            drop(stream);
            // It fails where the body is not as long as its head says: the runtime then aborts it.
            let _ = OutgoingBody::finish(body, None);
        }
    }

    /// Lets the client know that something has failed: by the status, if no head was sent, or by a body that ends before its
    /// end.
    pub fn fail(&mut self, status: Status) {
        if self.is_untouched() {
            // The runtime takes any status that stands in this code, and no field is in it.
            let _ = self.begin(status, &[]);
            self.finish();
        } else if let Self::Body { stream, body } = self.take_body() {
            drop(stream);
            // Dropped without an end, which is how WASI has it.
            drop(body);
        }
    }

    /// The body, if it is one; then it is ended.
    fn take_body(&mut self) -> Self {
        match self {
            Self::Body { .. } => std::mem::replace(self, Self::Ended),
            _ => Self::Ended,
        }
    }
}
