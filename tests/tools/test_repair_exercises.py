"""The server of the exercises: one that never shakes hands would let every wheel pass."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

from repair_exercises import POSTGRES
from tls_server import certificate

SSL_REQUEST = bytes((0, 0, 0, 8, 4, 210, 22, 47))


def test_server_of_the_exercises_shakes_hands(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    pem = tmp_path / "localhost.pem"
    pem.write_text(key.read_text() + chain.read_text())
    names: dict[str, Any] = {}
    exec(POSTGRES.replace("{pem!r}", repr(str(pem))), names)
    context = ssl.create_default_context(cafile=str(chain))
    with names["listening"], socket.create_connection(("localhost", names["port"])) as plain:
        plain.sendall(SSL_REQUEST)
        assert plain.recv(1) == b"S"
        with context.wrap_socket(plain, server_hostname="localhost") as encrypted:
            encrypted.sendall(b"start-up")
            assert encrypted.recv(100).endswith(b"tls ok\0\0")
