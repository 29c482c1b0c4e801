//! Integers as Redis writes them.

/// The number, when `text` is the one way to write it: no sign `+`, no leading zeros, no blanks, no `-0`.
pub(crate) fn parse(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    match digits {
        b"0" if digits.len() == text.len() => Some(0),
        [b'1'..=b'9', ..] => std::str::from_utf8(text).ok()?.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_way_to_be_written() {
        assert_eq!(parse(b"0"), Some(0));
        assert_eq!(parse(b"-12"), Some(-12));
        assert_eq!(parse(b"9223372036854775807"), Some(i64::MAX));
        assert_eq!(parse(b"-9223372036854775808"), Some(i64::MIN));
        for text in [
            "",
            "-",
            "-0",
            "00",
            "01",
            "+1",
            " 1",
            "1 ",
            "1x",
            "--1",
            "9223372036854775808",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
