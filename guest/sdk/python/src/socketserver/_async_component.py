"""What the component of an async handler exports."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import componentize_py_async_support as support
from componentize_py_types import Err, Ok
from wit_world import exports

from socketserver import _component, _freeze, _loop, _phase, _sandbox, _wit
from socketserver._phase import Phase
from socketserver._streams import Transport, open_streams

_handle: Any = None


class AsyncStreamHandler(exports.AsyncStreamHandler):
    """The export `async-stream-handler`; the class of the bindings starts it."""

    async def handle(self, connection: Any, received: Any, received_end: Any) -> Any:
        _phase.enter(Phase.REQUEST)
        world = _wit.world()
        sent, stream = world.byte_stream()
        outcome, future = world.result_unit_network_error_code_future(lambda: Ok(None))
        # The handler goes on when this has returned: only then the host takes what it sends.
        support.spawn(_serve(Transport(connection, received, received_end, sent), outcome))
        return stream, future


async def _serve(transport: Transport, outcome: Any) -> None:
    reader, writer = open_streams(transport)
    result: Any = Ok(None)
    try:
        await _handle(reader, writer)
    except SystemExit as end:
        _sandbox.leave(end.code)
    except BaseException as error:
        result = Err(_wit.network().ErrorCode_Other(_sandbox.describe(error)))
    transport.close()
    await transport.wait_sent()
    await outcome.write(result)
    _loop.leave()


def load(*, folder: str, file: str, has_sockets: bool, immortal: str) -> None:
    """Runs the source, and keeps what is there then."""
    global _handle
    _loop.install()
    module: types.ModuleType = _component.run_source(folder, file, has_sockets=has_sockets)
    _handle = module.handle  # type: ignore[attr-defined]
    _freeze.freeze([], Path(immortal))
