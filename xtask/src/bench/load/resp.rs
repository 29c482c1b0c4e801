//! The protocol of Redis, by Redis's own benchmark.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::{Outcome, connect};
use crate::bench::quantity::Quantity;
use crate::bench::tree::Tree;

/// Sends `SET` in pipelines of 16. `redis-benchmark` counts the answers and does not look at them, so before and after a value
/// is set and asked for.
pub(super) async fn measure(server: SocketAddr, tree: Tree, window: Duration, clients: u32) -> Result<Outcome> {
    check(server).await?;
    benchmark(server, clients, u64::from(clients) * 200).await?;
    let requests = u64::try_from(window.as_millis())? * REQUESTS_PER_MS;
    let before = tree.cpu()?;
    let mut figures = benchmark(server, clients, requests).await?;
    let cpu = tree.cpu()?.saturating_sub(before);
    check(server).await?;
    figures.insert(Quantity::Cpu, cpu.as_secs_f64() * 1e6 / requests as f64);
    Ok(Outcome {
        figures,
        ..Outcome::default()
    })
}

/// Some 500,000 a second take about the time of the window.
const REQUESTS_PER_MS: u64 = 500;

async fn benchmark(server: SocketAddr, clients: u32, requests: u64) -> Result<BTreeMap<Quantity, f64>> {
    let output = Command::new("redis-benchmark")
        .args(["-h", &server.ip().to_string()])
        .args(["-p", &server.port().to_string()])
        .args(["-t", "set", "-P", "16", "-r", "10000", "-d", "64", "--csv"])
        .args(["-c", &clients.to_string(), "-n", &requests.to_string()])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("redis-benchmark is not installed; on Debian: apt-get install redis-tools")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "redis-benchmark: {}: {text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    figures(&text)
}

/// What it prints with `--csv`: a line of heads, and one of figures for each test. Anything else is an error of the server.
fn figures(text: &str) -> Result<BTreeMap<Quantity, f64>> {
    let lines: Vec<&str> = text.lines().collect();
    let [heads, values] = lines[..] else {
        bail!("redis-benchmark says something else than figures: {text}");
    };
    let values: Vec<&str> = values.split(',').collect();
    let field = |name: &str| -> Result<f64> {
        let index = heads.split(',').position(|head| head.trim_matches('"') == name);
        let value = index.and_then(|index| values.get(index));
        let value = value.with_context(|| format!("redis-benchmark tells no {name}: {text}"))?;
        value
            .trim_matches('"')
            .parse()
            .with_context(|| format!("no number: {value}"))
    };
    Ok(BTreeMap::from([
        (Quantity::Rate, field("rps")?),
        (Quantity::P50, field("p50_latency_ms")? * 1000.0),
        (Quantity::P99, field("p99_latency_ms")? * 1000.0),
    ]))
}

async fn check(server: SocketAddr) -> Result<()> {
    let mut stream = connect::open(server).await?;
    stream.write_all(b"SET bench right\r\nGET bench\r\n").await?;
    let mut answer = [0; EXPECTED.len()];
    stream.read_exact(&mut answer).await.context("no answer")?;
    ensure!(answer == *EXPECTED, "another answer: {}", answer.escape_ascii());
    connect::close(stream).await
}

const EXPECTED: &[u8; 16] = b"+OK\r\n$5\r\nright\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_by_their_heads_and_errors_are_noticed() {
        let text = "\"test\",\"rps\",\"avg_latency_ms\",\"min_latency_ms\",\"p50_latency_ms\",\"p95_latency_ms\",\"p99_latency_ms\"\n\
                    \"SET\",\"1000.50\",\"0.4\",\"0.1\",\"0.250\",\"0.5\",\"0.750\"\n";
        let found = figures(text).unwrap();
        assert_eq!(found[&Quantity::Rate], 1000.5);
        assert_eq!(found[&Quantity::P50], 250.0);
        assert_eq!(found[&Quantity::P99], 750.0);
        assert!(figures(&format!("Error from server: no\n{text}")).is_err());
        assert!(figures("").is_err());
        assert!(figures("\"test\",\"rps\"\n\"SET\",\"1\"\n").is_err());
    }
}
