"""A PostgreSQL server that speaks TLS and then refuses: enough for a client's first connect.

It answers SSLRequest with "S", shakes hands, reads the start-up message and
sends an ErrorResponse (PostgreSQL's documentation, "Message Flow" and
"Message Formats"). A client that gets the words of :data:`ANSWER` has encrypted
and decrypted with its TLS library.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

ANSWER = "this server only says no"
_SSL_REQUEST = struct.pack("!II", 8, 80877103)


@contextlib.contextmanager
def refusing_server(directory: Path) -> Iterator[int]:
    """The port of a server on the loopback interface; ``directory`` gets its certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(directory))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening, context), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        # Wakes up accept(), which closing alone does not.
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def certificate(directory: Path) -> tuple[Path, Path]:
    """A self-signed certificate and its key."""
    chain, key = directory / "server.crt", directory / "server.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-out", str(chain), "-keyout", str(key)),
        ],
        check=True,
        capture_output=True,
    )
    return chain, key


def _serve(listening: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError):
            connection.settimeout(30)
            if connection.recv(8, socket.MSG_WAITALL) == _SSL_REQUEST:
                connection.sendall(b"S")
                with context.wrap_socket(connection, server_side=True) as encrypted:
                    encrypted.recv(4096)
                    fields = f"SFATAL\0C28000\0M{ANSWER}\0\0".encode()
                    encrypted.sendall(b"E" + struct.pack("!I", len(fields) + 4) + fields)


def client(port: int) -> str:
    """A script that connects with psycopg2 and prints ``connected`` when it got the answer."""
    return (
        "import psycopg2\n"
        "try:\n"
        f"    psycopg2.connect(host='127.0.0.1', port={port}, user='u', password='p',\n"
        "                     dbname='d', sslmode='require', gssencmode='disable')\n"
        "except psycopg2.OperationalError as e:\n"
        f"    print('connected' if {ANSWER!r} in str(e) else e)\n"
    )
