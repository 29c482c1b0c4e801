"""Echo (RFC 862), of datagrams."""

import socketserver


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        data, socket = self.request
        socket.sendto(data, self.client_address)
