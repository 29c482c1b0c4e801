"""The socket that a datagram came through, as far as a request may use it: to answer."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

from componentize_py_types import Err

from socketserver import _address, _wit
from socketserver._connection import to_milliseconds
from socketserver._error import raise_from_host


class DatagramSocket:
    """`self.request[1]` of a handler of datagrams."""

    type = socket.SOCK_DGRAM
    proto = 0

    def __init__(self, handle: Any, client_address: Any = None, client: Any = None) -> None:
        self._handle = handle
        self._timeout: float | None = None
        # Who is answered nearly always, as Python and as the host have it.
        self._client_address = client_address
        self._client = client

    def sendto(self, data: Any, *flags_and_address: Any) -> int:
        """Send a datagram to who sent the one that is being handled: `sendto(data, address)`.

        Raises `PermissionError` for any other address.
        """
        if not 1 <= len(flags_and_address) <= 2:
            raise TypeError(f"sendto() takes 2 or 3 arguments ({1 + len(flags_and_address)} given)")
        address = flags_and_address[-1]
        remote = self._client if address == self._client_address else None
        if remote is None:
            remote = _address.to_wit(_wit.network(), address)
        with memoryview(data) as view:
            message = data if type(data) is bytes else view.tobytes()
        try:
            self._open().send_to(message, remote)
        except Err as error:
            raise_from_host(error.value, would_block=self._timeout == 0)
        return len(message)

    def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]:
        """Raises `PermissionError`: the datagrams of others are for other requests."""
        raise PermissionError(errno.EACCES, "a request sees no datagram but its own")

    recv = recvfrom

    def settimeout(self, timeout: float | None, /) -> None:
        """Bound each later `sendto()`, in seconds; `None` is no bound, 0 does not wait."""
        self._open().set_timeout(to_milliseconds(timeout))
        self._timeout = None if timeout is None else float(timeout)

    def gettimeout(self) -> float | None:
        """The time of `settimeout()`."""
        return self._timeout

    def setblocking(self, flag: bool, /) -> None:
        """`settimeout(None)`, or `settimeout(0)`."""
        self.settimeout(None if flag else 0)

    def getsockname(self) -> _address.Address:
        """The address that the datagram was sent to."""
        return _address.from_wit(self._open().get_local_address())

    def fileno(self) -> int:
        """A number that is no descriptor, because a sandbox has none: 3, or -1 when it is closed."""
        return -1 if self._handle is None else 3

    @property
    def family(self) -> int:
        """`AF_INET`, `AF_INET6` or `AF_UNIX`."""
        return _address.family_of(self.getsockname())

    def close(self) -> None:
        """Nothing can be sent any more."""
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.__exit__(None, None, None)

    def _open(self) -> Any:
        if self._handle is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return self._handle

    def __enter__(self) -> DatagramSocket:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
