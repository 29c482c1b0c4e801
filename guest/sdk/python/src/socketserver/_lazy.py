"""Modules that functions import when they are called.

A component has the modules that were imported when it was built, and no others. The standard library imports many of its own
in the middle of functions, `email.message_from_bytes()` for example its parser, and so may the source. So the functions of the
modules that the source has brought are looked through, and what they would import is imported now.
"""

from __future__ import annotations

import importlib
import importlib.util
import opcode
import sys
import types
from typing import Iterator

# Python imports these inside itself, where no function of a module says so.
_HIDDEN = [
    "_strptime",
    "encodings.ascii",
    "encodings.idna",
    "encodings.latin_1",
    "encodings.utf_16",
    "encodings.utf_8",
    "encodings.utf_8_sig",
    "random",
    "unicodedata",
    "weakref",
    # What the runtime imports after the source.
    "componentize_py_runtime",
    "componentize_py_types",
]

# For people at a terminal, or large, or of use to neither servers nor clients.
_UNWANTED = {
    "_pyrepl", "doctest", "ensurepip", "getopt", "idlelib", "optparse", "pdb", "py_compile", "pydoc", "pydoc_data", "readline",
    "rlcompleter", "sitecustomize", "test", "this", "tkinter", "unittest", "usercustomize", "venv", "webbrowser",
}

_IMPORT = opcode.opmap["IMPORT_NAME"]
_EXTENDED = opcode.opmap["EXTENDED_ARG"]


_before: set[str] = set()


def begin() -> None:
    """Remembers the modules that are there before the source runs."""
    _before.update(sys.modules)


def load() -> None:
    """Imports them. What fails to import is left to fail where it is called."""
    brought = sys.modules.keys() - _before
    for name in _HIDDEN:
        _import(name)
    # Once more, for what those that were found import; further rounds find what is never called.
    for _ in range(2):
        wanted = {name for module in brought for name in _wanted(sys.modules[module])} - sys.modules.keys()
        there = set(sys.modules)
        for name in sorted(wanted):
            _import(name)
        brought = sys.modules.keys() - there


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except Exception:
        # Whatever a module does that is not made for this machine.
        sys.modules.pop(name, None)


def _wanted(module: types.ModuleType) -> Iterator[str]:
    """The modules that the functions of one import."""
    package = getattr(module, "__package__", None)
    for value in list(getattr(module, "__dict__", {}).values()):
        members = list(vars(value).values()) if isinstance(value, type) else [value]
        for member in members:
            function = getattr(member, "__func__", member)
            if isinstance(function, types.FunctionType) and function.__module__ == module.__name__:
                for name in _imported(function.__code__):
                    if name and name.partition(".")[0] not in _UNWANTED:
                        yield from _found(name, package)


def _found(name: str, package: str | None) -> Iterator[str]:
    """The full name of a module, which may be given from within its package."""
    for candidate in (f"{package}.{name}", name) if package else (name,):
        if candidate in sys.modules:
            return
        try:
            if importlib.util.find_spec(candidate) is not None:
                yield candidate
                return
        except (ImportError, ValueError):
            continue


def _imported(code: types.CodeType) -> Iterator[str]:
    """The names in the import statements of a function, and of those inside it."""
    instructions = code.co_code
    at = instructions.find(_IMPORT)
    while at >= 0:
        # Each instruction is a pair of bytes, of which the second is its argument.
        if at % 2 == 0:
            index = instructions[at + 1]
            if at >= 2 and instructions[at - 2] == _EXTENDED:
                index += instructions[at - 1] << 8
            if index < len(code.co_names):
                yield code.co_names[index]
        at = instructions.find(_IMPORT, at + 1)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _imported(constant)
