"""The end of the build: what is in memory now is what every sandbox begins with.

A sandbox shares its memory with the component until it writes there, so work that is done here is done once, and what is
laid to rest here stays shared.
"""

from __future__ import annotations

import gc
import importlib.abc
import linecache
import sys
import traceback
from pathlib import Path
from typing import Any, Sequence

from socketserver import _immortal, _lazy, _warm, _wit


class _Absent(importlib.abc.MetaPathFinder):
    """Says why a module is not found in a component."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> None:
        raise ModuleNotFoundError(
            f"No module named {name!r} in the component: it has the modules that were imported when it was built;"
            f" import {name} at the top of the source",
            name=name,
        )


def keep_source(name: str, text: str) -> None:
    """Keeps the lines of a source for tracebacks: a sandbox has no files."""
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)


def freeze(servers: list[tuple[bool, Any]], immortal: Path) -> None:
    """Ends the build, with the servers that requests are handled with, and whether each is one of datagrams.

    The builder is told by a file which objects live for ever.
    """
    _wit.load()
    _lazy.load()
    _make_traceback()
    sys.excepthook = sys.__excepthook__
    sys.path.clear()
    sys.path_importer_cache.clear()
    sys.meta_path.append(_Absent())
    # Before what follows: a full collection forgets what was learnt.
    gc.collect()
    _warm.warm(servers)
    _immortal.tell(immortal)
    # Collections look at what was made since, and so do not write to what is shared.
    gc.freeze()


def _make_traceback() -> None:
    """Makes a traceback, which imports, compiles and caches what the first one needs."""
    try:
        raise ValueError("nothing is wrong")
    except ValueError as error:
        traceback.format_exception(error)
