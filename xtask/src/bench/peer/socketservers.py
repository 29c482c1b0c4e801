"""Python's own socketserver, with a thread or a process for each request.

Usage: socketservers.py threads|forks echo|datagrams|time|spin. Prints `listening tcp://ADDRESS`, and serves until it is killed.

Two defaults of the classes are raised, because the load would run into them: a backlog of 5, and 40 children.
"""

import socket
import socketserver
import sys
import time

# The seconds from 1900, where RFC 868 begins to count, to 1970.
UNIX_EPOCH_SINCE_1900 = 2_208_988_800


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self.echo()

    def echo(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)


class Time(socketserver.BaseRequestHandler):
    def handle(self):
        seconds = int(time.time()) + UNIX_EPOCH_SINCE_1900
        self.request.sendall(seconds.to_bytes(5, "big")[1:])


class Spin(Echo):
    def handle(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        line = self.request.recv(5, socket.MSG_WAITALL)
        while line == b"spin\n":
            pass
        self.echo()


class EchoDatagrams(socketserver.BaseRequestHandler):
    def handle(self):
        data, server = self.request
        server.sendto(data, self.client_address)


HANDLERS = {"echo": Echo, "datagrams": EchoDatagrams, "time": Time, "spin": Spin}
SERVERS = {
    ("threads", "tcp"): socketserver.ThreadingTCPServer,
    ("threads", "udp"): socketserver.ThreadingUDPServer,
    ("forks", "tcp"): socketserver.ForkingTCPServer,
    ("forks", "udp"): socketserver.ForkingUDPServer,
}

concurrency, service = sys.argv[1:]
scheme = "udp" if service == "datagrams" else "tcp"


class Server(SERVERS[concurrency, scheme]):
    request_queue_size = 1024
    max_children = 2000
    daemon_threads = True


with Server(("127.0.0.1", 0), HANDLERS[service]) as server:
    print("listening %s://%s:%d" % (scheme, *server.server_address), flush=True)
    server.serve_forever()
