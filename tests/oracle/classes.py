"""CPython's own socketserver, under the assertions that ours is held to.

usage: classes.py CLASS URL

Serves an echo with the class of that name until SIGTERM, and prints where it listens as ours does.
"""

import signal
import socketserver
import sys
import threading
from urllib.parse import urlsplit


class Stream(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)


class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        data, socket = self.request
        socket.sendto(data, self.client_address)


# The module has these two since Python 3.12.
class ForkingUnixStreamServer(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    pass


class ForkingUnixDatagramServer(socketserver.ForkingMixIn, socketserver.UnixDatagramServer):
    pass


def main(name, url):
    server_class = globals().get(name) or getattr(socketserver, name)
    scheme = urlsplit(url).scheme
    address = url.removeprefix(scheme + ":@") if ":@" in url else urlsplit(url)
    if isinstance(address, str):
        address = "\0" + address
    elif scheme.startswith("unix"):
        address = address.path
    else:
        address = (address.hostname, address.port)
    handler = Datagram if issubclass(server_class, socketserver.UDPServer) else Stream
    with server_class(address, handler) as server:
        # `shutdown` waits for the loop, so it must not be called by the thread that runs it.
        stop = lambda *_: threading.Thread(target=server.shutdown).start()
        signal.signal(signal.SIGTERM, stop)
        if not scheme.startswith("unix"):
            host, port = server.server_address
            url = f"{scheme}://{host}:{port}"
        print("listening", url, flush=True)
        server.serve_forever(poll_interval=0.05)


main(*sys.argv[1:])
