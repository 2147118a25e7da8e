"""libuv: timers, and one connection."""

import asyncio

import uvloop


async def main():
    async def answer(reader, writer):
        writer.write((await reader.readline())[::-1])
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"abc\n")
    print(await reader.read())
    writer.close()
    server.close()
    await asyncio.sleep(0.05)


uvloop.run(main())
