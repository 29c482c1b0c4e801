"""The module `socket`, for what a script connects to.

Where the component was built with `wasi:sockets`, sockets are Python's own, and reach what the operator grants
(`--allow-connect`). While a server goes on in the background, what waits for a socket serves meanwhile. Where it was built
without, because its source does not seem to connect to anything, making a socket raises `PermissionError`.

At the build no socket can be made, and no name is looked up.
"""

from __future__ import annotations

import errno
import os
import select
import socket
from typing import Any

from socketserver import _address, _background, _build, _phase
from socketserver._phase import Phase

_has_sockets = True
_Original = socket.socket
_getaddrinfo = socket.getaddrinfo


def install(*, has_sockets: bool) -> None:
    """Puts all of this into the module `socket`, with the constants that it lacks."""
    global _has_sockets
    _has_sockets = has_sockets
    module: Any = socket
    module.socket = module.SocketType = Socket
    module.getaddrinfo = _cooperative_getaddrinfo
    module.gethostbyname = lambda name: _cooperative_getaddrinfo(name, None, socket.AF_INET)[0][4][0]
    module.gethostbyaddr = _gethostbyaddr
    module.gethostname = lambda: "localhost"
    for name in ("AF_UNIX", "SOCK_RAW", "SOCK_SEQPACKET"):
        if not hasattr(module, name):
            setattr(module, name, getattr(_address, name))


def _check() -> None:
    """Says why there are no sockets now."""
    if _phase.current() is Phase.BUILD:
        if _background.is_busy():
            _build.stop()
        raise PermissionError(
            errno.EACCES,
            "no socket is opened when the program is built; make the server before anything is connected to",
        )
    if not _has_sockets:
        raise PermissionError(
            errno.EACCES, "the component was built without sockets, as its source names none: import socket in it"
        )


class Socket(_Original):
    """A socket that serves while it waits."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        _check()
        super().__init__(*arguments, **named)

    def connect(self, address: Any, /) -> None:
        timeout = self.gettimeout()
        if timeout == 0 or not _background.is_busy():
            return super().connect(address)
        self.settimeout(0)
        try:
            try:
                return super().connect(address)
            except BlockingIOError:
                pass
            self._serve_until(select.POLLOUT, timeout)
            number = self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if number:
                raise OSError(number, os.strerror(number))
        finally:
            self.settimeout(timeout)

    def recv(self, *arguments: Any) -> bytes:
        self._wait_to(select.POLLIN)
        return super().recv(*arguments)

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        self._wait_to(select.POLLIN)
        return super().recv_into(*arguments, **named)

    def recvfrom(self, *arguments: Any) -> tuple[bytes, Any]:
        self._wait_to(select.POLLIN)
        return super().recvfrom(*arguments)

    def send(self, *arguments: Any) -> int:
        self._wait_to(select.POLLOUT)
        return super().send(*arguments)

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        if not _background.is_busy():
            return super().sendall(data, flags)
        with memoryview(data) as view, view.cast("B") as whole:
            sent = 0
            while sent < len(whole):
                sent += self.send(whole[sent : sent + 65_536], flags)

    def _wait_to(self, event: int) -> None:
        timeout = self.gettimeout()
        if timeout != 0 and _background.is_busy():
            self._serve_until(event, timeout)

    def _serve_until(self, event: int, timeout: float | None) -> None:
        poll = select.poll()
        poll.register(self.fileno(), event)
        if not _background.wait_until(lambda: bool(poll.poll(0)), timeout):
            raise TimeoutError("timed out")


def _cooperative_getaddrinfo(
    host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
) -> list[Any]:
    """Addresses need no look-up, so they are told in any case."""
    for candidate in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(candidate, host)
        except (OSError, TypeError):
            continue
        if family in (0, candidate):
            address = (host, port or 0) if candidate == socket.AF_INET else (host, port or 0, 0, 0)
            kinds = [type] if type else [socket.SOCK_STREAM, socket.SOCK_DGRAM]
            return [(candidate, kind, proto, "", address) for kind in kinds]
    _check()
    return _getaddrinfo(host, port, family, type, proto, flags)


def _gethostbyaddr(address: str, /) -> Any:
    """WASI has no look-up of addresses."""
    raise socket.herror(1, "Unknown host")
