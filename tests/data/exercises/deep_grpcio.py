"""Streams, metadata, compression, deadlines, cancelling, reflection of errors and many calls of gRPC."""

import os
import threading
from concurrent import futures

os.environ["GRPC_VERBOSITY"] = "NONE"
import grpc

import loopback

KEYS = (loopback.KEY.encode(), loopback.CERTIFICATE.encode())


def count(request, context):
    for number in range(int(request)):
        yield b"%d" % number


def total(requests, context):
    context.set_trailing_metadata((("n", "1"), ("b-bin", b"\0\xff")))
    return b"%d" % sum(map(len, requests))


def echo(requests, context):
    for request in requests:
        yield request[::-1]


def fail(request, context):
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "told é")


def wait(request, context):
    threading.Event().wait(3)
    return b""


handlers = {
    "count": grpc.unary_stream_rpc_method_handler(count),
    "total": grpc.stream_unary_rpc_method_handler(total),
    "echo": grpc.stream_stream_rpc_method_handler(echo),
    "fail": grpc.unary_unary_rpc_method_handler(fail),
    "wait": grpc.unary_unary_rpc_method_handler(wait),
}
server = grpc.server(futures.ThreadPoolExecutor(8), compression=grpc.Compression.Gzip)
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("s", handlers),))
secure = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([KEYS], KEYS[1], True))
plain = server.add_insecure_port("127.0.0.1:0")
local = server.add_insecure_port("unix:socket")
server.start()
credentials = grpc.ssl_channel_credentials(KEYS[1], *KEYS)
for channel in (
    grpc.secure_channel(f"localhost:{secure}", credentials, compression=grpc.Compression.Deflate),
    grpc.insecure_channel(f"127.0.0.1:{plain}"),
    grpc.insecure_channel("unix:socket"),
):
    with channel:
        print([*channel.unary_stream("/s/count")(b"5", timeout=20)])
        made, call = channel.stream_unary("/s/total").with_call(
            iter([b"x" * 100000] * 20), timeout=20, metadata=(("a", "b"),)
        )
        print(made, sorted((k, v) for k, v in call.trailing_metadata()))
        print(
            [*channel.stream_stream("/s/echo")(iter([b"ab%d" % n for n in range(30)]), timeout=20)][
                -1
            ]
        )
        for method, timeout in (("fail", 20), ("none", 20), ("wait", 0.2)):
            try:
                channel.unary_unary(f"/s/{method}")(b"", timeout=timeout)
            except grpc.RpcError as e:
                print(e.code().name, e.details()[:20] if method == "fail" else "")
        many = [
            channel.stream_unary("/s/total").future(iter([b"x"] * 10), timeout=20)
            for _ in range(50)
        ]
        print(sum(int(f.result()) for f in many))
        cancelled = channel.unary_stream("/s/count")(b"100000", timeout=20)
        next(cancelled)
        print(cancelled.cancel(), cancelled.cancelled())
for wrong in (grpc.ssl_channel_credentials(), grpc.ssl_channel_credentials(KEYS[1])):
    with grpc.secure_channel(f"localhost:{secure}", wrong) as channel:
        try:
            channel.unary_unary("/s/fail")(b"", timeout=5)
        except grpc.RpcError as e:
            print(e.code().name)
server.stop(0).wait(10)
