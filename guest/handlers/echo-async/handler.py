"""Echo (RFC 862), with asyncio's streams."""


async def handle(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
