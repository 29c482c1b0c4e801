"""The sandbox of a request: from the export that the host calls to `finish_request()`, and back."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any, Callable, NoReturn

from componentize_py_types import Err

from socketserver import _address, _phase, _server
from socketserver._connection import Connection
from socketserver._datagram import DatagramSocket
from socketserver._error import HandlerError, message_of
from socketserver._phase import Phase
from socketserver._server import BaseServer, TCPServer, UDPServer


# Characters of a traceback.
_LONGEST = 4096


class HandlerServer(BaseServer):
    """`self.server` of a handler that has no server of its own: its loop is that of `socketserver serve`."""

    def __init__(self, RequestHandlerClass: Any) -> None:
        self.RequestHandlerClass = RequestHandlerClass
        self.server_address: Any = None

    def fileno(self) -> int:
        return 3

    def shutdown_request(self, request: Any) -> None:
        """Nothing: the host closes what was handled."""

    close_request = shutdown_request


def serve_stream(server: BaseServer, handle: Any) -> None:
    """Serves a connection. Raises `Err`, as the host wants it, if the handler fails."""
    connection = Connection(handle)

    def finish() -> None:
        client_address = connection.getpeername()
        server._enter_thread()
        try:
            server.finish_request(connection, client_address)
        finally:
            server.shutdown_request(connection)

    _guard(finish)


def serve_datagram(server: BaseServer, datagram: Any, handle: Any) -> None:
    """Serves a datagram. Raises `Err`, as the host wants it, if the handler fails."""
    client_address = _address.from_wit(datagram.remote)
    request = (datagram.data, DatagramSocket(handle, client_address, datagram.remote))

    def finish() -> None:
        server._enter_thread()
        try:
            server.finish_request(request, client_address)
        finally:
            server.shutdown_request(request)

    _guard(finish)


def _guard(finish: Callable[[], None]) -> None:
    _phase.enter(Phase.REQUEST)
    try:
        finish()
    except SystemExit as end:
        leave(end.code)
    except MemoryError as error:
        # As in other languages, it is a crash: what was sent until then shall not be taken for the whole.
        error_lines = traceback.format_exception(without_sdk(error))
        sys.stderr.write("".join(error_lines))
        os.abort()
    except BaseException as error:
        raise Err(describe(error)) from None


def describe(error: BaseException) -> str:
    """What the host's log says of an exception that left a handler: its traceback.

    The peer's doing is told by the reason that the request ended for, and a message is a message: neither has a traceback.
    """
    if isinstance(error, (HandlerError, ConnectionError, TimeoutError)):
        return message_of(error)
    text = "".join(traceback.format_exception(without_sdk(error))).rstrip()
    # Whoever can make a handler fail shall not fill the log; what comes last says most.
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST // 2]}\n...\n{text[-_LONGEST // 2:]}"


def leave(code: Any) -> NoReturn:
    """Ends the sandbox as `sys.exit()` ends a process."""
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


def without_sdk(error: BaseException) -> BaseException:
    """Leaves out the frames above the source's own, which tell its author nothing."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_globals.get("__name__", "").startswith("socketserver."):
        frames = frames.tb_next
    return error.with_traceback(frames) if frames is not None else error


def server_for(is_datagram: bool, local: Any) -> BaseServer:
    """The server that a script has made for this kind of request, and for the address that it came in at."""
    servers = [
        server
        for server in _server.made
        if isinstance(server, UDPServer) == is_datagram and isinstance(server, TCPServer) and not server.socket.is_closed
    ]
    if not servers:
        kind = "datagrams" if is_datagram else "connections"
        raise HandlerError(f"the program had made no server of {kind} when it was built")
    server = max(servers, key=lambda server: _likeness(server.server_address, local))
    asked = server.server_address
    if isinstance(asked, tuple) and isinstance(local, tuple) and asked[1] == 0:
        # The system has chosen the port since.
        server.server_address = (asked[0], local[1], *asked[2:])
    return server


def _likeness(asked: Any, local: Any) -> tuple[bool, bool]:
    """How well the address that a server asked for fits the one that a request came in at: the port, then the host."""
    if isinstance(asked, tuple) and isinstance(local, tuple):
        return asked[1] == local[1], asked[0] == local[0]
    if isinstance(asked, tuple) or isinstance(local, tuple):
        return False, False
    return True, os.fsencode(asked) == os.fsencode(local)
