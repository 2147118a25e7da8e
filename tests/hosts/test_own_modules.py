"""The interpreter's own modules: where they are, and that a real interpreter loads what is said."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.hosts.own_modules import module_paths
from collide.hosts.profile_file.read import load
from collide.hosts.profile_file.write import record, to_bytes
from collide.loader.host import Host, OwnModule, Python
from scenario import Scenario
from systems import require_host

CP311, CP313T, PP39 = Python("cp", (3, 11)), Python("cp", (3, 13), "t"), Python("pp", (3, 9))


def found(tmp_path: Path, python: Python, starts: Sequence[str], *files: str) -> list[str]:
    """The modules that are found in a root with these files."""
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return list(module_paths(Root(str(tmp_path)), python, starts))


# -- where they are -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("python", "start", "file"),
    [
        (CP311, "/usr/bin", "usr/lib/python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so"),
        (CP311, "/usr/lib/x86_64-linux-gnu", "usr/lib/python3.11/lib-dynload/_ssl.so"),
        (CP311, "/usr/bin", "usr/lib64/python3.11/lib-dynload/_ssl.so"),
        (CP313T, "/opt/py/bin", "opt/py/lib/python3.13t/lib-dynload/_ssl.so"),
        (PP39, "/usr/bin", "usr/lib/pypy3.9/_pypy_openssl.pypy39-pp73-x86_64-linux-gnu.so"),
        (PP39, "/opt/pypy/bin", "opt/pypy/lib_pypy/_pypy_openssl.pypy39-pp73-x86_64-linux-gnu.so"),
        (PP39, "/usr/bin", "usr/lib/pypy3.9/_tkinter/tklib_cffi.pypy39-pp73-x86_64-linux-gnu.so"),
    ],
)
def test_directory_is_found_by_its_landmark(
    tmp_path: Path, python: Python, start: str, file: str
) -> None:
    other = "usr/lib/pypy3.9/_lzma_cffi.pypy39-pp73-x86_64-linux-gnu.so"
    more = [other] if "_tkinter" in file else []
    expected = [f"/{name}" for name in (*more, file)]
    assert found(tmp_path, python, [start], file, *more) == expected


def test_first_start_with_a_landmark_wins(tmp_path: Path) -> None:
    files = [f"{prefix}/lib/python3.11/lib-dynload/_ssl.so" for prefix in ("one", "two")]
    assert found(tmp_path, CP311, ["/none/bin", "/two/bin", "/one/bin"], *files) == [f"/{files[1]}"]


def test_modules_of_another_interpreter_are_left_out(tmp_path: Path) -> None:
    directory = "usr/lib/python3.11/lib-dynload"
    names = ("_ssl.cpython-310-x86_64-linux-gnu.so", "_bz2.cpython-311-x86_64-linux-gnu.so", "x.py")
    paths = found(tmp_path, CP311, ["/usr/bin"], *(f"{directory}/{name}" for name in names))
    assert paths == [f"/{directory}/{names[1]}"]


def test_copied_interpreter_of_a_virtual_environment(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("base/system/libv.so.3", "int f(void) { return 1; }")
    own = "base/lib/python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so"
    s.module(own, "int f(void); int m(void) { return f(); }", needed=["base/system/libv.so.3"],
             runpath="$ORIGIN/../../../system")  # fmt: skip
    binary = s.host(name="venv/bin/python3.11")
    config = tmp_path / "venv/pyvenv.cfg"
    assert not extract(str(binary), Root()).own.modules
    config.write_text(
        "include-system-site-packages = false\n"
        f"home = {tmp_path}/base/bin\nexecutable = {tmp_path}/base/bin/python3.11\n"
    )
    unnamed = extract(str(binary.rename(binary.with_name("python"))), Root())
    assert unnamed.python == CP311
    (module,) = unnamed.own.modules
    assert module == OwnModule(
        "ssl",
        str(s.directory / own),
        {"libv.so.3": str(s.directory / "base/system/libv.so.3")},
        {},
    )


# -- real interpreters ----------------------------------------------------------------------------

_MAPPED = "import {name}; print(open('/proc/self/maps').read())"
real = pytest.mark.parametrize("binary", ["/usr/bin/python3", "/usr/bin/pypy3"])


def mapped(binary: str, name: str) -> set[str]:
    """The files that a real interpreter has mapped after an import."""
    command = [binary, "-E", "-s", "-S", "-c", _MAPPED.format(name=name)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {line.split(maxsplit=5)[5] for line in said.splitlines() if line.count("/")}


@real
def test_import_loads_what_the_module_brings(binary: str) -> None:
    require_host(binary)
    modules = extract(binary, Root()).own.modules
    assert {"ssl", "lzma", "sqlite3"} <= {m.name for m in modules}
    for module in modules:
        assert {module.path, *module.brings.values()} <= mapped(binary, module.name), module.name


def _names(host: Host) -> list[tuple[str, str, dict[str, str]]]:
    return [(m.name, m.path, dict(m.brings)) for m in host.own.modules]


@real
def test_profile_has_the_modules_of_its_binary(binary: str, tmp_path: Path) -> None:
    require_host(binary)
    root = Root()
    host = extract(binary, root)
    profile = record(host, root)
    file = tmp_path / "host.json"
    file.write_bytes(to_bytes(profile, compressed=False))
    assert _names(load(file)) == _names(host)
    assert all(m.unique == {} for m in load(file).own.modules)
    # One of an older release says nothing about them.
    for key in ("visible", "modules"):
        del profile[key]
    file.write_bytes(to_bytes(profile, compressed=False))
    assert load(file).own.modules == ()
