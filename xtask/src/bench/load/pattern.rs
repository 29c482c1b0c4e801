//! Bytes that say where they belong, so that lost, repeated and exchanged ones are all noticed.

use std::sync::LazyLock;

use anyhow::{Result, ensure};

/// The most that [`at`] can show at once.
pub(super) const WRITE: usize = 64 << 10;

/// After so many bytes the pattern repeats. A prime, so that no write, page or buffer on the way repeats with it.
const PERIOD: usize = 65_521;

/// One pattern for all clients, which stays in the cache of their core.
static PATTERN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    // xorshift64*: bytes without regularity from a few instructions.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut bytes: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_be_bytes()[0]
    })
    .take(PERIOD)
    .collect();
    // Goes on for one write, so that a write that starts anywhere in the period is one slice.
    bytes = bytes.iter().cycle().take(PERIOD + WRITE).copied().collect();
    bytes
});

/// Where the stream of a client begins: far from those of the others, so that an answer to another client is noticed.
pub(super) fn start(client: u32) -> u64 {
    u64::from(client) * 6_007
}

/// The next `length` bytes from `position` on: at most [`WRITE`].
pub(super) fn at(position: u64, length: usize) -> &'static [u8] {
    // A remainder of a `usize` is one.
    let start = usize::try_from(position % PERIOD as u64).unwrap_or_default();
    &PATTERN[start..start + length]
}

/// Compares what was received with what was sent.
pub(super) fn verify(position: u64, received: &[u8]) -> Result<()> {
    let length = received.len();
    ensure!(
        received == at(position, length),
        "the {length} bytes from {position} on are not those that were sent"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_start_can_be_shown_and_verified() {
        for position in [0, 1, PERIOD as u64 - 1, PERIOD as u64, u64::MAX] {
            verify(position, at(position, WRITE)).unwrap();
        }
    }

    #[test]
    fn exchanged_writes_are_noticed() {
        let second = at(WRITE as u64, WRITE);
        assert!(verify(0, second).is_err());
        assert!(verify(start(1), at(start(2), 64)).is_err());
        assert!(verify(64, at(0, 64)).is_err());
    }
}
