# packages: pyzmq
"""libzmq and libsodium: sockets, and encryption by CURVE."""

import zmq

context = zmq.Context()
server_public, server_secret = zmq.curve_keypair()
public, secret = zmq.curve_keypair()
server, client = context.socket(zmq.REP), context.socket(zmq.REQ)
server.curve_secretkey, server.curve_publickey, server.curve_server = (
    server_secret,
    server_public,
    True,
)
client.curve_serverkey, client.curve_publickey, client.curve_secretkey = (
    server_public,
    public,
    secret,
)
for socket in (server, client):
    socket.linger = 0
    socket.rcvtimeo = 20000
client.connect(f"tcp://127.0.0.1:{server.bind_to_random_port('tcp://127.0.0.1')}")
client.send(b"question")
print(server.recv())
server.send_multipart([b"an", b"answer"])
print(client.recv_multipart(), len(public), zmq.has("curve"))
client.close()
server.close()
context.term()
