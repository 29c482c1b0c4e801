//! Splitting an inline command into its arguments, with quotes as in the configuration file of Redis.

const UNBALANCED: &str = "unbalanced quotes in request";

/// The arguments of a line. In double quotes `\n`, `\r`, `\t`, `\a`, `\b`, `\xHH` and `\` before any other character
/// have their usual meaning; in single quotes `\'` alone does.
pub(crate) fn split(line: &[u8]) -> Result<Vec<Vec<u8>>, &'static str> {
    let mut arguments = Vec::new();
    let mut rest = line.trim_ascii_start();
    while !rest.is_empty() {
        let (argument, after) = first(rest)?;
        arguments.push(argument);
        rest = after.trim_ascii_start();
    }
    Ok(arguments)
}

/// The first argument of `rest`, which begins with it, and what follows.
fn first(mut rest: &[u8]) -> Result<(Vec<u8>, &[u8]), &'static str> {
    let mut argument = Vec::new();
    while let [byte, after @ ..] = rest {
        match byte {
            b'"' | b'\'' => {
                let after = quoted(*byte, after, &mut argument)?;
                // Redis: "closing quote must be followed by a space or nothing at all".
                return match after.first() {
                    Some(next) if !next.is_ascii_whitespace() => Err(UNBALANCED),
                    _ => Ok((argument, after)),
                };
            }
            byte if byte.is_ascii_whitespace() => break,
            byte => argument.push(*byte),
        }
        rest = after;
    }
    Ok((argument, rest))
}

/// Appends what stands between here and the closing quote, and returns what follows that.
fn quoted<'a>(quote: u8, mut rest: &'a [u8], argument: &mut Vec<u8>) -> Result<&'a [u8], &'static str> {
    loop {
        let (byte, length) = match rest {
            [] => return Err(UNBALANCED),
            [byte, after @ ..] if *byte == quote => return Ok(after),
            [b'\\', b'x', high, low, ..] if quote == b'"' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (hexadecimal(*high) << 4 | hexadecimal(*low), 4)
            }
            [b'\\', byte, ..] if quote == b'"' => (escaped(*byte), 2),
            [b'\\', b'\'', ..] => (b'\'', 2),
            [byte, ..] => (*byte, 1),
        };
        argument.push(byte);
        rest = &rest[length..];
    }
}

fn escaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'a' => 0x07,
        b'b' => 0x08,
        byte => byte,
    }
}

fn hexadecimal(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        digit => digit.to_ascii_lowercase() - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_separate_arguments() {
        assert_eq!(split(b"  SET\tk   v ").unwrap(), [b"SET".as_slice(), b"k", b"v"]);
        assert!(split(b" \t ").unwrap().is_empty());
    }

    #[test]
    fn quotes_keep_an_argument_together() {
        assert_eq!(split(br#"SET "a b" '' "#).unwrap(), [b"SET".as_slice(), b"a b", b""]);
        assert_eq!(split(br#"a"b c""#).unwrap(), [b"ab c"]);
    }

    #[test]
    fn escapes_mean_what_they_mean_in_redis() {
        assert_eq!(
            split(br#""\x00\xfF\n\r\t\a\b\"\\\q\xg0""#).unwrap(),
            [b"\0\xff\n\r\t\x07\x08\"\\qxg0"]
        );
        assert_eq!(split(br"'it\'s \n'").unwrap(), [br"it's \n"]);
    }

    #[test]
    fn quotes_must_be_closed_and_end_the_argument() {
        for line in [&br#""a"#[..], b"'a", br#""a"b"#, br#""a\""#, br#"'a'"b""#] {
            assert_eq!(split(line), Err(UNBALANCED), "{}", line.escape_ascii());
        }
    }
}
