//! The same assertions against CPython's own `socketserver` and against ours, class by class.
//!
//! CPython's serves from `tests/oracle`, ours from `tests/programs`: two scripts with one protocol. Where the two sides
//! differ on purpose, a test is named for the difference, asserts both, and says why.

mod caller;
mod children;
mod classes;
mod closing;
mod differences;
mod hooks;
mod running;
mod writes;
