//! How the command ends: one table, which the README repeats and a test compares.

use std::process::{ExitCode, ExitStatus};

use socketserver::StartError;

/// The exit codes, those of `sysexits.h` where one fits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exit {
    /// Stopped, and every connection had finished; or the settings are fine.
    Clean = 0,
    /// The server program returned a failure, or trapped.
    Program = 1,
    /// The command line is wrong.
    Usage = 64,
    /// The handler cannot be built or loaded.
    Handler = 65,
    /// The server itself failed.
    Bug = 70,
    /// A listener cannot be bound.
    Bind = 71,
    /// Stopped, but connections had to be killed.
    Killed = 75,
    /// A setting is out of its bounds, or does not fit this machine.
    Config = 78,
}

impl Exit {
    /// The code that a process of this program has ended with; none if a signal has ended it.
    pub(crate) fn of(status: ExitStatus) -> Option<Self> {
        let all = [
            Self::Clean,
            Self::Program,
            Self::Usage,
            Self::Handler,
            Self::Bug,
            Self::Bind,
            Self::Killed,
            Self::Config,
        ];
        all.into_iter().find(|exit| status.code() == Some(*exit as i32))
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A failure with the code that it ends the command with.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) error: anyhow::Error,
}

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit,
            error: error.into(),
        }
    }

    /// The same, with what was being done in front.
    pub(crate) fn context(mut self, doing: String) -> Self {
        self.error = self.error.context(doing);
        self
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        use socketserver::LoadError;

        let exit = match &error {
            StartError::Bind(_) => Exit::Bind,
            StartError::Config(_)
            | StartError::Load(
                LoadError::Cache(_) | LoadError::Capacity(_) | LoadError::Memory { .. } | LoadError::Reset(_),
            ) => Exit::Config,
            StartError::Load(LoadError::Engine(_) | LoadError::Ticker(_)) => Exit::Bug,
            _ => Exit::Handler,
        };
        Self::new(exit, error)
    }
}
