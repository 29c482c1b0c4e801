//! The chunked transfer coding (RFC 9112, section 7.1), as it arrives.

/// Where in a chunked body one is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Chunks {
    state: State,
    /// Bytes of the current line or trailer section so far.
    line: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// In the digits of a size, of which so many were seen.
    Size {
        size: u64,
        digits: u8,
    },
    /// Behind them: an extension, up to the end of the line.
    Extension {
        size: u64,
    },
    SizeEnd {
        size: u64,
    },
    Data {
        left: u64,
    },
    DataReturn,
    DataEnd,
    /// At the beginning of a line of the trailer section.
    Trailer,
    TrailerLine,
    TrailerEnd,
    /// The empty line has begun.
    LastEnd,
    Ended,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Next {
    /// Nothing without more bytes; so many were taken.
    More(usize),
    /// So many bytes were taken, and then there are some of the body, of which so many are left in this chunk.
    Data(usize, u64),
    /// So many bytes were taken, and the body has ended.
    End(usize),
}

/// More than so many bytes of extensions or trailers, and it is no honest body.
const LONGEST: usize = 16 << 10;

impl Chunks {
    pub(crate) const fn new() -> Self {
        Self {
            state: State::Size { size: 0, digits: 0 },
            line: 0,
        }
    }

    /// Looks at `data` up to the next bytes of the body.
    pub(crate) fn next(&mut self, data: &[u8]) -> Result<Next, &'static str> {
        for (taken, byte) in data.iter().enumerate() {
            match self.state {
                State::Data { left } => return Ok(Next::Data(taken, left)),
                State::Ended => return Ok(Next::End(taken)),
                state => self.state = self.step(state, *byte)?,
            }
        }
        Ok(match self.state {
            State::Ended => Next::End(data.len()),
            _ => Next::More(data.len()),
        })
    }

    /// So many bytes of the body were taken, no more than were left in the chunk.
    pub(crate) fn take(&mut self, taken: u64) {
        if let State::Data { left } = self.state {
            self.state = match left.saturating_sub(taken) {
                0 => State::DataReturn,
                left => State::Data { left },
            };
        }
    }

    fn step(&mut self, state: State, byte: u8) -> Result<State, &'static str> {
        self.line += 1;
        if self.line > LONGEST {
            return Err("a chunk extension or trailer section that is too long");
        }
        Ok(match (state, byte) {
            (State::Size { size, digits }, byte) if byte.is_ascii_hexdigit() => {
                if digits == 16 {
                    return Err("a chunk size that is too large");
                }
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                State::Size {
                    size: size << 4 | u64::from(digit),
                    digits: digits + 1,
                }
            }
            (State::Size { digits: 0, .. }, _) => return Err("a chunk without a size"),
            (State::Size { size, .. } | State::Extension { size }, b'\r') => State::SizeEnd { size },
            (State::Size { size, .. }, b';' | b' ' | b'\t') => State::Extension { size },
            (State::Extension { size }, byte) if byte != b'\n' => State::Extension { size },
            (State::SizeEnd { size }, b'\n') => {
                self.line = 0;
                match size {
                    0 => State::Trailer,
                    left => State::Data { left },
                }
            }
            (State::DataReturn, b'\r') => State::DataEnd,
            (State::DataEnd, b'\n') => {
                self.line = 0;
                State::Size { size: 0, digits: 0 }
            }
            (State::Trailer, b'\r') => State::LastEnd,
            (State::TrailerLine, b'\r') => State::TrailerEnd,
            (State::Trailer | State::TrailerLine, byte) if byte != b'\n' => State::TrailerLine,
            (State::TrailerEnd, b'\n') => State::Trailer,
            (State::LastEnd, b'\n') => State::Ended,
            _ => return Err("a chunk that does not end where it should"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body, given in pieces of `size` bytes, and whether it has ended; how much was left over.
    fn decode(data: &[u8], size: usize) -> Result<(Vec<u8>, bool, usize), &'static str> {
        let mut chunks = Chunks::new();
        let mut body = Vec::new();
        let mut given = 0;
        for piece in data.chunks(size) {
            let mut rest = piece;
            given += piece.len();
            loop {
                match chunks.next(rest)? {
                    Next::More(_) => break,
                    Next::End(taken) => return Ok((body, true, data.len() - (given - rest.len() + taken))),
                    Next::Data(taken, left) => {
                        rest = &rest[taken..];
                        let part = rest.len().min(left as usize);
                        body.extend_from_slice(&rest[..part]);
                        chunks.take(part as u64);
                        rest = &rest[part..];
                    }
                }
            }
        }
        Ok((body, false, 0))
    }

    #[test]
    fn a_body_is_the_same_in_any_pieces() {
        let data = b"5\r\nhello\r\n1;x=y\r\n!\r\nA \r\n0123456789\r\n0\r\nA: b\r\nC: d\r\n\r\nrest";
        for size in 1..=data.len() {
            assert_eq!(
                decode(data, size),
                Ok((b"hello!0123456789".to_vec(), true, 4)),
                "{size}"
            );
        }
        assert_eq!(decode(b"3\r\nab", 9), Ok((b"ab".to_vec(), false, 0)));
        assert_eq!(decode(b"0\r\n\r\n", 1), Ok((Vec::new(), true, 0)));
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for data in [
            &b"\r\n"[..],
            b"x\r\n",
            b"-1\r\n",
            b"5\nhello",
            b"1\r\nab\r\n",
            b"1\r\na\n",
            b"11111111111111111\r\n",
            b"0\r\n\n",
            b"5 \n",
        ] {
            assert!(decode(data, 1).is_err(), "{data:?}");
        }
        let long = [b"1;".to_vec(), vec![b'x'; 20_000]].concat();
        assert!(decode(&long, 100).is_err());
    }
}
