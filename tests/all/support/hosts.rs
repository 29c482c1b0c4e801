//! Names that stand for what a test says: a file of its own in the place of `/etc/hosts`.

use std::io::Write as _;
use std::process::Command;

use tempfile::NamedTempFile;

use super::process::Run;
use super::tool::skip;

/// The names, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Hosts(NamedTempFile);

impl Hosts {
    /// Makes them where the machine lets the tests make mounts of their own: as root, or in a user namespace. Where it does
    /// not, the test is skipped or fails, as for a missing [`Tool`](super::tool::Tool).
    pub(crate) fn of(lines: &[&str]) -> Option<Self> {
        let mut file = NamedTempFile::new().expect("there is a folder for temporary files");
        writeln!(file, "{}", lines.join("\n")).expect("the file takes a few lines");
        let hosts = Self(file);
        let [program, arguments @ ..] = &hosts.prefix();
        let tried = Run::of(Command::new(program).args(arguments).arg("true"));
        if tried.code != Some(0) {
            skip(&format!(
                "this test mounts a file over /etc/hosts for itself: {}",
                tried.errors.trim_end()
            ));
            return None;
        }
        Some(hosts)
    }

    /// What comes before a command that sees them.
    pub(super) fn prefix(&self) -> [String; 6] {
        let script = format!(
            "mount --bind '{}' /etc/hosts && exec \"$0\" \"$@\"",
            self.0.path().display()
        );
        ["unshare", "--map-root-user", "--mount", "sh", "-c", &script].map(str::to_owned)
    }
}
