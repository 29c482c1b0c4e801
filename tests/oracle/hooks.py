"""CPython's own socketserver, saying each hook that it calls.

usage: hooks.py CLASS URL MODE [NAME=VALUE...]

Does what `tests/programs/program_hooks.rs` does, in the same modes and for the same requests, and prints the same lines.
What a hook prints in a thread or in a child begins with `elsewhere `.
"""

import errno
import os
import signal
import socketserver
import sys
import threading
from urllib.parse import urlsplit

handled = 0


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        global handled
        handled += 1
        command = self.rfile.readline().strip().decode()
        answers = {"answer": "answered", "count": str(handled), "fail": "failing"}
        if command in answers:
            self.wfile.write(f"{answers[command]}\n".encode())
        if command == "fail":
            raise ValueError("told you so")
        if command == "exit":
            sys.exit(3)
        if command == "dialogue":
            self.wfile.write(b"go on\n")
            self.wfile.write(b"so " + self.rfile.readline())
        if command == "keep":
            self.wfile.write(b"kept\n")
            self.request.recv(65536)
        if command == "much":
            self.wfile.write(bytes(MUCH))


MUCH = (16 << 20) + 1


class Stream(Handler, socketserver.StreamRequestHandler):
    pass


class Datagram(Handler, socketserver.DatagramRequestHandler):
    pass


# The module has these two since Python 3.12.
class ForkingUnixStreamServer(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    pass


class ForkingUnixDatagramServer(socketserver.ForkingMixIn, socketserver.UnixDatagramServer):
    pass


PROCESS = os.getpid()


def say(what):
    is_server = os.getpid() == PROCESS and threading.current_thread() is threading.main_thread()
    # One call, so that lines of several processes stay whole.
    os.write(1, f"{'' if is_server else 'elsewhere '}{what}\n".encode())


class Hooks:
    """The mixin that says each hook."""

    errors = 0
    says_service = False

    def server_bind(self):
        say("server_bind")
        super().server_bind()

    def server_activate(self):
        say("server_activate")
        super().server_activate()

    def server_close(self):
        say("server_close")
        super().server_close()

    def service_actions(self):
        # Said once for each request, as the loop calls it whenever nothing happens.
        if self.says_service:
            say("service_actions")
        self.says_service = False
        super().service_actions()

    def get_request(self):
        request, client_address = super().get_request()
        say("get_request")
        self.says_service = True
        if wish(client_address) == "lose":
            self.close_request(request)
            raise OSError("it has gone")
        return request, client_address

    def verify_request(self, request, client_address):
        say("verify_request")
        if wish(client_address) == "shutdown":
            self.shut_down()
        return wish(client_address) == ""

    def process_request(self, request, client_address):
        say("process_request")
        super().process_request(request, client_address)

    def finish_request(self, request, client_address):
        say("finish_request")
        super().finish_request(request, client_address)

    def shutdown_request(self, request):
        say("shutdown_request")
        super().shutdown_request(request)

    def close_request(self, request):
        say("close_request")
        super().close_request(request)

    def handle_timeout(self):
        say("handle_timeout")
        super().handle_timeout()

    def handle_error(self, request, client_address):
        self.errors += 1
        say(f"handle_error {sys.exc_info()[1]}")
        super().handle_error(request, client_address)

    def shut_down(self):
        # `shutdown` waits for the loop, so it must not be called by the thread that runs it.
        threading.Thread(target=self.shutdown).start()

    def children(self):
        """How many requests are being handled, or are remembered although they are over."""
        if isinstance(self, socketserver.ForkingMixIn):
            return len(self.active_children or ())
        threads = getattr(self, "_threads", None)
        if isinstance(threads, list):
            return len(threads)
        return sum("process_request_thread" in thread.name for thread in threading.enumerate())


def wish(client_address):
    """What the address of a client asks of the server itself."""
    if isinstance(client_address, tuple):
        wishes = {"127.0.0.2": "refuse", "127.0.0.3": "shutdown", "127.0.0.4": "lose"}
        return wishes.get(client_address[0], "")
    name = os.path.basename(os.fsdecode(client_address or ""))
    return name if name in ("refuse", "shutdown", "lose") else ""


def main(name, url, mode, *settings):
    address, base = parse(url), globals().get(name) or getattr(socketserver, name)
    handler = Datagram if issubclass(base, socketserver.UDPServer) else Stream
    settings = dict(setting.split("=") for setting in settings)
    poll_interval = 0.01

    class Server(Hooks, base):
        pass

    if "timeout" in settings:
        Server.timeout = int(settings["timeout"]) / 1000
    if "max_children" in settings:
        Server.max_children = int(settings["max_children"])
    if "block_on_close" in settings:
        Server.block_on_close = settings["block_on_close"] == "true"

    def make():
        server = Server(address, handler)
        if isinstance(server.server_address, tuple):
            host, port = server.server_address
            say(f"listening {urlsplit(url).scheme}://{host}:{port}")
        else:
            say(f"listening {url}")
        return server

    if mode == "serve":
        with make() as server:
            signal.signal(signal.SIGTERM, lambda *_: server.shut_down())
            server.says_service = "says_first" in settings
            server.serve_forever(poll_interval)
            say(f"errors {server.errors}")
            few = "few" if server.children() < 10 else "many"
            say(f"{few} children")
        say(f"closed with {server.children()} children")
    elif mode == "requests":
        with make() as server:
            server.handle_request()
            server.handle_request()
    elif mode == "close":
        server = make()
        server.server_close()
        try:
            server.serve_forever(poll_interval)
        except ValueError:
            say("cannot serve")
        make().server_close()
    elif mode == "leave":
        with make():
            pass
        make().server_close()
    elif mode == "shutdown":
        for _ in range(20):
            with make() as server:
                server.shut_down()
                server.serve_forever(poll_interval)
                say("ended")
                server.shut_down()
                server.serve_forever(poll_interval)
                say("ended again")
    elif mode == "bind":
        taken = 0
        for _ in range(1024):
            try:
                base(address, handler)
            except OSError as error:
                taken += error.errno == errno.EADDRINUSE
        say(f"taken {taken} times")
        try:
            Server(address, handler)
        except OSError:
            say("taken")


def parse(url):
    scheme = urlsplit(url).scheme
    if scheme.startswith("unix"):
        return "\0" + url.removeprefix(scheme + ":@")
    return urlsplit(url).hostname, urlsplit(url).port


main(*sys.argv[1:])
