"""The bindings that are made of the interfaces of `wit/`.

A component has those of its world and no others, so each is looked for when it is first used.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from types import ModuleType


@functools.cache
def network() -> ModuleType:
    """Addresses and error codes."""
    return importlib.import_module("wit_world.imports.network")


@functools.cache
def connections() -> ModuleType:
    """The connection of a request."""
    return importlib.import_module("wit_world.imports.connections")


@functools.cache
def datagrams() -> ModuleType:
    """The datagram of a request."""
    return importlib.import_module("wit_world.imports.datagrams")


@functools.cache
def http_requests() -> ModuleType:
    """The HTTP request that a connection is; of components that ask for it."""
    return importlib.import_module("wit_world.imports.http_requests")


@functools.cache
def server() -> ModuleType:
    """The loop of a server."""
    return importlib.import_module("wit_world.imports.server")


@functools.cache
def clock() -> ModuleType:
    """The clock of WASI 0.3, which waits while others go on."""
    return importlib.import_module("wit_world.imports.monotonic_clock")


@functools.cache
def world() -> ModuleType:
    """The makers of streams and futures."""
    return importlib.import_module("wit_world")


def load() -> None:
    """Imports all of them: what comes after the build finds no files."""
    world = importlib.import_module("wit_world")
    for module in pkgutil.walk_packages(world.__path__, "wit_world."):
        importlib.import_module(module.name)
