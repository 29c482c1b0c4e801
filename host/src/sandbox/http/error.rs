//! Errors of `wasi:http`, and what stands for them outside.

use http::StatusCode;
use wasmtime_wasi_http::Error;

use super::Declined;
use crate::http::BodyError;

/// What a guest that answers with an error code has the peer told.
pub(super) fn declined(error: &Error) -> Declined {
    Declined {
        status: status(error),
        message: format!("the handler answered with the error: {error}"),
    }
}

/// A guest that answers with an error usually passes on what befell a request of its own.
fn status(error: &Error) -> StatusCode {
    match error {
        Error::ConnectionReadTimeout
        | Error::ConnectionTimeout
        | Error::ConnectionWriteTimeout
        | Error::DnsTimeout
        | Error::HttpResponseTimeout => StatusCode::GATEWAY_TIMEOUT,
        Error::Connect(_)
        | Error::ConnectionRefused
        | Error::ConnectionTerminated
        | Error::DestinationIpProhibited
        | Error::DestinationIpUnroutable
        | Error::DestinationNotFound
        | Error::DestinationUnavailable
        | Error::DnsError { .. }
        | Error::HttpProtocolError
        | Error::HttpResponseIncomplete
        | Error::Hyper(_)
        | Error::Tls(_)
        | Error::TlsAlertReceived { .. }
        | Error::TlsCertificateError
        | Error::TlsProtocolError => StatusCode::BAD_GATEWAY,
        Error::ConnectionLimitReached => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Error> for BodyError {
    fn from(error: Error) -> Self {
        match error {
            Error::ConnectionReadTimeout => Self::Idle,
            Error::ConnectionTerminated => Self::Connection,
            // How wasmtime breaks off a body that was dropped unfinished, or is not what it was said to be.
            Error::HttpProtocolError | Error::HttpResponseBodySize(_) => {
                Self::Guest("the body was not finished, or is not as long as the handler said".to_owned())
            }
            error => Self::Guest(error.to_string()),
        }
    }
}

/// What a guest sees of its request's body.
impl From<BodyError> for Error {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Connection => Self::ConnectionTerminated,
            BodyError::Guest(message) => Self::InternalError(Some(message)),
            BodyError::Idle => Self::ConnectionReadTimeout,
            BodyError::TooLong => Self::HttpRequestBodySize(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_that_passes_a_failure_on_is_a_bad_gateway() {
        assert_eq!(declined(&Error::ConnectionRefused).status, 502);
        assert_eq!(declined(&Error::DnsTimeout).status, 504);
        assert_eq!(declined(&Error::ConnectionLimitReached).status, 503);
        assert_eq!(declined(&Error::InternalError(None)).status, 500);
    }
}
