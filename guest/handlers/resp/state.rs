//! What the server remembers of a connection.

use crate::keyspace::Keyspace;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) keyspace: Keyspace,
    /// What `CLIENT SETNAME` has set; empty is no name.
    pub(crate) name: Vec<u8>,
    is_closed: bool,
}

impl State {
    pub(crate) fn is_open(&self) -> bool {
        !self.is_closed
    }

    /// After the answer to the command that is under way, no more is read.
    pub(crate) fn close(&mut self) {
        self.is_closed = true;
    }
}
