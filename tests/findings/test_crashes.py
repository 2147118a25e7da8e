"""What is predicted to break does: wheels run for real in hosts, and in a host where they must not.

Never under LD_DEBUG or a debugger that watches: one of these survives it.
"""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

import score
from collide.findings.code import Severity
from collide.findings.judge import judge
from record_case_hosts import Built, compile_host, python_build

pytestmark = pytest.mark.corpus

CASES = {case["id"]: case for case in score.cases()}
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
"""PostgreSQL protocol, "SSLRequest"."""


def unavailable(reason: str) -> None:
    """Skips, or fails where the thing must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def is_predicted(case: str) -> bool:
    """Whether collide tells an error for a case."""
    return score.worst_of(judge(score.analysis_of(CASES[case]))) == Severity.ERROR


def installed(case: str, tmp_path: Path) -> Path:
    """The wheels of a case, unpacked."""
    for wheel in score.wheels_of(CASES[case], pure=True):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(tmp_path / "site")
    return tmp_path / "site"


def survives(command: Sequence[str | Path], tmp_path: Path, site: Path, source: str) -> bool:
    """Whether a script runs to its end in a host; ``SCRIPT`` in the command stands for it."""
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys\nsys.path.insert(0, {str(site)!r})\n{source}\nprint('SURVIVED')\n"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LD_", "PYTHON"))}
    done = subprocess.run(
        [str(part).replace("SCRIPT", str(script)) for part in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment,
    )
    return "SURVIVED" in done.stdout


def installed_host(*command: str) -> Sequence[str]:
    """The command of a host that is installed; skips where it is not."""
    if shutil.which(command[0]) is None:
        unavailable(f"{command[0]} is not installed: tests/tools/install-hosts.sh")
    return command


def built_host(tmp_path: Path, python: str, *libraries: str) -> Sequence[str | Path]:
    """The command of an embedding program that links ``libraries``; skips without CPython build."""
    try:
        python_build(python)
    except SystemExit as e:
        # No package of a distribution is such an old CPython.
        pytest.skip(f"{e}; pyenv install {python} with --enable-shared brings one")
    directory = tmp_path / "host"
    directory.mkdir(exist_ok=True)
    name = "plain" if not libraries else "linked"
    return compile_host(Built(python, libraries), directory / name), "-I", "-S", "SCRIPT"


@pytest.fixture
def tls_port(tmp_path: Path) -> Iterator[int]:
    """A server that speaks as much PostgreSQL as it takes to begin TLS, and then hangs up."""
    if shutil.which("openssl") is None:
        unavailable("openssl is not installed: apt-get install openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with suppress(OSError), connection:
                    if connection.recv(8) == _SSL_REQUEST:
                        connection.sendall(b"S")
                        with context.wrap_socket(connection, server_side=True) as secured:
                            secured.recv(1024)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]


def test_first_tls_connection_of_psycopg2_kills_gdb(tmp_path: Path, tls_port: int) -> None:
    site = installed("psycopg2-2913-gdb", tmp_path)
    source = f"""
import psycopg2
try:
    psycopg2.connect(host="127.0.0.1", port={tls_port}, user="u", dbname="d", sslmode="require",
                     gssencmode="disable", connect_timeout=20)
except psycopg2.OperationalError as e:
    assert "SSL" in str(e) or "closed" in str(e), e
"""
    python = installed_host("/usr/bin/python3", "-I", "-S", "SCRIPT")
    gdb = installed_host("gdb", "-nx", "-batch", "-ex", "source SCRIPT")
    assert survives(python, tmp_path, site, source)
    assert is_predicted("psycopg2-2913-gdb")
    assert not survives(gdb, tmp_path, site, source)


def test_import_of_pyproj_fails_beside_another_proj(tmp_path: Path) -> None:
    if not Path("/usr/lib/x86_64-linux-gnu/libproj.so.25").exists():
        unavailable("libproj.so.25 is not installed: apt-get install libproj25")
    site = installed("pyproj361-hostproj", tmp_path)
    source = "import pyproj; pyproj.CRS.from_epsg(4326)"
    assert survives(built_host(tmp_path, "3.11"), tmp_path, site, source)
    assert is_predicted("pyproj361-hostproj")
    linked = built_host(tmp_path, "3.11", "/usr/lib/x86_64-linux-gnu/libproj.so.25")
    assert not survives(linked, tmp_path, site, source)


def test_callback_of_old_cffi_fails_beside_a_newer_libffi(tmp_path: Path) -> None:
    site = installed("cffi110-host36ffi", tmp_path)
    source = """
import _cffi_backend as B
integer = B.new_primitive_type("int")
B.callback(B.new_function_type((integer,), integer), lambda x: x + 1)(1)
"""
    assert survives(built_host(tmp_path, "3.6"), tmp_path, site, source)
    assert is_predicted("cffi110-host36ffi")
    linked = built_host(tmp_path, "3.6", "-lffi")
    assert not survives(linked, tmp_path, site, source)


def test_import_of_xmlsec_fails_in_uwsgi(tmp_path: Path) -> None:
    site = installed("xmlsec-latest-uwsgi", tmp_path)
    python = installed_host("/usr/bin/python3", "-I", "-S", "SCRIPT")
    uwsgi = installed_host("uwsgi-core", "--plugin", "python3", "--pyrun", "SCRIPT")
    assert survives(python, tmp_path, site, "import xmlsec")
    assert is_predicted("xmlsec-latest-uwsgi")
    assert not survives(uwsgi, tmp_path, site, "import xmlsec")
