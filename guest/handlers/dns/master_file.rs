//! The text of a zone (RFC 1035, section 5), as records in the form of the wire.
//!
//! For the build script, which rejects what would make a server answer nonsense. A subset: `$ORIGIN`, `$TTL`, the types
//! of [`KINDS`] and unknown ones as in RFC 3597; no `$INCLUDE`, no units of time, and no escapes in names.

use std::net::{Ipv4Addr, Ipv6Addr};

const SOA: u16 = 6;
const CNAME: u16 = 5;

const KINDS: [(&str, u16); 8] = [
    ("A", 1),
    ("AAAA", 28),
    ("CNAME", CNAME),
    ("MX", 15),
    ("NS", 2),
    ("PTR", 12),
    ("SOA", SOA),
    ("TXT", 16),
];

#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) owner: Vec<u8>,
    pub(crate) kind: u16,
    pub(crate) ttl: u32,
    pub(crate) data: Vec<u8>,
}

/// The records in their order, the SOA first.
///
/// # Errors
///
/// What is wrong, after the number of its line.
pub(crate) fn parse(text: &str) -> Result<Vec<Record>, String> {
    let mut origin = vec![0];
    let mut default_ttl = None;
    let mut records: Vec<Record> = Vec::new();
    for entry in entries(text)? {
        let line = entry.line;
        let at = |error| format!("line {line}: {error}");
        let tokens: Vec<&str> = entry.tokens.iter().map(String::as_str).collect();
        match tokens[..] {
            ["$ORIGIN", name] => origin = wire_name(name, &origin).map_err(at)?,
            ["$TTL", ttl] => default_ttl = Some(number(ttl).map_err(at)?),
            _ => {
                let (owner, rest) = match (entry.has_owner, records.last()) {
                    (true, _) => (wire_name(tokens[0], &origin).map_err(at)?, &tokens[1..]),
                    (false, Some(last)) => (last.owner.clone(), &tokens[..]),
                    (false, None) => return Err(at("a record without an owner".into())),
                };
                let record = record(owner, rest, default_ttl, &origin).map_err(at)?;
                check(&records, &record).map_err(at)?;
                records.push(record);
            }
        }
    }
    Ok(records)
}

fn record(owner: Vec<u8>, tokens: &[&str], default_ttl: Option<u32>, origin: &[u8]) -> Result<Record, String> {
    let mut ttl = default_ttl;
    let mut tokens = tokens;
    while let [first, rest @ ..] = tokens {
        if let Ok(number) = number(first) {
            ttl = Some(number);
        } else if *first != "IN" {
            break;
        }
        tokens = rest;
    }
    let [kind, data @ ..] = tokens else {
        return Err("the type is missing".into());
    };
    let known = KINDS.iter().find(|(name, _)| name == kind).map(|(_, kind)| *kind);
    let unknown = || kind.strip_prefix("TYPE")?.parse().ok();
    let kind = known
        .or_else(unknown)
        .ok_or_else(|| format!("the type {kind} is unknown"))?;
    Ok(Record {
        owner,
        kind,
        ttl: ttl.ok_or("neither a TTL nor $TTL")?,
        data: wire_data(kind, data, origin)?,
    })
}

