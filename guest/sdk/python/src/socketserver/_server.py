"""The loop of a server, and the classes of the transports."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
import traceback
from typing import Any, ClassVar

from socketserver import _background, _build, _phase
from socketserver._address import AF_UNIX, from_wit
from socketserver._background import Background, Loop
from socketserver._error import exception_of
from socketserver._listener import Listener, PendingRequest
from socketserver._phase import Phase

# The servers that the script has made at the build: requests are handled with them.
made: list["BaseServer"] = []
# Whether the program's handler of signals was called for the operator's stop.
_is_told = False


class BaseServer:
    """The loop, and the hooks that it calls.

    Methods for the caller:

    - `__init__(server_address, RequestHandlerClass)`
    - `serve_forever(poll_interval=0.5)`
    - `shutdown()`
    - `handle_request()`, for whoever does without `serve_forever()`
    - `fileno()`: a number for logs; there are no selectors

    Methods that may be overridden, and run in the program:

    - `server_bind()`, `server_activate()`, `server_close()`
    - `get_request()`, `verify_request(request, client_address)`
    - `process_request(request, client_address)`
    - `handle_timeout()`, `service_actions()`
    - `handle_error(request, client_address)`: told how a request ended, after the fact

    Methods that may be overridden, and run where the request is handled:

    - `finish_request(request, client_address)`

    Methods that may be overridden, and run in both, each with its own end of the request:

    - `shutdown_request(request)`, `close_request(request)`

    Class variables that may be overridden: `timeout`.

    A server is made at the build as well, and there its constructor binds nothing. What the program changes of it later is
    the program's: a request finds the server as it was when the build stopped.
    """

    timeout: ClassVar[float | None] = None
    socket: Any

    def __init__(self, server_address: Any, RequestHandlerClass: Any) -> None:
        self.server_address = server_address
        self.RequestHandlerClass = RequestHandlerClass
        self.__shutdown_request = False
        self.__loop: Loop | None = None
        if _phase.current() is Phase.BUILD:
            made.append(self)

    def server_activate(self) -> None:
        """Called by the constructor; may be overridden."""

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Serve until `shutdown()`.

        `service_actions()` is called after every event, and every so many seconds when there is none. The operator's stop
        is what Ctrl-C is to CPython: the handler of SIGTERM or SIGINT that the program has set is called, and if that does
        not shut the server down, `KeyboardInterrupt` is raised.

        Raises `ValueError` when the server is closed.
        """
        phase = _phase.current()
        if phase is Phase.REQUEST:
            raise RuntimeError("a request cannot serve: it is handled in a sandbox of its own")
        loop = Loop(self.__step, poll_interval, self.__end)
        if threading.current_thread() is not threading.main_thread():
            self.__begin(loop)
            _background.add(loop)
            raise Background
        if phase is Phase.BUILD:
            _build.stop()
        self.__begin(loop)
        try:
            while not self.__shutdown_request:
                # Others that serve as well get their turn, so this one can't have all of the time.
                if _background.is_busy():
                    _background.turn(0.01)
                    loop.step(0.01)
                else:
                    self.__step(poll_interval)
        finally:
            self.__end()

    def _serve_in_background(self, poll_interval: float, thread: threading.Thread) -> None:
        """Serves whenever the main program waits: `serve_forever()` as the target of a thread."""
        loop = Loop(self.__step, poll_interval, self.__end)
        loop.thread = thread
        self.__begin(loop)
        _background.add(loop)

    def __begin(self, loop: Loop) -> None:
        if self.fileno() < 0:
            # In CPython the selector refuses such a descriptor.
            raise ValueError(f"Invalid file descriptor: {self.fileno()}")
        self.__loop = loop

    def __end(self) -> None:
        loop, self.__loop = self.__loop, None
        self.__shutdown_request = False
        if loop is not None and loop.thread is not None:
            loop.thread._ended()

    def __step(self, timeout: float) -> bool:
        """One event. Returns whether to go on."""
        if not self.__shutdown_request:
            event = self._wait(timeout)
            if event == "SHUTDOWN":
                self.__operator_stops()
            elif not self.__shutdown_request:
                if event == "REQUEST":
                    self._handle_request_noblock()
                elif event == "FINISHED":
                    self._report()
                self.service_actions()
        return not self.__shutdown_request

    def __operator_stops(self) -> None:
        global _is_told
        handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
        handlers = [handler for handler in handlers if callable(handler) and handler is not signal.default_int_handler]
        # A program that has a handler gets the chance to end by itself, whichever of its servers has heard of it.
        if _is_told or not handlers:
            raise KeyboardInterrupt
        _is_told = True
        handlers[0](signal.SIGTERM, sys._getframe())

    def shutdown(self) -> None:
        """End `serve_forever()`.

        Where that runs in the background it has ended when this returns. Where a hook calls this, the loop that called the
        hook ends when it has returned: to wait for that here, as CPython does, would be for ever.
        """
        self.__shutdown_request = True
        loop = self.__loop
        if loop is not None and _background.is_busy():
            loop.leave()

    def service_actions(self) -> None:
        """Called by the loop after every event, and when none has happened for the poll interval; may be overridden."""

    def handle_request(self) -> None:
        """Handle one request, if one comes within `timeout` seconds; otherwise call `handle_timeout()`.

        One that has gone before it was taken counts, as in CPython.
        """
        phase = _phase.current()
        if phase is Phase.BUILD:
            _build.stop()
        if phase is Phase.REQUEST:
            raise RuntimeError("a request cannot serve: it is handled in a sandbox of its own")
        timeouts = [timeout for timeout in (self.socket.gettimeout(), self.timeout) if timeout is not None]
        deadline = time.monotonic() + min(timeouts) if timeouts else None
        while True:
            left = None if deadline is None else max(0, deadline - time.monotonic())
            if _background.is_busy():
                _background.turn(0.01)
                left = 0.01 if left is None else min(left, 0.01)
            match self._wait(left):
                case "REQUEST":
                    return self._handle_request_noblock()
                case "FINISHED":
                    self._report()
                case "SHUTDOWN":
                    self.__operator_stops()
            if deadline is not None and time.monotonic() >= deadline:
                return self.handle_timeout()

    def _wait(self, timeout: float | None) -> str | None:
        return self.socket.wait(timeout)

    def _handle_request_noblock(self) -> None:
        try:
            request, client_address = self.get_request()
        except OSError:
            # Its peer has gone, or it was over a limit.
            return
        if not self.verify_request(request, client_address):
            self.shutdown_request(request)
            return
        try:
            self.process_request(request, client_address)
        except Exception:
            self.handle_error(request, client_address)
            self.shutdown_request(request)
        except BaseException:
            self.shutdown_request(request)
            raise

    def _enter_thread(self) -> None:
        """Called where a request is handled, before it is: the mix-in gives its thread the name that it has in CPython."""

    def _hand_over(self, request: PendingRequest) -> None:
        """Has a request handled in its sandbox, and waits for the end. Raises what it ended with."""
        outcome = _finish(request)
        if outcome.reason.name != "COMPLETED":
            raise exception_of(outcome)

    def _hand_over_in_background(self, request: PendingRequest) -> None:
        """Has a request handled in its sandbox, while the program goes on."""
        handle = request.take()
        type(handle).process(handle)

    def _report(self) -> None:
        """Tells `handle_error()` how requests in the background have failed."""
        for outcome in self.socket.collect():
            if outcome.reason.name == "COMPLETED":
                continue
            client_address = from_wit(outcome.remote)
            try:
                raise exception_of(outcome)
            except Exception:
                self.handle_error(PendingRequest(None, client_address), client_address)

    def handle_timeout(self) -> None:
        """Called by `handle_request()` when no request has come within `timeout`; may be overridden."""

    def get_request(self) -> tuple[Any, Any]:
        """The next request, and the address of its peer. May be overridden; raises `OSError` when there is none."""
        return self.socket.accept()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether to handle a request. May be overridden; one that is not wanted is shut down."""
        return True

    def process_request(self, request: Any, client_address: Any) -> None:
        """Have a request handled, and wait for it. The mix-ins do not wait."""
        self._hand_over(request)
        self.shutdown_request(request)

    def server_close(self) -> None:
        """Called to clean up; may be overridden."""

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Make the handler, which serves the request. Runs in the sandbox of the request."""
        self.RequestHandlerClass(request, client_address, self)

    def shutdown_request(self, request: Any) -> None:
        """Shut down and close a request."""
        self.close_request(request)

    def close_request(self, request: Any) -> None:
        """Close a request."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Called in the program when a request has failed, with the exception in `sys.exc_info()`.

        By default, prints whose request failed, and the traceback of its handler.
        """
        exception = sys.exc_info()[1]
        lines = ["-" * 40, f"Exception occurred during processing of request from {client_address}"]
        told = getattr(exception, "traceback", None)
        lines.append(told or "".join(traceback.format_exception(exception)).rstrip("\n"))
        lines += ["-" * 40, ""]
        # One call, so that it stays together in a log.
        sys.stderr.write("\n".join(lines))

    def __enter__(self) -> BaseServer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.server_close()


