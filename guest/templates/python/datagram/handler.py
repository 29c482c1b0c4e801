"""{{name}}: answers each datagram in capitals."""

import socketserver


class Handler(socketserver.DatagramRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.read().upper())
