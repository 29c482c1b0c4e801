"""Sends the method and the path of the HTTP request that its connection is. See tests/programs/README.md."""

from socketserver import http_request


async def handle(reader, writer):
    request = http_request()
    line = "no request" if request is None else f"{request.method} {request.path_with_query}"
    writer.write(f"{line}\n".encode())
    await writer.drain()
