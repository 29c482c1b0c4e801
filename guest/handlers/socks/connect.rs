//! The way to the target.

use std::net::IpAddr;
use std::time::Duration;

use socketserver_guest::asynchronous::timeout;

use crate::address;
use crate::bindings::wasi::sockets::ip_name_lookup::{ErrorCode as LookupError, resolve_addresses};
use crate::bindings::wasi::sockets::types::{ErrorCode, TcpSocket};
use crate::failure::Failure;
use crate::target::{Host, Target};

/// How long one step may take, which is the lookup of a name or the attempt at one address: systems give up after minutes,
/// when the peer has long gone and the next address could have been tried.
const STEP: Duration = Duration::from_secs(10);

/// Connects to the first address of the target that can be connected to.
pub(crate) async fn connect(target: &Target) -> Result<TcpSocket, Failure> {
    let addresses = match &target.host {
        Host::Address(address) => vec![*address],
        Host::Name(name) => lookup(name).await?,
    };
    let mut failures = Vec::new();
    for address in addresses {
        match attempt(address, target.port).await {
            Ok(socket) => return Ok(socket),
            Err(failure) => failures.push(failure),
        }
    }
    Err(Failure::of_all(failures))
}

async fn lookup(name: &str) -> Result<Vec<IpAddr>, Failure> {
    match timeout(STEP, resolve_addresses(name.to_owned())).await {
        Ok(Ok(addresses)) => Ok(addresses.into_iter().map(address::of_ip).collect()),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(Failure::Name("looking the name up timed out".into())),
    }
}

async fn attempt(address: IpAddr, port: u16) -> Result<TcpSocket, Failure> {
    let socket = TcpSocket::create(address::family(address))?;
    match timeout(STEP, socket.connect(address::to_socket(address, port))).await {
        Ok(Ok(())) => Ok(socket),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(Failure::TimedOut),
    }
}

impl From<ErrorCode> for Failure {
    fn from(error: ErrorCode) -> Self {
        match error {
            ErrorCode::AccessDenied => Self::Denied,
            ErrorCode::ConnectionRefused => Self::Refused,
            ErrorCode::ConnectionReset => Self::Other("connection reset".into()),
            ErrorCode::InvalidArgument => Self::Other("not an address of one host".into()),
            ErrorCode::Other(Some(words)) => Self::Other(words),
            ErrorCode::RemoteUnreachable => Self::Unreachable,
            ErrorCode::Timeout => Self::TimedOut,
            rare => Self::Other(format!("{rare:?}")),
        }
    }
}

impl From<LookupError> for Failure {
    fn from(error: LookupError) -> Self {
        let words = match error {
            LookupError::AccessDenied => return Self::Denied,
            LookupError::InvalidArgument => "this cannot be a name",
            LookupError::NameUnresolvable => "the name has no address",
            LookupError::TemporaryResolverFailure => "the name cannot be looked up at the moment",
            LookupError::PermanentResolverFailure => "the name cannot be looked up",
            LookupError::Other(words) => return Self::Name(words.unwrap_or_else(|| "the lookup has failed".into())),
        };
        Self::Name(words.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_codes_of_the_rfc() {
        let code = |error: ErrorCode| Failure::from(error).code() as u8;
        assert_eq!(code(ErrorCode::AccessDenied), 2);
        assert_eq!(code(ErrorCode::RemoteUnreachable), 4);
        assert_eq!(code(ErrorCode::ConnectionRefused), 5);
        assert_eq!(code(ErrorCode::Timeout), 6);
        for rare in [
            ErrorCode::InvalidArgument,
            ErrorCode::AddressInUse,
            ErrorCode::Other(None),
        ] {
            assert_eq!(code(rare), 1);
        }
    }

    #[test]
    fn lookups_that_fail_have_them_too() {
        let code = |error: LookupError| Failure::from(error).code() as u8;
        assert_eq!(code(LookupError::AccessDenied), 2);
        for unknown in [
            LookupError::InvalidArgument,
            LookupError::NameUnresolvable,
            LookupError::TemporaryResolverFailure,
            LookupError::PermanentResolverFailure,
            LookupError::Other(None),
        ] {
            assert_eq!(code(unknown), 4);
        }
    }
}
