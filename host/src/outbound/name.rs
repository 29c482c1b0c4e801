//! Names of hosts, in the one form in which they are compared.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// A host name: ASCII, in lower case, without the dot that may end it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Name(String);

/// A text that is no name.
#[derive(Debug)]
pub(crate) struct NotAName;

impl Name {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the name of the loopback addresses (RFC 6761, section 6.3).
    pub(crate) fn is_localhost(&self) -> bool {
        self.0 == "localhost"
    }

    pub(super) fn is_below(&self, parent: &Self) -> bool {
        self.0.strip_suffix(&parent.0).is_some_and(|below| below.ends_with('.'))
    }
}

impl FromStr for Name {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        // RFC 1035, section 2.3.4; the underscore is in names of services (RFC 8552).
        let is_label = |label: &str| {
            (1..=MAX_LABEL).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        // `127.1`, `0x7f.1` and `2130706433` are addresses to the resolver of the system, so none of them is a name.
        let last = name.rsplit('.').next().unwrap_or_default();
        let is_number = last.bytes().all(|byte| byte.is_ascii_digit())
            || last
                .strip_prefix("0x")
                .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if name.len() > MAX_NAME || is_number || !name.split('.').all(is_label) {
            return Err(NotAName);
        }
        Ok(Self(name))
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const MAX_LABEL: usize = 63;
/// Without the ending dot.
const MAX_NAME: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn names_are_compared_without_case_and_ending_dot() {
        assert_eq!(name("Example.COM."), name("example.com"));
        assert_eq!(
            name("_dmarc.xn--bcher-kva.example").as_str(),
            "_dmarc.xn--bcher-kva.example"
        );
        assert!(name("LOCALHOST.").is_localhost() && !name("my.localhost").is_localhost());
    }

    #[test]
    fn a_subdomain_ends_in_a_dot_and_its_parent() {
        assert!(name("a.example.com").is_below(&name("example.com")));
        assert!(name("a.b.example.com").is_below(&name("example.com")));
        assert!(!name("example.com").is_below(&name("example.com")));
        assert!(!name("badexample.com").is_below(&name("example.com")));
        assert!(!name("example.com.evil.test").is_below(&name("example.com")));
    }

    #[test]
    fn what_may_be_an_address_is_no_name() {
        let long = format!("{}.com", "a".repeat(64));
        let too_long = ["a"; 127].join(".") + ".aa";
        for text in [
            "",
            ".",
            "a..b",
            ".a",
            "127.1",
            "0x7f.1",
            "1.0x7F",
            "2130706433",
            "0177.0.0.1",
            "a.0x",
            "a.1.",
            "a b",
            "a/b",
            "a:b",
            "*",
            "*.a",
            "a%31",
            "bücher.example",
            "a\0b",
            &long,
            &too_long,
        ] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
    }
}
