"""Repaired wheels for musl and for aarch64, imported and used for real.

CPython for musl is that of the freeze-core wheel, with the standard library of a pyenv
CPython 3.12; that for aarch64 is Debian's, unpacked and run by qemu-user.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from zipfile import ZipFile

import pytest

import repair_hosts
from collide.repair.import_trial import unpack_wheel
from corpus import download, unavailable, unpacked
from patching import patchelf
from repair_hosts import UnavailableError

pytestmark = pytest.mark.corpus

USES = {
    "numpy": """\
import numpy
print(round(float(numpy.linalg.det(numpy.eye(3) * 2)), 9), numpy.fft.fft([1, 2, 3]).real.tolist())
""",
    "lxml": """\
from lxml import etree
r = etree.fromstring("<a><b x='1'>t</b></a>")
print(r.xpath("string(//b/@x)"), etree.tostring(r), etree.LIBXML_VERSION)
""",
    "psycopg2-binary": """\
import psycopg2
try:
    psycopg2.connect("host=127.0.0.1 port=1 sslmode=require")
except psycopg2.OperationalError as e:
    print(str(e)[:30], psycopg2.extensions.libpq_version())
""",
    "pyzmq": """\
import zmq
c = zmq.Context()
a, b = c.socket(zmq.PAIR), c.socket(zmq.PAIR)
a.bind("inproc://a"); b.connect("inproc://a")
a.send(b"x")
print(b.recv(), zmq.zmq_version(), len(zmq.curve_keypair()[0]))
""",
    "shapely": """\
import shapely
print(shapely.geos_version, shapely.Point(0, 0).buffer(1).area, shapely.from_wkt("POINT (1 2)"))
""",
}
Run = Callable[[Path, Sequence[Path]], str]


def said(command: Sequence[str | Path]) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LD_", "PYTHON"))}
    done = subprocess.run(
        command, env=clean, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def works_as_before(name: str, wheels: Sequence[Path], run: Run, directory: Path) -> None:
    """Repair the first of the wheels with ``--all``, and use them before and after."""
    command = [sys.executable, "-m", "collide", "repair", "--all", str(wheels[0])]
    command += ["-w", str(directory / "repaired")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert (" becomes " in done.stdout) == (name != "lxml")  # which links all of it
    repaired = directory / "repaired" / wheels[0].name
    outputs = []
    for state, wheel in (("before", wheels[0]), ("after", repaired)):
        for each in (wheel, *wheels[1:]):
            unpack_wheel(each, directory / state)
        script = directory / f"{state}.py"
        script.write_text(USES[name])
        outputs.append(run(script, [directory / state / "lib/python/site-packages"]))
    assert outputs[0] == outputs[1] != ""


@pytest.fixture(scope="module")
def musl(tmp_path_factory: pytest.TempPathFactory) -> Run:
    directory = tmp_path_factory.mktemp("musl").resolve()
    with ZipFile(download("freeze-core==0.8.1", "312", musl=True)) as wheel:
        wheel.extractall(directory)
    core = directory / "freeze_core"
    binary = core / "bases/python3.12"
    shutil.copy(core / "bases/console-cpython-312-x86_64-linux-musl", binary)
    binary.chmod(0o755)
    (core / "bases/lib").mkdir()
    # What the frozen program runs: the rest of its arguments is sys.path.
    (core / "bases/lib/__init__python3.py").write_text(
        "import sys\ndef run(_):\n    sys.path[:0] = sys.argv[2:]\n"
        "    exec(open(sys.argv[1]).read(), {'__name__': '__main__'})\n"
    )
    loader = unpacked("trixie", "amd64", "musl") / "lib/ld-musl-x86_64.so.1"
    patchelf("--set-interpreter", loader, binary)
    try:
        standard = [core / "lib", repair_hosts.prefix("3.12") / "lib/python3.12"]
    except UnavailableError as e:
        unavailable(str(e))
    return lambda script, sites: said([binary, script, *sites, *standard])


# lxml asks for zlib, which needs a libz.so.1 for musl.
@pytest.mark.parametrize(
    "spec", ["numpy==2.5.5", "psycopg2-binary==2.9.13", "pyzmq==27.3.0", "shapely==2.2.0"]
)
def test_musllinux(spec: str, musl: Run, tmp_path: Path) -> None:
    wheels = [download(spec, "312", musl=True)]
    if spec.startswith("shapely"):
        wheels.append(download("numpy==2.5.5", "312", musl=True))
    works_as_before(spec.partition("=")[0], wheels, musl, tmp_path)


@pytest.mark.parametrize(
    "spec", ["numpy==2.4.6", "lxml==6.1.3", "psycopg2-binary==2.9.13", "pyzmq==27.3.0"]
)
def test_aarch64(spec: str, tmp_path: Path) -> None:
    if shutil.which("qemu-aarch64") is None:
        unavailable("qemu-aarch64 is not installed: apt install qemu-user")
    root = unpacked("bookworm", "arm64", "python3", "base-files", "libstdc++6", "zlib1g")

    def run(script: Path, sites: Sequence[Path]) -> str:
        text = script.read_text()
        script.write_text(f"import sys\nsys.path[:0] = {[str(site) for site in sites]!r}\n{text}")
        return said(["qemu-aarch64", "-L", root, f"{root}/usr/bin/python3", "-S", script])

    works_as_before(spec.partition("=")[0], [download(spec, "311", "aarch64")], run, tmp_path)
