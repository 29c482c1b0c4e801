//! More connections than a process may have open: those of several processes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};

use super::{Kind, Load, Outcome, connect, idle, open, pattern};
use crate::bench::quantity::Quantity;
use crate::bench::tree::Tree;

/// Opens connections from several processes, and when all are open has each answer once again.
///
/// # Errors
///
/// One of them is not answered.
pub(super) async fn measure(load: Load, tree: Tree) -> Result<Outcome> {
    let before = idle::before(load.server, tree).await?;
    let (started, cpu_before) = (Instant::now(), tree.cpu()?);
    let share = load.open.div_ceil(PROCESSES);
    let mut holders = Vec::new();
    let mut left = load.open;
    while left > 0 {
        let connections = share.min(left);
        holders.push(Holder::start(load, connections)?);
        left -= connections;
    }
    // The kernel tells of each when its time comes; nobody else has anything to do.
    holders.iter_mut().try_for_each(Holder::wait)?;
    let (elapsed, cpu) = (started.elapsed(), tree.cpu()?.saturating_sub(cpu_before));
    let during = idle::settled(tree).await?;

    let mut figures = idle::growth(before, during, load.open);
    let count = f64::from(load.open);
    figures.insert(Quantity::Connections, count);
    figures.insert(Quantity::Rate, count / elapsed.as_secs_f64());
    figures.insert(Quantity::Cpu, cpu.as_secs_f64() * 1e6 / count);
    holders.iter_mut().try_for_each(Holder::go_on)?;
    holders.iter_mut().try_for_each(Holder::wait)?;
    holders.iter_mut().try_for_each(Holder::go_on)?;
    holders.into_iter().try_for_each(Holder::end)?;
    Ok(Outcome {
        figures,
        ..Outcome::default()
    })
}

/// What each of those processes does: opens its connections, says so, and does each further thing when it is told to.
pub(super) async fn hold(load: Load) -> Result<()> {
    let mut streams = open::open(load.server, load.open).await?;
    said_done()?;
    for stream in &mut streams {
        connect::exchange(stream, pattern::start(0))
            .await
            .context("a connection that was open does not answer any more")?;
    }
    said_done()?;
    open::close(streams).await
}

/// Says that something is done, and waits to be told to go on.
fn said_done() -> Result<()> {
    let mut stdout = std::io::stdout();
    stdout.write_all(DONE.as_bytes())?;
    stdout.flush()?;
    let read = std::io::stdin().read(&mut [0])?;
    ensure!(read > 0, "whoever counts is gone");
    Ok(())
}

/// A process that holds some of the connections.
struct Holder {
    child: Child,
    orders: ChildStdin,
    words: BufReader<ChildStdout>,
}

impl Holder {
    fn start(load: Load, connections: u32) -> Result<Self> {
        let load = Load {
            kind: Kind::Hold,
            open: connections,
            ..load
        };
        // In the group of this process, so that it is killed with it.
        let mut child = Command::new(std::env::current_exe()?)
            .arg("load")
            .args(load.arguments()?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start more clients")?;
        Ok(Self {
            orders: child.stdin.take().context("it is piped")?,
            words: BufReader::new(child.stdout.take().context("it is piped")?),
            child,
        })
    }

    fn wait(&mut self) -> Result<()> {
        let mut line = String::new();
        self.words.read_line(&mut line)?;
        if line == DONE {
            return Ok(());
        }
        // Its last word is an outcome with the error.
        match serde_json::from_str::<Outcome>(&line) {
            Ok(outcome) => bail!(outcome.first_error.unwrap_or(line)),
            Err(_) => bail!("a process of clients got lost: {line:?}"),
        }
    }

    fn go_on(&mut self) -> Result<()> {
        Ok(self.orders.write_all(b"\n")?)
    }

    fn end(mut self) -> Result<()> {
        let mut rest = String::new();
        self.words.read_to_string(&mut rest)?;
        let outcome: Outcome = serde_json::from_str(&rest).context("a process of clients got lost")?;
        ensure!(self.child.wait()?.success(), "a process of clients failed");
        outcome.first_error.map_or(Ok(()), |error| bail!(error))
    }
}

/// So many hold 50,000 with the 20,000 open files that a process has on many machines.
const PROCESSES: u32 = 4;

const DONE: &str = "done\n";
