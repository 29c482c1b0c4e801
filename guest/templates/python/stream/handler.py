"""{{name}}: answers each line in capitals."""

import socketserver


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        # A line of more than 1,024 bytes is answered in parts, so that no peer can fill the memory.
        while line := self.rfile.readline(1024):
            self.wfile.write(line.upper())
