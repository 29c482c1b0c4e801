//! The pages, which are part of the component.

/// One page of the site.
pub(crate) struct Page {
    path: &'static str,
    pub(crate) media_type: &'static str,
    pub(crate) content: &'static [u8],
    pub(crate) etag: Etag,
}

macro_rules! page {
    ($path:literal, $media_type:literal, $file:literal) => {
        Page {
            path: $path,
            media_type: $media_type,
            content: include_bytes!(concat!("site/", $file)),
            etag: Etag::of(include_bytes!(concat!("site/", $file))),
        }
    };
}

static PAGES: [Page; 6] = [
    page!("/", "text/html; charset=utf-8", "index.html"),
    page!("/about.html", "text/html; charset=utf-8", "about.html"),
    page!("/index.html", "text/html; charset=utf-8", "index.html"),
    page!("/logo.svg", "image/svg+xml", "logo.svg"),
    page!("/robots.txt", "text/plain; charset=utf-8", "robots.txt"),
    page!("/style.css", "text/css; charset=utf-8", "style.css"),
];

/// The page at a decoded path.
pub(crate) fn find(path: &[u8]) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.path.as_bytes() == path)
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// A strong validator: a hash of the content, in quotes, made when the component is built.
pub(crate) struct Etag([u8; 18]);

impl Etag {
    /// FNV-1a with 64 bits. The contents are our own, so nobody looks for two that collide.
    const fn of(content: &[u8]) -> Self {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let mut at = 0;
        while at < content.len() {
            hash ^= content[at] as u64;
            hash = hash.wrapping_mul(0x0100_0000_01b3);
            at += 1;
        }
        let bytes = hash.to_be_bytes();
        let mut text = [b'"'; 18];
        let mut byte = 0;
        while byte < bytes.len() {
            text[1 + 2 * byte] = HEX[(bytes[byte] >> 4) as usize];
            text[2 + 2 * byte] = HEX[(bytes[byte] & 0xf) as usize];
            byte += 1;
        }
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}
