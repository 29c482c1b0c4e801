"""What a component exports, under the names that its world has for it.

The builder writes a module that calls `load()` and takes the names from here; `describe.py` beside the package finds out with
what. Whatever the world does not export is not used.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

from socketserver import _build, _freeze, _lazy, _network, _program, _randomness, _sandbox, _server, _threads
from socketserver._address import from_wit

_stream_server: _server.BaseServer | None = None
_datagram_server: _server.BaseServer | None = None


class StreamHandler:
    """The export `stream-handler`."""

    def handle(self, connection: Any) -> None:
        server = _stream_server
        if server is None:
            server = _sandbox.server_for(False, from_wit(connection.get_local_address()))
        _sandbox.serve_stream(server, connection)


class DatagramHandler:
    """The export `datagram-handler`."""

    def handle(self, datagram: Any, socket: Any) -> None:
        server = _datagram_server
        if server is None:
            server = _sandbox.server_for(True, from_wit(socket.get_local_address()))
        _sandbox.serve_datagram(server, datagram, socket)


class Run:
    """The export `wasi:cli/run`."""

    def run(self) -> None:
        _program.run()


def load(
    *,
    folder: str,
    file: str,
    kind: str,
    stream: str | None,
    datagram: str | None,
    has_sockets: bool,
    immortal: str,
) -> None:
    """Runs the source, and keeps what is there then."""
    global _stream_server, _datagram_server
    if kind == "program":
        _program.build(_read(folder, file, has_sockets=has_sockets), file)
    else:
        module = run_source(folder, file, has_sockets=has_sockets)
        if stream is not None:
            _stream_server = _sandbox.HandlerServer(getattr(module, stream))
        if datagram is not None:
            _datagram_server = _sandbox.HandlerServer(getattr(module, datagram))
    servers: list[tuple[bool, _server.BaseServer]] = []
    if kind == "program" or stream is not None:
        servers.append((False, _stream_server or _sandbox.HandlerServer(None)))
    if kind == "program" or datagram is not None:
        servers.append((True, _datagram_server or _sandbox.HandlerServer(None)))
    _freeze.freeze(servers, Path(immortal))


def run_source(folder: str, file: str, *, has_sockets: bool) -> types.ModuleType:
    """Runs a source as a module, and returns it."""
    code = _read(folder, file, has_sockets=has_sockets)
    module = types.ModuleType(Path(file).stem)
    module.__file__ = file
    sys.modules[module.__name__] = module
    exec(code, module.__dict__)
    return module


def _read(folder: str, file: str, *, has_sockets: bool) -> Any:
    """The code of a source, with everything in place that it finds other than in CPython."""
    sys.excepthook = _build.tell
    text = Path(folder, file).read_text(encoding="utf-8")
    _freeze.keep_source(file, text)
    _randomness.install()
    _threads.install()
    _network.install(has_sockets=has_sockets)
    _lazy.begin()
    return compile(text, file, "exec", dont_inherit=True)
