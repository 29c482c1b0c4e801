//! How long a server takes until it has something to say.
//!
//! What a handler does between the kernel's acceptance of a connection and its first instruction cannot be seen from outside.
//! But one that sends at once has run by the time that its first byte arrives, and a native server that does the same has
//! everything else in common with it: the difference of the two is what it takes to begin a handler in a sandbox.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use tokio::io::AsyncReadExt as _;

use super::connect;
use super::tally::Tally;
use crate::bench::peer::native::UNIX_EPOCH_SINCE_1900;

/// Connects, waits for the first byte, and receives the rest, until it is told to stop.
pub(super) async fn client(server: SocketAddr, tally: Rc<Tally>) -> Result<()> {
    tally.begin();
    let mut answer = Vec::new();
    while !tally.is_stopped() {
        answer.clear();
        let started = Instant::now();
        let mut stream = connect::open(server).await?;
        let received = stream.read_buf(&mut answer).await.context("no first byte")?;
        let elapsed = started.elapsed();
        ensure!(received > 0, "the server closes without a word");
        stream.read_to_end(&mut answer).await.context("no orderly end")?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        ensure!(
            is_now(&answer, now),
            "another answer than the time: {}",
            answer.escape_ascii()
        );
        tally.record(elapsed);
    }
    Ok(())
}

/// Whether this is the time, `now` or a second ago: as RFC 868 has it, or in seconds since 1970 in digits, and a fraction.
fn is_now(answer: &[u8], now: u64) -> bool {
    let seconds = if let Ok(seconds) = <[u8; 4]>::try_from(answer) {
        let seconds = u64::from(u32::from_be_bytes(seconds));
        // The count begins again in 2036.
        let first = u32::try_from(now + UNIX_EPOCH_SINCE_1900).map_or(1 << 32, |_| 0);
        (seconds + first).checked_sub(UNIX_EPOCH_SINCE_1900)
    } else {
        let text = str::from_utf8(answer).unwrap_or_default();
        text.split('.').next().and_then(|seconds| seconds.parse().ok())
    };
    seconds.is_some_and(|seconds| seconds == now || seconds + 1 == now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_time_are_known_and_others_are_noticed() {
        let now = 1_790_000_000;
        let rfc868 = |seconds: u64| u32::try_from(seconds + UNIX_EPOCH_SINCE_1900).unwrap().to_be_bytes();
        assert!(is_now(&rfc868(now), now));
        assert!(is_now(&rfc868(now - 1), now));
        assert!(!is_now(&rfc868(now - 2), now));
        assert!(!is_now(&rfc868(now + 1), now));
        assert!(is_now(b"1790000000.250", now));
        assert!(!is_now(b"1790000001.250", now));
        assert!(!is_now(b"", now));
        assert!(!is_now(b"Hello", now));
        let later = 2_085_978_496 + 5;
        assert!(is_now(&5_u32.to_be_bytes(), later));
    }
}
