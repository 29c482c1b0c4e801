//! Header fields that are about one connection, and not about a message.

/// A header field: its name, and its value.
pub type Field = (String, Vec<u8>);

/// Fields of one connection, in lower case: RFC 9110, section 7.6.1, and those that runtimes forbid.
const OF_A_CONNECTION: [&str; 10] = [
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The fields that belong to the message: without those of the connection, and those that `Connection` names.
pub(crate) fn of_message(fields: Vec<Field>) -> Vec<Field> {
    let options: Vec<String> = named(&fields, "connection").flat_map(elements).collect();
    let is_of_message = |name: &str| {
        let name = name.to_ascii_lowercase();
        !OF_A_CONNECTION.contains(&name.as_str()) && !options.contains(&name)
    };
    fields.into_iter().filter(|(name, _)| is_of_message(name)).collect()
}

/// The values of the fields of this name.
pub(crate) fn named<'a>(fields: &'a [Field], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let fields = fields.iter().filter(move |(field, _)| field.eq_ignore_ascii_case(name));
    fields.map(|(_, value)| value.as_slice())
}

/// The elements of a list, in lower case.
pub(crate) fn elements(value: &[u8]) -> Vec<String> {
    let elements = value.split(|byte| *byte == b',');
    let elements = elements.map(|element| String::from_utf8_lossy(element.trim_ascii()).to_ascii_lowercase());
    elements.filter(|element| !element.is_empty()).collect()
}

/// The length that `Content-Length` tells; nothing without one. The error says what is wrong with it.
pub(crate) fn content_length(fields: &[Field]) -> Result<Option<u64>, &'static str> {
    let mut values = named(fields, "content-length");
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err("more than one Content-Length");
    }
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let number = is_number.then(|| str::from_utf8(value).ok()?.parse().ok()).flatten();
    number.map(Some).ok_or("a Content-Length that is no number")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(fields: &[(&str, &str)]) -> Vec<Field> {
        let fields = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        fields.collect()
    }

    #[test]
    fn what_is_of_the_connection_does_not_go_further() {
        let all = fields(&[
            ("Host", "a"),
            ("Connection", "close, X-Hop"),
            ("connection", "x-other"),
            ("x-hop", "1"),
            ("X-Other", "2"),
            ("Keep-Alive", "timeout=5"),
            ("Transfer-Encoding", "chunked"),
            ("TE", "trailers"),
            ("Accept", "*/*"),
        ]);
        let kept: Vec<_> = of_message(all).into_iter().map(|(name, _)| name).collect();
        assert_eq!(kept, ["Host", "Accept"]);
    }

    #[test]
    fn a_length_is_one_number() {
        let length = |values: &[&str]| {
            let all: Vec<_> = values.iter().map(|value| ("Content-length", *value)).collect();
            content_length(&fields(&all))
        };
        assert_eq!(length(&[]), Ok(None));
        assert_eq!(length(&["0"]), Ok(Some(0)));
        for bad in [
            &["1", "1"][..],
            &["1, 1"],
            &["+1"],
            &[""],
            &["-1"],
            &["99999999999999999999"],
            &["1 "],
        ] {
            assert!(length(bad).is_err(), "{bad:?}");
        }
    }
}
