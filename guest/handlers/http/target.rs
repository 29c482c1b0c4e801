//! Which page a request means (RFC 9112, section 3.2).

use crate::response::Status;

/// The target of a request.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Target {
    /// An absolute path, decoded, without its query.
    Path(Vec<u8>),
    /// A form that only OPTIONS or CONNECT can have.
    Other,
}

impl Target {
    /// # Errors
    ///
    /// `BadRequest` when a percent sign is not followed by two hexadecimal digits.
    pub(crate) fn parse(target: &str) -> Result<Self, Status> {
        let path = if target.starts_with('/') {
            target
        } else if let Some((scheme, rest)) = target.split_once("://")
            && scheme.eq_ignore_ascii_case("http")
        {
            // An absolute form, as for a proxy; which a server must take too.
            match rest.find(['/', '?']) {
                Some(end) if rest[end..].starts_with('/') => &rest[end..],
                _ => "/",
            }
        } else {
            return Ok(Self::Other);
        };
        let path = path.split(['?', '#']).next().unwrap_or_default();
        Ok(Self::Path(decode(path.as_bytes())?))
    }
}

fn decode(mut encoded: &[u8]) -> Result<Vec<u8>, Status> {
    let mut decoded = Vec::with_capacity(encoded.len());
    loop {
        encoded = match encoded {
            [] => return Ok(decoded),
            [b'%', high, low, rest @ ..] => {
                let digits = [*high, *low];
                let digits = str::from_utf8(&digits).ok().filter(|digits| !digits.starts_with('+'));
                let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                decoded.push(byte.ok_or(Status::BadRequest)?);
                rest
            }
            [b'%', ..] => return Err(Status::BadRequest),
            [byte, rest @ ..] => {
                decoded.push(*byte);
                rest
            }
        };
    }
}
