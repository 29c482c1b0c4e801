//! Errors of WASI 0.2 in the words of the contract.

use adapter_connection::network::ErrorCode;
use wasi::io::streams::StreamError;
use wasi::sockets::network;

/// What the contract calls an error of a socket.
#[must_use]
pub fn from_wasi(error: network::ErrorCode) -> ErrorCode {
    use network::ErrorCode as Wasi;

    match error {
        Wasi::AccessDenied => ErrorCode::AccessDenied,
        Wasi::AddressInUse => ErrorCode::AddressInUse,
        Wasi::AddressNotBindable => ErrorCode::AddressNotBindable,
        Wasi::ConnectionAborted => ErrorCode::ConnectionAborted,
        // Of a datagram: nobody receives there.
        Wasi::ConnectionRefused => ErrorCode::ConnectionBroken,
        Wasi::ConnectionReset => ErrorCode::ConnectionReset,
        Wasi::DatagramTooLarge => ErrorCode::DatagramTooLarge,
        Wasi::InvalidArgument => ErrorCode::InvalidArgument,
        Wasi::InvalidState => ErrorCode::InvalidState,
        Wasi::OutOfMemory => ErrorCode::OutOfMemory,
        Wasi::RemoteUnreachable => ErrorCode::RemoteUnreachable,
        Wasi::Timeout => ErrorCode::Timeout,
        other => ErrorCode::Other(Some(other.name().to_owned())),
    }
}

/// What the contract calls the failure of a socket's stream; nothing if the stream has ended.
#[must_use]
pub fn of_stream(error: StreamError) -> Option<ErrorCode> {
    match error {
        StreamError::Closed => None,
        StreamError::LastOperationFailed(error) => Some(of_words(error.to_debug_string())),
    }
}

/// WASI 0.2 has words alone for the failure of a stream: the function that would tell its code is not stable, and runtimes
/// do not have it. So what the words say is the best that is known.
fn of_words(words: String) -> ErrorCode {
    let letters = |letter: &char| letter.is_ascii_alphabetic();
    let bare: String = words.chars().filter(letters).collect::<String>().to_ascii_lowercase();
    let says = |word: &str| bare.contains(word);
    if says("reset") {
        ErrorCode::ConnectionReset
    } else if says("brokenpipe") || says("connectionbroken") {
        ErrorCode::ConnectionBroken
    } else if says("unreachable") {
        ErrorCode::RemoteUnreachable
    } else if says("timedout") || says("timeout") {
        ErrorCode::Timeout
    } else {
        ErrorCode::Other(Some(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_understood_in_any_spelling() {
        for (words, code) in [
            ("ErrorCode::ConnectionReset", ErrorCode::ConnectionReset),
            ("connection reset by peer (os error 104)", ErrorCode::ConnectionReset),
            ("Broken pipe (os error 32)", ErrorCode::ConnectionBroken),
            ("remote-unreachable", ErrorCode::RemoteUnreachable),
            ("Connection timed out", ErrorCode::Timeout),
            ("no idea", ErrorCode::Other(Some("no idea".to_owned()))),
        ] {
            assert_eq!(of_words(words.to_owned()), code);
        }
    }
}
