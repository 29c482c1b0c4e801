//! The method of authentication: RFC 1928, section 3.

use crate::handshake::VERSION;
use crate::refusal::Refusal;

/// The one method that is served: to go without.
const NO_AUTHENTICATION: u8 = 0;

/// The answer to a peer that offers no method that is served.
pub(crate) const NO_METHOD: u8 = 0xff;

/// The answer to a peer that offers to go without authentication.
pub(crate) const ACCEPTED: [u8; 2] = [VERSION, NO_AUTHENTICATION];

/// The part of a greeting that is always there, and tells how many methods follow.
pub(crate) fn methods([version, methods]: [u8; 2]) -> Result<usize, Refusal> {
    if version != VERSION {
        return Err(Refusal::GreetingVersion(version));
    }
    Ok(methods.into())
}

/// Whether one of the methods that a peer offers is served.
pub(crate) fn accept(methods: &[u8]) -> Result<(), Refusal> {
    if methods.contains(&NO_AUTHENTICATION) {
        Ok(())
    } else {
        Err(Refusal::Method)
    }
}
