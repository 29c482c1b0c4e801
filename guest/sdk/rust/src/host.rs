//! The connection of the host, in the types of this crate.
//!
//! In a component alone. Its calls are static, so a handler imports those functions alone that it can reach.

use std::net::Shutdown;

use crate::address::Address;
use crate::bindings::socketserver::core::connections::{Connection, Readiness as Flags, ShutdownType};
use crate::connection::Readiness;
use crate::error::{ErrorCode, Result};

pub(crate) struct Inner(pub(crate) Connection);

impl Inner {
    pub(crate) fn receive(&self, max: u32) -> Result<Vec<u8>, ErrorCode> {
        Ok(self.0.receive(max)?)
    }

    pub(crate) fn send(&self, data: &[u8]) -> Result<u32, ErrorCode> {
        Ok(self.0.send(data)?)
    }

    pub(crate) fn send_all(&self, data: &[u8]) -> Result<(), ErrorCode> {
        Ok(self.0.send_all(data)?)
    }

    pub(crate) fn wait(&self, interest: Readiness) -> Result<Readiness, ErrorCode> {
        let mut flags = Flags::empty();
        flags.set(Flags::READABLE, interest.readable);
        flags.set(Flags::WRITABLE, interest.writable);
        let ready = self.0.wait(flags)?;
        Ok(Readiness {
            readable: ready.contains(Flags::READABLE),
            writable: ready.contains(Flags::WRITABLE),
        })
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> Result<(), ErrorCode> {
        let how = match how {
            Shutdown::Read => ShutdownType::Receive,
            Shutdown::Write => ShutdownType::Send,
            Shutdown::Both => ShutdownType::Both,
        };
        Ok(self.0.shutdown(how)?)
    }

    pub(crate) fn set_timeout(&self, milliseconds: Option<u32>) {
        self.0.set_timeout(milliseconds);
    }

    pub(crate) fn remote_address(&self) -> Address {
        self.0.get_remote_address().into()
    }

    pub(crate) fn local_address(&self) -> Address {
        self.0.get_local_address().into()
    }
}
