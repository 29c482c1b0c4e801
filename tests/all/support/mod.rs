//! What the tests are written with: a server, its clients, its log, and guests for it to run.

pub(crate) mod client;
pub(crate) mod datagrams;
pub(crate) mod dev;
pub(crate) mod eventually;
pub(crate) mod foreign;
pub(crate) mod guest;
pub(crate) mod hosts;
pub(crate) mod http;
pub(crate) mod http2;
pub(crate) mod http_client;
pub(crate) mod log;
pub(crate) mod namespace;
pub(crate) mod page;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod server;
pub(crate) mod source;
pub(crate) mod stock;
pub(crate) mod terminal;
pub(crate) mod tool;
pub(crate) mod turn;
pub(crate) mod upstream;
pub(crate) mod wasmtime;
