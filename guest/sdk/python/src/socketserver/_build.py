"""How the build stops a script.

A component is made by running its source once, and keeping the memory. For a handler that is all there is to it: the module
has been imported. A script would serve, and can't, so it is stopped where it would first wait for something: in
`serve_forever()` or `handle_request()`, or, where a thread serves, in what the main program waits for beside it (a socket,
`join()`, `time.sleep()`). The servers that it has made by then are what requests are handled with.

To stop it, `Stopped` is raised, which leaves the script through its `with` and `finally` blocks. It is no `Exception`, so
`except Exception` does not hold it; a bare `except` does, until the script waits again.

What a script does before that, it does at the build, and again when it runs: so it should make its servers first, and talk
to others after. Nothing is bound, and no socket is opened, at the build.
"""

from __future__ import annotations

import sys
import traceback
from types import TracebackType
from typing import NoReturn

from socketserver import _phase


class Stopped(BaseException):
    """Leaves a script at the build."""


_stopped = False


def stop() -> NoReturn:
    """Leaves the script, which would wait here."""
    global _stopped
    _stopped = True
    raise Stopped


def is_stopping() -> bool:
    """Whether the script is being left at the build: then `server_close()` closes nothing that requests need."""
    return _stopped and _phase.current() is _phase.Phase.BUILD


def tell(kind: type[BaseException], error: BaseException, frames: TracebackType | None) -> None:
    """The `sys.excepthook` of the build: says what is wrong with a source, from its own lines on."""
    while frames is not None and _is_sdk(frames):
        frames = frames.tb_next
    if frames is None:
        # The SDK itself has something to say.
        print(error, file=sys.stderr)
        return
    traceback.print_exception(kind, error, frames)
    print("This was the build, which runs the source once, without arguments, up to where it serves.", file=sys.stderr)


def _is_sdk(frames: TracebackType) -> bool:
    name = frames.tb_frame.f_globals.get("__name__", "")
    return name == "component_entry" or name.startswith("socketserver.")
