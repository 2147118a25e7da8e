"""Which real wheels are run in which real hosts."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

import corpus


@dataclass(frozen=True)
class Host:
    """One installed host: whose wheels it takes, and how it runs a script."""

    python: str
    binary: str
    run: str | None = None
    rtld_global: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(p for p in (self.binary, *self.rtld_global) if not Path(p).exists())


HOSTS = {
    "python3": Host("cp311", "/usr/bin/python3"),
    "uwsgi": Host(
        "cp311",
        "/usr/bin/uwsgi-core",
        "/usr/bin/uwsgi-core --plugin python3 --pyrun {script}",
        ("/usr/lib/uwsgi/plugins/python3_plugin.so",),
    ),
    "gdb": Host("cp311", "/usr/bin/gdb", "/usr/bin/gdb -nx -batch -ex 'source {script}'"),
    "vim": Host(
        "cp311",
        "/usr/bin/vim.nox",
        "/usr/bin/vim.nox -u NONE -es -T dumb -c 'py3file {script}' -c qa!",
    ),
    "pypy3": Host("pp39", "/usr/bin/pypy3"),
}

WHEELS = {
    "cp311": (
        "av==18.1.0",
        "cffi==1.15.1",
        "cryptography==42.0.8",
        "cryptography==50.0.2",
        "grpcio==1.62.1",
        "h5py==3.10.0",
        "lxml==6.1.3",
        "markupsafe==2.1.5",
        "numba==0.58.1",
        "numpy==1.26.4",
        "numpy==2.4.6",
        "opencv-python-headless==5.0.0.93",
        "orjson==3.10.3",
        "pandas==2.1.4",
        "pillow==10.0.0",
        "protobuf==4.25.3",
        "psycopg2-binary==2.9.13",
        "psycopg2-binary==2.9.5",
        "pyarrow==17.0.0",
        "pydantic-core==2.50.4",
        "pyodbc==5.0.1",
        "pyproj==3.6.1",
        "pyqt5-qt5==5.15.2",
        "pyzmq==27.3.0",
        "rasterio==1.4.4",
        "scikit-learn==1.9.1",
        "scipy==1.11.4",
        "shapely==2.2.0",
        "tokenizers==0.15.2",
        "xmlsec==1.3.17",
    ),
    "pp39": (
        "bcrypt==4.2.0",
        "brotli==1.0.9",
        "contourpy==1.3.0",
        "cramjam==2.8.3",
        "cryptography==42.0.8",
        "kiwisolver==1.4.7",
        "lxml==4.9.4",
        "lxml==6.1.3",
        "matplotlib==3.9.4",
        "numpy==1.25.2",
        "pillow==9.5.0",
        "pydantic-core==2.34.1",
        "pyproj==3.6.1",
        "pyzmq==27.3.0",
        "rapidfuzz==3.13.0",
        "rpds-py==0.27.1",
        "tokenizers==0.15.2",
        "watchfiles==1.1.1",
        "xxhash==4.1.0",
    ),
}


class Case(NamedTuple):
    """One row of the table: a wheel on a host; ``python`` is whose wheel it is."""

    spec: str
    host: str
    python: str

    @property
    def foreign(self) -> bool:
        """Whether the wheel is for another Python, and opens only if the loader says so."""
        return self.python != HOSTS[self.host].python

    def __str__(self) -> str:
        return f"{self.spec}|{self.python}|{self.host}" if self.foreign else f"{self[0]}|{self[1]}"


CASES = (
    *(
        Case(spec, name, host.python)
        for name, host in sorted(HOSTS.items())
        for spec in WHEELS[host.python]
    ),
    Case("markupsafe==2.1.5", "pypy3", "cp311"),
    Case("lxml==6.1.3", "pypy3", "cp311"),
    Case("psycopg2-binary==2.9.13", "pypy3", "cp311"),
    Case("lxml==6.1.3", "python3", "pp39"),
)


def wheel_of(case: Case) -> Path:
    """The downloaded wheel; skips the calling test when the index cannot be asked."""
    if case.python.startswith("cp"):
        return corpus.download(case.spec, case.python.removeprefix("cp"))
    return _download_pypy(case.spec, case.python)


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
