//! How a handler fails, and how the host says that an operation failed.

use std::error::Error as StdError;
use std::fmt::{self, Debug, Display, Formatter};
use std::io::{self, ErrorKind};

use crate::bindings::socketserver::core::network;

/// What the methods of a [`Handler`](crate::Handler) return.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Why a handler gave up: any error or text, by `?` or `into`.
///
/// It becomes one line in the log of the server, with its causes (`a: b: c`). The peer does not see it.
///
/// ```
/// use socketserver_guest::{Error, Result};
///
/// fn parse(line: &str) -> Result<u32> {
///     if line.is_empty() {
///         return Err("an empty line".into());
///     }
///     Ok(line.parse()?)
/// }
///
/// assert_eq!(parse("").unwrap_err().to_string(), "an empty line");
/// assert_eq!(parse("x").unwrap_err().to_string(), "invalid digit found in string");
/// ```
///
/// Purposefully not [`std::error::Error`], which would forbid the conversion from every error.
pub struct Error(Box<dyn StdError + Send + Sync>);

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for Error {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// The error and its causes, joined by colons.
impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

/// As [`Display`], so that `unwrap` and a `main` that returns it print text for people.
impl Debug for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// Why an operation on a connection, a datagram or a server failed: what the host said, inside an [`io::Error`].
///
/// The [`ErrorKind`] of that error is enough for most handlers; [`ErrorCode::of`] gets back to the code.
///
/// | code | [`ErrorKind`] |
/// |---|---|
/// | `AccessDenied` | [`PermissionDenied`](ErrorKind::PermissionDenied) |
/// | `AddressInUse` | [`AddrInUse`](ErrorKind::AddrInUse) |
/// | `AddressNotBindable` | [`AddrNotAvailable`](ErrorKind::AddrNotAvailable) |
/// | `InvalidArgument` | [`InvalidInput`](ErrorKind::InvalidInput) |
/// | `InvalidState` | [`NotConnected`](ErrorKind::NotConnected) |
/// | `OutOfMemory` | [`OutOfMemory`](ErrorKind::OutOfMemory) |
/// | `Timeout` | [`TimedOut`](ErrorKind::TimedOut) |
/// | `RemoteUnreachable` | [`HostUnreachable`](ErrorKind::HostUnreachable) |
/// | `ConnectionBroken` | [`BrokenPipe`](ErrorKind::BrokenPipe) |
/// | `ConnectionReset` | [`ConnectionReset`](ErrorKind::ConnectionReset) |
/// | `ConnectionAborted` | [`ConnectionAborted`](ErrorKind::ConnectionAborted) |
/// | `DatagramTooLarge` | [`InvalidData`](ErrorKind::InvalidData) |
/// | `Other` | [`Other`](ErrorKind::Other) |
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The operator has not granted this.
    AccessDenied,
    /// Something else uses the address.
    AddressInUse,
    /// No interface of the host has the address.
    AddressNotBindable,
    /// An argument is out of its range.
    InvalidArgument,
    /// The operation is not possible in the state that the connection or the server is in.
    InvalidState,
    /// The host has no memory for the operation.
    OutOfMemory,
    /// The time of [`Request::set_timeout`](crate::Request::set_timeout) has passed, or the network gave up on the peer.
    Timeout,
    /// The peer cannot be reached any more.
    RemoteUnreachable,
    /// The connection no longer takes data: the peer has closed it, or it was shut down for sending.
    ConnectionBroken,
    /// The peer has reset the connection.
    ConnectionReset,
    /// This side has aborted the connection.
    ConnectionAborted,
    /// A message does not fit: into what the system takes at once, or into what receiving was allowed to return.
    DatagramTooLarge,
    /// Any other error, with the host's words for it where it has some.
    Other(Option<String>),
}