fn wire_data(kind: u16, tokens: &[&str], origin: &[u8]) -> Result<Vec<u8>, String> {
    let name = |text: &str| wire_name(text, origin);
    let kind = KINDS.iter().find(|(_, number)| *number == kind).map(|(name, _)| *name);
    Ok(match (kind, tokens) {
        (_, [r"\#", length, hexadecimal @ ..]) => {
            let data = bytes(&hexadecimal.concat())?;
            if number(length)? as usize != data.len() {
                return Err(format!("{} bytes, and not {length}", data.len()));
            }
            data
        }
        (Some("A"), [address]) => parsed::<Ipv4Addr>(address)?.octets().into(),
        (Some("AAAA"), [address]) => parsed::<Ipv6Addr>(address)?.octets().into(),
        (Some("CNAME" | "NS" | "PTR"), [target]) => name(target)?,
        (Some("MX"), [preference, target]) => {
            let preference: u16 = parsed(preference)?;
            [&preference.to_be_bytes()[..], &name(target)?].concat()
        }
        (Some("SOA"), [server, mailbox, numbers @ ..]) if numbers.len() == 5 => {
            let mut data = [name(server)?, name(mailbox)?].concat();
            for text in numbers {
                data.extend(number(text)?.to_be_bytes());
            }
            data
        }
        (Some("TXT"), [_, ..]) => {
            let mut data = Vec::new();
            for text in tokens {
                let length = u8::try_from(text.len()).map_err(|_| "a string of more than 255 bytes")?;
                data.push(length);
                data.extend(text.bytes());
            }
            data
        }
        _ => return Err(format!("not the data of this type: {}", tokens.join(" "))),
    })
}

/// What a server could not answer by.
fn check(records: &[Record], record: &Record) -> Result<(), String> {
    let Some(first) = records.first() else {
        return match record.kind {
            SOA => Ok(()),
            _ => Err("the first record is not the SOA".into()),
        };
    };
    if record.kind == SOA {
        return Err("a second SOA".into());
    }
    if !record.owner.ends_with(&first.owner) {
        return Err("not in the zone".into());
    }
    // RFC 1034, section 3.6.2: "If a CNAME RR is present at a node, no other data should be present".
    let mut beside = records.iter().filter(|other| other.owner == record.owner);
    if beside.any(|other| [other.kind, record.kind].contains(&CNAME)) {
        return Err("a CNAME beside another record".into());
    }
    Ok(())
}

/// In lower case, so that names compare as bytes.
fn wire_name(text: &str, origin: &[u8]) -> Result<Vec<u8>, String> {
    let (relative, parent) = match text.strip_suffix('.') {
        _ if text == "@" => return Ok(origin.to_vec()),
        Some(absolute) => (absolute, &[0][..]),
        None => (text, origin),
    };
    let mut name = Vec::new();
    for label in relative.split('.').filter(|_| !relative.is_empty()) {
        let length = u8::try_from(label.len()).unwrap_or(u8::MAX);
        if !(1..=63).contains(&length) || label.contains('\\') {
            return Err(format!("{text} is no name"));
        }
        name.push(length);
        name.extend(label.to_ascii_lowercase().bytes());
    }
    name.extend(parent);
    if name.len() > 255 {
        return Err(format!("{text} is too long for a name"));
    }
    Ok(name)
}

fn number(text: &str) -> Result<u32, String> {
    parsed(text)
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is out of place"))
}

fn bytes(hexadecimal: &str) -> Result<Vec<u8>, String> {
    let (pairs, odd) = hexadecimal.as_bytes().as_chunks::<2>();
    let byte = |pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = pairs.iter().map(|pair| byte(pair)).collect();
    bytes
        .filter(|_| odd.is_empty())
        .ok_or_else(|| format!("{hexadecimal} is not hexadecimal"))
}

/// A record or a directive: a line, or several in parentheses.
struct Entry {
    line: usize,
    has_owner: bool,
    tokens: Vec<String>,
}

