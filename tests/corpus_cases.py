"""Which real wheels are run in which real hosts."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import corpus
import pytest


@dataclass(frozen=True)
class Host:
    """One installed host: how it runs a script, and what its profile is made of."""

    python: str
    command: tuple[str, ...]
    profile: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(p for p in self.profile if p.startswith("/") and not Path(p).exists())

    def running(self, script: str) -> list[str]:
        return [part.replace("SCRIPT", script) for part in self.command]


_UWSGI_PLUGIN = "/usr/lib/uwsgi/plugins/python3_plugin.so"
HOSTS = {
    "python3": Host(
        "cp311", ("/usr/bin/python3", "-I", "-S", "SCRIPT"), ("--profile", "/usr/bin/python3")
    ),
    "uwsgi": Host(
        "cp311",
        ("/usr/bin/uwsgi-core", "--plugin", "python3", "--pyrun", "SCRIPT"),
        ("--profile", "/usr/bin/uwsgi-core", "--global", _UWSGI_PLUGIN),
    ),
    "gdb": Host(
        "cp311",
        ("/usr/bin/gdb", "-nx", "-batch", "-ex", "source SCRIPT"),
        ("--profile", "/usr/bin/gdb"),
    ),
    "pypy3": Host(
        "pp39", ("/usr/bin/pypy3", "-I", "-S", "SCRIPT"), ("--profile", "/usr/bin/pypy3")
    ),
}

WHEELS = {
    "cp311": (
        "cffi==1.15.1",
        "cryptography==42.0.8",
        "grpcio==1.62.1",
        "h5py==3.10.0",
        "lxml==6.1.3",
        "markupsafe==2.1.5",
        "numba==0.58.1",
        "numpy==1.26.4",
        "orjson==3.10.3",
        "pandas==2.1.4",
        "pillow==10.0.0",
        "protobuf==4.25.3",
        "psycopg2-binary==2.9.13",
        "psycopg2-binary==2.9.5",
        "pyarrow==17.0.0",
        "pyodbc==5.0.1",
        "pyproj==3.6.1",
        "pyqt5-qt5==5.15.2",
        "scipy==1.11.4",
        "tokenizers==0.15.2",
        "xmlsec==1.3.17",
    ),
    "pp39": (
        "cryptography==42.0.8",
        "lxml==4.9.4",
        "lxml==6.1.3",
        "numpy==1.25.2",
        "pillow==9.5.0",
        "pyproj==3.6.1",
    ),
}


class Case(NamedTuple):
    """One row of the table: a wheel on a host."""

    spec: str
    host: str

    def __str__(self) -> str:
        return f"{self.spec}|{self.host}"


CASES = tuple(
    Case(spec, name) for name, host in sorted(HOSTS.items()) for spec in WHEELS[host.python]
)


def wheel_of(case: Case) -> Path:
    """The downloaded wheel; skips the calling test when the index cannot be asked."""
    python = HOSTS[case.host].python
    if python.startswith("cp"):
        return corpus.download(case.spec, python.removeprefix("cp"))
    return _download_pypy(case.spec, python)


def _download_pypy(spec: str, python: str) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = cache / "collide-tests" / "wheels" / f"{spec.replace('==', '-')}-{python}"
    version = python.removeprefix("pp")
    if not (found := sorted(directory.glob("*.whl"))):
        command = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--only-binary=:all:", "--python-version", version),
            *("--implementation", "pp", "--abi", f"pypy{version}_pp73"),
        ]
        for platform in ("manylinux2014", "manylinux_2_17", "manylinux_2_28"):
            command += ["--platform", f"{platform}_x86_64"]
        directory.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=directory) as partial:
            done = subprocess.run(
                [*command, "--dest", partial, spec], capture_output=True, text=True, check=False
            )
            if done.returncode:
                reason = (done.stderr.strip() or "pip failed").splitlines()[-1]
                unavailable = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
                unavailable(f"cannot download {spec} for {python}: {reason}")
            for wheel in Path(partial).glob("*.whl"):
                wheel.replace(directory / wheel.name)
        found = sorted(directory.glob("*.whl"))
    return found[0]
