"""A connection as `asyncio` has it: a reader and a writer.

Both are `asyncio`'s own classes, over a transport that moves bytes between them and the streams of the component. So a read that
is cancelled, by a timeout say, loses nothing: what arrives is kept in the reader.
"""

from __future__ import annotations

import asyncio
import errno
from typing import Any

from componentize_py_types import Err

from socketserver import _address
from socketserver._error import raise_from_host

# Bytes that a read asks for; the host allocates what there is.
_RECEIVE = 65_536
# Bytes that may be written before `drain()` waits, and those that are left when it goes on: as in asyncio.
_HIGH, _LOW = 65_536, 16_384


class Transport(asyncio.Transport):
    """Moves bytes: what is received to a reader, and what a writer writes to the peer."""

    def __init__(self, connection: Any, received: Any, received_end: Any, sent: Any) -> None:
        remote, local = _address.from_wit(connection.remote_address), _address.from_wit(connection.local_address)
        super().__init__({"peername": remote, "sockname": local, "socket": None})
        self._received = received
        self._received_end = received_end
        self._sent = sent
        self._reader: Any = None
        self._buffer = bytearray()
        self._is_closing = False
        self._is_ended = False
        self._is_lost = False
        self._may_receive = asyncio.Event()
        self._may_receive.set()
        self._has_work = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._is_sent = asyncio.Event()

    def start(self, reader: asyncio.StreamReader) -> None:
        """Begins to move bytes."""
        self._reader = reader
        reader.set_transport(self)
        self._tasks = [asyncio.create_task(self._receive()), asyncio.create_task(self._send())]

    async def _receive(self) -> None:
        # Whatever is still there is dropped with the instance, and not before: the handler may have ended only one direction.
        while True:
            await self._may_receive.wait()
            data = await self._received.read(_RECEIVE)
            if data:
                self._reader.feed_data(data)
            if self._received.writer_dropped:
                break
        try:
            result = await self._received_end.read()
            if isinstance(result, Err):
                raise_from_host(result.value)
            self._reader.feed_eof()
        except OSError as error:
            self._reader.set_exception(error)

    async def _send(self) -> None:
        try:
            while True:
                await self._has_work.wait()
                while self._buffer and not self._sent.reader_dropped:
                    data = bytes(self._buffer[:_RECEIVE])
                    del self._buffer[: len(data)]
                    await self._sent.write_all(data)
                    if len(self._buffer) <= _LOW:
                        self._has_room.set()
                if self._sent.reader_dropped:
                    self._is_lost = True
                    self._buffer.clear()
                if self._is_ended or self._is_lost:
                    break
                self._has_work.clear()
        finally:
            self._sent.__exit__(None, None, None)
            self._has_room.set()
            self._is_sent.set()

    # What `asyncio.StreamReader` calls

    def pause_reading(self) -> None:
        self._may_receive.clear()

    def resume_reading(self) -> None:
        self._may_receive.set()

    def is_reading(self) -> bool:
        return self._may_receive.is_set()

    # What `asyncio.StreamWriter` calls

    def write(self, data: Any) -> None:
        if self._is_ended:
            raise RuntimeError("Cannot call write() after write_eof()")
        if self._is_lost or self._is_closing:
            return
        self._buffer += data
        if len(self._buffer) > _HIGH:
            self._has_room.clear()
        self._has_work.set()

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self._is_ended = True
        self._has_work.set()

    def close(self) -> None:
        self._is_closing = True
        self.write_eof()

    def abort(self) -> None:
        self._buffer.clear()
        self.close()

    def is_closing(self) -> bool:
        return self._is_closing

    def get_write_buffer_size(self) -> int:
        return len(self._buffer)

    # What `asyncio.StreamWriter` asks of a protocol

    async def _drain_helper(self) -> None:
        if not self._is_lost:
            await self._has_room.wait()
        if self._is_lost:
            raise ConnectionResetError(errno.ECONNRESET, "Connection lost")

    async def wait_sent(self) -> None:
        """Waits until everything that was written has been taken by the host, or nothing more is."""
        await self._is_sent.wait()

    def _get_close_waiter(self, writer: Any) -> Any:
        return asyncio.ensure_future(self.wait_sent())


def open_streams(transport: Transport) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The reader and the writer of a connection."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    writer = asyncio.StreamWriter(transport, transport, reader, loop)  # type: ignore[arg-type]
    transport.start(reader)
    return reader, writer
