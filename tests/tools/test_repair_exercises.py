"""The server of the exercises: one that never shakes hands would let every wheel pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from repair_exercises import POSTGRES
from tls_server import certificate

CLIENT = """
trusting = ssl.create_default_context(cafile={pem!r})
with socket.create_connection(("localhost", port)) as plain:
    plain.sendall(struct.pack("!II", 8, 80877103))  # SSLRequest
    assert plain.recv(1) == b"S"
    with trusting.wrap_socket(plain, server_hostname="localhost") as encrypted:
        encrypted.sendall(b"start-up")
        print(encrypted.recv(100))
"""


def test_server_of_the_exercises_shakes_hands(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    pem = tmp_path / "localhost.pem"
    pem.write_text(key.read_text() + chain.read_text())
    script = (POSTGRES + CLIENT).replace("{pem!r}", repr(str(pem)))
    # In a process of its own: the thread of the server ends with it.
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert r"Mtls ok\x00" in done.stdout
