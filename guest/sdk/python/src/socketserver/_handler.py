"""The classes that a service derives its handler from."""

from __future__ import annotations

import io
import socket
from typing import Any, ClassVar


class BaseRequestHandler:
    """Serves one request: derive from it, and define `handle()`.

    There is one instance for each request: its constructor calls `setup()`, `handle()` and `finish()`. `finish()` is called
    whatever happens in `handle()`, unless `setup()` has failed.

    Instance variables:

    - `request`: the connection, or for a server of datagrams the pair of the data and a socket to answer by
    - `client_address`: the address of the peer
    - `server`: the server, as it was when the program was built
    """

    def __init__(self, request: Any, client_address: Any, server: Any) -> None:
        self.request = request
        self.client_address = client_address
        self.server = server
        self.setup()
        try:
            self.handle()
        finally:
            self.finish()

    def setup(self) -> None:
        """Called before `handle()`."""

    def handle(self) -> None:
        """Serves the request."""

    def finish(self) -> None:
        """Called after `handle()`."""


class StreamRequestHandler(BaseRequestHandler):
    """A handler that has the two directions of its connection as files, `rfile` and `wfile`.

    Class variables that may be overridden:

    - `rbufsize`: the size of the buffer of `rfile`; -1, the default, is the size that Python has for files, 0 is none
    - `wbufsize`: the size of the buffer of `wfile`; 0, the default, is none: what is written is sent
    - `timeout`: the seconds that a call may wait for the peer; `None`, the default, is as long as the operator lets it
    - `disable_nagle_algorithm`: set TCP_NODELAY; false by default, and without effect: it is the operator's (`--no-delay`)
    """

    rbufsize: ClassVar[int] = -1
    wbufsize: ClassVar[int] = 0
    timeout: ClassVar[float | None] = None
    disable_nagle_algorithm: ClassVar[bool] = False

    def setup(self) -> None:
        self.connection = self.request
        if self.timeout is not None:
            self.connection.settimeout(self.timeout)
        if self.disable_nagle_algorithm:
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self.rfile = self.connection.makefile("rb", self.rbufsize)
        if self.wbufsize == 0:
            self.wfile = _SocketWriter(self.connection)
        else:
            self.wfile = self.connection.makefile("wb", self.wbufsize)

    def finish(self) -> None:
        if not self.wfile.closed:
            try:
                self.wfile.flush()
            except OSError:
                # The peer has gone, and `handle()` has ended: nobody is left to tell.
                pass
        self.wfile.close()
        self.rfile.close()


class DatagramRequestHandler(BaseRequestHandler):
    """A handler that reads its datagram from `rfile`, and answers with what it writes to `wfile`.

    Nothing written is nothing sent: where the address of a sender is forged, its owner shall not get an answer to it. That
    differs from CPython, which sends an empty datagram.
    """

    def setup(self) -> None:
        self.packet, self.socket = self.request
        self.rfile = io.BytesIO(self.packet)
        self.wfile = io.BytesIO()

    def finish(self) -> None:
        answer = self.wfile.getvalue()
        if answer:
            self.socket.sendto(answer, self.client_address)


class _SocketWriter(io.BufferedIOBase):
    """A `wfile` without a buffer: each write sends all that it is given."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._sock.sendall(data)
        with memoryview(data) as view:
            return view.nbytes

    def fileno(self) -> int:
        return self._sock.fileno()
