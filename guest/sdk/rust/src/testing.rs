//! Run a handler or a server program natively, without a host: for its unit tests.
//!
//! Not part of a component, and no model of a network: sending never waits, and time passes only where a script says so.

#[cfg(feature = "async")]
mod asynchronous;
#[cfg(feature = "async")]
pub(crate) mod clock;
mod datagram;
mod host;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use crate::address::Address;
use crate::connection::{Connection, Readiness};
use crate::error::{ErrorCode, Result};
use crate::handler::{Handler, serve as serve_connection};

#[cfg(feature = "async")]
pub use asynchronous::serve_async;
#[cfg(feature = "async")]
pub(crate) use asynchronous::{Incoming, Outgoing};
#[cfg(feature = "async")]
pub use clock::block_on;
pub use datagram::{Datagram, serve_datagram};
pub use host::Host;
pub(crate) use host::{ScriptedRequest, ScriptedServer};

/// The operations of a connection, as `wit/connections.wit` defines them.
///
/// Implement it to run a handler natively over something else than a [`Peer`]. Each method does what the method of the
/// same name of [`Connection`] documents.
#[expect(missing_docs, reason = "documented as the methods of the same names of `Connection`")]
pub trait Transport {
    fn receive(&self, max: u32) -> Result<Vec<u8>, ErrorCode>;
    fn send(&self, data: &[u8]) -> Result<u32, ErrorCode>;
    fn send_all(&self, data: &[u8]) -> Result<(), ErrorCode>;
    fn wait(&self, interest: Readiness) -> Result<Readiness, ErrorCode>;
    fn shutdown(&self, how: Shutdown) -> Result<(), ErrorCode>;
    fn set_timeout(&self, milliseconds: Option<u32>);
    fn remote_address(&self) -> Address;
    fn local_address(&self) -> Address;
}

/// What a peer does, said beforehand, and what it got.
///
/// ```
/// use socketserver_guest::testing::{Peer, serve};
/// use socketserver_guest::{Handler, Request, Result};
///
/// #[derive(Default)]
/// struct Echo;
///
/// impl Handler for Echo {
///     fn handle(&mut self, request: &mut Request) -> Result {
///         request.rfile.copy_to(&mut request.wfile)?;
///         Ok(())
///     }
/// }
///
/// let peer = Peer::sending([b"one", b"two"]);
/// serve::<Echo>(&peer)?;
/// assert_eq!(peer.got(), [b"one", b"two"]);
/// # Ok::<(), socketserver_guest::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Peer(Rc<RefCell<Script>>);

#[derive(Default)]
struct Script {
    incoming: VecDeque<Step>,
    send_limits: VecDeque<Result<usize, ErrorCode>>,
    got: Vec<Vec<u8>>,
    shut_down: Vec<Shutdown>,
    timeout: Option<u32>,
}

/// What the peer does next.
enum Step {
    Bytes(Vec<u8>),
    Fail(ErrorCode),
    Quiet(Duration),
}

impl Peer {
    /// A peer that sends `parts`, each received by one call (or several, where it has more than that call takes), and then
    /// the end of its stream.
    pub fn sending<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Self {
        let peer = Self::default();
        let incoming = parts.into_iter().map(|part| Step::Bytes(part.as_ref().to_vec()));
        peer.0.borrow_mut().incoming.extend(incoming);
        peer
    }

    /// After what it sends so far, make one call to receive fail.
    #[must_use]
    pub fn then_failing(self, code: ErrorCode) -> Self {
        self.then(Step::Fail(code))
    }

    /// After what it sends so far, send nothing for so long, counted from when the handler waits for it. A call to receive
    /// with a shorter timeout fails.
    #[must_use]
    pub fn then_quiet(self, duration: Duration) -> Self {
        self.then(Step::Quiet(duration))
    }

    /// After what it sends so far, send `part`.
    #[must_use]
    pub fn then_sending(self, part: impl AsRef<[u8]>) -> Self {
        self.then(Step::Bytes(part.as_ref().to_vec()))
    }