def _finish(request: PendingRequest) -> Any:
    handle = request.take()
    return type(handle).finish(handle)


class TCPServer(BaseServer):
    """A server of connections.

    Class variables that may be overridden, beside those of `BaseServer`:

    - `address_family`, `socket_type`
    - `request_queue_size`: 5 by default, as in CPython
    - `allow_reuse_address`, `allow_reuse_port`

    Instance variables: `server_address`, `RequestHandlerClass`, `socket`.
    """

    address_family: ClassVar[int] = socket.AF_INET
    socket_type: ClassVar[int] = socket.SOCK_STREAM
    request_queue_size: ClassVar[int] = 5
    allow_reuse_address: ClassVar[bool] = False
    allow_reuse_port: ClassVar[bool] = False

    def __init__(self, server_address: Any, RequestHandlerClass: Any, bind_and_activate: bool = True) -> None:
        BaseServer.__init__(self, server_address, RequestHandlerClass)
        self.socket = Listener(self.address_family, self.socket_type)
        self.socket.backlog = self.request_queue_size
        if bind_and_activate:
            try:
                self.server_bind()
                self.server_activate()
            except BaseException:
                self.server_close()
                raise

    def server_bind(self) -> None:
        """Bind the address; may be overridden."""
        self.socket.backlog = self.request_queue_size
        if self.allow_reuse_address:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.allow_reuse_port and hasattr(socket, "SO_REUSEPORT"):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def server_activate(self) -> None:
        """Take requests from here on; may be overridden."""
        self.socket.listen(self.request_queue_size)

    def server_close(self) -> None:
        """Stop listening; may be overridden."""
        if not _build.is_stopping():
            self.socket.close()

    def fileno(self) -> int:
        """The number that stands for the server in the log of the host; -1 when it is closed."""
        return self.socket.fileno()

    def shutdown_request(self, request: Any) -> None:
        """Shut down and close a request."""
        try:
            request.shutdown(socket.SHUT_WR)
        except OSError:
            # The peer has gone.
            pass
        self.close_request(request)

    def close_request(self, request: Any) -> None:
        """Close a request."""
        request.close()


