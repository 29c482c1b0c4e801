"""Threads, in a component that has one.

- A thread whose target is the `serve_forever()` of a server goes on whenever the main program waits: `_background` has it.
- Any other thread runs to its end when it is started, before `start()` returns.
- What waits (`join()`, `time.sleep()`, conditions, and so events, semaphores and queues) lets the first kind go on.

`current_thread()` is the thread in all of them. What would wait for ever, because no thread is left that could end it, raises
`RuntimeError`.
"""

from __future__ import annotations

import contextvars
import itertools
import threading
import time
from typing import Any

from socketserver import _background, _build
from socketserver._background import Background

_numbers = itertools.count(1)
_sleep = time.sleep


def install() -> None:
    """Puts all of this into the modules `threading` and `time`."""
    thread: Any = threading.Thread
    thread.start = _start
    thread.join = _join
    thread.is_alive = _is_alive
    thread._ended = _ended
    thread._is_over = False
    condition: Any = threading.Condition
    condition.wait = _wait
    time.sleep = _cooperative_sleep


def _start(self: Any) -> None:
    """Start the thread."""
    from socketserver._server import BaseServer

    if not self._initialized:
        raise RuntimeError("thread.__init__() not called")
    if self._started.is_set():
        raise RuntimeError("threads can only be started once")
    # Idents are never 0, and those of the system are positive.
    self._ident = -next(_numbers)
    self._started._flag = True
    threading._active[self._ident] = self  # type: ignore[attr-defined]
    target = getattr(self, "_target", None)
    server = getattr(target, "__self__", None)
    if isinstance(server, BaseServer) and target.__name__ == "serve_forever" and type(self).run is threading.Thread.run:
        poll_interval = (*self._args, *self._kwargs.values(), 0.5)[0]
        server._serve_in_background(poll_interval, self)
        return
    _run(self)


def _run(self: Any) -> None:
    ident = threading.get_ident()
    active = threading._active  # type: ignore[attr-defined]
    caller = active.get(ident)
    active[ident] = self
    try:
        contextvars.copy_context().run(self.run)
    except Background:
        _background.last().thread = self
        return
    except (SystemExit, _build.Stopped) as end:
        if isinstance(end, _build.Stopped):
            raise
    except BaseException as error:
        threading.excepthook(threading.ExceptHookArgs((type(error), error, error.__traceback__, self)))
    finally:
        active[ident] = caller
    self._ended()


def _ended(self: Any) -> None:
    self._is_over = True
    threading._active.pop(self._ident, None)  # type: ignore[attr-defined]


def _is_alive(self: Any) -> bool:
    """Whether the thread was started and has not ended."""
    return self._started.is_set() and not self._is_over


def _join(self: Any, timeout: float | None = None) -> None:
    """Wait until the thread has ended, and serve meanwhile."""
    if not self._initialized:
        raise RuntimeError("Thread.__init__() not called")
    if not self._started.is_set():
        raise RuntimeError("cannot join thread before it is started")
    if self is threading.current_thread():
        raise RuntimeError("cannot join current thread")
    if not _background.wait_until(lambda: self._is_over, None if timeout is None else max(timeout, 0)) and timeout is None:
        raise RuntimeError(f"{self.name} never ends: it waits for the thread that joins it")


def _wait(self: Any, timeout: float | None = None) -> bool:
    """Wait until notified, and serve meanwhile."""
    if not self._is_owned():
        raise RuntimeError("cannot wait on un-acquired lock")
    waiter = threading.Lock()
    waiter.acquire()
    self._waiters.append(waiter)
    state = self._release_save()
    notified = False
    try:
        notified = _background.wait_until(lambda: waiter.acquire(False), timeout)
        if not notified and timeout is None:
            raise RuntimeError("nothing is left that could end this wait: a component has one thread")
        return notified
    finally:
        self._acquire_restore(state)
        if not notified and waiter in self._waiters:
            self._waiters.remove(waiter)


def _cooperative_sleep(seconds: float, /) -> None:
    """Delay execution for a number of seconds, and serve meanwhile."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    deadline = time.monotonic() + seconds
    _background.wait_until(lambda: False, seconds)
    left = deadline - time.monotonic()
    if left > 0:
        _sleep(left)
