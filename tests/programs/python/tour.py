"""Two servers at once, whose hooks say what they do: a TCP server in the foreground, a UDP server in a thread."""

import os
import random
import signal
import socketserver
import sys
import threading


class Lines(socketserver.StreamRequestHandler):
    def setup(self):
        super().setup()
        self.greeting = self.server.greeting

    def handle(self):
        for line in self.rfile:
            match line.decode().split():
                case ["greet"]:
                    self.wfile.write(f"{self.greeting}, {self.extra}\n".encode())
                case ["where"]:
                    host, port = self.server.server_address
                    self.wfile.write(f"{host} {port == self.request.getsockname()[1]}\n".encode())
                case ["random"]:
                    self.wfile.write(f"{random.random()}\n".encode())
                case ["arguments"]:
                    self.wfile.write(f"{sys.argv} {dict(os.environ)}\n".encode())
                case ["fail"]:
                    raise KeyError("told you so")
                case ["late"]:
                    import no_such_module
                case ["name"]:
                    self.wfile.write(f"{threading.current_thread().name}\n".encode())


class Shout(socketserver.DatagramRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.read().upper())


class Tour(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    greeting = "hello"
    errors = 0
    requests = 0

    def verify_request(self, request, client_address):
        self.requests += 1
        return client_address[0] != "127.0.0.2"

    def finish_request(self, request, client_address):
        handler = type("Extended", (self.RequestHandlerClass,), {"extra": f"from {client_address[0]}"})
        handler(request, client_address, self)

    def handle_error(self, request, client_address):
        self.errors += 1
        print(f"handle_error {sys.exc_info()[1]!r} {client_address[0]}", flush=True)
        super().handle_error(request, client_address)


if __name__ == "__main__":
    print("arguments", sys.argv[1:], flush=True)
    with Tour(("127.0.0.1", 0), Lines) as tcp, socketserver.UDPServer(("127.0.0.1", 0), Shout) as udp:
        thread = threading.Thread(target=udp.serve_forever, daemon=True)
        thread.start()
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=tcp.shutdown).start())
        tcp.serve_forever(poll_interval=0.1)
        print(f"requests {tcp.requests}, errors {tcp.errors}", flush=True)
        udp.shutdown()
        thread.join()
    print("closed", flush=True)
