"""One target on one host: what is opened, what is left out and why."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from building import WheelBuilder
from collide.analysis.analysis import Analysis, analyse
from collide.hosts.database import load_shipped
from collide.loader.host import Host
from collide.wheels.archive import Member, write_wheel
from collide.wheels.plan import NO_PLAN
from collide.wheels.target import Skipped, read_target
from compiler import compile_so
from second_opinion import section

AARCH64 = (183).to_bytes(2, "little")


@pytest.fixture(scope="module")
def host() -> Host:
    """A recorded CPython 3.11 on x86-64 with glibc 2.36."""
    return load_shipped("debian-12-python3")


def library(directory: Path, name: str, source: str = "", *, foreign: bool = False) -> Path:
    """An object for x86-64, or one that says it is for aarch64."""
    path = compile_so(directory, name, source)
    if foreign:
        data = bytearray(path.read_bytes())
        data[18:20] = AARCH64
        path.write_bytes(data)
    return path


def analysed(directory: Path, host: Host, tag: str, *names: str) -> Analysis:
    """The analysis of a wheel of files of ``directory``."""
    wheel = directory / f"demo-1.0-{tag}.whl"
    write_wheel(wheel, [Member(name, (directory / name).read_bytes()) for name in names])
    return analyse(read_target(wheel), host)


def test_every_module_is_opened_alone(tmp_path: Path, host: Host) -> None:
    library(tmp_path, "a.so", "int f(void) { return 1; }")
    library(tmp_path, "b.so", "int f(void); int g(void) { return f(); }")
    analysis = analysed(tmp_path, host, "cp311-cp311-linux_x86_64", "a.so", "b.so")
    assert analysis.left_out is None
    assert [m.name for m in analysis.modules] == ["a.so", "b.so"]
    # a.so is not in the process when b.so is opened.
    assert [(f.kind, f.name) for f in analysis.modules[1].failures] == [("undefined-symbol", "f")]


def test_names_tell_members_from_files_of_the_host(tmp_path: Path, host: Host) -> None:
    source = "void *PyList_New(long); void *f(void) { return PyList_New(0); }"
    library(tmp_path, "m.so", source)
    analysis = analysed(tmp_path, host, "cp311-cp311-linux_x86_64", "m.so")
    (module,) = analysis.modules
    assert module.bound is not None
    (bound,) = module.bound.objects
    (binding,) = (b for b in bound.bindings if b.reference.name == "PyList_New")
    assert analysis.is_member(bound.map.dso)
    assert not analysis.is_host(bound.map.dso)
    assert analysis.name_of(bound.map.dso) == "m.so"
    assert binding.provider is not None
    assert analysis.is_host(binding.provider)
    assert not analysis.is_member(binding.provider)
    assert analysis.name_of(binding.provider) == "/usr/bin/python3.11"


def test_wheel_with_other_tags_is_left_out_without_being_opened(tmp_path: Path, host: Host) -> None:
    library(tmp_path, "m.so")
    analysis = analysed(tmp_path, host, "cp312-cp312-linux_x86_64", "m.so")
    assert analysis.left_out == "its Python tags (cp312-cp312) do not fit cp311"
    assert analysis.modules == ()


def test_wheel_of_another_architecture_only_is_left_out(tmp_path: Path, host: Host) -> None:
    library(tmp_path, "m.so", foreign=True)
    analysis = analysed(tmp_path, host, "py3-none-any", "m.so")
    assert analysis.left_out == "all its objects are for another architecture than x86_64"


def test_objects_of_another_architecture_are_skipped_beside_others(
    tmp_path: Path, host: Host
) -> None:
    library(tmp_path, "arm.so", foreign=True)
    library(tmp_path, "m.so")
    analysis = analysed(tmp_path, host, "py3-none-any", "arm.so", "m.so")
    assert analysis.left_out is None
    assert [m.name for m in analysis.modules] == ["m.so"]
    assert analysis.skipped == (Skipped("arm.so", "is aarch64, the host x86_64"),)


def test_wheel_without_objects_is_left_out(tmp_path: Path, host: Host) -> None:
    (tmp_path / "demo.py").write_text("")
    analysis = analysed(tmp_path, host, "py3-none-any", "demo.py")
    assert analysis.left_out == "it has no shared object that could be opened"


def test_executables_are_skipped_and_are_no_reason_to_open_anything(
    tmp_path: Path, host: Host
) -> None:
    compile_so(tmp_path, "tool", "void _start(void) {}", "-pie")
    analysis = analysed(tmp_path, host, "py3-none-any", "tool")
    assert analysis.left_out == "it has no shared object that could be opened"
    assert [s.name for s in analysis.skipped] == ["tool"]


def test_tree_has_no_tags_that_could_leave_it_out(tmp_path: Path, host: Host) -> None:
    library(tmp_path, "m.cpython-311-x86_64-linux-gnu.so")
    analysis = analyse(read_target(tmp_path), host)
    assert analysis.left_out is None
    assert len(analysis.modules) == 1


@pytest.mark.parametrize(
    ("suffix", "misfit"),
    [
        ("so", None),
        ("abi3.so", None),
        ("cpython-311-x86_64-linux-gnu.so", None),
        ("cpython-312-x86_64-linux-gnu.so", "is a module for cp312, the host has cp311"),
        ("pypy39-pp73-x86_64-linux-gnu.so", "is a module for pp39, the host has cp311"),
    ],
)
def test_module_for_another_interpreter_is_not_opened(
    tmp_path: Path, host: Host, suffix: str, misfit: str | None
) -> None:
    library(tmp_path, f"m.{suffix}")
    library(tmp_path, "other.so")
    analysis = analyse(read_target(tmp_path), host)
    assert [s.reason for s in analysis.skipped] == ([misfit] if misfit else [])
    assert len(analysis.modules) == (1 if misfit else 2)


def test_tree_of_modules_for_another_interpreter_is_left_out(tmp_path: Path, host: Host) -> None:
    library(tmp_path, "m.cpython-312-x86_64-linux-gnu.so")
    analysis = analyse(read_target(tmp_path), host)
    assert analysis.left_out == "all its modules are for another interpreter than cp311"


def test_analysis_is_the_same_every_time(tmp_path: Path, host: Host) -> None:
    library(tmp_path, "m.so", "void *PyList_New(long); void *f(void) { return PyList_New(0); }")
    target = read_target(tmp_path)

    def bindings() -> list[object]:
        modules = analyse(target, host).modules
        return [o.bindings for m in modules if m.bound for o in m.bound.objects]

    assert bindings() == bindings()


def test_relocations_of_an_unknown_type_are_told(tmp_path: Path, host: Host) -> None:
    path = compile_so(tmp_path, "m.so", "extern int x; int *p = &x;")
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, section(data, ".rela.dyn")[0] + 8, 199)
    path.write_bytes(data)
    (skipped,) = analyse(read_target(path), host).skipped
    assert skipped == Skipped(str(path), "its relocations of type 199 are of no known class")


def test_modules_are_opened_behind_what_the_python_of_their_package_opens(tmp_path: Path) -> None:
    code = tmp_path / "code.py"
    code.write_text(
        "import ctypes, os\n"
        "ctypes.CDLL('libno_such.so')\n"
        "ctypes.CDLL(os.path.join(os.path.dirname(__file__), 'libf.so'), ctypes.RTLD_GLOBAL)\n"
    )
    target = WheelBuilder(tmp_path)(
        "p",
        {
            "p/__init__.py": code,
            "p/a.so": "int f(void); int g(void) { return f(); }",
            "p/libf.so": "int f(void) { return 1; }",
        },
    )
    host = load_shipped("debian-12-python3")
    analysis = analyse(target, host)
    assert [m.name for m in analysis.modules] == ["p/libf.so", "p/a.so"]
    assert all(not m.failures for m in analysis.modules)
    (refused,) = [s for s in analysis.skipped if s.name == "p/__init__.py:2"]
    assert refused.reason == "opens libno_such.so, which fails here: missing-library libno_such.so"
    unplanned = analyse(target._replace(plan=NO_PLAN), host)
    assert [m.name for m in unplanned.modules if m.failures] == ["p/a.so"]


def test_what_may_bring_a_missing_library_is_told(tmp_path: Path, host: Host) -> None:
    code = tmp_path / "code.py"
    code.write_text(
        "import ctypes\n"
        "def later(names):\n"
        "    try:\n"
        "        return ctypes.CDLL(None)\n"
        "    except OSError:\n"
        "        pass\n"
        "    for name in names:\n"
        "        return ctypes.CDLL(name)\n"
        "def other():\n"
        "    ctypes.CDLL('libz.so.1')\n"
    )
    members: dict[str, str | Path] = {"p/__init__.py": code, "p/a.so": "int g(void) { return 1; }"}
    assert not analyse(WheelBuilder(tmp_path)("fine", members), host).skipped
    members["p/b.so"] = compile_so(
        tmp_path, "b.so", "", "-Wl,--no-as-needed", str(library(tmp_path, "libgone.so.1"))
    )
    (told,) = analyse(WheelBuilder(tmp_path)("lacking", members), host).skipped
    assert told == Skipped("p/__init__.py:8", "may open a library RTLD_NOW")
