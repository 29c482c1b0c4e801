//! The components that others wrote: where each comes from, what it is asked, and what must come back.

use crate::support::foreign::Source;
use crate::support::http_client::{Body, Request};

/// A component, and what is known of it.
#[derive(Debug)]
pub(super) struct Component {
    pub(super) source: Source,
    /// The interface that it exports, with the version.
    pub(super) export: &'static str,
    pub(super) exchanges: &'static [Exchange],
    /// Where it sends a body back as it receives it.
    pub(super) echo: Option<&'static str>,
    /// Whether it imports `wasi:sockets`, which the library of its language may do without ever using it. They are there
    /// under `wasmtime serve`, and reach nothing; here they are there where a rule grants something.
    pub(super) has_sockets: bool,
}

#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) request: Request<'static>,
    pub(super) status: u16,
    /// Headers that the answer must have, among others.
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) body: &'static str,
}

impl Exchange {
    const fn new(request: Request<'static>, status: u16, body: &'static str) -> Self {
        Self {
            request,
            status,
            headers: &[],
            body,
        }
    }
}

/// Bindings of WASI 0.2 as it was first: 0.2.0.
pub(super) const WASI_0_2_0: Component = Component {
    source: example("wasi", "0.13.1", BINDINGS, "http-proxy"),
    export: "wasi:http/incoming-handler@0.2.0",
    exchanges: &HELLO_WASI,
    echo: None,
    has_sockets: false,
};

/// Bindings of WASI 0.2 as most components of today have them.
pub(super) const WASI_0_2_4: Component = Component {
    source: Source::Crate {
        name: "wasi",
        version: "0.14.7",
        licence: BINDINGS,
        example: "http-proxy",
        features: "std",
    },
    export: "wasi:http/incoming-handler@0.2.4",
    exchanges: &HELLO_WASI,
    echo: None,
    has_sockets: false,
};

/// The latest bindings of WASI 0.2; the example that does without Rust's standard library imports nothing but `wasi:http` and
/// `wasi:io`.
pub(super) const WASIP2: Component = Component {
    source: example("wasip2", "2.0.1", BINDINGS, "http-proxy-no_std"),
    export: "wasi:http/incoming-handler@0.2.12",
    exchanges: &HELLO_WASI,
    echo: None,
    has_sockets: false,
};

/// Bindings of WASI 0.3, and a body that is written after the response has been returned.
pub(super) const WASIP3: Component = Component {
    source: example("wasip3", "0.10.0", BINDINGS, "http-proxy"),
    export: "wasi:http/handler@0.3.2",
    exchanges: &HELLO_WASI,
    echo: None,
    has_sockets: false,
};

/// The types of the crate `http` over WASI 0.3.
pub(super) const WASIP3_COMPAT: Component = Component {
    source: Source::Crate {
        name: "wasip3",
        version: "0.10.0",
        licence: BINDINGS,
        example: "http-proxy-compat",
        features: "http-compat",
    },
    export: "wasi:http/handler@0.3.2",
    exchanges: &HELLO_WASI,
    echo: None,
    has_sockets: false,
};

/// A server with a dozen routes over an asynchronous runtime of its own.
pub(super) const WSTD: Component = Component {
    source: example("wstd", "0.6.8", LLVM, "http_server"),
    export: "wasi:http/incoming-handler@0.2.12",
    exchanges: &[
        Exchange::new(Request::get("/"), 200, "Hello, wasi:http/proxy world!\n"),
        Exchange::new(Request::get("/nonesuch"), 404, ""),
        Exchange::new(Request::post("/echo", Body::Sized(b"an echo")), 200, "an echo"),
        Exchange::new(
            Request::post("/echo", Body::Chunked(b"an echo in chunks", 3)),
            200,
            "an echo in chunks",
        ),
        Exchange {
            request: Request {
                headers: &[("x-one", "1"), ("x-two", "second value")],
                ..Request::get("/echo-headers")
            },
            status: 200,
            headers: &[("x-one", "1"), ("x-two", "second value")],
            body: "",
        },
        Exchange {
            request: Request {
                headers: &[("x-response-status", "302")],
                ..Request::get("/response-status")
            },
            status: 302,
            headers: &[("location", "http://localhost/response-status")],
            body: "",
        },
        Exchange {
            request: Request {
                headers: &[("x-response-status", "418")],
                ..Request::get("/response-status")
            },
            ..Exchange::new(Request::get(""), 418, "")
        },
    ],
    echo: Some("/echo"),
    has_sockets: false,
};

