//! The checksum of the internet (RFC 1071).

/// The checksum of `data`, whose own field is 0 in it. Over data with its checksum in place it is 0.
pub(crate) fn checksum(data: &[u8]) -> u16 {
    let (words, odd) = data.as_chunks::<2>();
    let words = words.iter().map(|word| u16::from_be_bytes(*word));
    // RFC 1071, section 4.1: an odd byte at the end is the high one of a word.
    let odd = odd.iter().map(|byte| u16::from_be_bytes([*byte, 0]));
    !words.chain(odd).fold(0, add)
}

/// Addition in ones' complement: the carry comes back in at the low end.
fn add(sum: u16, word: u16) -> u16 {
    let (sum, carry) = sum.overflowing_add(word);
    sum + u16::from(carry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        // RFC 1071, section 3: the sum of these bytes is ddf2.
        let data = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(checksum(&data), !0xddf2);
    }

    #[test]
    fn an_odd_byte_counts_as_a_high_one() {
        assert_eq!(checksum(&[0x12]), checksum(&[0x12, 0x00]));
        assert_eq!(checksum(&[]), 0xffff);
    }

    #[test]
    fn the_largest_sum_does_not_overflow() {
        assert_eq!(checksum(&[0xff; 65_535]), 0x00ff);
    }

    #[test]
    fn data_with_its_checksum_sum_up_to_nothing() {
        let mut data = [8, 0, 0, 0, 0x12, 0x34, 0, 1, b'p', b'i', b'n', b'g', b'!'];
        let [high, low] = checksum(&data).to_be_bytes();
        [data[2], data[3]] = [high, low];
        assert_eq!(checksum(&data), 0);
    }
}
