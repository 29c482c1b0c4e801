//! HTTP listeners.

mod answers;
mod bodies;
mod deadlines;
mod drain;
mod failures;
mod hostile;
mod http2;
mod isolation;
mod limits;
mod options;
mod outbound;
mod reuse;
mod start;
