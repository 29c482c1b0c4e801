//! essay
mod accept;
mod address;
mod books;
mod config;
mod connection;
mod drain;
mod event;
mod limit;
mod listener;
mod log;
mod meter;
mod sandbox;
mod server;
mod socket;
mod supervise;

pub use address::{Address, Listen, ListenError, Remote, SourceRange, SourceRangeError, UnixName};
pub use books::Counts;
pub use config::{Config, ConfigError, Limits, MemoryReset, MemoryResetError, Timeouts};
pub use drain::Phase;
pub use event::{AcceptFailure, CloseReason, Closed, Connection, GuestLine, GuestStream, Observer, RejectReason};
pub use listener::BindError;
pub use log::LogObserver;
pub use sandbox::{CacheError, CapacityError, Code, Facts, LoadError, ResetError};
pub use server::{Handle, Problems, Server, StartError, Status, Stopped};
