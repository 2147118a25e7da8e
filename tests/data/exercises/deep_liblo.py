"""Servers, threads, bundles, blobs, errors and types of OSC over the loopback by pyliblo3."""

import time

import pyliblo3 as liblo

got = []
server = liblo.ServerThread()


def any_method(path, args, types, source):
    got.append((path, [a.hex() if isinstance(a, bytes) else a for a in args], types))


server.add_method(None, None, any_method)
server.start()
target = liblo.Address("127.0.0.1", server.port)
for types, value in (
    ("i", 42),
    ("f", 0.5),
    ("d", 2.25),
    ("s", "text é"),
    ("h", 2**40),
    ("b", b"blob\0x"),
    ("c", "z"),
    ("T", None),
    ("N", None),
    ("S", "symbol"),
    ("m", (1, 2, 3, 4)),
    ("t", 3.5),
):
    try:
        server.send(
            target, f"/one/{types}", *([(types, value)] if value is not None else [(types,)])
        )
    except Exception as e:
        print(types, type(e).__name__)
bundle = liblo.Bundle(liblo.Message("/a", 1, 2.5), liblo.Message("/b", "x"))
bundle.add("/c", 3)
liblo.send(target, bundle)
liblo.send(target.url if hasattr(target, "url") else target, "/many", *range(200))
liblo.send(target, liblo.Message("/big", "y" * 5000, b"z" * 3000))
for _ in range(100):
    if len(got) > 14:
        break
    time.sleep(0.05)
server.stop()
for path, args, types in sorted(got, key=lambda g: g[0]):
    print(path, [str(a)[:60] for a in args][:5], types[:20])
other = liblo.Server(proto=liblo.TCP)
seen = []
other.add_method("/tcp", "is", lambda path, args: seen.append(args), None)
address = liblo.Address("127.0.0.1", other.port, liblo.TCP)
liblo.send(address, "/tcp", 5, "five")
for _ in range(10):
    other.recv(50)
print(seen, address.protocol, address.hostname in ("127.0.0.1", "localhost"), other.port > 0)
t = liblo.Server()
calls = []
for name, types in (("/x/*", None), ("/y/foo", "i"), ("/y/foo", "s")):
    t.add_method(name, types, lambda path, args: calls.append((path, args)))
for path, arg in (("/y/foo", 1), ("/y/foo", "a"), ("/y/*", 7), ("/y/{foo,bar}", 9), ("/none", 1)):
    t.send(t.port, path, arg)
    t.recv(100)
t.del_method("/y/foo", "i")
print(calls)
for bad in (
    lambda: liblo.Address("osc.nothing://x"),
    lambda: liblo.Server(server.port, proto=99),
    lambda: liblo.Server("osc.udp://"),
    lambda: liblo.send(target, "nopath", object()),
    lambda: liblo.Message("/a", ("i", "x")),
):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
