import socketserver
ip_port = ("127.0.0.1", 9999,)
class MyServer(socketserver.BaseRequestHandler):
    def handle(self):
        while True:
            data = self.request.recv(1024)
            if not data:
                break
            self.request.sendall(data.upper())
obj = socketserver.ThreadingTCPServer(ip_port, MyServer)
obj.serve_forever()
