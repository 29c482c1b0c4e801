//! What a guest can do about a datagram: answer it, any number of times.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::address::{Address, Remote};
use crate::listener::{DatagramSocket, Origin};
use crate::socket::within;

/// The way back to one peer.
pub(crate) struct Replies {
    socket: Arc<DatagramSocket>,
    origin: Origin,
    remote: Remote,
    timeout: Mutex<Option<Duration>>,
    /// The kind of the last failure that the guest was told.
    failure: Mutex<Option<io::ErrorKind>>,
}

impl Replies {
    pub(crate) fn new(socket: Arc<DatagramSocket>, origin: Origin) -> Self {
        Self {
            socket,
            remote: origin.remote(),
            origin,
            timeout: Mutex::default(),
            failure: Mutex::default(),
        }
    }

    /// The peer.
    pub(crate) fn remote(&self) -> &Remote {
        &self.remote
    }

    /// The address that the peer sent to.
    pub(crate) fn local_address(&self) -> Address {
        let bound = &self.socket.local_address().address;
        match (bound, self.origin.local_ip()) {
            (Address::Ip(bound), Some(ip)) => Address::from_ip((ip, bound.port()).into()),
            _ => bound.clone(),
        }
    }

    /// Forgets what the guest did about the datagram before: it is given each with a new handle.
    pub(crate) fn renew(&self) {
        *lock(&self.timeout) = None;
        *lock(&self.failure) = None;
    }

    /// Bounds each later call that waits.
    pub(crate) fn set_timeout(&self, timeout: Option<Duration>) {
        *lock(&self.timeout) = timeout;
    }

    /// The kind of the last failure that the guest was told.
    pub(crate) fn failure(&self) -> Option<io::ErrorKind> {
        *lock(&self.failure)
    }

    /// Sends a datagram to the peer.
    ///
    /// # Errors
    ///
    /// `TimedOut`, `InvalidInput` for a peer without a name, or the system's.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future sends nothing.
    pub(crate) async fn send(&self, data: &[u8]) -> io::Result<()> {
        let timeout = *lock(&self.timeout);
        let result = within(timeout, self.socket.answer(data, &self.origin)).await;
        if let Err(error) = &result {
            *lock(&self.failure) = Some(error.kind());
        }
        result
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
