"""TLS, UDP, UNIX sockets, pipes, processes, signals, resolvers, executors and watchers of libuv."""

import asyncio
import os
import signal
import socket
import ssl

import uvloop

import loopback


async def main():
    loop = asyncio.get_running_loop()
    with open("server.pem", "w") as file:
        file.write(loopback.CERTIFICATE + loopback.KEY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("server.pem")
    client = ssl.create_default_context(cadata=loopback.CERTIFICATE)

    async def answer(reader, writer):
        while line := await reader.readline():
            writer.write(line[::-1])
            await writer.drain()
        writer.close()

    async def ask(reader, writer, count):
        for number in range(count):
            writer.write(b"%d" % number * 500 + b"\n")
            await writer.drain()
            await reader.readexactly(len(b"%d" % number * 500) + 1)
        writer.close()
        return count

    for tls in (None, context):
        server = await asyncio.start_server(answer, "localhost", 0, ssl=tls, family=socket.AF_INET)
        port = server.sockets[0].getsockname()[1]
        asked = [
            ask(*await asyncio.open_connection("localhost", port, ssl=client if tls else None), 20)
            for _ in range(10)
        ]
        print(await asyncio.gather(*asked))
        server.close()
        await server.wait_closed()
    server = await asyncio.start_unix_server(answer, "socket")
    print(await ask(*await asyncio.open_unix_connection("socket"), 5))
    server.close()
    got = loop.create_future()

    class Datagram(asyncio.DatagramProtocol):
        def datagram_received(self, data, address):
            got.set_result(data)

    transport, _ = await loop.create_datagram_endpoint(Datagram, local_addr=("127.0.0.1", 0))
    sender, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=transport.get_extra_info("sockname")
    )
    sender.sendto(b"datagram")
    print(await asyncio.wait_for(got, 10))
    transport.close()
    sender.close()
    process = await asyncio.create_subprocess_exec(
        "cat", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    print(await process.communicate(b"x" * 100000) == (b"x" * 100000, None), process.returncode)
    process = await asyncio.create_subprocess_shell("exit 3")
    print(await process.wait())
    arrived = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, arrived.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(arrived.wait(), 10)
    read, write = os.pipe()
    event = asyncio.Event()
    loop.add_reader(read, lambda: (os.read(read, 10), event.set()))
    os.write(write, b"x")
    await asyncio.wait_for(event.wait(), 10)
    loop.remove_reader(read)
    print(
        sorted(await loop.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)),
        (await loop.getnameinfo(("127.0.0.1", 80), socket.NI_NUMERICHOST))[0],
    )
    print(await asyncio.gather(*(loop.run_in_executor(None, pow, 2, n) for n in range(20))))
    order = []
    for n in (3, 1, 2):
        loop.call_later(n / 50, order.append, n)
    await asyncio.sleep(0.2)
    print(order)
    for bad in (
        lambda: asyncio.open_connection("127.0.0.1", 1),
        lambda: asyncio.create_subprocess_exec("/none"),
        lambda: loop.getaddrinfo("none.invalid", 1),
    ):
        try:
            await bad()
        except OSError as e:
            print(type(e).__name__)


for _ in range(2):
    uvloop.run(main())
