"""Python's `socketserver` for programs and handlers that run as WebAssembly components.

It takes the place of the standard library's module of this name, so `import socketserver` gets it, and so does what the
standard library builds on it, such as `http.server`.

There is still one class to write, with one method:

    import socketserver

    class Echo(socketserver.StreamRequestHandler):
        def handle(self):
            for line in self.rfile:
                self.wfile.write(line)

What differs is where it runs. In CPython every handler shares one process; here each request has a sandbox of its own, with
its own memory, which is dropped at the end. So this module has two halves, which run in different sandboxes:

    the program (one)                          a request (many)
    +-------------------------------+          +-------------------------------+
    | the script, from its top      |          | the script as the build left  |
    |   BaseServer                  |          | it: frozen, then copied       |
    |     serve_forever()           |  hands   |   server.finish_request()     |
    |     get_request()             |  over    |     RequestHandlerClass       |
    |     verify_request()          | -------> |       setup()                 |
    |     process_request()         |          |       handle()                |
    |     handle_error()            | <------- |       finish()                |
    +-------------------------------+  outcome |   server.shutdown_request()   |
                                               +-------------------------------+

Whoever knows `ForkingMixIn` knows this already: a request is a child that was forked, only that it was forked before the
program began, when it was built. It has what the script had imported and made by then. Nothing that the program does later
reaches a request, and nothing that a request does reaches the program, but for how it ended: `handle_error()` is told.

A module that has no server, and a handler class alone, is a component without a program: `socketserver serve` has the loop.

The distinction between the four things that are called a request is as arbitrary as it is in CPython. Remember:

- `get_request()` takes a request from the listener, and gives a `PendingRequest`: a promise, of which only the address is
  known. It has no bytes, as those go to the sandbox that is not there yet.
- `process_request()` hands it over, and waits for its end, or not: that is what the mix-ins choose.
- `finish_request()` runs in the sandbox, and makes the handler. There the request is a connection, or a datagram.
- `handle()` is yours.

How the build stops a script at the point where it would serve is told in `_build`; how a program goes on serving in the
background of a component that has no threads, in `_background`.
"""

from __future__ import annotations

from socketserver._error import HandlerError
from socketserver._handler import BaseRequestHandler, DatagramRequestHandler, StreamRequestHandler
from socketserver._http_request import HttpRequest, http_request
from socketserver._mixin import (
    ForkingMixIn,
    ForkingTCPServer,
    ForkingUDPServer,
    ForkingUnixDatagramServer,
    ForkingUnixStreamServer,
    ThreadingMixIn,
    ThreadingTCPServer,
    ThreadingUDPServer,
    ThreadingUnixDatagramServer,
    ThreadingUnixStreamServer,
)
from socketserver._server import BaseServer, TCPServer, UDPServer, UnixDatagramServer, UnixStreamServer

__all__ = [
    "BaseRequestHandler",
    "BaseServer",
    "DatagramRequestHandler",
    "ForkingMixIn",
    "ForkingTCPServer",
    "ForkingUDPServer",
    "ForkingUnixDatagramServer",
    "ForkingUnixStreamServer",
    "HandlerError",
    "HttpRequest",
    "StreamRequestHandler",
    "TCPServer",
    "ThreadingMixIn",
    "ThreadingTCPServer",
    "ThreadingUDPServer",
    "ThreadingUnixDatagramServer",
    "ThreadingUnixStreamServer",
    "UDPServer",
    "UnixDatagramServer",
    "UnixStreamServer",
    "http_request",
]
