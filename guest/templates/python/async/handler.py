"""{{name}}: answers each line in capitals, and asks a peer that is silent."""

import asyncio


async def handle(reader, writer):
    while True:
        try:
            line = await asyncio.wait_for(reader.readline(), timeout=10)
        except TimeoutError:
            writer.write(b"HELLO?\n")
            continue
        if not line:
            return
        writer.write(line.upper())
        # Waits while the peer does not read.
        await writer.drain()
