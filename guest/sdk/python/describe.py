"""Tells the builder what a source in Python is, from its text alone.

usage: python3 describe.py FILE

Prints one object as JSON:

- `kind`: `handler`, `async` or `program`
- `worlds`: those whose imports and exports the component has, by their full names
- `sockets`: whether the source, or a module beside it that it imports, seems to connect to anything
- `entry`: the text of the module that componentize-py is given; it writes a file `immortal` beside itself

Prints what is wrong on standard error, and exits with 1, when the source is neither.

A source that calls `serve_forever()` or `handle_request()` is a program. One with `async def handle(reader, writer)` is an
async handler. One with a class derived from a `…RequestHandler` is a handler: of datagrams if it is derived from
`DatagramRequestHandler` or takes `self.request` apart, of streams otherwise.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Iterator, NoReturn

# Modules and functions by which a source connects to something.
_CLIENT_MODULES = {
    "aiohttp", "ftplib", "http.client", "httpx", "imaplib", "nntplib", "poplib", "requests", "smtplib", "ssl", "telnetlib",
    "urllib.request", "urllib3", "websockets", "xmlrpc.client",
}
_CLIENT_FUNCTIONS = {"create_connection", "getaddrinfo", "gethostbyname", "gethostbyname_ex", "socket", "socketpair"}

_ENTRY = """\
import sys

# What is in front here is found first: the SDK, and the source's own folder, as with a script.
sys.path[:] = ["/1", "/2", *(path for path in sys.path if path not in ("/1", "/2"))]

from {module} import {exports}, load

load({arguments})
"""


def main(file: str) -> None:
    path = Path(file)
    try:
        tree = ast.parse(path.read_bytes(), path.name)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        fail(f"{path.name}{f':{line}' if line else ''}: {getattr(error, 'msg', None) or error}")
    print(json.dumps(describe(path, tree)))


def describe(path: Path, tree: ast.Module) -> dict[str, object]:
    """What the builder wants to know of a source."""
    arguments: dict[str, object] = {"folder": "/2", "file": path.name, "immortal": "/0/immortal"}
    modules = list(sources(path, tree))
    has_sockets = any(connects(module) for module in modules)
    if serves(tree):
        kind, exports = "program", "DatagramHandler, Run, StreamHandler"
        worlds = ["core/server-program", "core/handler", "core/datagram-service"]
        arguments |= {"stream": None, "datagram": None}
    elif is_async(tree):
        kind, worlds, exports = "async", ["python/asynchronous"], "AsyncStreamHandler"
    else:
        kind = "handler"
        stream, datagram = one_of_each(path.name, handlers(tree))
        worlds = ["core/handler"] * bool(stream) + ["core/datagram-service"] * bool(datagram)
        exports = ", ".join(["StreamHandler"] * bool(stream) + ["DatagramHandler"] * bool(datagram))
        arguments |= {"stream": stream, "datagram": datagram}
    if kind != "async":
        arguments["kind"] = kind
    arguments["has_sockets"] = has_sockets
    entry = _ENTRY.format(
        module="socketserver._async_component" if kind == "async" else "socketserver._component",
        exports=exports,
        arguments=", ".join(f"{name}={value!r}" for name, value in arguments.items()),
    )
    if any(asks_for_http_request(module) for module in modules):
        # Whatever is in a world is imported, whether or not it is called.
        worlds.append("core/optional-imports")
    names = [f"socketserver:{world}@0.1.0" for world in worlds]
    return {"kind": kind, "worlds": names, "sockets": has_sockets, "entry": entry}


def serves(tree: ast.Module) -> bool:
    """Whether it drives a server itself."""
    return any(isinstance(node, ast.Attribute) and node.attr in ("serve_forever", "handle_request") for node in ast.walk(tree))


def is_async(tree: ast.Module) -> bool:
    """Whether it has the callback of `asyncio.start_server()`, by the name of `handle`."""
    return any(isinstance(node, ast.AsyncFunctionDef) and node.name == "handle" for node in tree.body)


def handlers(tree: ast.Module) -> dict[str, bool]:
    """The classes of handlers, and whether each is one of datagrams. Those that others derive from are left out."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    found: dict[str, bool] = {}
    parents: set[str] = set()
    for name, node in classes.items():
        bases = list(ancestors(node, classes))
        if any(base.endswith("RequestHandler") for base in bases):
            parents.update(base for base in bases if base in classes)
            own = [classes[base] for base in bases if base in classes] + [node]
            found[name] = "DatagramRequestHandler" in bases or (
                not any(base in ("StreamRequestHandler", "BaseHTTPRequestHandler") for base in bases)
                and any(takes_apart(definition) for definition in own)
            )
    return {name: is_datagram for name, is_datagram in found.items() if name not in parents}


