//! From a handler's source, in any language, to the component that `socketserver` serves.
//!
//! A [`Source`] is a file, or a folder with a project, of one [`Language`]; [`build`] makes a component of it with the
//! toolchain of that language, which [`doctor`] looks for, and [`create`] writes a new project. [`bundle`] makes of a
//! component one that runs without `socketserver`.
//!
//! What a user needs is this library's binary and the toolchain: the WIT, the SDKs and the templates are embedded, and the
//! steps from a core module to a component are taken in process.
//!
//! ```text
//! create, build, doctor -> language/* -> tool, component -> embedded
//! bundle ---------------------------------------------------^
//!                 source ----^
//! ```

mod build;
mod bundle;
mod component;
mod create;
mod doctor;
mod embedded;
mod language;
mod source;
mod tool;

pub use self::build::{BuildError, Built, Progress, build};
pub use self::bundle::{Bundle, BundleError, BundleOptions, Runtime, bundle};
pub use self::create::{CreateError, Created, create};
pub use self::doctor::{Diagnosis, Requirement, State, doctor};
pub use self::language::{Kind, Language};
pub use self::source::{Source, SourceError};
