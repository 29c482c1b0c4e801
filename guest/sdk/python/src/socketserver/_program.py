"""A script that serves: run once at the build, and again as the program."""

from __future__ import annotations

import atexit
import itertools
import sys
import threading
import traceback
import types
from typing import Any

from componentize_py_types import Err

from socketserver import _background, _build, _phase, _sandbox, _server
from socketserver._phase import Phase

_code: Any = None
_file = ""


def build(code: Any, file: str) -> None:
    """Runs a script up to where it would wait.

    Raises what the script raises, and `SystemExit` with the reason if it has made no server until then.
    """
    global _code, _file
    _code, _file = code, file
    sys.argv[:] = [file]
    try:
        _execute()
    except _build.Stopped:
        pass
    except SystemExit as end:
        # A script that ends before it has made a server wants arguments, most likely.
        raise RuntimeError(f"{file} exits at the build, where it has no arguments, before it serves: {end.code}") from None
    finally:
        sys.argv.clear()
    if not any(isinstance(server, _server.TCPServer) for server in _server.made):
        raise RuntimeError(f"{file} makes no server before it ends or waits")
    # What the program does to the threads of its own, it does to its own.
    _background.forget()


def run() -> None:
    """Runs the script from its top, as the program. Raises `Err` if it fails."""
    _phase.enter(Phase.PROGRAM)
    sys.argv[:] = [_file, *sys.argv[1:]]
    # The threads of the build do not count.
    threading._counter = itertools.count(1).__next__  # type: ignore[attr-defined]
    failed = False
    try:
        _execute()
        # As CPython does, which waits for threads that are no daemons.
        _background.wait_until(lambda: not _background.is_held())
    except SystemExit as end:
        code = end.code
        if code is not None and not isinstance(code, int):
            print(code, file=sys.stderr)
        failed = code is not None and code != 0
    except KeyboardInterrupt:
        # The operator's stop, which is no failure.
        pass
    except BaseException as error:
        sys.stderr.write("".join(traceback.format_exception(_sandbox.without_sdk(error))))
        failed = True
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
    if failed:
        raise Err(None)


def _execute() -> None:
    main = types.ModuleType("__main__")
    main.__file__ = _file
    main.__builtins__ = __builtins__  # type: ignore[attr-defined]
    sys.modules["__main__"] = main
    exec(_code, main.__dict__)