fn entries(text: &str) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    let mut open: Option<Entry> = None;
    for (line, number) in text.lines().zip(1..) {
        let mut entry = open.take().unwrap_or_else(|| Entry {
            line: number,
            has_owner: !line.starts_with([' ', '\t']),
            tokens: Vec::new(),
        });
        let mut is_open = entry.line != number;
        let mut rest = line.trim();
        while let Some(first) = rest.chars().next() {
            rest = match first {
                ';' => break,
                '(' | ')' => {
                    is_open = first == '(';
                    &rest[1..]
                }
                '"' => {
                    let (string, rest) = rest[1..]
                        .split_once('"')
                        .ok_or_else(|| format!("line {number}: a string without an end"))?;
                    entry.tokens.push(string.to_owned());
                    rest
                }
                _ => {
                    let is_end = |letter: char| letter.is_whitespace() || ";()\"".contains(letter);
                    let (token, rest) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
                    entry.tokens.push(token.to_owned());
                    rest
                }
            };
            rest = rest.trim_start();
        }
        if is_open {
            open = Some(entry);
        } else if !entry.tokens.is_empty() {
            entries.push(entry);
        }
    }
    match open {
        Some(entry) => Err(format!("line {}: a parenthesis without an end", entry.line)),
        None => Ok(entries),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOA_LINE: &str = "$TTL 60\n$ORIGIN a.test.\n@ SOA b c 1 2 3 4 5\n";

    fn last(text: &str) -> Record {
        parse(&format!("{SOA_LINE}{text}")).unwrap().pop().unwrap()
    }

    fn error(text: &str) -> String {
        parse(&format!("{SOA_LINE}{text}")).unwrap_err()
    }

    #[test]
    fn names_are_relative_unless_they_end_with_a_dot() {
        assert_eq!(last("X.y A 192.0.2.1").owner, b"\x01x\x01y\x01a\x04test\0");
        assert_eq!(last("x.a.test. A 192.0.2.1").owner, b"\x01x\x01a\x04test\0");
        assert_eq!(last("@ NS .").data, b"\0");
        assert_eq!(last("x A 192.0.2.1\n  A 192.0.2.2").owner, b"\x01x\x01a\x04test\0");
    }

    #[test]
    fn data_take_the_form_of_the_wire() {
        assert_eq!(last("@ 5 IN A 192.0.2.1").data, [192, 0, 2, 1]);
        assert_eq!(last("@ IN 5 AAAA ::1").data.len(), 16);
        assert_eq!(last("@ MX 10 x").data, b"\0\x0a\x01x\x01a\x04test\0");
        assert_eq!(last("@ TXT \"a ;\" b ; c").data, b"\x03a ;\x01b");
        let unknown = last("@ TYPE731 \\# 3 ( ab\n cdef )");
        assert_eq!((unknown.kind, &unknown.data[..]), (731, &b"\xab\xcd\xef"[..]));
    }

    #[test]
    fn a_ttl_of_its_own_comes_before_the_default() {
        assert_eq!(last("@ 5 A 192.0.2.1").ttl, 5);
        assert_eq!(last("@ A 192.0.2.1").ttl, 60);
    }

    #[test]
    fn what_no_server_could_answer_by_is_refused() {
        for (text, words) in [
            ("x.", "line 4: the type is missing"),
            ("x SRV 1 2 3 x", "line 4: the type SRV is unknown"),
            ("x A 192.0.2", "line 4: 192.0.2 is out of place"),
            ("x A", "line 4: not the data of this type: "),
            ("x..y A 192.0.2.1", "line 4: x..y is no name"),
            ("x.test. A 192.0.2.1", "line 4: not in the zone"),
            ("@ SOA b c 1 2 3 4 5", "line 4: a second SOA"),
            ("x CNAME y\n\n  A 192.0.2.1", "line 6: a CNAME beside another record"),
            ("x A 192.0.2.1\nx CNAME y", "line 5: a CNAME beside another record"),
            ("x TYPE731 \\# 2 ab", "line 4: 1 bytes, and not 2"),
            ("x TYPE731 \\# 2 abc", "line 4: abc is not hexadecimal"),
            ("x TXT \"a", "line 4: a string without an end"),
            ("x TXT (a", "line 4: a parenthesis without an end"),
        ] {
            assert_eq!(error(text), words);
        }
        assert_eq!(parse("  A 192.0.2.1").unwrap_err(), "line 1: a record without an owner");
        assert_eq!(
            parse("x. SOA . . 1 2 3 4 5").unwrap_err(),
            "line 1: neither a TTL nor $TTL"
        );
        assert_eq!(parse("x. 5 A ::").unwrap_err(), "line 1: :: is out of place");
        assert_eq!(
            parse("x. 5 A 192.0.2.1").unwrap_err(),
            "line 1: the first record is not the SOA"
        );
    }
}
