//! What a server says: its address at the place where it announces it, and complaints at the other.

use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::process::Child;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Both ends of a server that is starting. All is read by threads, so that it never waits for a reader.
pub(super) struct Words {
    first: Receiver<std::io::Result<String>>,
    complaints: Complaints,
}

/// What is shown only when there is a reason to.
pub(super) struct Complaints(JoinHandle<String>);

/// Of what is said after the first line so much is kept.
const KEPT: u64 = 64 << 10;

impl Words {
    /// Takes the output of a child, whose announcement is on its standard error or on its standard output.
    pub(super) fn of(child: &mut Child, announces_on_errors: bool) -> Result<Self> {
        let output: Box<dyn Read + Send> = Box::new(child.stdout.take().context("no standard output")?);
        let errors: Box<dyn Read + Send> = Box::new(child.stderr.take().context("no standard error")?);
        let (announcing, other) = if announces_on_errors {
            (errors, output)
        } else {
            (output, errors)
        };
        let (sender, first) = mpsc::channel();
        thread::spawn(move || {
            let mut announcing = BufReader::new(announcing);
            let mut line = String::new();
            let read = announcing.read_line(&mut line).map(|_| line);
            // Nobody receives it if the server took too long.
            let _ = sender.send(read);
            drain(announcing);
        });
        let complaints = Complaints(thread::spawn(move || drain(other)));
        Ok(Self { first, complaints })
    }

    /// Waits for the line that announces.
    pub(super) fn first_line(self, patience: Duration) -> (Result<String>, Complaints) {
        let line = match self.first.recv_timeout(patience) {
            Ok(Ok(line)) if line.is_empty() => Err(anyhow::anyhow!("it ended")),
            Ok(line) => line.context("its words cannot be read"),
            Err(_) => Err(anyhow::anyhow!("it took more than {} s", patience.as_secs())),
        };
        (line, self.complaints)
    }

    pub(super) fn complaints(self) -> Complaints {
        self.complaints
    }
}

impl Complaints {
    /// Blocks until the server, and all that it has started, have closed that end.
    pub(super) fn text(self) -> String {
        let text = self.0.join().unwrap_or_default();
        if text.trim().is_empty() {
            "it said nothing".into()
        } else {
            text.trim().to_owned()
        }
    }
}

/// Reads to the end, and returns the beginning.
fn drain(mut source: impl Read) -> String {
    let mut text = Vec::new();
    // What was read until an error is all there is to show.
    let _ = source.by_ref().take(KEPT).read_to_end(&mut text);
    let _ = std::io::copy(&mut source, &mut std::io::sink());
    String::from_utf8_lossy(&text).into_owned()
}

pub(super) fn address(line: &str, words: &str) -> Option<SocketAddr> {
    let (scheme, address) = line.trim_end().strip_prefix(words)?.split_once("://")?;
    let address = address.trim_end_matches('/');
    ["tcp", "udp", "http"].contains(&scheme).then(|| address.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_what_follows_the_scheme() {
        let expected = SocketAddr::from(([127, 0, 0, 1], 49152));
        let ours = |line| address(line, "listening ");
        assert_eq!(ours("listening tcp://127.0.0.1:49152\n"), Some(expected));
        assert_eq!(ours("listening udp://127.0.0.1:49152\n"), Some(expected));
        assert_eq!(ours("listening unix:///run/echo.sock\n"), None);
        assert_eq!(ours(""), None);
        let theirs = "Serving HTTP on http://127.0.0.1:49152/\n";
        assert_eq!(address(theirs, "Serving HTTP on "), Some(expected));
    }

    #[test]
    fn the_beginning_of_much_is_kept_and_the_rest_is_read() {
        let mut much = std::io::repeat(b'x').take(3 * KEPT);
        assert_eq!(drain(&mut much).len() as u64, KEPT);
        assert_eq!(much.limit(), 0);
    }
}
