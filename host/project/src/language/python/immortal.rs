//! Objects of CPython whose references are not counted: what the SDK's `_immortal.py` tells, put into the memory.

use std::fs;
use std::path::Path;

use crate::build::BuildError;

/// The number of references by which CPython knows, on a machine of 32 bits, that an object lives for ever.
const IMMORTAL: u32 = 5 << 28;

/// Below this address are the stack and nothing else, so a number that is smaller is no address.
const LOWEST_ADDRESS: u32 = 1 << 20;

/// The addresses of objects, in ascending order, each with that of its type.
#[derive(Debug, Default)]
pub(super) struct Immortal(Vec<(u32, u32)>);

impl Immortal {
    /// Reads what the SDK has written at the build.
    pub(super) fn read(path: &Path) -> Result<Self, BuildError> {
        let bytes = fs::read(path).map_err(|source| BuildError::write(path, source))?;
        let word = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let mut objects: Vec<_> = bytes
            .chunks_exact(8)
            .map(|pair| (word(&pair[..4]), word(&pair[4..])))
            .collect();
        objects.sort_unstable();
        Ok(Self(objects))
    }

    /// Makes the objects in `bytes`, which are at the address `begin`, immortal.
    ///
    /// Between the end of the script and that of the build some are freed, and their memory may be used for something else. So
    /// an object is left alone unless what is there still looks like it: its type is the same, and where a freed block would have
    /// the address of another, or 0, it has a number of references.
    pub(super) fn apply(&self, begin: u32, bytes: &mut [u8]) {
        let first = self.0.partition_point(|(address, _)| *address < begin);
        for (address, of) in &self.0[first..] {
            let offset = (address - begin) as usize;
            let Some(object) = bytes.get_mut(offset..).and_then(|rest| rest.first_chunk_mut::<8>()) else {
                return;
            };
            let [a, b, c, d, type_address @ ..] = *object;
            let references = u32::from_le_bytes([a, b, c, d]);
            if u32::from_le_bytes(type_address) == *of && (1..LOWEST_ADDRESS).contains(&references) {
                object[..4].copy_from_slice(&IMMORTAL.to_le_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(references: u32, of: u32) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&references.to_le_bytes());
        bytes[4..].copy_from_slice(&of.to_le_bytes());
        bytes
    }

    #[test]
    fn only_what_still_is_an_object_of_its_type_becomes_immortal() {
        let of = 0x20_0000;
        let before = [
            object(3, of),
            object(3, of + 8),
            object(0, of),
            object(LOWEST_ADDRESS, of),
            object(6 << 28, of),
        ];
        let mut bytes = before.concat();
        let immortal = Immortal((0..5).map(|index| (0x30_0000 + 8 * index, of)).collect());
        immortal.apply(0x30_0000, &mut bytes);
        assert_eq!(bytes[..8], object(IMMORTAL, of));
        assert_eq!(bytes[8..], before[1..].concat());
    }

    #[test]
    fn what_is_outside_or_cut_off_is_left_alone() {
        let of = 0x20_0000;
        let immortal = Immortal(vec![(8, of), (28, of), (100, of)]);
        let mut bytes = [object(1, of), object(1, of)].concat();
        immortal.apply(16, &mut bytes);
        assert_eq!(bytes, [object(1, of), object(1, of)].concat());
    }
}
