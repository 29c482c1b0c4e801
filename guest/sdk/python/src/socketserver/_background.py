"""Serving beside the main program, without threads.

A component has one thread. So a thread whose target is the `serve_forever()` of a server does not run: its loop is kept
here, and goes on whenever the main program waits for something: `join()`, `time.sleep()`, an event, a condition, a socket. A
program that computes without ever waiting does not serve meanwhile.

All other threads run to their end when they are started, as `_thread` tells.
"""

from __future__ import annotations

import time
from typing import Any, Callable

from socketserver import _build, _phase
from socketserver._phase import Phase

# How long one look at several things lasts, in seconds: at first, and at most. The host can wait for one of them only.
_SHORTEST, _LONGEST = 0.001, 0.02


class Background(BaseException):
    """Leaves a thread that has begun to serve: its loop is kept, and the thread that started it goes on."""


class Loop:
    """A `serve_forever()` that is under way."""

    def __init__(self, step: Callable[[float], bool], poll_interval: float, end: Callable[[], None]) -> None:
        self._step = step
        self.poll_interval = poll_interval
        self._end = end
        self.thread: Any = None

    def step(self, timeout: float) -> None:
        """One turn, which waits at most so many seconds."""
        try:
            is_over = not self._step(timeout)
        except BaseException:
            self.leave()
            raise
        if is_over:
            self.leave()

    def leave(self) -> None:
        """Ends it."""
        if self in _loops:
            _loops.remove(self)
            self._end()


_loops: list[Loop] = []
_depth = 0


def add(loop: Loop) -> None:
    """Keeps a loop going whenever the program waits."""
    _loops.append(loop)


def last() -> Loop:
    """The loop that was added last."""
    return _loops[-1]


def is_busy() -> bool:
    """Whether any loop is under way that `turn()` may drive now: one that is being driven is not entered again."""
    return bool(_loops) and _depth == 0


def is_held() -> bool:
    """Whether the program may not end yet: a thread serves that is no daemon."""
    return any(loop.thread is None or not loop.thread.daemon for loop in _loops)


def forget() -> None:
    """Drops what the script began at the build."""
    _loops.clear()


def turn(timeout: float) -> None:
    """One turn of each loop, which takes at most so many seconds."""
    global _depth
    _depth += 1
    try:
        loops = list(_loops)
        for loop in loops:
            loop.step(min(timeout / len(loops), loop.poll_interval))
    finally:
        _depth -= 1


def wait_until(is_done: Callable[[], bool], timeout: float | None = None) -> bool:
    """Serves until something is so, at most for so many seconds, and returns whether it is.

    Returns at once where nothing serves: what waits then has to do so by itself.
    """
    if is_done():
        return True
    if _phase.current() is Phase.BUILD and _loops:
        _build.stop()
    deadline = None if timeout is None else time.monotonic() + timeout
    pause = _SHORTEST
    while is_busy():
        left = pause if deadline is None else min(pause, deadline - time.monotonic())
        if left <= 0:
            return False
        turn(left)
        if is_done():
            return True
        pause = min(2 * pause, _LONGEST)
    return is_done()
