"""Addresses: Python's tuples and strings, the URLs that servers are made with, and the variants of the interface."""

from __future__ import annotations

import os
import socket
import urllib.parse
from typing import Any, Union

# The socket module of the guest lacks what its system library has no use for. The numbers are those of Linux, so that they
# are none of the others.
AF_UNIX: int = getattr(socket, "AF_UNIX", 101)
SOCK_RAW: int = getattr(socket, "SOCK_RAW", 103)
SOCK_SEQPACKET: int = getattr(socket, "SOCK_SEQPACKET", 105)

Address = Union["tuple[str, int]", "tuple[str, int, int, int]", str, bytes]

_SCHEMES = {
    (False, socket.SOCK_STREAM): "tcp",
    (False, socket.SOCK_DGRAM): "udp",
    (False, SOCK_RAW): "icmp",
    (True, socket.SOCK_STREAM): "unix",
    (True, socket.SOCK_DGRAM): "unixgram",
    (True, SOCK_SEQPACKET): "unixpacket",
}


def url(family: int, kind: int, address: Any) -> str:
    """The URL of a server: `tcp://127.0.0.1:9999` for `AF_INET`, `SOCK_STREAM` and `("127.0.0.1", 9999)`.

    Raises `OSError` for a family and type that no server has, and `TypeError` for an address of another family.
    """
    is_unix = family == AF_UNIX
    scheme = _SCHEMES.get((is_unix, kind))
    if scheme is None:
        raise OSError(f"no server has address family {family} with socket type {kind}")
    if is_unix:
        return _unix_url(scheme, address)
    if not isinstance(address, tuple) or len(address) < 2:
        raise TypeError(f"a server of {scheme} needs a pair (host, port), not {address!r}")
    host, port = address[:2]
    if isinstance(host, (bytes, bytearray)):
        host = host.decode("ascii")
    if not isinstance(host, str) or not isinstance(port, int):
        raise TypeError(f"a server of {scheme} needs a host that is a string and a port that is a number, not {address!r}")
    if not 0 <= port <= 65535:
        raise OverflowError("bind(): port must be 0-65535.")
    if host == "":
        host = "::" if family == socket.AF_INET6 else "0.0.0.0"
    if ":" in host:
        host = f"[{host}]"
    return f"{scheme}://{host}" if scheme == "icmp" else f"{scheme}://{host}:{port}"


def _unix_url(scheme: str, address: Any) -> str:
    path = os.fsencode(address)
    if path.startswith(b"\0"):
        return f"{scheme}:@{urllib.parse.quote_from_bytes(path[1:], safe='/@._-~')}"
    # The name of an abstract socket begins with an "@" in a URL, so a path that does needs a folder before it.
    if path.startswith(b"@"):
        path = b"./" + path
    root = "//" if path.startswith(b"/") else ""
    return f"{scheme}:{root}{urllib.parse.quote_from_bytes(path, safe='/@._-~')}"


def from_wit(address: Any) -> Address:
    """What `accept()` returns for an address of the interface `network`."""
    value = address.value
    kind = type(address).__name__
    if kind == "SocketAddress_Ipv4":
        return (".".join(map(str, value.address)), value.port)
    if kind == "SocketAddress_Ipv6":
        packed = b"".join(group.to_bytes(2, "big") for group in value.address)
        host = socket.inet_ntop(socket.AF_INET6, packed)
        return (host, value.port, value.flow_info, value.scope_id)
    if value is None:
        return ""
    # An abstract name is bytes that begin with a zero byte, as in CPython.
    return b"\0" + value[1:].encode() if value.startswith("@") else value


def to_wit(network: Any, address: Any) -> Any:
    """An address of the interface `network`, which is the module of the bindings.

    Raises `TypeError` or `OSError` for what is no address: names are not looked up.
    """
    if isinstance(address, (str, bytes)):
        path = os.fsdecode(address)
        return network.SocketAddress_Unix("@" + path[1:] if path.startswith("\0") else path or None)
    if not isinstance(address, tuple) or len(address) not in (2, 3, 4):
        raise TypeError(f"an address is a tuple (host, port) or the path of a Unix socket, not {address!r}")
    host, port, *more = address
    try:
        packed = socket.inet_pton(socket.AF_INET6, host) if ":" in host else socket.inet_pton(socket.AF_INET, host)
    except OSError:
        raise socket.gaierror(socket.EAI_NONAME, f"{host!r} is no address, and names are not looked up") from None
    if len(packed) == 4:
        return network.SocketAddress_Ipv4(network.Ipv4SocketAddress(port, tuple(packed)))
    groups = tuple(int.from_bytes(packed[i : i + 2], "big") for i in range(0, 16, 2))
    flow_info, scope_id = (*more, 0, 0)[:2]
    return network.SocketAddress_Ipv6(network.Ipv6SocketAddress(port, flow_info, groups, scope_id))


def family_of(address: Address) -> int:
    """The family of an address as Python has it."""
    if not isinstance(address, tuple):
        return AF_UNIX
    return socket.AF_INET if len(address) == 2 else socket.AF_INET6
