"""libssh2: a session to what is no server, and the lists of methods."""

import socket

from ssh2.exceptions import SSH2Error
from ssh2.session import Session

import loopback

with loopback.server(lambda connection: connection.sendall(b"SSH-2.0-x\r\n")) as port:
    plain = socket.create_connection(("127.0.0.1", port))
    session = Session()
    try:
        session.handshake(plain)
    except SSH2Error as e:
        print(type(e).__name__)
