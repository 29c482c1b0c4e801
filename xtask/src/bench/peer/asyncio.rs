//! Python's asyncio.

use super::{Peer, Stage, python, word};
use crate::bench::server::{Ready, Server};

pub(super) const ASYNCIO: Peer = Peer {
    name: "asyncio",
    what: "Python's asyncio, by its streams, with its own event loop",
    install: python::INSTALL,
    version: python::version,
    start: |stage, demand| {
        let mut command = python::python(&Stage::source("asyncio_server.py"))?;
        command.arg(word(demand.service)?);
        Server::start("asyncio", &mut command, stage.cores, Ready::Output("listening "))
    },
};
