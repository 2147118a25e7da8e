"""CURVE, PLAIN and authentication, proxies, monitors, polling, IPC and many sockets."""

import threading

import zmq
from zmq.auth.thread import ThreadAuthenticator
from zmq.utils.monitor import parse_monitor_message

context = zmq.Context(4)
context.set(zmq.MAX_SOCKETS, 200)


def pair(first, second, transport, prepare=lambda a, b: None):
    a, b = context.socket(first), context.socket(second)
    for socket in (a, b):
        socket.linger, socket.rcvtimeo, socket.sndtimeo = 0, 20000, 20000
    prepare(a, b)
    a.bind(transport)
    b.connect(a.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode())
    return a, b


for transport in ("tcp://127.0.0.1:*", "ipc://here", "inproc://here"):
    for first, second in ((zmq.PAIR, zmq.PAIR), (zmq.PULL, zmq.PUSH), (zmq.REP, zmq.REQ)):
        # Another name each time: the old one may be in use until it is closed in full.
        a, b = pair(first, second, transport.replace("here", f"here{first}"))
        for size in (0, 10, 33, 10000, 300000):
            b.send(b"x" * size)
            print(transport[:3], size, len(a.recv()))
            if first == zmq.REP:
                a.send_multipart([b"a", b""])
                print(b.recv_multipart())
        a.close()
        b.close()
auth = ThreadAuthenticator(context)
auth.start()
auth.configure_plain(domain="*", passwords={"user": "secret"})
public, secret = zmq.curve_keypair()
auth.configure_curve(domain="*", location=zmq.auth.CURVE_ALLOW_ANY)


def as_plain(a, b):
    a.plain_server, b.plain_username, b.plain_password = True, b"user", b"secret"


def as_curve(a, b):
    a.curve_server, a.curve_secretkey, a.curve_publickey = True, secret, public
    b.curve_publickey, b.curve_secretkey = zmq.curve_keypair()
    b.curve_serverkey = public


for prepare in (as_plain, as_curve):
    a, b = pair(zmq.PULL, zmq.PUSH, "tcp://127.0.0.1:*", prepare)
    for number in range(50):
        b.send(b"%d" % number * 100)
    print(prepare.__name__, sum(len(a.recv()) for _ in range(50)))
    a.close()
    b.close()
auth.stop()
print(zmq.curve_public(secret) == public)
server, client = context.socket(zmq.PUB), context.socket(zmq.SUB)
monitor = server.get_monitor_socket(zmq.EVENT_ALL)
port = server.bind_to_random_port("tcp://127.0.0.1")
client.connect(f"tcp://127.0.0.1:{port}")
client.subscribe(b"t")
events = []
while zmq.EVENT_HANDSHAKE_SUCCEEDED not in events and monitor.poll(10000):
    events.append(parse_monitor_message(monitor.recv_multipart())["event"])
print([e.name for e in events])
poller = zmq.Poller()
poller.register(client, zmq.POLLIN)
while not poller.poll(50):
    server.send(b"topic")
print(client.recv())
server.disable_monitor()
monitor.close(0)
client.close()
server.close()
frontend, backend = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
frontend.bind("inproc://front")
backend.bind("inproc://back")


def proxy():
    try:
        zmq.proxy(frontend, backend)
    except zmq.ContextTerminated:
        frontend.close(0)
        backend.close(0)


def worker():
    socket = context.socket(zmq.REP)
    socket.connect("inproc://back")
    for _ in range(50):
        socket.send(socket.recv()[::-1])
    socket.close()


threads = [threading.Thread(target=f) for f in (proxy, worker)]
for thread in threads:
    thread.start()
request = context.socket(zmq.REQ)
request.connect("inproc://front")
for number in range(50):
    request.send(b"ab%d" % number)
    answer = request.recv()
print(answer)
request.close(0)
context.term()
for thread in threads:
    thread.join()
print("end")
