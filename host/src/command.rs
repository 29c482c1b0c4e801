//! What a developer asks for: a new project, a build, a bundle, a look at a component, a look at the toolchains, and a server
//! that follows the source.

mod build;
mod bundle;
mod capacity;
mod create;
mod dev;
mod doctor;
mod inspect;
mod progress;
mod watch;

pub(crate) use self::build::{build, component, components};
pub(crate) use self::bundle::bundle;
pub(crate) use self::capacity::capacity;
pub(crate) use self::create::create;
pub(crate) use self::dev::dev;
pub(crate) use self::doctor::doctor;
pub(crate) use self::inspect::inspect;
