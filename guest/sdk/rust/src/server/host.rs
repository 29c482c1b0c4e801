//! The servers of the host, in the types of this crate.
//!
//! In a component alone. Its calls are static, so a program imports those functions alone that it can reach.

use crate::address::Address;
use crate::error::{ErrorCode, Result};
use crate::server::bindings::socketserver::core::server as wit;
use crate::server::listener::{Counters, Event, Options};
use crate::server::outcome::{Outcome, Reason};

pub(crate) struct Inner(wit::Server);

impl Inner {
    pub(crate) fn create(url: &str, options: &Options) -> Result<Self, ErrorCode> {
        let options = wit::ServerOptions {
            request_queue_size: options.request_queue_size,
            reuse_address: options.reuse_address,
            reuse_port: options.reuse_port,
            max_packet_size: options.max_packet_size,
            handler: options.handler.clone(),
        };
        Ok(Self(wit::Server::create(url, &options)?))
    }

    pub(crate) fn bind(&self) -> Result<(), ErrorCode> {
        Ok(self.0.bind()?)
    }

    pub(crate) fn activate(&self) -> Result<(), ErrorCode> {
        Ok(self.0.activate()?)
    }

    pub(crate) fn address(&self) -> Option<Address> {
        self.0.get_address().map(Address::from)
    }

    pub(crate) fn number(&self) -> u32 {
        self.0.get_number()
    }

    pub(crate) fn wait(&self, milliseconds: Option<u32>) -> Result<Event, ErrorCode> {
        Ok(match self.0.wait(milliseconds)? {
            wit::Event::Request => Event::Request,
            wit::Event::TimedOut => Event::TimedOut,
            wit::Event::Finished => Event::Finished,
            wit::Event::Shutdown => Event::Shutdown,
        })
    }

    pub(crate) fn get_request(&self) -> Result<RequestInner, ErrorCode> {
        Ok(RequestInner(self.0.get_request()?))
    }

    pub(crate) fn collect(&self) -> Vec<Outcome> {
        self.0.collect().into_iter().map(Outcome::from).collect()
    }

    pub(crate) fn suspend(&self) {
        self.0.suspend();
    }

    pub(crate) fn resume(&self) {
        self.0.resume();
    }

    pub(crate) fn counters(&self) -> Counters {
        let wit::Counters {
            accepted,
            active,
            rejected,
        } = self.0.get_counters();
        Counters {
            accepted,
            active,
            rejected,
        }
    }

    pub(crate) fn close(&self) {
        self.0.close();
    }
}

pub(crate) struct RequestInner(wit::Request);

impl RequestInner {
    pub(crate) fn remote_address(&self) -> Address {
        self.0.get_remote_address().into()
    }

    pub(crate) fn finish(self) -> Outcome {
        wit::Request::finish(self.0).into()
    }

    pub(crate) fn process(self) {
        wit::Request::process(self.0);
    }
}

impl From<wit::Outcome> for Outcome {
    fn from(outcome: wit::Outcome) -> Self {
        let reason = match outcome.reason {
            wit::Reason::Bug => Reason::Bug,
            wit::Reason::Completed => Reason::Completed,
            wit::Reason::CpuTime => Reason::CpuTime,
            wit::Reason::Exit => Reason::Exit,
            wit::Reason::HandlerError => Reason::HandlerError,
            wit::Reason::Idle => Reason::Idle,
            wit::Reason::Instantiate => Reason::Instantiate,
            wit::Reason::Killed => Reason::Killed,
            wit::Reason::Lifetime => Reason::Lifetime,
            wit::Reason::Memory => Reason::Memory,
            wit::Reason::Reset => Reason::Reset,
            wit::Reason::TimedOut => Reason::TimedOut,
            wit::Reason::Trap => Reason::Trap,
        };
        Self::new(outcome.remote.into(), reason, outcome.message)
    }
}
