//! Domain names as they are on the wire, without compression: labels, each after its length, and an empty one at the
//! end.
//!
//! Lengths are below 64 and letters above, so names compare without regard to case as bytes do (RFC 4343).

use std::iter::successors;

/// RFC 1035, section 2.3.4.
pub(crate) const LONGEST: usize = 255;

/// The name, its parent, and so on to the root.
pub(crate) fn ancestors(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    successors(Some(name), |name| match name.split_first() {
        None | Some((0, _)) => None,
        Some((length, rest)) => rest.get(usize::from(*length)..),
    })
}

/// Whether `name` is `ancestor` or below it.
pub(crate) fn is_within(name: &[u8], ancestor: &[u8]) -> bool {
    // Not by the last bytes alone: those of a label may look like a length and a name.
    ancestors(name).any(|name| name.eq_ignore_ascii_case(ancestor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_within_its_ancestors() {
        let name = b"\x03www\x07Example\x04test\0";
        assert_eq!(ancestors(name).count(), 4);
        for ancestor in [
            &name[..],
            b"\x03WWW\x07example\x04test\0",
            b"\x07example\x04TEST\0",
            b"\0",
        ] {
            assert!(is_within(name, ancestor));
        }
        assert!(!is_within(b"\x04test\0", name));
    }

    #[test]
    fn what_looks_like_a_suffix_is_none() {
        assert!(!is_within(b"\x06x\x04test\0", b"\x04test\0"));
    }
}
