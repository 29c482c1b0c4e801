"""Echo, or the time, by asyncio's streams: one thread, a task for each connection.

Usage: asyncio_server.py echo|datagrams|time. Prints `listening tcp://ADDRESS`, and serves until it is killed.
"""

import asyncio
import sys
import time

# The seconds from 1900, where RFC 868 begins to count, to 1970.
UNIX_EPOCH_SINCE_1900 = 2_208_988_800


async def echo(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


async def send_time(reader, writer):
    seconds = int(time.time()) + UNIX_EPOCH_SINCE_1900
    writer.write(seconds.to_bytes(5, "big")[1:])
    writer.close()


class EchoDatagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


async def main(service):
    if service == "datagrams":
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            EchoDatagrams, local_addr=("127.0.0.1", 0)
        )
        print("listening udp://%s:%d" % transport.get_extra_info("sockname"), flush=True)
        await asyncio.Event().wait()
    serve = {"echo": echo, "time": send_time}[service]
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    print("listening tcp://%s:%d" % server.sockets[0].getsockname(), flush=True)
    await server.serve_forever()


asyncio.run(main(sys.argv[1]))
