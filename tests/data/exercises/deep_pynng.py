"""Protocols over TCP, IPC and TLS, pipes with callbacks, timeouts, dialers and many messages of NNG."""

import socket
import threading
import time

import pynng

import loopback

options = {"recv_timeout": 8000, "send_timeout": 8000}


def free():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


for address in ("inproc://p", "ipc://./p", f"tcp://127.0.0.1:{free()}"):
    with (
        pynng.Push0(listen=address, **options) as push,
        pynng.Pull0(dial=address, **options) as pull,
    ):
        for size in (1, 1000, 500000):
            push.send(b"x" * size)
            print(address[:3], len(pull.recv()))
    with (
        pynng.Pub0(listen=address, **options) as pub,
        pynng.Sub0(dial=address, topics=b"t", **options) as sub,
    ):
        time.sleep(0.2)
        pub.send(b"other")
        pub.send(b"topic")
        print(sub.recv())
seen = []
with pynng.Pair0(listen="inproc://c", **options) as a:
    a.add_pre_pipe_connect_cb(lambda p: seen.append("before"))
    a.add_post_pipe_connect_cb(lambda p: seen.append("after"))
    a.add_post_pipe_remove_cb(lambda p: seen.append("gone"))
    with pynng.Pair0(dial="inproc://c", **options) as b:
        b.send(b"x")
        print(a.recv(), len(a.pipes))
    time.sleep(0.3)
print(seen)
for bad in (
    lambda: pynng.Pair0(dial="tcp://127.0.0.1:1", block_on_dial=True),
    lambda: pynng.Pair0(listen="nope://x"),
    lambda: pynng.Pair0(recv_timeout=50).recv(),
):
    try:
        bad()
    except pynng.NNGException as e:
        print(type(e).__name__)
server = pynng.TLSConfig(
    pynng.TLSConfig.MODE_SERVER, own_key_string=loopback.KEY, own_cert_string=loopback.CERTIFICATE
)
client = pynng.TLSConfig(
    pynng.TLSConfig.MODE_CLIENT, server_name="localhost", ca_string=loopback.CERTIFICATE
)
port = free()
with (
    pynng.Rep0(tls_config=server, **options) as rep,
    pynng.Req0(tls_config=client, **options) as req,
):
    rep.listen(f"tls+tcp://127.0.0.1:{port}")
    req.dial(f"tls+tcp://localhost:{port}", block=True)
    for number in range(30):
        req.send(b"%d" % number * 1000)
        rep.send(rep.recv()[:10])
        answer = req.recv()
    print(answer)


def echo(rep):
    for _ in range(100):
        rep.send(rep.recv())


with (
    pynng.Rep0(listen="inproc://t", **options) as rep,
    pynng.Req0(dial="inproc://t", **options) as req,
):
    thread = threading.Thread(target=echo, args=[rep])
    thread.start()
    for number in range(100):
        req.send(b"%d" % number)
        last = req.recv()
    thread.join()
    print(last)