def ancestors(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> Iterator[str]:
    """The names of all classes above one, as far as this source tells."""
    for base in node.bases:
        name = base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
        if name and name != node.name:
            yield name
            if name in classes:
                yield from ancestors(classes[name], classes)


def takes_apart(node: ast.ClassDef) -> bool:
    """Whether it uses `self.request` as the pair that a server of datagrams has: `self.request[0]`, or `a, b = self.request`."""

    def is_request(value: ast.AST) -> bool:
        return isinstance(value, ast.Attribute) and value.attr == "request"

    for inner in ast.walk(node):
        if isinstance(inner, ast.Subscript) and is_request(inner.value):
            return True
        if isinstance(inner, ast.Assign) and is_request(inner.value) and isinstance(inner.targets[0], (ast.Tuple, ast.List)):
            return True
    return False


def one_of_each(file: str, found: dict[str, bool]) -> tuple[str | None, str | None]:
    """The handler of streams, and that of datagrams."""
    if not found:
        fail(
            f"{file} is no handler and no program: it needs a class derived from socketserver.BaseRequestHandler,"
            " an async def handle(reader, writer), or a server and its serve_forever()"
        )
    kinds: list[str | None] = []
    for what, wanted in (("connections", False), ("datagrams", True)):
        names = [name for name, is_datagram in found.items() if is_datagram == wanted]
        if len(names) > 1:
            fail(f"{file} has several handlers of {what}, {' and '.join(names)}; a component has one")
        kinds.append(names[0] if names else None)
    return kinds[0], kinds[1]


def sources(path: Path, tree: ast.Module) -> Iterator[ast.Module]:
    """The source, and the modules of its own folder that it imports."""
    seen, waiting = {path.stem}, [tree]
    while waiting:
        module = waiting.pop()
        yield module
        for name in imported(module):
            top = name.partition(".")[0]
            if top in seen:
                continue
            seen.add(top)
            files = [path.parent / f"{top}.py"]
            if (path.parent / top / "__init__.py").is_file():
                files = sorted((path.parent / top).rglob("*.py"))
            for file in files:
                try:
                    waiting.append(ast.parse(file.read_bytes()))
                except (OSError, SyntaxError, ValueError):
                    # Python says what is wrong with it, where it is imported.
                    continue


def imported(tree: ast.Module) -> Iterator[str]:
    """The names of the modules that one imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def connects(tree: ast.Module) -> bool:
    """Whether a module connects to something, as far as its text tells."""
    if _CLIENT_MODULES.intersection(imported(tree)):
        return True
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "socket":
            if any(alias.name in _CLIENT_FUNCTIONS or alias.name == "*" for alias in node.names):
                return True
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "socket" and node.attr in _CLIENT_FUNCTIONS:
                return True
    return False


def asks_for_http_request(tree: ast.Module) -> bool:
    """Whether a module calls `socketserver.http_request()`, as far as its text tells."""
    modules, functions = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules.update(alias.asname or alias.name for alias in node.names if alias.name == "socketserver")
        elif isinstance(node, ast.ImportFrom) and node.module == "socketserver" and node.level == 0:
            functions.update(alias.asname or "http_request" for alias in node.names if alias.name in ("http_request", "*"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "http_request":
            if isinstance(node.value, ast.Name) and node.value.id in modules:
                return True
        elif isinstance(node, ast.Name) and node.id in functions:
            return True
    return False


def fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
