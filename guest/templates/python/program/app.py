"""{{name}}: a server of its own, which answers each line in capitals and counts its requests."""

import socketserver


class Handler(socketserver.StreamRequestHandler):
    # Each request has a sandbox of its own.
    def handle(self):
        while line := self.rfile.readline(1024):
            self.wfile.write(line.upper())


class Server(socketserver.ThreadingTCPServer):
    # These run in the program, which is there from the start to the end.
    requests = 0

    def verify_request(self, request, client_address):
        self.requests += 1
        print(f"request {self.requests}, from {client_address[0]}", flush=True)
        return True


if __name__ == "__main__":
    with Server(("127.0.0.1", 9999), Handler) as server:
        server.serve_forever()