/// A reverse proxy, for the address in its environment.
pub(super) const WSTD_PROXY: Component = Component {
    source: example("wstd", "0.6.8", LLVM, "http_server_proxy"),
    export: "wasi:http/incoming-handler@0.2.12",
    exchanges: &[Exchange::new(Request::get("/nonesuch"), 404, "")],
    echo: None,
    has_sockets: false,
};

/// axum, a web framework.
pub(super) const WSTD_AXUM: Component = Component {
    source: example("wstd-axum", "0.6.8", LLVM, "hello_world"),
    export: "wasi:http/incoming-handler@0.2.12",
    exchanges: &[
        Exchange {
            headers: &[("content-type", "text/html; charset=utf-8"), ("content-length", "22")],
            ..Exchange::new(Request::get("/"), 200, "<h1>Hello, World!</h1>")
        },
        Exchange::new(Request::get("/nonesuch"), 404, ""),
        Exchange {
            headers: &[("allow", "GET,HEAD")],
            ..Exchange::new(Request::post("/", Body::Sized(b"not wanted")), 405, "")
        },
    ],
    echo: None,
    has_sockets: false,
};

/// An event loop of Python's `asyncio` over the pollables of WASI 0.2.
pub(super) const PYTHON: Component = Component {
    source: Source::ComponentizePy {
        example: "http",
        world: "wasi:http/proxy@0.2.0",
    },
    export: "wasi:http/incoming-handler@0.2.0",
    exchanges: &PYTHON_ECHO,
    echo: Some("/echo"),
    has_sockets: true,
};

/// Coroutines of Python over WASI 0.3.
pub(super) const PYTHON_P3: Component = Component {
    source: Source::ComponentizePy {
        example: "http-p3",
        world: "wasi:http/service@0.3.0",
    },
    export: "wasi:http/handler@0.3.0",
    exchanges: &PYTHON_ECHO,
    echo: Some("/echo"),
    has_sockets: true,
};

/// Hono, a web framework in TypeScript, in the engine of Firefox.
pub(super) const HONO: Component = Component {
    source: Source::Hono,
    export: "wasi:http/incoming-handler@0.2.12",
    exchanges: &[
        Exchange {
            headers: &[("content-type", "text/plain;charset=UTF-8")],
            ..Exchange::new(Request::get("/"), 200, "Hono!")
        },
        Exchange::new(Request::get("/nonesuch"), 404, "404 Not Found"),
    ],
    echo: None,
    has_sockets: false,
};

/// The licences of the bindings, and of what the Bytecode Alliance has beside them.
const BINDINGS: &str = "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT";
const LLVM: &str = "Apache-2.0 WITH LLVM-exception";

const fn example(name: &'static str, version: &'static str, licence: &'static str, example: &'static str) -> Source {
    Source::Crate {
        name,
        version,
        licence,
        example,
        features: "",
    }
}

/// All examples of bindings answer everything with the same words.
const HELLO_WASI: [Exchange; 3] = [
    Exchange::new(Request::get("/"), 200, "Hello, WASI!"),
    Exchange::new(Request::get("/any/path?and=query"), 200, "Hello, WASI!"),
    Exchange::new(Request::post("/", Body::Sized(b"not read")), 200, "Hello, WASI!"),
];

const PYTHON_ECHO: [Exchange; 3] = [
    Exchange {
        request: Request {
            headers: &[("content-type", "text/x-poem")],
            ..Request::post("/echo", Body::Sized(b"'Twas brillig"))
        },
        headers: &[("content-type", "text/x-poem")],
        ..Exchange::new(Request::get(""), 200, "'Twas brillig")
    },
    Exchange::new(
        Request::post("/echo", Body::Chunked(b"and the slithy toves", 7)),
        200,
        "and the slithy toves",
    ),
    Exchange::new(Request::get("/nonesuch"), 400, ""),
];
