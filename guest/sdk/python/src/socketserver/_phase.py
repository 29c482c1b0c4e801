"""Which of the three lives of a script this is."""

from __future__ import annotations

import enum


class Phase(enum.Enum):
    """The lives of a script, of which every sandbox has one."""

    BUILD = "build"
    """The build runs the script, up to where it would wait. What is there then is frozen into the component."""
    PROGRAM = "program"
    """The program: the script runs again, from its top, and serves."""
    REQUEST = "request"
    """One request is handled, with what the build has left."""


_current = Phase.BUILD


def current() -> Phase:
    """The life that this is."""
    return _current


def enter(phase: Phase) -> None:
    """Begins a life."""
    global _current
    _current = phase
