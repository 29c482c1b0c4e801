"""Sends what it is told of the HTTP request that its connection is. See tests/programs/README.md."""

import socketserver


class Tell(socketserver.StreamRequestHandler):
    def handle(self):
        request = socketserver.http_request()
        if request is None:
            self.wfile.write(b"no request\n")
            return
        lines = [
            f"{request.method} {request.path_with_query or 'none'}",
            f"authority {request.authority or 'none'}",
            f"scheme {request.scheme or 'none'}",
            *(f"{name}: {escaped(value)}" for name, value in request.headers),
            f"received {len(self.rfile.read())}",
        ]
        self.wfile.write("".join(f"{line}\n" for line in lines).encode())


def escaped(value):
    return "".join(chr(byte) if 0x20 <= byte <= 0x7E else f"\\x{byte:02x}" for byte in value)
