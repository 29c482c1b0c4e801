//! What a command answers, and how that is written.

use std::io::{self, Write};

/// What a command returns. The error is an answer like any other, so that commands can use `?`.
pub(crate) type Result<'a> = std::result::Result<Reply<'a>, Error>;

/// The text of an error, whose first word is its code.
#[derive(Debug, PartialEq)]
pub(crate) struct Error(pub(crate) Vec<u8>);

impl<T: Into<Vec<u8>>> From<T> for Error {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

/// An answer in RESP2. Values are borrowed from the store where they can be.
#[derive(Debug, PartialEq)]
pub(crate) enum Reply<'a> {
    Simple(&'static str),
    Error(Error),
    Integer(i64),
    Bulk(&'a [u8]),
    Owned(Vec<u8>),
    Nil,
    Array(Vec<Self>),
}

impl Reply<'_> {
    pub(crate) const OK: Self = Self::Simple("OK");

    pub(crate) fn error(text: impl Into<Vec<u8>>) -> Self {
        Self::Error(text.into().into())
    }

    /// A length. None here comes near the bound.
    pub(crate) fn count(count: usize) -> Self {
        Self::Integer(i64::try_from(count).unwrap_or(i64::MAX))
    }

    pub(crate) fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Simple(text) => {
                writer.write_all(b"+")?;
                writer.write_all(text.as_bytes())?;
                writer.write_all(b"\r\n")
            }
            Self::Error(Error(text)) => {
                // It may quote what the peer sent, and must stay one line.
                let line: Vec<u8> = text
                    .iter()
                    .map(|byte| if byte.is_ascii_control() { b' ' } else { *byte })
                    .collect();
                writer.write_all(b"-")?;
                writer.write_all(&line)?;
                writer.write_all(b"\r\n")
            }
            Self::Integer(number) => write!(writer, ":{number}\r\n"),
            Self::Bulk(data) => write_bulk(writer, data),
            Self::Owned(data) => write_bulk(writer, data),
            Self::Nil => writer.write_all(b"$-1\r\n"),
            Self::Array(items) => {
                write!(writer, "*{}\r\n", items.len())?;
                items.iter().try_for_each(|item| item.write(writer))
            }
        }
    }
}

fn write_bulk(writer: &mut impl Write, data: &[u8]) -> io::Result<()> {
    write!(writer, "${}\r\n", data.len())?;
    writer.write_all(data)?;
    writer.write_all(b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(reply: &Reply<'_>) -> String {
        let mut written = Vec::new();
        reply.write(&mut written).unwrap();
        String::from_utf8(written).unwrap()
    }

    #[test]
    fn each_kind_has_its_own_form() {
        let array = Reply::Array(vec![
            Reply::OK,
            Reply::Integer(-1),
            Reply::Bulk(b"a\r\n"),
            Reply::Owned(Vec::new()),
            Reply::Nil,
            Reply::Array(Vec::new()),
        ]);
        assert_eq!(
            written(&array),
            "*6\r\n+OK\r\n:-1\r\n$3\r\na\r\n\r\n$0\r\n\r\n$-1\r\n*0\r\n"
        );
    }

    /// Otherwise a peer that passes on what others give it could be made to read forged answers.
    #[test]
    fn an_error_is_one_line_whatever_it_quotes() {
        assert_eq!(
            written(&Reply::error("ERR unknown 'a\r\n+OK'")),
            "-ERR unknown 'a  +OK'\r\n"
        );
    }
}
