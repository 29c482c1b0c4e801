"""The connection of a request, with the methods of `socket.socket`.

It is not a socket: a sandbox has no descriptors, and reaches nothing but this connection. It has what a handler calls on
`self.request`, and behaves and fails as a socket of CPython's does.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from typing import Any

from componentize_py_types import Err

from socketserver import _address, _wit
from socketserver._error import raise_from_host

# The most that the host returns at once.
_RECEIVE = 65_536
# What is given to the host at once: `sendall` copies it into the memory of the sandbox once more.
_SEND = 1_048_576
# Options that are the operator's, so that setting them has no effect here, and no program fails for it.
_ACCEPTED_OPTIONS = {
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
    (socket.SOL_SOCKET, socket.SO_RCVBUF),
    (socket.SOL_SOCKET, socket.SO_REUSEADDR),
    (socket.SOL_SOCKET, socket.SO_SNDBUF),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY),
}


def to_milliseconds(timeout: float | None) -> int | None:
    """The time of `settimeout()` as the host takes it: rounded up, so that only 0 does not wait.

    Raises `ValueError` for one that is negative, as Python does.
    """
    if timeout is None:
        return None
    if timeout < 0:
        raise ValueError("Timeout value out of range")
    return min(-int(-timeout * 1000 // 1), 0xFFFF_FFFF)


class Connection:
    """`self.request` of a handler of streams."""

    # What `socket.SocketIO` counts, the raw file below `makefile()`.
    _io_refs = 0

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._timeout: float | None = None
        # Received, and not returned yet, because it was only looked at.
        self._peeked = b""
        self._closed = False
        self._options: dict[tuple[int, int], int] = {}

    # Receiving

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Receive at least one byte and at most `bufsize`; `b""` at the end of the stream.

        Of the flags there are MSG_DONTWAIT, MSG_PEEK and MSG_WAITALL. One call returns at most 65,536 bytes.
        """
        if bufsize < 0:
            raise ValueError("negative buffersize in recv")
        if flags:
            return self._recv_with(flags, bufsize)
        if self._peeked:
            if len(self._peeked) < bufsize:
                self._peeked += self._receive_now(bufsize - len(self._peeked))
            data, self._peeked = self._peeked[:bufsize], self._peeked[bufsize:]
            return data
        if bufsize == 0:
            return b""
        try:
            return self._open().receive(bufsize if bufsize < _RECEIVE else _RECEIVE)
        except Err as error:
            raise_from_host(error.value, would_block=self._timeout == 0)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0, /) -> int:
        """Receive into a buffer, and return how many bytes."""
        if nbytes < 0:
            raise ValueError("negative buffersize in recv_into")
        with memoryview(buffer) as view, view.cast("B") as bytes_of:
            if nbytes > len(bytes_of):
                raise ValueError("buffer too small for requested bytes")
            data = self.recv(nbytes or len(bytes_of), flags)
            bytes_of[: len(data)] = data
            return len(data)

    def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, None]:
        """Receive; a connection has no address beside its data."""
        return self.recv(bufsize, flags), None

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0, /) -> tuple[int, None]:
        """Receive into a buffer; a connection has no address beside its data."""
        return self.recv_into(buffer, nbytes, flags), None

    def _recv_with(self, flags: int, bufsize: int) -> bytes:
        known = socket.MSG_DONTWAIT | socket.MSG_PEEK | socket.MSG_WAITALL
        if flags & ~known:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        if flags & socket.MSG_DONTWAIT:
            timeout = self._timeout
            self.settimeout(0)
            try:
                return self.recv(bufsize, flags & ~socket.MSG_DONTWAIT)
            finally:
                self.settimeout(timeout)
        data = self.recv(bufsize)
        if flags & socket.MSG_WAITALL and data:
            parts, missing = [data], bufsize - len(data)
            while missing and (part := self.recv(missing)):
                parts.append(part)
                missing -= len(part)
            data = b"".join(parts)
        if flags & socket.MSG_PEEK:
            self._peeked = data + self._peeked
        return data

    def _receive_now(self, bufsize: int) -> bytes:
        """What is there already, beyond what was looked at."""
        handle = self._open()
        handle.set_timeout(0)
        try:
            return handle.receive(min(bufsize, _RECEIVE))
        except Err:
            # The next call that has nothing to return tells why.
            return b""
        finally:
            handle.set_timeout(to_milliseconds(self._timeout))

    # Sending

    def send(self, data: Any, flags: int = 0, /) -> int:
        """Send at least one byte, and return how many were taken."""
        try:
            return self._open().send(data if type(data) is bytes and len(data) <= _SEND else _part(data))
        except Err as error:
            raise_from_host(error.value, would_block=self._timeout == 0)

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send all of it. The timeout bounds the whole call."""
        handle = self._open()
        try:
            if type(data) is bytes and len(data) <= _SEND:
                handle.send_all(data)
            else:
                self._send_parts(handle, data)
        except Err as error:
            raise_from_host(error.value, would_block=self._timeout == 0)

    def _send_parts(self, handle: Any, data: Any) -> None:
        with _view(data) as view, view.cast("B") as whole:
            timeout = self._timeout
            deadline = None if timeout is None else time.monotonic() + timeout
            try:
                for begin in range(0, len(whole), _SEND):
                    if begin and deadline is not None:
                        handle.set_timeout(to_milliseconds(max(0, deadline - time.monotonic())))
                    handle.send_all(bytes(whole[begin : begin + _SEND]))
            finally:
                if deadline is not None and len(whole) > _SEND:
                    handle.set_timeout(to_milliseconds(timeout))

    def sendmsg(self, buffers: Any, ancdata: Any = (), flags: int = 0, address: Any = None, /) -> int:
        """Send several buffers as one, and return how many bytes were taken. There is no ancillary data."""
        if list(ancdata) or address is not None:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        return self.send(b"".join(map(bytes, buffers)), flags)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send a file that was opened in binary mode, and return how many bytes."""
        if offset:
            file.seek(offset)
        sent = 0
        while count is None or sent < count:
            data = file.read(_RECEIVE if count is None else min(_RECEIVE, count - sent))
            if not data:
                break
            self.sendall(data)
            sent += len(data)
        return sent

    # Waiting, and the end

    def settimeout(self, timeout: float | None, /) -> None:
        """Bound each later call that waits, in seconds; `None` is no bound, 0 does not wait."""
        self._open().set_timeout(to_milliseconds(timeout))
        self._timeout = None if timeout is None else float(timeout)

    def gettimeout(self) -> float | None:
        """The time of `settimeout()`."""
        return self._timeout

    @property
    def timeout(self) -> float | None:
        """The time of `settimeout()`."""
        return self._timeout

    def setblocking(self, flag: bool, /) -> None:
        """`settimeout(None)`, or `settimeout(0)`."""
        self.settimeout(None if flag else 0)

    def getblocking(self) -> bool:
        """Whether calls wait."""
        return self._timeout != 0

    def shutdown(self, how: int, /) -> None:
        """Close one direction of the connection, or both."""
        handle = self._open()
        kinds = _wit.connections().ShutdownType
        kind = {socket.SHUT_RD: kinds.RECEIVE, socket.SHUT_WR: kinds.SEND, socket.SHUT_RDWR: kinds.BOTH}.get(how)
        if kind is None:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        try:
            handle.shutdown(kind)
        except Err as error:
            raise_from_host(error.value)

    def close(self) -> None:
        """Close the connection, when the files that `makefile()` made are closed too."""
        self._closed = True
        if self._io_refs <= 0:
            self._drop()

    def _decref_socketios(self) -> None:
        if self._io_refs > 0:
            self._io_refs -= 1
        if self._closed:
            self.close()

    def _drop(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.__exit__(None, None, None)

    def _open(self) -> Any:
        if self._handle is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return self._handle

    # What is known of it

    def getpeername(self) -> _address.Address:
        """The address of the peer."""
        return _address.from_wit(self._open().get_remote_address())

    def getsockname(self) -> _address.Address:
        """The address that the peer connected to."""
        return _address.from_wit(self._open().get_local_address())

    def fileno(self) -> int:
        """A number that is no descriptor, because a sandbox has none: 3, or -1 when it is closed."""
        return -1 if self._handle is None else 3

    @property
    def family(self) -> int:
        """`AF_INET`, `AF_INET6` or `AF_UNIX`."""
        return _address.family_of(self.getsockname())

    @property
    def type(self) -> int:
        """`SOCK_STREAM`."""
        return socket.SOCK_STREAM

    @property
    def proto(self) -> int:
        """0, the protocol of the family."""
        return 0

    def setsockopt(self, level: int, option: int, value: Any, length: int | None = None, /) -> None:
        """Accepts the options that the operator sets for all connections (`--no-delay`, `--keep-alive`), and remembers them.

        Raises `OSError` for any other: it would have no effect.
        """
        self._open()
        if (level, option) not in _ACCEPTED_OPTIONS:
            raise OSError(errno.ENOPROTOOPT, os.strerror(errno.ENOPROTOOPT))
        self._options[level, option] = int(value) if isinstance(value, int) else 1

    def getsockopt(self, level: int, option: int, buflen: int = 0, /) -> int:
        """What was set, SO_TYPE, and SO_ERROR, which is 0: a failure is told by the call that meets it."""
        self._open()
        if (level, option) == (socket.SOL_SOCKET, socket.SO_TYPE):
            return self.type
        if (level, option) in _ACCEPTED_OPTIONS or (level, option) == (socket.SOL_SOCKET, socket.SO_ERROR):
            return self._options.get((level, option), 0)
        raise OSError(errno.ENOPROTOOPT, os.strerror(errno.ENOPROTOOPT))

    # Python's own, which wants of a socket only what is above.
    makefile = socket.socket.makefile

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._handle is None:
            return "<socketserver.Connection [closed]>"
        return f"<socketserver.Connection laddr={self.getsockname()} raddr={self.getpeername()}>"


def _view(data: Any) -> memoryview:
    try:
        return memoryview(data)
    except TypeError:
        raise TypeError(f"a bytes-like object is required, not {type(data).__name__!r}") from None


def _part(data: Any) -> bytes:
    with _view(data) as view, view.cast("B") as whole:
        return bytes(whole[:_SEND])
