"""The mix-ins, which have requests handled in the background, and the classes that have one.

Each request has a sandbox of its own, with or without them. A server without a mix-in waits for the end of one before it
takes the next; with `ThreadingMixIn` it takes what comes; with `ForkingMixIn` too, up to `max_children` at once.
"""

from __future__ import annotations

import threading
from typing import Any, ClassVar

from socketserver import _build
from socketserver._server import TCPServer, UDPServer, UnixDatagramServer, UnixStreamServer


class _Background:
    """What both mix-ins have."""

    block_on_close: ClassVar[bool] = True

    def _joins(self) -> bool:
        return self.block_on_close

    def server_close(self) -> None:
        """Stop listening, and wait for the requests in the background if `block_on_close` says so."""
        super().server_close()  # type: ignore[misc]
        if _build.is_stopping() or not self._joins():
            return
        # Nothing but the end of one is reported for a server that is closed.
        while True:
            active = self.socket.active()
            self._report()  # type: ignore[attr-defined]
            if not active:
                return
            self.socket.wait(None)  # type: ignore[attr-defined]


class ThreadingMixIn(_Background):
    """Handles any number of requests at a time.

    `daemon_threads`: whether requests are nothing to wait for at the end, whatever `block_on_close` says. They do not end
    with the program: the operator's drain grace is theirs.
    """

    daemon_threads: ClassVar[bool] = False

    def _joins(self) -> bool:
        return self.block_on_close and not self.daemon_threads

    def _enter_thread(self) -> None:
        threading.current_thread().name = "Thread-1 (process_request_thread)"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Have a request handled in the background."""
        self._hand_over_in_background(request)  # type: ignore[attr-defined]

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Have a request handled, and wait for it: for subclasses that have threads of their own."""
        try:
            self._hand_over(request)  # type: ignore[attr-defined]
        except Exception:
            self.handle_error(request, client_address)  # type: ignore[attr-defined]
        finally:
            self.shutdown_request(request)  # type: ignore[attr-defined]


class ForkingMixIn(_Background):
    """Handles at most `max_children` requests at a time; the others wait in the kernel."""

    timeout: ClassVar[float | None] = 300
    max_children: ClassVar[int] = 40
    _is_full = False

    @property
    def active_children(self) -> set[int] | None:
        """A number for each request that is being handled; `None` when there is none."""
        return set(range(1, self.socket.active() + 1)) or None  # type: ignore[attr-defined]

    def collect_children(self, *, blocking: bool = False) -> None:
        """Report failures to `handle_error()`; if blocking, wait until there are less than `max_children`."""
        self._report()  # type: ignore[attr-defined]
        while blocking and self.socket.active() >= self.max_children:  # type: ignore[attr-defined]
            self._wait(None)
            self._report()  # type: ignore[attr-defined]

    def handle_timeout(self) -> None:
        """Collects the children."""
        self.collect_children()

    def service_actions(self) -> None:
        """Collects the children."""
        self.collect_children()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Have a request handled in the background."""
        self._hand_over_in_background(request)  # type: ignore[attr-defined]
        self.close_request(request)  # type: ignore[attr-defined]

    def _wait(self, timeout: float | None) -> str | None:
        # Requests are left in the kernel, instead of waiting in the loop as CPython does: hooks are called, and timeouts
        # pass, while there is no room.
        is_full = self.socket.active() >= self.max_children  # type: ignore[attr-defined]
        if is_full != self._is_full:
            self._is_full = is_full
            self.socket.suspend(is_full)  # type: ignore[attr-defined]
        return super()._wait(timeout)  # type: ignore[misc]


class ThreadingTCPServer(ThreadingMixIn, TCPServer):
    """TCP, any number of connections at a time."""


class ThreadingUDPServer(ThreadingMixIn, UDPServer):
    """UDP, any number of datagrams at a time."""


class ThreadingUnixStreamServer(ThreadingMixIn, UnixStreamServer):
    """Unix streams, any number of connections at a time."""


class ThreadingUnixDatagramServer(ThreadingMixIn, UnixDatagramServer):
    """Unix datagrams, any number at a time."""


class ForkingTCPServer(ForkingMixIn, TCPServer):
    """TCP, at most `max_children` connections at a time."""


class ForkingUDPServer(ForkingMixIn, UDPServer):
    """UDP, at most `max_children` datagrams at a time."""


class ForkingUnixStreamServer(ForkingMixIn, UnixStreamServer):
    """Unix streams, at most `max_children` connections at a time."""


class ForkingUnixDatagramServer(ForkingMixIn, UnixDatagramServer):
    """Unix datagrams, at most `max_children` at a time."""
