"""A fake host: the modules that componentize-py generates, over queues and lists.

Importing it puts them, and the SDK, where `import` finds them.
"""

from __future__ import annotations

import dataclasses
import enum
import sys
import types
from pathlib import Path
from typing import Any


@dataclasses.dataclass
class Ok:
    value: Any


@dataclasses.dataclass(frozen=True)
class Err(Exception):
    value: Any


def _case(name: str, *fields: str) -> type:
    return dataclasses.make_dataclass(name, list(fields))


def module(name: str, **members: Any) -> types.ModuleType:
    """Puts a module where `import` finds it."""
    made = types.ModuleType(name)
    made.__dict__.update(members)
    sys.modules[name] = made
    return made


_ERRORS = [
    "AccessDenied", "AddressInUse", "AddressNotBindable", "InvalidArgument", "InvalidState", "OutOfMemory", "Timeout",
    "RemoteUnreachable", "ConnectionBroken", "ConnectionReset", "ConnectionAborted", "DatagramTooLarge",
]


class ShutdownType(enum.Enum):
    RECEIVE = 0
    SEND = 1
    BOTH = 2


class Event(enum.Enum):
    REQUEST = 0
    TIMED_OUT = 1
    FINISHED = 2
    SHUTDOWN = 3


class Reason(enum.Enum):
    COMPLETED = 1
    CPU_TIME = 2
    HANDLER_ERROR = 4


ServerOptions = _case(
    "ServerOptions", "request_queue_size", "reuse_address", "reuse_port", "max_packet_size", "handler"
)
Outcome = _case("Outcome", "remote", "reason", "message")
Counters = _case("Counters", "accepted", "active", "rejected")
Datagram = _case("Datagram", "data", "remote", "truncated")


class Request:
    """A request that the fake server has; `outcome` is how it will end."""

    def __init__(self, remote: Any, outcome: Any) -> None:
        self.remote, self.outcome, self.fate = remote, outcome, "pending"

    def get_remote_address(self) -> Any:
        return self.remote

    @staticmethod
    def finish(request: Request) -> Any:
        request.fate = "finished"
        return request.outcome

    @staticmethod
    def process(request: Request) -> None:
        request.fate = "processed"

    def __exit__(self, *exception: object) -> None:
        self.fate = "refused"


class Server:
    """A server whose events are a list; each is `(Event, request)`, an `Event`, or a function that is called first."""

    script: list[Any] = []
    refuse: Any = None
    made: list[Server] = []

    def __init__(self, url: str, options: Any) -> None:
        self.url, self.options, self.log, self.outcomes, self.active = url, options, [], [], 0

    @classmethod
    def create(cls, url: str, options: Any) -> Server:
        if cls.refuse is not None:
            raise Err(cls.refuse)
        cls.made.append(cls(url, options))
        return cls.made[-1]

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.log.append((name, *arguments))

    def get_address(self) -> Any:
        return network.SocketAddress_Ipv4(network.Ipv4SocketAddress(4242, (127, 0, 0, 1)))

    def get_number(self) -> int:
        return 7

    def wait(self, milliseconds: int | None) -> Event:
        self.log.append(("wait", milliseconds))
        while self.script and callable(self.script[0]):
            self.script.pop(0)()
        event = self.script.pop(0) if self.script else Event.SHUTDOWN
        if isinstance(event, tuple):
            event, self.next = event
        return event

    def get_request(self) -> Request:
        if self.next is None:
            raise Err(network.ErrorCode_Timeout())
        return self.next

    def collect(self) -> list[Any]:
        outcomes, self.outcomes = self.outcomes, []
        return outcomes

    def get_counters(self) -> Any:
        return Counters(0, self.active, 0)


class Connection:
    """A connection over a pair of sockets of the system, so that ours can be compared with Python's own."""

    def __init__(self, sock: Any) -> None:
        self.sock, self.closed = sock, False

    def _call(self, function: Any, *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except (TimeoutError, BlockingIOError):
            raise Err(network.ErrorCode_Timeout()) from None
        except BrokenPipeError:
            raise Err(network.ErrorCode_ConnectionBroken()) from None
        except ConnectionResetError:
            raise Err(network.ErrorCode_ConnectionReset()) from None

    def receive(self, max: int) -> bytes:
        assert 0 < max <= 65536
        return self._call(self.sock.recv, max)

    def send(self, data: bytes) -> int:
        assert type(data) is bytes
        return self._call(self.sock.send, data)

    def send_all(self, data: bytes) -> None:
        assert type(data) is bytes
        self._call(self.sock.sendall, data)

    def shutdown(self, how: ShutdownType) -> None:
        self._call(self.sock.shutdown, how.value)

    def set_timeout(self, milliseconds: int | None) -> None:
        self.sock.settimeout(None if milliseconds is None else milliseconds / 1000)

    def get_remote_address(self) -> Any:
        return network.SocketAddress_Ipv4(network.Ipv4SocketAddress(1234, (192, 0, 2, 1)))

    def get_local_address(self) -> Any:
        return network.SocketAddress_Ipv4(network.Ipv4SocketAddress(9999, (127, 0, 0, 1)))

    def __exit__(self, *exception: object) -> None:
        self.closed = True
        self.sock.close()


class DatagramSocket:
    """A socket that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Any]] = []

    def send_to(self, data: bytes, remote: Any) -> None:
        self.sent.append((data, remote))

    def get_local_address(self) -> Any:
        return network.SocketAddress_Ipv4(network.Ipv4SocketAddress(9999, (127, 0, 0, 1)))

    def __exit__(self, *exception: object) -> None:
        pass


network = module(
    "wit_world.imports.network",
    Ipv4SocketAddress=_case("Ipv4SocketAddress", "port", "address"),
    Ipv6SocketAddress=_case("Ipv6SocketAddress", "port", "flow_info", "address", "scope_id"),
    SocketAddress_Ipv4=_case("SocketAddress_Ipv4", "value"),
    SocketAddress_Ipv6=_case("SocketAddress_Ipv6", "value"),
    SocketAddress_Unix=_case("SocketAddress_Unix", "value"),
    ErrorCode_Other=_case("ErrorCode_Other", "value"),
    **{f"ErrorCode_{name}": _case(f"ErrorCode_{name}") for name in _ERRORS},
)
module("componentize_py_types", Ok=Ok, Err=Err)
module("wit_world").__path__ = []  # type: ignore[attr-defined]
module("wit_world.imports").__path__ = []  # type: ignore[attr-defined]
module("wit_world.imports.connections", Connection=Connection, ShutdownType=ShutdownType)
module("wit_world.imports.datagrams", DatagramSocket=DatagramSocket, Datagram=Datagram)
module("wit_world.imports.server", Server=Server, Request=Request, ServerOptions=ServerOptions, Event=Event)

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.modules.pop("socketserver", None)


def error(name: str, *value: Any) -> Any:
    """A case of `error-code`."""
    return getattr(network, f"ErrorCode_{name}")(*value)


def ipv4(host: str, port: int) -> Any:
    """An address of the interface `network`."""
    return network.SocketAddress_Ipv4(network.Ipv4SocketAddress(port, tuple(map(int, host.split(".")))))
