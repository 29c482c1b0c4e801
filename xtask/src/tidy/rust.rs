//! The names that a Rust file uses, as its compiler sees them: no comment or string is mistaken for code, and
//! `use tokio::{io, net::TcpStream}` names `tokio::net`.

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A path in the source, such as `std::process::exit`.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) line: usize,
    pub(super) segments: Vec<String>,
    pub(super) kind: Kind,
    /// Inside of an item for tests only.
    pub(super) is_test: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// `name(`
    Call,
    /// `name!`
    Macro,
    Other,
}

/// All names of a source, in order. A path with a group of names has one name for each of them.
///
/// # Errors
///
/// The text is not Rust.
pub(super) fn names(source: &str) -> Result<Vec<Name>> {
    let tokens: TokenStream = source.parse().map_err(|error| anyhow!("not Rust: {error}"))?;
    let mut names = Vec::new();
    collect(tokens, &[], false, &mut names);
    Ok(names)
}

fn collect(tokens: TokenStream, prefix: &[String], in_test: bool, names: &mut Vec<Name>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut is_test = in_test;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Ident(first) => {
                let line = first.span().start().line;
                let mut segments = prefix.to_vec();
                segments.push(first.to_string());
                while is_separator(&tokens, at) {
                    at += 2;
                    match tokens.get(at) {
                        Some(TokenTree::Ident(next)) => segments.push(next.to_string()),
                        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                            collect(group.stream(), &segments, is_test, names);
                        }
                        // Generic arguments: what follows them is a part of the path, but of none that matters here.
                        _ => break,
                    }
                    at += 1;
                }
                // `process::{self}` names `process`.
                segments.pop_if(|last| last == "self");
                let kind = kind(tokens.get(at));
                names.push(Name {
                    line,
                    segments,
                    kind,
                    is_test,
                });
            }
            TokenTree::Group(group) => {
                collect(group.stream(), &[], is_test, names);
                is_test |= is_test_attribute(group);
                // The item that the attribute stands before ends with its body.
                if group.delimiter() == Delimiter::Brace {
                    is_test = in_test;
                }
            }
            // Or it ends without one: `mod tests;`.
            TokenTree::Punct(punct) if punct.as_char() == ';' => is_test = in_test,
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    let is_colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    is_colon(tokens.get(at)) && is_colon(tokens.get(at + 1))
}

fn kind(next: Option<&TokenTree>) -> Kind {
    match next {
        Some(TokenTree::Punct(punct)) if punct.as_char() == '!' => Kind::Macro,
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => Kind::Call,
        _ => Kind::Other,
    }
}

fn is_test_attribute(group: &Group) -> bool {
    group.delimiter() == Delimiter::Bracket && matches!(group.stream().to_string().as_str(), "cfg (test)" | "cfg(test)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(source: &str) -> Vec<String> {
        names(source)
            .unwrap()
            .iter()
            .map(|name| name.segments.join("::"))
            .collect()
    }

    #[test]
    fn groups_are_spread() {
        assert_eq!(
            paths("use tokio::{io, net::{self, TcpStream}};"),
            [
                "use",
                "tokio::io",
                "tokio::net",
                "tokio::net::TcpStream",
                "tokio::net",
                "tokio"
            ]
        );
    }

    #[test]
    fn comments_and_strings_name_nothing() {
        assert_eq!(
            paths("/// `tokio::net`\nconst A: &str = \"tokio::net\"; // tokio::net"),
            ["doc", "const", "A", "str"]
        );
    }

    #[test]
    fn names_know_their_line_and_kind() {
        let names = names("fn a() {\n    b::c(1);\n    d!(e)\n}").unwrap();
        let found: Vec<_> = names
            .iter()
            .map(|name| (name.segments.join("::"), name.line, name.kind))
            .collect();
        let expected = [
            ("fn", 1, Kind::Other),
            ("a", 1, Kind::Call),
            ("b::c", 2, Kind::Call),
            ("d", 3, Kind::Macro),
            ("e", 3, Kind::Other),
        ];
        assert_eq!(found, expected.map(|(name, line, kind)| (name.to_owned(), line, kind)));
    }

    #[test]
    fn only_the_item_after_the_attribute_is_for_tests() {
        let names = names("#[cfg(test)] mod tests { fn a() {} } #[cfg(test)] mod b; fn c() { d() }").unwrap();
        let tests: Vec<_> = names
            .iter()
            .filter(|name| name.is_test)
            .map(|name| name.segments.join("::"))
            .collect();
        assert_eq!(tests, ["mod", "tests", "fn", "a", "mod", "b"]);
    }
}
