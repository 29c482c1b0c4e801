//! A datagram that no host has received.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use crate::address::Address;
use crate::datagram::{DatagramHandler, DatagramRequest, DatagramSocket, serve};
use crate::error::{ErrorCode, Result};

/// A datagram, and what was sent because of it.
///
/// ```
/// use socketserver_guest::testing::{Datagram, serve_datagram};
/// use socketserver_guest::{DatagramHandler, DatagramRequest, Result};
///
/// #[derive(Default)]
/// struct Shout;
///
/// impl DatagramHandler for Shout {
///     fn handle(&mut self, request: &mut DatagramRequest) -> Result {
///         request.wfile = request.data().to_ascii_uppercase();
///         Ok(())
///     }
/// }
///
/// let datagram = Datagram::carrying("hello");
/// serve_datagram::<Shout>(&datagram)?;
/// assert_eq!(datagram.sent(), [(b"HELLO".to_vec(), datagram.remote_address())]);
/// # Ok::<(), socketserver_guest::Error>(())
/// ```
#[derive(Clone)]
pub struct Datagram(Rc<RefCell<Script>>);

struct Script {
    data: Vec<u8>,
    remote: Address,
    local: Address,
    truncated: bool,
    failures: VecDeque<ErrorCode>,
    sent: Vec<(Vec<u8>, Address)>,
    timeout: Option<u32>,
}

impl Datagram {
    /// A datagram with `data`, which came from one port of 127.0.0.1 to another.
    pub fn carrying(data: impl AsRef<[u8]>) -> Self {
        Self(Rc::new(RefCell::new(Script {
            data: data.as_ref().to_vec(),
            remote: Address::Ip(SocketAddr::from((Ipv4Addr::LOCALHOST, 49_152))),
            local: Address::Ip(SocketAddr::from((Ipv4Addr::LOCALHOST, 7))),
            truncated: false,
            failures: VecDeque::new(),
            sent: Vec::new(),
            timeout: None,
        })))
    }

    /// Make it come from `remote`.
    #[must_use]
    pub fn coming_from(self, remote: Address) -> Self {
        self.0.borrow_mut().remote = remote;
        self
    }

    /// Make it come to `local`.
    #[must_use]
    pub fn coming_to(self, local: Address) -> Self {
        self.0.borrow_mut().local = local;
        self
    }

    /// Make it the beginning of a longer datagram.
    #[must_use]
    pub fn truncated(self) -> Self {
        self.0.borrow_mut().truncated = true;
        self
    }

    /// Make the next calls that send fail, each with one of `codes`.
    #[must_use]
    pub fn failing(self, codes: impl IntoIterator<Item = ErrorCode>) -> Self {
        self.0.borrow_mut().failures.extend(codes);
        self
    }

    /// Who it comes from.
    pub fn remote_address(&self) -> Address {
        self.0.borrow().remote.clone()
    }

    /// What was sent, and to whom, in order.
    pub fn sent(&self) -> Vec<(Vec<u8>, Address)> {
        self.0.borrow().sent.clone()
    }

    /// What was sent, in order.
    pub fn sent_data(&self) -> Vec<Vec<u8>> {
        self.sent().into_iter().map(|(data, _)| data).collect()
    }

    /// The timeout that is set, in milliseconds.
    pub fn timeout(&self) -> Option<u32> {
        self.0.borrow().timeout
    }

    pub(crate) fn send_to(&self, data: &[u8], remote: &Address) -> Result<(), ErrorCode> {
        let mut script = self.0.borrow_mut();
        if *remote != script.remote {
            return Err(ErrorCode::AccessDenied);
        }
        if *remote == Address::Unix(None) {
            return Err(ErrorCode::InvalidArgument);
        }
        if let Some(code) = script.failures.pop_front() {
            return Err(code);
        }
        script.sent.push((data.to_vec(), remote.clone()));
        Ok(())
    }

    pub(crate) fn set_timeout(&self, milliseconds: Option<u32>) {
        self.0.borrow_mut().timeout = milliseconds;
    }

    pub(crate) fn local_address(&self) -> Address {
        self.0.borrow().local.clone()
    }
}

/// Serve a datagram with a handler, as the host would.
///
/// # Errors
///
/// The error of the handler, or of sending its answer.
pub fn serve_datagram<H: DatagramHandler>(datagram: &Datagram) -> Result {
    let (data, truncated) = {
        let script = datagram.0.borrow();
        (script.data.clone(), script.truncated)
    };
    let socket = DatagramSocket::new(datagram.clone());
    serve::<H>(DatagramRequest::new(data, datagram.remote_address(), truncated, socket))
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::time::Duration;

    use super::*;

    /// As the host does: a handler that answers somebody else must not pass its tests.
    #[test]
    fn nobody_but_the_sender_is_sent_to() {
        let datagram = Datagram::carrying("");
        let socket = DatagramSocket::new(datagram.clone());
        let other = Address::Ip(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
        let error = socket.send_to(b"hello", &other).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(ErrorCode::of(&error), Some(&ErrorCode::AccessDenied));
        assert!(datagram.sent().is_empty());
    }

    #[test]
    fn a_socket_has_the_timeout_and_the_addresses_of_its_datagram() {
        let local = Address::Unix(Some("@echo".to_owned()));
        let datagram = Datagram::carrying("").coming_to(local.clone());
        let socket = DatagramSocket::new(datagram.clone());
        socket.set_timeout(Some(Duration::from_millis(5)));
        assert_eq!(datagram.timeout(), Some(5));
        assert_eq!(socket.local_address(), local);
    }
}
