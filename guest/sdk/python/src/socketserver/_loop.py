"""The event loop of an async handler: the runtime's, with what `asyncio` wants beyond it.

The runtime waits for streams and tasks of the component; here are timers, so that `asyncio.sleep()`, `asyncio.timeout()` and
`asyncio.wait_for()` work, and a handler of exceptions that says what happened and goes on.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import sys
import time
import traceback
from typing import Any, Callable

import componentize_py_async_support as support

from socketserver import _wit


class Loop(support._Loop):
    """The loop of the one handler that an instance serves."""

    def __init__(self) -> None:
        super().__init__()
        self._timers: list[asyncio.TimerHandle] = []
        self._cancelled = 0
        # The times that the host was asked to wait for. One is enough, unless a timer is due before it.
        self._waits: list[float] = []

    def time(self) -> float:
        return time.monotonic()

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Any = None) -> asyncio.Handle:
        return super().call_soon(callback, *args, context=context or contextvars.copy_context())

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any, context: Any = None) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, context: Any = None) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context or contextvars.copy_context())
        handle._scheduled = True
        heapq.heappush(self._timers, handle)
        self._wait()
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        # As many as there are timers that count, so that a handler which gives each of its reads a timeout stays small.
        self._cancelled += 1
        if self._cancelled > 32 and self._cancelled > len(self._timers) // 2:
            self._timers = [timer for timer in self._timers if not timer.cancelled()]
            heapq.heapify(self._timers)
            self._cancelled = 0

    def _wait(self) -> None:
        """Asks the host to wait for the first timer, if it does not wait for that, or for an earlier time, already."""
        while self._timers and self._timers[0].cancelled():
            heapq.heappop(self._timers)
            self._cancelled = max(0, self._cancelled - 1)
        if self._timers and (not self._waits or self._timers[0].when() < self._waits[0]):
            when = self._timers[0].when()
            heapq.heappush(self._waits, when)
            asyncio.Task(self._fire_at(when), loop=self)

    async def _fire_at(self, when: float) -> None:
        left = max(0.0, when - self.time())
        await _wit.clock().wait_for(int(left * 1_000_000_000))
        self._waits.remove(when)
        heapq.heapify(self._waits)
        now = self.time()
        while self._timers and (self._timers[0].cancelled() or self._timers[0].when() <= now):
            timer = heapq.heappop(self._timers)
            timer._scheduled = False
            if not timer.cancelled():
                timer._run()
        self._wait()

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        exception = context.get("exception")
        lines = [f"{context.get('message', 'Unhandled exception')}\n"]
        if exception is not None:
            lines += traceback.format_exception(exception)
        # One call, so that it stays together in a log.
        sys.stderr.write("".join(lines))

    default_exception_handler = call_exception_handler


def install() -> None:
    """Makes this the loop of the runtime, and of `asyncio`."""
    loop = Loop()
    loop.running = True
    support._loop = loop
    asyncio.events._set_running_loop(loop)


def leave() -> None:
    """Lets go of what is waited for still, so that the handler's task can end."""
    state = support._future_state.get()
    for waitable in state.futures:
        support.componentize_py_runtime.waitable_join(waitable, 0)
    state.futures.clear()