class UDPServer(TCPServer):
    """A server of datagrams.

    In the sandbox of a request, the request is the pair of the data and a socket to answer by. In the program it is a
    `PendingRequest`: the data are for the handler.
    """

    socket_type: ClassVar[int] = socket.SOCK_DGRAM
    max_packet_size: ClassVar[int] = 8192

    def __init__(self, server_address: Any, RequestHandlerClass: Any, bind_and_activate: bool = True) -> None:
        super().__init__(server_address, RequestHandlerClass, bind_and_activate)

    def server_bind(self) -> None:
        """Bind the address; may be overridden."""
        self.socket.max_packet_size = self.max_packet_size
        super().server_bind()

    def server_activate(self) -> None:
        """Take requests from here on; may be overridden."""
        self.socket.listen()

    def shutdown_request(self, request: Any) -> None:
        """Close a request."""
        self.close_request(request)

    def close_request(self, request: Any) -> None:
        """Refuse a request that was not handled. There is nothing to close of one that was."""
        if isinstance(request, PendingRequest):
            request.close()


class UnixStreamServer(TCPServer):
    """A server of connections of Unix sockets."""

    address_family: ClassVar[int] = AF_UNIX


class UnixDatagramServer(UDPServer):
    """A server of datagrams of Unix sockets."""

    address_family: ClassVar[int] = AF_UNIX
