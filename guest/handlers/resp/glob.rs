//! The patterns of `KEYS` and `CONFIG GET`: `*`, `?`, `[a-z]`, `[^a-z]`, and `\` before a character that is meant as it is.

/// Whether all of `text` matches.
///
/// Goes back to the last `*` alone, so that the time is at most the product of the two lengths.
pub(crate) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry = None;
    loop {
        if pattern.get(p) == Some(&b'*') {
            p += 1;
            retry = Some((p, t));
        } else if t == text.len() && p == pattern.len() {
            return true;
        } else if let Some(length) = text.get(t).and_then(|byte| one(&pattern[p..], *byte)) {
            p += length;
            t += 1;
        } else {
            match retry {
                // Let the last `*` stand for one byte more.
                Some((after, from)) if from < text.len() => {
                    retry = Some((after, from + 1));
                    (p, t) = (after, from + 1);
                }
                _ => return false,
            }
        }
    }
}

/// How long the first item of `pattern` is, when it matches `byte`.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    let (is_match, length) = match pattern {
        [] => (false, 0),
        [b'?', ..] => (true, 1),
        [b'[', ..] => class(pattern, byte),
        [b'\\', escaped, ..] => (*escaped == byte, 2),
        [literal, ..] => (*literal == byte, 1),
    };
    is_match.then_some(length)
}

/// A class that is not closed ends with the pattern, as in Redis.
fn class(pattern: &[u8], byte: u8) -> (bool, usize) {
    let negated = pattern.get(1) == Some(&b'^');
    let mut at = if negated { 2 } else { 1 };
    let mut found = false;
    loop {
        let (low, high, length) = match &pattern[at..] {
            [] => return (found != negated, at),
            [b']', ..] => return (found != negated, at + 1),
            [b'\\', escaped, ..] => (*escaped, *escaped, 2),
            [low, b'-', high, ..] => (*low.min(high), *low.max(high), 3),
            [literal, ..] => (*literal, *literal, 1),
        };
        found |= (low..=high).contains(&byte);
        at += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_redis() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h*llo", "heeeello", true),
            ("h*llo", "hello!", false),
            ("*a*b", "xaxaxb", true),
            ("h[ae]llo", "hallo", true),
            ("h[ae]llo", "hillo", false),
            ("h[^e]llo", "hello", false),
            ("h[^e]llo", "hbllo", true),
            ("h[a-c]llo", "hbllo", true),
            ("h[c-a]llo", "hbllo", true),
            ("h[a-", "h-", true),
            ("[]", "a", false),
            ("[^", "a", true),
            (r"\*", "*", true),
            (r"\*", "a", false),
            (r"[\]]", "]", true),
            ("a\\", "a\\", true),
        ] {
            assert_eq!(
                matches(pattern.as_bytes(), text.as_bytes()),
                expected,
                "{pattern} {text}"
            );
        }
    }

    /// With a recursion for each `*` this would not end in our lifetimes.
    #[test]
    fn many_asterisks_take_no_time() {
        let pattern = "a*".repeat(100) + "b";
        assert!(!matches(pattern.as_bytes(), "a".repeat(1000).as_bytes()));
    }
}