    /// Make the next calls to send take at most so many bytes each, or fail; later ones take everything.
    #[must_use]
    pub fn taking(self, limits: impl IntoIterator<Item = Result<usize, ErrorCode>>) -> Self {
        self.0.borrow_mut().send_limits.extend(limits);
        self
    }

    /// What the peer got, one element for each call that sent.
    pub fn got(&self) -> Vec<Vec<u8>> {
        self.0.borrow().got.clone()
    }

    /// What the peer got, in one piece.
    pub fn got_bytes(&self) -> Vec<u8> {
        self.0.borrow().got.concat()
    }

    /// The calls to shut down, in order.
    pub fn shut_down(&self) -> Vec<Shutdown> {
        self.0.borrow().shut_down.clone()
    }

    /// The timeout that is set, in milliseconds.
    pub fn timeout(&self) -> Option<u32> {
        self.0.borrow().timeout
    }

    fn then(self, step: Step) -> Self {
        self.0.borrow_mut().incoming.push_back(step);
        self
    }

    fn next_step(&self) -> Option<Step> {
        self.0.borrow_mut().incoming.pop_front()
    }

    /// What of a step is left comes next.
    fn first(&self, step: Step) {
        self.0.borrow_mut().incoming.push_front(step);
    }
}

/// Serve the connection of `peer` with a handler, as the host would.
///
/// # Errors
///
/// The error of the handler.
pub fn serve<H: Handler>(peer: &Peer) -> Result {
    serve_transport::<H>(peer.clone())
}

/// Serve a connection over any transport.
///
/// # Errors
///
/// The error of the handler.
pub fn serve_transport<H: Handler>(transport: impl Transport + 'static) -> Result {
    serve_connection::<H>(Connection::new(Box::new(transport)))
}

impl Transport for Peer {
    fn receive(&self, max: u32) -> Result<Vec<u8>, ErrorCode> {
        if max == 0 {
            return Err(ErrorCode::InvalidArgument);
        }
        let mut left = self
            .timeout()
            .map(|milliseconds| Duration::from_millis(milliseconds.into()));
        loop {
            match self.next_step() {
                Some(Step::Bytes(mut part)) => {
                    if part.len() > max as usize {
                        self.first(Step::Bytes(part.split_off(max as usize)));
                    }
                    return Ok(part);
                }
                Some(Step::Fail(code)) => return Err(code),
                Some(Step::Quiet(duration)) => match left {
                    Some(time) if time < duration => {
                        self.first(Step::Quiet(duration - time));
                        return Err(ErrorCode::Timeout);
                    }
                    Some(time) => left = Some(time - duration),
                    None => {}
                },
                None => return Ok(Vec::new()),
            }
        }
    }

    fn send(&self, data: &[u8]) -> Result<u32, ErrorCode> {
        if data.is_empty() {
            return Ok(0);
        }
        let mut script = self.0.borrow_mut();
        let limit = script.send_limits.pop_front().unwrap_or(Ok(usize::MAX))?;
        let taken = &data[..limit.min(data.len())];
        script.got.push(taken.to_vec());
        Ok(u32::try_from(taken.len()).unwrap_or(u32::MAX))
    }

    fn send_all(&self, data: &[u8]) -> Result<(), ErrorCode> {
        let mut sent = 0;
        while sent < data.len() {
            sent += self.send(&data[sent..])? as usize;
        }
        Ok(())
    }

    fn wait(&self, interest: Readiness) -> Result<Readiness, ErrorCode> {
        if interest == Readiness::default() {
            return Err(ErrorCode::InvalidArgument);
        }
        Ok(interest)
    }

    fn shutdown(&self, how: Shutdown) -> Result<(), ErrorCode> {
        self.0.borrow_mut().shut_down.push(how);
        Ok(())
    }

    fn set_timeout(&self, milliseconds: Option<u32>) {
        self.0.borrow_mut().timeout = milliseconds;
    }

    fn remote_address(&self) -> Address {
        Address::Ip(SocketAddr::from((Ipv4Addr::LOCALHOST, 49_152)))
    }

    fn local_address(&self) -> Address {
        Address::Ip(SocketAddr::from((Ipv4Addr::LOCALHOST, 7)))
    }
}
