//! Bytes that cannot be mistaken for those of another client, message or offset.

/// What one small message carries.
pub(super) const MESSAGE: usize = 64;

/// The message of `client` with the number `sequence`.
pub(super) fn message(client: u32, sequence: u64) -> [u8; MESSAGE] {
    let mut message = [0; MESSAGE];
    fill(&mut message, u64::from(client) << 32 ^ sequence);
    message
}

/// Bytes without visible order, given by `seed`.
pub(super) fn fill(bytes: &mut [u8], seed: u64) {
    let mut state = seed;
    for chunk in bytes.chunks_mut(size_of::<u64>()) {
        // SplitMix64 (Steele, Lea and Flood, 2014): a counter and a mixing function, so any seed will do.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_differ_by_client_and_by_number() {
        assert_eq!(message(1, 2), message(1, 2));
        assert_ne!(message(1, 2), message(1, 3));
        assert_ne!(message(1, 2), message(2, 2));
    }

    #[test]
    fn any_length_is_filled() {
        let mut bytes = [0; 13];
        fill(&mut bytes, 7);
        assert!(bytes[8..].iter().any(|byte| *byte != 0));
    }
}
