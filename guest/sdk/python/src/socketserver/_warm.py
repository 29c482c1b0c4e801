"""Requests of nobody, at the end of the build.

CPython learns while it runs: it rewrites its code for the types that it has met, and remembers where it has found attributes.
All of that is memory, and a sandbox copies each page that it writes. So it learns here, from requests that come from nobody,
and every sandbox begins with what it knows.

What is run is the SDK, with a handler of its own. The handler of the source is not: it may do what a build shall not do.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any

import componentize_py_runtime as runtime
from componentize_py_types import Ok

from socketserver import _phase, _sandbox, _wit
from socketserver._handler import BaseRequestHandler, DatagramRequestHandler, StreamRequestHandler

# More than it takes CPython to believe what it has seen.
_TIMES = 64


class _Host:
    """What the host answers to nobody: two lines, and then the end."""

    def __init__(self, remote: Any) -> None:
        self._remote = remote
        self._lines: list[bytes] = []

    def call_import(self, index: int, arguments: list[Any]) -> Any:
        """Stands for the runtime's function of this name, which the bindings call."""
        match sys._getframe(1).f_code.co_name:
            case "receive":
                return Ok(self._lines.pop())
            case "send":
                return Ok(len(arguments[1]))
            case "get_remote_address" | "get_local_address":
                return self._remote
            case _:
                return Ok(None)

    def handle(self, kind: type) -> Any:
        """A handle of a resource, as the runtime makes it."""
        self._lines = [b"", b"two\n", b"one\n"]
        handle: Any = kind.__new__(kind)
        handle.handle = 1
        handle.finalizer = weakref.finalize(handle, _drop, 0, 1)
        return handle


def _drop(index: int, handle: int) -> None:
    """Stands for the runtime's function that drops a resource."""


class _Plain(BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data)


class _Lines(StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line)


class _Datagram(DatagramRequestHandler):
    def handle(self) -> None:
        self.wfile.write(self.rfile.read())


class _Pair(BaseRequestHandler):
    def handle(self) -> None:
        data, socket = self.request
        socket.sendto(data, self.client_address)


def warm(servers: list[tuple[bool, Any]]) -> None:
    """Has requests of nobody served by stand-ins for the handlers of servers, of which each says whether it is one of datagrams."""
    network = _wit.network()
    remotes = [
        network.SocketAddress_Ipv6(network.Ipv6SocketAddress(1, 0, (0, 0, 0, 0, 0, 0, 0, 1), 0)),
        network.SocketAddress_Ipv4(network.Ipv4SocketAddress(1, (127, 0, 0, 1))),
    ]
    phase, call_import = _phase.current(), runtime.call_import
    try:
        for is_datagram, server in servers:
            known = server.RequestHandlerClass
            for remote in remotes:
                host = _Host(remote)
                runtime.call_import = host.call_import
                for handler in (_Datagram, _Pair) if is_datagram else (_Lines, _Plain):
                    server.RequestHandlerClass = handler
                    for _ in range(_TIMES):
                        _serve(server, is_datagram, host, remote)
            server.RequestHandlerClass = known
    finally:
        runtime.call_import = call_import
        _phase.enter(phase)


def _serve(server: Any, is_datagram: bool, host: _Host, remote: Any) -> None:
    if is_datagram:
        wit = _wit.datagrams()
        datagram = wit.Datagram(data=b"one\n", remote=remote, truncated=False)
        _sandbox.serve_datagram(server, datagram, host.handle(wit.DatagramSocket))
    else:
        _sandbox.serve_stream(server, host.handle(_wit.connections().Connection))
