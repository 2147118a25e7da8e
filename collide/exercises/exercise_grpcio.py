# packages: grpcio
"""gRPC with BoringSSL: a call over TLS on the loopback interface."""

from concurrent import futures

import grpc

import loopback

handler = grpc.unary_unary_rpc_method_handler(lambda request, _: request[::-1])
server = grpc.server(futures.ThreadPoolExecutor(2))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("s", {"m": handler}),))
pair = (loopback.KEY.encode(), loopback.CERTIFICATE.encode())
port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
server.start()
credentials = grpc.ssl_channel_credentials(loopback.CERTIFICATE.encode())
with grpc.secure_channel(f"localhost:{port}", credentials) as channel:
    print(channel.unary_unary("/s/m")(b"text", timeout=20))
    try:
        channel.unary_unary("/s/none")(b"text", timeout=20)
    except grpc.RpcError as e:
        print(e.code())
server.stop(0).wait(10)
