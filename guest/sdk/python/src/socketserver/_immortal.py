"""Objects that no sandbox has to count references to.

CPython writes to an object each time that it is referred to, and a sandbox copies each page that it writes. Objects that are
there at the build are never freed in a sandbox, so it is of no use to count: CPython has a number of references that means
this, and leaves such objects as they are. Python cannot set it, but the builder can, in the memory that it keeps: it is told
where those objects are.
"""

from __future__ import annotations

import gc
import sys
import types
from pathlib import Path
from typing import Any, Iterator


def tell(path: Path) -> None:
    """Writes the addresses of objects, and of their types, as pairs of 32 bits."""
    with path.open("wb") as file:
        for value in _everything():
            file.write(id(value).to_bytes(4, "little") + id(type(value)).to_bytes(4, "little"))


def _everything() -> Iterator[Any]:
    """All objects that modules and types hold, in whatever way."""
    # A bit for each address that an object can have: what is allocated here makes the component larger.
    seen = bytearray()
    waiting: list[Any] = [*sys.modules.values(), *_types(object)]
    while waiting:
        value = waiting.pop()
        byte, bit = divmod(id(value) // 8, 8)
        if byte >= len(seen):
            seen.extend(bytes(byte - len(seen) + 65_536))
        # Frames, and what only they hold, are on their way out.
        if seen[byte] >> bit & 1 or value is waiting or isinstance(value, (types.FrameType, types.TracebackType)):
            continue
        seen[byte] |= 1 << bit
        yield value
        waiting += gc.get_referents(value)
        if isinstance(value, types.CodeType):
            waiting += [value.co_consts, value.co_names, value.co_linetable, value.co_exceptiontable]
            waiting += [value.co_name, value.co_qualname, value.co_filename]
        elif isinstance(value, type):
            waiting += [value.__dict__[name] for name in list(value.__dict__)]


def _types(root: type) -> Iterator[type]:
    """A type and all below it: those of C are in no module's memory."""
    yield root
    for below in type.__subclasses__(root):
        yield from _types(below)
