//! From the start of a server's process to the first byte of its first answer.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::load::Outcome;
use super::peer::{Demand, Peer, Stage};
use super::quantity::Quantity;
use super::row::Service;

/// Starts the server, and has it answer once. Its component has been built before.
///
/// With a cold cache the folder for compiled components is empty; with a warm one a start before this has filled it, and the
/// kernel has the program's files in memory, for all servers alike.
pub(super) fn measure(stage: &Stage, peer: &Peer, service: Service, cold: bool) -> Result<Outcome> {
    let folder = stage.folder.join("cold-cache");
    if cold && folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let demand = Demand {
        service,
        connections: 0,
        cache: cold.then_some(folder.as_path()),
    };
    let started = Instant::now();
    let server = (peer.start)(stage, &demand)?;
    let mut stream = TcpStream::connect(server.address()).context("cannot connect")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(REQUEST)?;
    let mut answer = [0; REQUEST.len()];
    stream.read_exact(&mut answer[..1]).context("no first byte")?;
    let elapsed = started.elapsed();
    stream.read_exact(&mut answer[1..]).context("no answer")?;
    ensure!(answer == *REQUEST, "another answer than was sent");
    drop(stream);
    server.stop()?;
    Ok(Outcome {
        figures: BTreeMap::from([(Quantity::Start, elapsed.as_secs_f64() * 1000.0)]),
        ..Outcome::default()
    })
}

const REQUEST: &[u8; 64] = b"A request of sixty-four bytes, which comes back as it has come.\n";

/// How long the first answer may take once the server listens.
const PATIENCE: Duration = Duration::from_secs(10);
