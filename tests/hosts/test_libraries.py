"""The libraries that a profile records beside what its host has loaded, and those it only names."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from collide.analysis.analysis import analyse
from collide.filesystems.root import Root
from collide.findings.finding import Finding
from collide.findings.judge import judge
from collide.hosts.extract import extract
from collide.hosts.libraries import findable
from collide.hosts.profile_file.read import load
from collide.hosts.profile_file.write import record, to_bytes
from collide.loader.host import Host
from collide.support.errors import UsageError
from collide.wheels.target import read_target
from corpus import download
from scenario import Scenario

PYTHON = "/usr/bin/python3"
WHEELS = (
    *("lightgbm==4.5.0", "dearpygui==2.0.0", "pyuwsgi==2.0.30.post1", "gmpy2==2.2.1"),
    *("contourpy==1.3.3", "psycopg2-binary==2.9.10", "pillow==11.0.0", "greenlet==3.5.6"),
    *("cffi==1.17.1", "pyzmq==26.2.0", "Rtree==1.3.0", "lupa==2.2", "sentencepiece==0.2.0"),
    *("pymssql==2.4.6", "fugashi==1.5.2", "cryptography==42.0.8", "pycurl==7.45.3"),
    *("spglib==2.8.0", "pikepdf==9.4.2", "confluent-kafka==2.6.0"),
)
"""Among them what needs libgomp (lightgbm) and libX11 (dearpygui) of the system."""


def recorded(host: Host, root: Root, directory: Path, *libraries: str) -> Host:
    """What a profile of ``host`` says."""
    path = directory / "profile.json"
    path.write_bytes(to_bytes(record(host, root, libraries), compressed=False))
    return load(path)


def told(found: tuple[Finding, ...]) -> list[tuple[object, ...]]:
    """What findings say, but for how the loader has found a file."""
    return [(f.code.id, f.severity, f.victim, f.provider, f.symbols, f.modules) for f in found]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, Host]]:
    """The machine's Python, live and recorded."""
    if not Path(PYTHON).exists():
        pytest.skip(f"{PYTHON} is not installed: apt install python3")
    root = Root()
    live = extract(PYTHON, root)
    yield live, recorded(live, root, tmp_path_factory.mktemp("python"))


@pytest.mark.corpus
@pytest.mark.parametrize("spec", WHEELS)
def test_wheel_has_the_same_findings_live_and_recorded(
    python: tuple[Host, Host], spec: str
) -> None:
    target = read_target(download(spec))
    live, profile = (told(judge(analyse(target, host, insist=True))) for host in python)
    assert profile == live


@pytest.mark.parametrize(
    ("name", "function"),
    [
        *(("libgomp.so.1", "GOMP_parallel"), ("libcrypt.so.1", "crypt")),
        *(("libgfortran.so.5", "_gfortran_st_write"), ("libquadmath.so.0", "logq")),
        *(("libX11.so.6", "XOpenDisplay"), ("libGL.so.1", "glClear")),
        *(("libatomic.so.1", "__atomic_load"), ("liblapack.so.3", "dgesv_")),
    ],
)
def test_library_of_compilers_and_policies_is_the_same_live_and_recorded(
    tmp_path: Path, python: tuple[Host, Host], name: str, function: str
) -> None:
    s = Scenario(tmp_path)
    s.lib(f"stand-in/{name}", f"int {function}(void) {{ return 1; }}")
    s.module("m.so", f"int {function}(void); int f(void) {{ return {function}(); }}",
             needed=[f"stand-in/{name}"], runpath=None)  # fmt: skip
    target = read_target(s.directory / "m.so")
    live, profile = (analyse(target, host) for host in python)
    if any(f.name == name for m in live.modules for f in m.failures):
        pytest.skip(f"{name} is not installed")
    assert told(judge(profile)) == told(judge(live))
    assert [m.failures for m in (*live.modules, *profile.modules)] == [(), ()]
    providers = [
        {
            (o.dso.path, b.reference.name): b.provider.path if b.provider else None
            for m in analysis.modules
            if m.bound
            for o in m.bound.objects
            for b in o.bindings
        }
        for analysis in (live, profile)
    ]
    assert providers[0] == providers[1]
    assert (str(s.directory / "m.so"), function) in providers[0]


@pytest.fixture
def beside(tmp_path: Path) -> tuple[Host, Root, Path]:
    """A host in a root whose directory of libraries has one that no policy knows, and a module."""
    s = Scenario(tmp_path / "root")
    host = s.host()
    ldd = subprocess.run(["ldd", str(host)], capture_output=True, text=True, check=True).stdout
    for word in ldd.split():
        if word.startswith("/"):
            place = tmp_path / "root" / word.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path(word).resolve(), place)
    s.lib("usr/lib/libodd.so.7", "int odd(void) { return 1; }")
    s.module("m.so", "int odd(void); int f(void) { return odd(); }",
             needed=["usr/lib/libodd.so.7"], runpath=None)  # fmt: skip
    root = Root(str(tmp_path / "root"))
    return extract("/host", root), root, tmp_path


def test_what_is_not_recorded_is_not_missing(beside: tuple[Host, Root, Path]) -> None:
    live, root, directory = beside
    assert findable(live, root)["libodd.so.7"] == "/usr/lib/libodd.so.7"
    profile = recorded(live, root, directory)
    assert "libodd.so.7" in profile.unrecorded
    target = read_target(directory / "root/m.so")
    assert judge(analyse(target, live)) == ()
    (found,) = judge(analyse(target, profile))
    assert (found.code.id, found.provider) == ("COL211", "libodd.so.7")
    # Asked for, it is there with its exports.
    whole = recorded(live, root, directory, "libodd.*")
    assert "libodd.so.7" not in whole.unrecorded
    assert judge(analyse(target, whole)) == ()
    with pytest.raises(UsageError, match=r"--library libeven.so: matches none"):
        record(live, root, ["libeven.so"])
