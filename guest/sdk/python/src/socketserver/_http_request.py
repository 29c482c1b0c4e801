"""The HTTP request that a connection is."""

from __future__ import annotations

import dataclasses

from socketserver import _phase, _wit
from socketserver._phase import Phase


@dataclasses.dataclass(frozen=True)
class HttpRequest:
    """What an HTTP request has beside its body.

    `http.server.BaseHTTPRequestHandler` has the same as `command`, `path` and `headers`.
    """

    method: str
    """As it stands in the request: `GET`."""
    scheme: str | None
    """`http` or `https`, where the server knows."""
    authority: str | None
    """The host that the client asked, and the port where it is not the scheme's own: `example.org:8080`."""
    path_with_query: str | None
    """The path, and the query if there is one: `/search?q=socket`."""
    headers: list[tuple[str, bytes]]
    """The header fields in their order; a name may come several times, and a value need not be UTF-8."""


def http_request() -> HttpRequest | None:
    """The request that the connection being handled is; `None` where it is no request, at the build, and in the program.

    A handler of bytes that is behind HTTP (`socketserver bundle --for wasmtime-serve`) receives the body of a request, and
    sends the body of the response. Where one instance serves several connections at once, as an async handler may in a runtime
    that is not ours, this is the request that it was called for last: ask before waiting for anything.

    A component imports this if its source, or a module beside it, names `socketserver.http_request`.
    """
    if _phase.current() is not Phase.REQUEST:
        return None
    try:
        bindings = _wit.http_requests()
    except ModuleNotFoundError:
        raise RuntimeError(
            "the build did not see that http_request() is called:"
            " name it as socketserver.http_request in the source, or in a module beside it"
        ) from None
    told = bindings.get_http_request()
    if told is None:
        return None
    return HttpRequest(told.method, told.scheme, told.authority, told.path_with_query, told.headers)
