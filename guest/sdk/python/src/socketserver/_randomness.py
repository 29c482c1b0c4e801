"""Random numbers, in memory that was made at the build.

Every sandbox begins with the same memory, so the generator of the module `random` has to be seeded anew in each, or all would
draw the same numbers. The runtime does that when a sandbox begins, at the cost of ten calls to the host and of what they write
to; most requests draw no number. Here it is seeded when the first number is drawn.

A generator that a source makes itself at the build, by `random.Random()`, begins in the same state everywhere: make it where
it is used. `os.urandom()`, `secrets` and `uuid` ask the host each time.
"""

from __future__ import annotations

import functools
import random
from typing import Any, Callable

_is_seeded = True


def install() -> None:
    """Puts this into the module `random`."""
    generator: Any = random._inst  # type: ignore[attr-defined]
    seed = generator.seed

    def seed_later(*arguments: Any, **named: Any) -> None:
        """Initialize the generator: from its arguments now, from the host when it is used."""
        global _is_seeded
        _is_seeded = bool(arguments or named)
        if _is_seeded:
            seed(*arguments, **named)

    def seeded(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def function(*arguments: Any, **named: Any) -> Any:
            global _is_seeded
            if not _is_seeded:
                _is_seeded = True
                seed()
            return method(*arguments, **named)

        return function

    for name in dir(random):
        method = getattr(random, name)
        if getattr(method, "__self__", None) is generator and name != "seed":
            setattr(random, name, seeded(method))
    random.seed = seed_later  # type: ignore[assignment]