impl ErrorCode {
    /// The code inside `error`, when it came from an operation on a connection, a datagram or a server.
    ///
    /// ```
    /// use std::io;
    /// use socketserver_guest::ErrorCode;
    ///
    /// let error = io::Error::from(ErrorCode::Timeout);
    /// assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    /// assert_eq!(ErrorCode::of(&error), Some(&ErrorCode::Timeout));
    /// ```
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::AccessDenied => ErrorKind::PermissionDenied,
            Self::AddressInUse => ErrorKind::AddrInUse,
            Self::AddressNotBindable => ErrorKind::AddrNotAvailable,
            Self::InvalidArgument => ErrorKind::InvalidInput,
            Self::InvalidState => ErrorKind::NotConnected,
            Self::OutOfMemory => ErrorKind::OutOfMemory,
            Self::Timeout => ErrorKind::TimedOut,
            Self::RemoteUnreachable => ErrorKind::HostUnreachable,
            Self::ConnectionBroken => ErrorKind::BrokenPipe,
            Self::ConnectionReset => ErrorKind::ConnectionReset,
            Self::ConnectionAborted => ErrorKind::ConnectionAborted,
            Self::DatagramTooLarge => ErrorKind::InvalidData,
            Self::Other(_) => ErrorKind::Other,
        }
    }
}

impl Display for ErrorCode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessDenied => "the operator has not granted this",
            Self::AddressInUse => "the address is in use",
            Self::AddressNotBindable => "no interface has the address",
            Self::InvalidArgument => "invalid argument",
            Self::InvalidState => "not possible in this state",
            Self::OutOfMemory => "the host is out of memory",
            Self::Timeout => "timed out",
            Self::RemoteUnreachable => "the peer is unreachable",
            Self::ConnectionBroken => "the connection no longer takes data",
            Self::ConnectionReset => "the peer reset the connection",
            Self::ConnectionAborted => "the connection was aborted",
            Self::DatagramTooLarge => "the message is too large",
            Self::Other(Some(words)) => words,
            Self::Other(None) => "the connection failed",
        })
    }
}

impl StdError for ErrorCode {}

impl From<ErrorCode> for io::Error {
    fn from(code: ErrorCode) -> Self {
        Self::new(code.kind(), code)
    }
}

impl From<network::ErrorCode> for ErrorCode {
    fn from(code: network::ErrorCode) -> Self {
        match code {
            network::ErrorCode::AccessDenied => Self::AccessDenied,
            network::ErrorCode::AddressInUse => Self::AddressInUse,
            network::ErrorCode::AddressNotBindable => Self::AddressNotBindable,
            network::ErrorCode::InvalidArgument => Self::InvalidArgument,
            network::ErrorCode::InvalidState => Self::InvalidState,
            network::ErrorCode::OutOfMemory => Self::OutOfMemory,
            network::ErrorCode::Timeout => Self::Timeout,
            network::ErrorCode::RemoteUnreachable => Self::RemoteUnreachable,
            network::ErrorCode::ConnectionBroken => Self::ConnectionBroken,
            network::ErrorCode::ConnectionReset => Self::ConnectionReset,
            network::ErrorCode::ConnectionAborted => Self::ConnectionAborted,
            network::ErrorCode::DatagramTooLarge => Self::DatagramTooLarge,
            network::ErrorCode::Other(words) => Self::Other(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_error_has_its_causes_once() {
        #[derive(Debug)]
        struct Outer(io::Error);
        impl Display for Outer {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str("reading the request")
            }
        }
        impl StdError for Outer {
            fn source(&self) -> Option<&(dyn StdError + 'static)> {
                Some(&self.0)
            }
        }

        let error = Error::from(Outer(ErrorCode::ConnectionReset.into()));
        assert_eq!(error.to_string(), "reading the request: the peer reset the connection");
    }

    #[test]
    fn an_error_of_another_origin_has_no_code() {
        assert_eq!(ErrorCode::of(&io::Error::from(ErrorKind::TimedOut)), None);
        assert_eq!(ErrorCode::of(&io::Error::other("words")), None);
    }
}
