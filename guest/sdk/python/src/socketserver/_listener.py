"""What the host offers of a server, with the methods of a socket that listens; and the requests that come in there."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

from componentize_py_types import Err

from socketserver import _address, _phase, _wit
from socketserver._connection import to_milliseconds
from socketserver._error import raise_from_host
from socketserver._phase import Phase


class PendingRequest:
    """A request that was taken, and is handed over to a sandbox of its own, or refused by closing it.

    It has an address and no bytes: those are for the handler, in another sandbox. For servers of datagrams too, so it stands
    for the pair of CPython's there.
    """

    def __init__(self, handle: Any, client_address: _address.Address) -> None:
        self._handle = handle
        self._client_address = client_address

    def getpeername(self) -> _address.Address:
        """The address of the peer."""
        return self._client_address

    def close(self) -> None:
        """Refuses the request, if it was not handed over: the peer of a connection sees a reset."""
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.__exit__(None, None, None)

    def shutdown(self, how: int, /) -> None:
        """Nothing: closing is all that can be done to a request that is not served."""

    def settimeout(self, timeout: float | None, /) -> None:
        """Nothing: a handler has its own timeouts."""

    def setblocking(self, flag: bool, /) -> None:
        """Nothing: a handler has its own timeouts."""

    def fileno(self) -> int:
        """A number that is no descriptor: 3, or -1 when it is closed or was handed over."""
        return -1 if self._handle is None else 3

    def take(self) -> Any:
        """The handle of the host, which can be used once."""
        handle, self._handle = self._handle, None
        if handle is None:
            raise OSError(errno.EBADF, "the request was closed, or handed over, before")
        return handle

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"a request has no {name!r} before it is handled: it is handled in a sandbox of its own, by finish_request()"
        )

    def __iter__(self) -> Any:
        raise TypeError("a request has no data before it is handled: it is handled in a sandbox of its own")

    def __enter__(self) -> PendingRequest:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class Listener:
    """`server.socket`: what a server listens on.

    The host wants to know all settings when it binds, so `backlog` and `max_packet_size` are attributes of it, which count
    at `bind()`. At the build nothing is bound, and all of it does nothing.
    """

    def __init__(self, family: int, kind: int) -> None:
        self.family = family
        self.type = kind
        self.proto = 0
        self.backlog: int | None = None
        self.max_packet_size: int | None = None
        self._options: dict[tuple[int, int], Any] = {}
        self._timeout: float | None = None
        self._address: Any = None
        self._handle: Any = None
        self._closed = False

    # As a socket

    def setsockopt(self, level: int, option: int, value: Any, length: int | None = None, /) -> None:
        """SO_REUSEADDR and SO_REUSEPORT, before `bind()`. Others are the operator's, and are remembered only."""
        self._options[level, option] = value

    def getsockopt(self, level: int, option: int, buflen: int = 0, /) -> Any:
        """What was set."""
        return self._options.get((level, option), 0)

    def bind(self, address: Any, /) -> None:
        """Bind the address.

        Raises `PermissionError` if the operator has not granted it (`--allow-bind`), and `OSError` as CPython does.
        """
        url = _address.url(self.family, self.type, address)
        self._address = address
        if _phase.current() is Phase.BUILD:
            return
        if _phase.current() is Phase.REQUEST:
            raise PermissionError(errno.EACCES, "a request cannot serve")
        wit = _wit.server()
        options = wit.ServerOptions(
            request_queue_size=self.backlog,
            reuse_address=self._flag("SO_REUSEADDR"),
            reuse_port=self._flag("SO_REUSEPORT"),
            max_packet_size=self.max_packet_size,
            handler=None,
        )
        try:
            self._handle = wit.Server.create(url, options)
            self._handle.bind()
        except Err as error:
            try:
                raise_from_host(error.value)
            except PermissionError as denied:
                text = f"{denied.strerror}: {url} is not granted; socketserver run --allow-bind {url}"
                raise PermissionError(denied.errno, text) from None

    def _flag(self, name: str) -> bool | None:
        option = getattr(socket, name, None)
        value = self._options.get((socket.SOL_SOCKET, option))
        return None if option is None or value is None else bool(value)

    def listen(self, backlog: int | None = None, /) -> None:
        """Report requests from here on. The number counts when it is known at `bind()`: `request_queue_size`."""
        if self._handle is None:
            self._check()
            return
        try:
            self._handle.activate()
        except Err as error:
            raise_from_host(error.value)

    def accept(self) -> tuple[PendingRequest, _address.Address]:
        """Take the next request. Raises `OSError` when there is none."""
        self._check()
        try:
            handle = self._handle.get_request()
        except Err as error:
            raise_from_host(error.value, would_block=True)
        client_address = _address.from_wit(handle.get_remote_address())
        return PendingRequest(handle, client_address), client_address

    def getsockname(self) -> Any:
        """The address that is bound; before that, the one that was asked for."""
        address = self._handle.get_address() if self._handle is not None else None
        return self._address if address is None else _address.from_wit(address)

    def settimeout(self, timeout: float | None, /) -> None:
        """Bounds how long `handle_request()` waits."""
        to_milliseconds(timeout)
        self._timeout = timeout

    def gettimeout(self) -> float | None:
        """The time of `settimeout()`."""
        return self._timeout

    def setblocking(self, flag: bool, /) -> None:
        """Nothing: the loop decides what waits."""

    def fileno(self) -> int:
        """The number that stands for the server in the log of the host; -1 when it is closed."""
        if self._closed:
            return -1
        return 3 if self._handle is None else self._handle.get_number()

    def close(self) -> None:
        """Stop listening. Requests that are being handled go on."""
        self._closed = True
        if self._handle is not None:
            self._handle.close()

    # As the host has it

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    def wait(self, timeout: float | None) -> str | None:
        """The next event (`REQUEST`, `TIMED_OUT`, `FINISHED`, `SHUTDOWN`) within so many seconds."""
        try:
            return self._handle.wait(to_milliseconds(timeout)).name
        except Err as error:
            raise_from_host(error.value)

    def active(self) -> int:
        """How many requests are being handled."""
        return 0 if self._handle is None else self._handle.get_counters().active

    def collect(self) -> list[Any]:
        """How the requests ended that were handled in the background."""
        return [] if self._handle is None else self._handle.collect()

    def suspend(self, flag: bool) -> None:
        """Leave requests in the kernel's buffers, or report them again."""
        if self._handle is not None:
            (self._handle.suspend if flag else self._handle.resume)()

    def _check(self) -> None:
        if self._closed:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if self._handle is None and _phase.current() is Phase.PROGRAM:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
