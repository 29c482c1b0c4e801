//! The head of a request: what hyper leaves to its user to refuse.

use http::header::{HOST, HeaderValue};
use http::request::Parts;
use http::uri::Authority;
use http::{Method, StatusCode, Version};

use crate::address::ListenAddress;

/// Makes sure that a request says whom it is for, and asks for nothing that no handler could do.
///
/// # Errors
///
/// The status that answers it, and why.
pub(super) fn check(parts: &mut Parts, listener: &ListenAddress) -> Result<(), (StatusCode, &'static str)> {
    if parts.method == Method::CONNECT {
        return Err((StatusCode::NOT_IMPLEMENTED, "CONNECT asks for a tunnel"));
    }
    let mut hosts = parts.headers.get_all(HOST).iter();
    let (host, another) = (hosts.next(), hosts.next());
    if another.is_some() {
        return Err((StatusCode::BAD_REQUEST, "the request has several Host headers"));
    }
    // RFC 9113, section 8.3.1, and RFC 9110, section 4.2.4: it has no user information.
    if parts
        .uri
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
    {
        return Err((StatusCode::BAD_REQUEST, "the authority names a user"));
    }
    match host {
        Some(host) if !is_authority(host) => Err((StatusCode::BAD_REQUEST, "the Host header is not a host")),
        // RFC 9113, section 8.3.1: a request whose `Host` differs from `:authority` is one that parts of a system may take
        // for requests to different hosts. In HTTP/1 the target goes before the header (RFC 9112, section 3.2.2).
        Some(host) if parts.version == Version::HTTP_2 && !is_same(host, parts.uri.authority()) => {
            Err((StatusCode::BAD_REQUEST, "the Host header is not the authority"))
        }
        Some(_) => Ok(()),
        None if parts.version == Version::HTTP_2 && parts.uri.authority().is_some() => Ok(()),
        // RFC 9112, section 3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message
        // that lacks a Host header field".
        None if parts.version != Version::HTTP_10 => Err((StatusCode::BAD_REQUEST, "the request has no Host header")),
        // An older one is for whom its target says, or for whoever it was sent to.
        None if parts.uri.authority().is_some() => Ok(()),
        None => {
            parts.headers.insert(HOST, own_host(listener));
            Ok(())
        }
    }
}

fn is_authority(host: &HeaderValue) -> bool {
    let host = host.as_bytes();
    // A host alone: `user@host` is for URLs.
    !host.contains(&b'@') && Authority::try_from(host).is_ok()
}

fn is_same(host: &HeaderValue, authority: Option<&Authority>) -> bool {
    authority.is_none_or(|authority| host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes()))
}

fn own_host(listener: &ListenAddress) -> HeaderValue {
    let address = match &listener.address {
        crate::address::Address::Ip(address) => address.to_string(),
        crate::address::Address::Unix(_) => String::new(),
    };
    HeaderValue::try_from(address)
        .ok()
        .filter(is_authority)
        .unwrap_or(HeaderValue::from_static("localhost"))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::address::{Address, Transport};

    fn status(build: impl FnOnce(http::request::Builder) -> http::request::Builder) -> Option<u16> {
        let listener = ListenAddress {
            transport: Transport::Http,
            address: Address::Ip("127.0.0.1:80".parse().unwrap()),
        };
        let (mut parts, ()) = build(Request::builder()).body(()).unwrap().into_parts();
        check(&mut parts, &listener).err().map(|(status, _)| status.as_u16())
    }

    #[test]
    fn a_request_says_once_whom_it_is_for() {
        assert_eq!(status(|r| r.uri("/").header("host", "a:80")), None);
        assert_eq!(status(|r| r.uri("http://a/")), Some(400), "the target is no Host");
        assert_eq!(status(|r| r.uri("http://a/").header("host", "b")), None);
        assert_eq!(status(|r| r.uri("http://a/").version(Version::HTTP_10)), None);
        let http2 = |uri: &'static str| move |r: http::request::Builder| r.uri(uri).version(Version::HTTP_2);
        assert_eq!(status(http2("http://a/")), None);
        assert_eq!(status(http2("http://user@a/")), Some(400));
        assert_eq!(status(|r| http2("http://a/")(r).header("host", "A")), None);
        assert_eq!(status(|r| http2("http://a/")(r).header("host", "b")), Some(400));
        assert_eq!(status(|r| r.uri("/")), Some(400));
        assert_eq!(status(|r| r.uri("/").version(Version::HTTP_10)), None);
        assert_eq!(
            status(|r| r.uri("/").header("host", "a").header("host", "b")),
            Some(400)
        );
        for host in ["", "a b", "a/b", "user@a", "\u{e4}"] {
            assert_eq!(status(|r| r.uri("/").header("host", host)), Some(400), "{host}");
        }
    }

    #[test]
    fn nobody_is_a_tunnel() {
        assert_eq!(status(|r| r.method("CONNECT").uri("a:80")), Some(501));
    }
}
