"""Repairs of wheels built here: what is changed, what is left alone, and what the real loader says.

Every repaired wheel is unpacked and opened by :meth:`scenario.Scenario.compare`, which holds
collide's bindings of the written bytes to the loader's.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from wheel.wheelfile import WheelFile

from advising import compare
from checkout import ROOT
from collide.cli.main import main
from collide.elf.constants import STV_HIDDEN, STV_PROTECTED
from collide.elf.object import read_object
from collide.filesystems.root import Root
from collide.hosts.database import shipped_names
from collide.hosts.extract import extract
from collide.repair import repair as repair_module
from collide.repair.import_trial import unpack_wheel
from collide.repair.repair import Repair, prepare, write_repaired
from collide.repair.request import RepairOptions
from collide.report.repair import document
from collide.wheels.archive import Member, write_wheel
from scenario import Outcome, Scenario
from schemas import valid

MANYLINUX_2_17 = "cp310-abi3-manylinux_2_17_x86_64"
MANYLINUX_2_28 = "cp310-abi3-manylinux_2_28_x86_64"
HASHED = "demo.libs/libb-0a1b2c3d.so"
PLAIN = RepairOptions()
F = "int f(void) { return 1; }"
CALLS_F = "int f(void); int g(void) { return f(); }"
CALLS_OWN_F = "int f(void) { return 2; } int g(void) { return f(); }"
INIT = "void *PyInit_mod(void) { return 0; }"


class Workshop:
    """Objects in a directory, a wheel of them, and the wheel repaired for a host."""

    def __init__(self, directory: Path) -> None:
        self.scenario = Scenario(directory)
        self.directory = self.scenario.directory

    def module(self, source: str, *flags: str, name: str = "mod.so", **how: Any) -> Path:
        """An extension module in the root of the wheel."""
        how.setdefault("runpath", "$ORIGIN/demo.libs")
        return self.scenario.lib(name, source + INIT.replace("mod", Path(name).stem), *flags, **how)

    def wheel(self, *names: str, tag: str = MANYLINUX_2_17, extra: Sequence[Member] = ()) -> Path:
        """A wheel of files in this directory, under the names they have here."""
        path = self.directory / f"demo-1.0-{tag}.whl"
        members = [Member(name, (self.directory / name).read_bytes(), 0o755) for name in names]
        members += [Member("demo-1.0.dist-info/METADATA", b"Name: demo\n"), *extra]
        write_wheel(path, members)
        return path

    def prepare(self, wheel: Path, host: Path, options: RepairOptions = PLAIN) -> Repair:
        """The plan for one host; that of advice is held to it."""
        recorded = extract(str(host), Root())
        compare(wheel, recorded)
        return prepare([wheel], [recorded], options)

    def repair(
        self,
        wheel: Path,
        host: Path,
        options: RepairOptions = PLAIN,
        *,
        opens: Sequence[str] = (),
    ) -> tuple[Repair, Outcome]:
        """Repair, unpack to ``site`` and open ``opens`` (default: mod.so) in the host."""
        prepared = self.prepare(wheel, host, options)
        (made,) = write_repaired(prepared, [self.directory / "repaired"], document)
        unpack_wheel(made, self.directory / "site")
        site = "site/lib/python/site-packages/"
        return prepared, self.scenario.compare(host, *(site + o for o in opens or ["mod.so"]))


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def at(name: str) -> str:
    """A member where it is unpacked, as outcomes name it."""
    return f"site/lib/python/site-packages/{name}"


def new(prepared: Repair, name: str = HASHED) -> str:
    """The new name of a library whose definitions were renamed."""
    return prepared.plan.moved[name]


def kept(prepared: Repair) -> dict[str, str]:
    return {k.name: k.reason for k in prepared.plan.kept}


# -- closing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "visibility"), [(MANYLINUX_2_17, STV_PROTECTED), (MANYLINUX_2_28, STV_HIDDEN)]
)
@pytest.mark.parametrize(
    "source",
    [
        pytest.param("int f(void) { return 2; } int g(void) { return f(); }", id="function"),
        pytest.param("int f(void) { return 2; } int (*p)(void) = f;", id="address"),
        pytest.param("int f = 2; int g(void) { return f; }", id="data"),
        pytest.param(
            "__thread int f = 2; int g(void) { return f; }", id="tls"
        ),
        pytest.param(
            "static int one(void) { return 2; } static void *pick(void) { return one; }"
            "int f(void) __attribute__((ifunc(\"pick\"))); int g(void) { return f(); }",
            id="ifunc",
        ),
        pytest.param(
            "__attribute__((weak)) int f(void) { return 2; } int g(void) { return f(); }",
            id="weak",
        ),
        pytest.param(
            '__asm__(".type f, @gnu_unique_object"); int f = 2; int g(void) { return f; }',
            id="unique",
        ),
    ],
)  # fmt: skip
def test_own_definitions_are_closed(shop: Workshop, tag: str, visibility: int, source: str) -> None:
    # TLS references take TLS definitions; a host's plain ones would do as well for the loader.
    host = shop.scenario.host("__thread int f = 1;" if "__thread" in source else F)
    module = shop.module(source, "-Wl,--hash-style=both")
    before = shop.scenario.compare(host, "mod.so")
    assert before.provider("mod.so", "f") == "host"
    prepared, after = shop.repair(shop.wheel("mod.so", tag=tag), host)

    assert prepared.plan.objects["mod.so"].closed == {"f": visibility}
    assert not prepared.plan.renamed
    assert after.provider(at("mod.so"), "f") in (at("mod.so"), None)
    (definition,) = _object(shop, "mod.so").exports.candidates("f")
    assert definition.visibility == visibility
    changed = (shop.directory / at("mod.so")).read_bytes()
    assert sum(a != b for a, b in zip(module.read_bytes(), changed, strict=True)) == 1


def _object(shop: Workshop, name: str) -> Any:
    return read_object((shop.directory / at(name)).read_bytes())


def test_the_value_is_the_wheels(shop: Workshop) -> None:
    host = shop.scenario.host(F)
    say = '__attribute__((constructor)) void say(void) { dprintf(2, "%d", g()); }'
    shop.module(f"int dprintf(int, const char *, ...); {CALLS_OWN_F} {say}")
    shop.repair(shop.wheel("mod.so"), host)
    said = [
        subprocess.run([host, shop.directory / name], capture_output=True, check=True).stderr
        for name in ("mod.so", at("mod.so"))
    ]
    assert said == [b"1", b"2"]


def test_only_what_a_host_takes_unless_all_is_asked(shop: Workshop) -> None:
    shop.module(
        "int f(void) { return 2; } int h(void) { return 3; } int g(void) { return f()+h(); }"
    )
    host = shop.scenario.host(F)
    wheel = shop.wheel("mod.so")
    assert set(shop.prepare(wheel, host).plan.objects["mod.so"].closed) == {"f"}
    every = shop.prepare(wheel, host, RepairOptions(everything=True))
    assert set(every.plan.objects["mod.so"].closed) == {"f", "h"}


def test_the_glibc_asked_for_decides(shop: Workshop) -> None:
    shop.module(CALLS_OWN_F)
    prepared = shop.prepare(
        shop.wheel("mod.so"), shop.scenario.host(F), RepairOptions(glibc=(2, 28))
    )
    assert prepared.plan.objects["mod.so"].closed == {"f": STV_HIDDEN}


# -- renaming -------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["gnu", "sysv", "both"])
@pytest.mark.parametrize(
    "versions", [None, "V1 { f; }; V2 { d; } V1;"], ids=["unversioned", "versioned"]
)
def test_what_crosses_is_renamed_in_both(shop: Workshop, style: str, versions: str | None) -> None:
    shop.scenario.lib(
        HASHED, f"{CALLS_OWN_F} int d = 5; int *e = &d;", f"-Wl,--hash-style={style}",
        versions=versions,
    )  # fmt: skip
    shop.module("int f(void); extern int d; int h(void) { return f() + d; }", needed=[HASHED])
    host = shop.scenario.host(f"{F} int d = 6;")
    prepared, after = shop.repair(shop.wheel("mod.so", HASHED), host)

    (f, d) = (prepared.plan.renamed[name] for name in "fd")
    assert f.startswith("f.c")
    library = at(new(prepared))
    for name in (at("mod.so"), library):
        for symbol in (f, d):
            version = {f: "V1", d: "V2"}[symbol] if versions else None
            assert after.provider(name, symbol, version) == library
    assert not prepared.plan.objects["mod.so"].closed
    assert not prepared.plan.kept
    (proof,) = prepared.proofs
    assert (proof.taken > 0, proof.remaining) == (True, 0)


def test_visibility_alone_leaves_what_crosses(shop: Workshop) -> None:
    shop.scenario.lib(HASHED, F)
    shop.module(CALLS_F, needed=[HASHED])
    prepared = shop.prepare(
        shop.wheel("mod.so", HASHED), shop.scenario.host(F), RepairOptions(method="visibility")
    )
    assert not prepared.changes
    assert "used by several" in kept(prepared)["f"]
    (left,) = prepared.proofs[0].left
    assert (left.victim, left.symbol) == ("mod.so", "f")


def test_rename_alone_renames_own_definitions(shop: Workshop) -> None:
    shop.module(CALLS_OWN_F)
    prepared, after = shop.repair(
        shop.wheel("mod.so"), shop.scenario.host(F), RepairOptions(method="rename")
    )
    (renamed,) = prepared.plan.renamed.values()
    assert after.provider(at("mod.so"), renamed) == at("mod.so")


def test_object_that_gets_the_name_from_the_system_keeps_it(shop: Workshop) -> None:
    """One module has ``f`` from a library of the wheel, another one means the system's."""
    shop.scenario.lib(HASHED, F)
    shop.scenario.lib("system/libs.so", F)
    shop.module(CALLS_F, needed=[HASHED])
    directory = shop.directory / "system"
    shop.module(CALLS_F, name="other.so", needed=["system/libs.so"], runpath=str(directory))
    host = shop.scenario.host(F)
    prepared, after = shop.repair(
        shop.wheel("mod.so", "other.so", HASHED), host, opens=["mod.so", "other.so"]
    )
    assert set(prepared.plan.objects) == {"mod.so", HASHED}
    assert after.provider(at("other.so"), "f") == "host"


def test_definitions_in_two_modules_are_closed_each_for_itself(shop: Workshop) -> None:
    shop.module(CALLS_OWN_F)
    shop.module(CALLS_OWN_F, name="other.so")
    prepared, after = shop.repair(
        shop.wheel("mod.so", "other.so"), shop.scenario.host(F), opens=["mod.so", "other.so"]
    )
    assert not prepared.plan.renamed
    for name in ("mod.so", "other.so"):
        assert after.provider(at(name), "f") == at(name)


def test_vague_linkage_moves_together(shop: Workshop) -> None:
    """A C++ inline function's static variable is one for all objects of the wheel, still."""
    weak = "__attribute__((weak)) int _ZZ1fvE1x = 2; int *%s(void) { return &_ZZ1fvE1x; }"
    shop.scenario.lib(HASHED, weak % "b")
    shop.module(weak % "a", needed=[HASHED])
    host = shop.scenario.host("int _ZZ1fvE1x = 1;")
    prepared, after = shop.repair(shop.wheel("mod.so", HASHED), host)
    moved = prepared.plan.renamed["_ZZ1fvE1x"]
    objects = "mod.so", new(prepared)
    assert {after.provider(at(name), moved) for name in objects} == {at("mod.so")}


def test_musl_wheels_are_renamed(shop: Workshop) -> None:
    from collide.analysis.analysis import analyse
    from collide.repair.plan import RepairRequest, make_plan
    from collide.wheels.target import read_target

    shop.module(CALLS_OWN_F)
    target = read_target(shop.wheel("mod.so"))
    analysis = analyse(target, extract(str(shop.scenario.host(F)), Root()))
    plan = make_plan(target, [analysis], RepairRequest(musl=True, tag="c0"))
    assert plan.objects["mod.so"].renamed == {"f": "f.c0"}
    assert not plan.objects["mod.so"].closed


# -- what is left alone ---------------------------------------------------------------------------

DLSYM = 'void *dlsym(void *, const char *); void *look(void) { return dlsym(0, "f"); }'


def test_object_that_may_ask_for_names_is_protected_not_hidden(shop: Workshop) -> None:
    shop.module(CALLS_OWN_F)
    shop.module(DLSYM, name="other.so")
    wheel = shop.wheel("mod.so", "other.so", tag=MANYLINUX_2_28)
    prepared = shop.prepare(wheel, shop.scenario.host(F))
    assert prepared.plan.objects["mod.so"].closed == {"f": STV_PROTECTED}


@pytest.mark.parametrize(
    ("source", "stays"),
    [
        (b"import ctypes\nctypes.CDLL(x)[chr(102)](1)\n", True),
        (b"from cffi import FFI\nFFI().dlopen(x).f(1)\n", True),
        (b"from cffi import FFI\nlib.f(1)\n", False),
        (b"import math\nmath.f(1)\n", False),
    ],
)
def test_where_python_opens_libraries_nothing_is_hidden(
    shop: Workshop, source: bytes, stays: bool
) -> None:
    shop.module(CALLS_OWN_F)
    wheel = shop.wheel("mod.so", tag=MANYLINUX_2_28, extra=[Member("demo.py", source)])
    prepared = shop.prepare(wheel, shop.scenario.host(F))
    # Protected, it is found by name as before.
    expected = STV_PROTECTED if stays else STV_HIDDEN
    assert prepared.plan.objects["mod.so"].closed == {"f": expected}


def test_init_functions_are_never_touched(shop: Workshop) -> None:
    shop.module("void *PyInit_mod(void); void *again(void) { return PyInit_mod(); }")
    host = shop.scenario.host("void *PyInit_mod(void) { return 0; }")
    prepared, _ = shop.repair(shop.wheel("mod.so", tag=MANYLINUX_2_28), host)
    assert prepared.plan.objects["mod.so"].closed == {"PyInit_mod": STV_PROTECTED}


def test_what_a_system_library_needs_from_the_wheel_stays(shop: Workshop) -> None:
    shop.scenario.lib("system/libs.so", "int k(void); int s(void) { return k(); }")
    shop.scenario.lib(HASHED, "int k(void) { return 1; }")
    module = "int k(void); int s(void); int g(void) { return k() + s(); }"
    shop.module(
        module, needed=[HASHED, "system/libs.so"],
        runpath=f"$ORIGIN/demo.libs:{shop.directory}/system",
    )  # fmt: skip
    prepared = shop.prepare(
        shop.wheel("mod.so", HASHED), shop.scenario.host(), RepairOptions(everything=True)
    )
    assert "needed from the wheel by a library" in kept(prepared)["k"]


def test_library_that_others_may_link_is_not_renamed(shop: Workshop) -> None:
    shop.scenario.lib("demo.libs/libopen.so.1", CALLS_OWN_F)
    shop.module(CALLS_F, needed=["demo.libs/libopen.so.1"])
    wheel = shop.wheel("mod.so", "demo.libs/libopen.so.1")
    prepared = shop.prepare(wheel, shop.scenario.host(F))
    assert "which other packages may link" in kept(prepared)["f"]


def test_half_a_library_is_not_brought_home(shop: Workshop) -> None:
    """``k`` could be, but ``f`` cannot: one half here and one there is what breaks."""
    library = f"{CALLS_OWN_F} int k(void) {{ return 1; }} int l(void) {{ return k(); }}"
    shop.scenario.lib(HASHED, library)
    shop.module(CALLS_F.replace("g", "h"), needed=[HASHED])
    shop.scenario.exe("int f(void); int main(void) { return f(); }", name="tool", needed=[HASHED])
    host = shop.scenario.host(f"{F} int k(void) {{ return 1; }}")
    prepared = shop.prepare(shop.wheel("mod.so", HASHED, "tool"), host)
    assert not prepared.changes
    assert "with f, which cannot be brought home" in kept(prepared)["k"]
    assert {left.symbol for left in prepared.proofs[0].left} == {"f", "k"}


def test_names_of_an_executable_stay(shop: Workshop) -> None:
    """Its copy of the data is the definition for everybody."""
    shop.scenario.lib(HASHED, "int f = 2; int *p(void) { return &f; }")
    shop.module("extern int f; int g(void) { return f; }", needed=[HASHED])
    shop.scenario.exe(
        "extern int f; int main(void) { return f; }", "-no-pie", name="tool", needed=[HASHED]
    )
    prepared = shop.prepare(shop.wheel("mod.so", HASHED, "tool"), shop.scenario.host("int f = 1;"))
    assert kept(prepared)["f"] == "is used by tool, an executable of the wheel"
    assert not prepared.changes


def test_the_runtimes_allocator_stays_one(shop: Workshop) -> None:
    allocator = "void *malloc(unsigned long n) { return 0; } void *g(void) { return malloc(1); }"
    shop.module(allocator, "-Wl,--no-as-needed", "-lc")
    prepared = shop.prepare(shop.wheel("mod.so"), shop.scenario.host())
    assert not prepared.changes
    assert "where one must serve all" in kept(prepared)["malloc"]
    assert not prepared.proofs[0].left


@pytest.mark.parametrize("complete", [True, False])
def test_operators_new_and_delete_move_together_or_not_at_all(
    shop: Workshop, complete: bool
) -> None:
    new, delete = "void *_Znwm(unsigned long n) { return 0; }", "void _ZdlPv(void *p) {}"
    uses = "void *_Znwm(unsigned long); void _ZdlPv(void *); void g(void) { _ZdlPv(_Znwm(1)); }"
    shop.module(uses + new + (delete if complete else ""))
    prepared = shop.prepare(shop.wheel("mod.so"), shop.scenario.host(new + delete))
    assert prepared.changes == complete
    if not complete:
        assert "operator new or delete" in kept(prepared)["_Znwm"]


def test_two_wheels_with_the_same_library_each_get_their_own(shop: Workshop) -> None:
    """Under one DT_SONAME the loader would take the one that is renamed for the one that is not."""
    shop.scenario.lib(HASHED, CALLS_OWN_F)
    shop.module(CALLS_F, needed=[HASHED])
    shop.module(CALLS_F, name="other/other.so", needed=[HASHED], runpath="$ORIGIN/other.libs")
    same = (shop.directory / HASHED).read_bytes()
    (shop.directory / "other/other.libs").mkdir()
    (shop.directory / "other/other.libs" / Path(HASHED).name).write_bytes(same)
    host = shop.scenario.host(F)
    prepared = shop.prepare(shop.wheel("mod.so", HASHED), host)
    (made,) = write_repaired(prepared, [shop.directory / "repaired"], document)
    unpack_wheel(made, shop.directory / "site")
    for order in (("other/other.so", at("mod.so")), (at("mod.so"), "other/other.so")):
        assert shop.scenario.compare(host, *order).messages == ("ok", "ok")


def test_library_that_cannot_be_renamed_defines_what_it_did(shop: Workshop) -> None:
    shop.scenario.lib(HASHED, CALLS_OWN_F)
    shop.module(CALLS_F, needed=[HASHED])
    opens = Member("demo.py", f"import ctypes\nctypes.CDLL('{Path(HASHED).name}')\n".encode())
    prepared = shop.prepare(shop.wheel("mod.so", HASHED, extra=[opens]), shop.scenario.host(F))
    assert kept(prepared)["f"].endswith("which must keep its name")
    assert not prepared.plan.moved


MAKES_UP_NAMES = b"""\
import ctypes, glob, os
here = os.path.dirname(os.path.abspath(__file__))
lib = ctypes.CDLL(glob.glob(os.path.join(here, 'demo.libs/libb-*.so*'))[0])
print([getattr(lib, name + '_r')() for name in ('point', 'area')])
"""


@pytest.mark.parametrize("program", ["demo.py", "demo/__init__.py"])
def test_names_that_python_puts_together_are_found_as_before(shop: Workshop, program: str) -> None:
    """As in Shapely 1: neither the library's name nor those it is asked for stand anywhere.

    What a package opens when it is imported is known; a library in a list of files has moved.
    """
    library = f"{Path(program).parent}/{HASHED}".removeprefix("./")
    point = "int point_r(void) { return %d; }"
    shop.scenario.lib(library, point % 2 + "int area_r(void) { return point_r() + 1; }")
    shop.module(
        "int point_r(void); int h(void) { return point_r(); }",
        needed=[library],
        runpath=f"$ORIGIN/{Path(library).parent}",
    )
    host = shop.scenario.host(point % 7)
    wheel = shop.wheel("mod.so", library, extra=[Member(program, MAKES_UP_NAMES)])
    unpack_wheel(wheel, shop.directory / "before")
    prepared, after = shop.repair(wheel, host)
    assert set(prepared.plan.renamed) == {"point_r"}
    (renamed,) = prepared.plan.renamed.values()
    assert after.provider(at("mod.so"), renamed) == at(new(prepared, library))
    for directory in ("before", "site"):
        path = shop.directory / directory / "lib/python/site-packages" / program
        done = subprocess.run([sys.executable, path], capture_output=True, check=True)
        assert done.stdout == b"[2, 3]\n"


# -- captured libraries ---------------------------------------------------------------------------


def captured(shop: Workshop, *, text: bytes = b"") -> tuple[Path, Path]:
    """A wheel whose libb.so.1 the host has loaded already, and the host."""
    shop.scenario.lib("demo.libs/libb.so.1", CALLS_OWN_F)
    shop.module(CALLS_F, needed=["demo.libs/libb.so.1"])
    shop.scenario.lib("linked/libb.so.1", F)
    host = shop.scenario.host(needed=["linked/libb.so.1"], runpath="$ORIGIN/linked")
    wheel = shop.wheel("mod.so", "demo.libs/libb.so.1", extra=[Member("demo.py", text)])
    return wheel, host


def test_captured_library_gets_a_name_of_its_own(shop: Workshop) -> None:
    wheel, host = captured(shop)
    prepared, after = shop.repair(wheel, host)
    name = new(prepared, "demo.libs/libb.so.1")
    assert name.startswith("demo.libs/libb-")
    assert name.endswith(".so.1")
    assert _object(shop, name).soname == name.rpartition("/")[2]
    closure = after.closure(at("mod.so"))
    assert at(name) in closure
    assert not prepared.proofs[0].captured


def test_library_that_python_opens_by_name_keeps_it(shop: Workshop) -> None:
    wheel, host = captured(shop, text=b"import ctypes\nctypes.CDLL('libb.so.1')\n")
    prepared = shop.prepare(wheel, host)
    assert not prepared.plan.moved
    assert kept(prepared)["libb.so.1"].startswith("stands in demo.py")
    assert prepared.proofs[0].captured == ("libb.so.1",)


@pytest.mark.parametrize(
    ("tag", "paths"),
    [("rpath", [None, "$ORIGIN"]), ("runpath", ["$ORIGIN"])],
    ids=["rpath", "runpath"],
)
def test_plugin_that_found_the_library_loaded_is_shown_where_it_is(
    shop: Workshop, tag: str, paths: list[str | None]
) -> None:
    """It has no way to it; once the library has a name of its own, no other will do."""
    _, host = captured(shop)
    for number, path in enumerate(paths):
        how = {"runpath": path} if tag == "runpath" else {"runpath": None, "rpath": path}
        shop.scenario.lib(
            f"demo.libs/plugins/p{number}.so", CALLS_F, needed=["demo.libs/libb.so.1"], **how
        )
    plugins = [f"demo.libs/plugins/p{number}.so" for number, _ in enumerate(paths)]
    wheel = shop.wheel("mod.so", "demo.libs/libb.so.1", *plugins)
    prepared, after = shop.repair(wheel, host, opens=["mod.so", *plugins])
    assert after.messages == ("ok",) * (1 + len(plugins))
    library = at(new(prepared, "demo.libs/libb.so.1"))
    for plugin, path in zip(plugins, paths, strict=True):
        assert prepared.plan.objects[plugin].search == ("$ORIGIN/..",)
        assert getattr(_object(shop, plugin), tag) == ":".join(filter(None, (path, "$ORIGIN/..")))
        alone = shop.scenario.compare(host, at(plugin))
        assert library in alone.closure(at(plugin))


def test_what_was_missing_before_is_no_reason_to_refuse(shop: Workshop) -> None:
    _, host = captured(shop)
    shop.scenario.lib("gone/libgone.so.1", F)
    shop.scenario.lib("demo.libs/libc.so.1", CALLS_F, needed=["gone/libgone.so.1"])
    shop.module("", name="other.so", needed=["demo.libs/libc.so.1"])
    (shop.directory / "gone/libgone.so.1").unlink()
    wheel = shop.wheel("mod.so", "other.so", "demo.libs/libb.so.1", "demo.libs/libc.so.1")
    prepared = shop.prepare(wheel, host, RepairOptions(everything=True))
    assert set(prepared.plan.moved) == {"demo.libs/libb.so.1", "demo.libs/libc.so.1"}
    assert not prepared.proofs[0].captured


# -- the written wheel ----------------------------------------------------------------------------


def written(shop: Workshop) -> tuple[Path, Path, Path]:
    """Wheel, host, and what was made of the wheel."""
    shop.scenario.lib(HASHED, CALLS_OWN_F)
    shop.module(CALLS_F, needed=[HASHED])
    wheel, host = shop.wheel("mod.so", HASHED), shop.scenario.host(F)
    (made,) = write_repaired(shop.prepare(wheel, host), [shop.directory / "repaired"], document)
    return wheel, host, made


def test_written_wheel_is_valid_and_keeps_modes_and_dates(shop: Workshop) -> None:
    wheel, host, made = written(shop)
    assert made == shop.directory / "repaired" / wheel.name
    with WheelFile(made) as opened, zipfile.ZipFile(wheel) as old:
        report = json.loads(opened.read("demo-1.0.dist-info/collide-repair.json"))
        moved = report["moved"]
        expected = [moved.get(name, name) for name in old.namelist()]
        for info, name in zip(old.infolist(), expected, strict=True):
            same = opened.getinfo(name)
            assert (same.date_time, same.external_attr) == (info.date_time, info.external_attr)
            assert opened.read(name)
        names = [i.filename for i in opened.infolist()]
        record = opened.read("demo-1.0.dist-info/RECORD").decode()
    assert list(moved) == [HASHED]
    assert names == [*expected[:-1], "demo-1.0.dist-info/collide-repair.json", names[-1]]
    assert [line.split(",")[0] for line in record.splitlines()] == names
    assert set(report["objects"]) == {"mod.so", HASHED}
    assert report["taken_by"] == {str(host): ["f"]}
    first = made.read_bytes()
    write_repaired(shop.prepare(wheel, host), [shop.directory / "repaired"], document)
    assert made.read_bytes() == first


def test_repaired_wheel_needs_no_repair(shop: Workshop) -> None:
    _, host, made = written(shop)
    again = shop.prepare(made, host)
    assert not again.changes
    (copy,) = write_repaired(again, [shop.directory / "again"], document)
    assert copy.read_bytes() == made.read_bytes()


def test_signatures_are_left_out_and_named(shop: Workshop) -> None:
    shop.module(CALLS_OWN_F)
    signature = Member("demo-1.0.dist-info/RECORD.jws", b"{}")
    wheel = shop.wheel("mod.so", extra=[signature])
    beside = wheel.with_name(wheel.name + ".publish.attestation")
    beside.write_text("{}")
    prepared, _ = shop.repair(wheel, shop.scenario.host(F))
    assert prepared.invalidated == (signature.name, beside.name)
    with zipfile.ZipFile(shop.directory / "repaired" / wheel.name) as made:
        assert signature.name not in made.namelist()


# -- the command ----------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, list[str]]:
    capsys.readouterr()
    status = main(["repair", *map(str, arguments)])
    out, err = capsys.readouterr()
    return status, out, err.splitlines()


def breaking(shop: Workshop) -> tuple[Path, Path]:
    shop.scenario.lib(HASHED, CALLS_OWN_F)
    shop.module(CALLS_F, needed=[HASHED])
    return shop.wheel("mod.so", HASHED), shop.scenario.host(F)


def test_command_writes_beside_the_wheel_and_says_what(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel, host = breaking(shop)
    names = shop.directory / "names"
    arguments = (wheel, "--profile", host, "--rename-map", names, "--no-verify")
    status, out, err = run(capsys, *arguments)
    assert (status, err) == (0, [])
    assert f"written: {shop.directory / 'repaired' / wheel.name}" in out
    assert "references taken from the wheel: 2 before, 0 after" in out
    ((old, new),) = (line.split() for line in names.read_text().splitlines())
    assert (old, new.partition(".")[0]) == ("f", "f")


def test_check_writes_nothing(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    wheel, host = breaking(shop)
    for option in ("--check", "--dry-run"):
        status, out, _ = run(capsys, wheel, "--profile", host, option)
        assert (status, "written" in out) == (1, False)
    assert not (shop.directory / "repaired").exists()
    run(capsys, wheel, "--profile", host)
    repaired = shop.directory / "repaired" / wheel.name
    assert run(capsys, repaired, "--profile", host, "--check")[0] == 0


def test_json_is_the_report_of_the_wheel(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel, host = breaking(shop)
    _, out, _ = run(capsys, wheel, "--profile", host, "--format", "json")
    (report,) = json.loads(out)
    valid("repair", report)
    path = shop.directory / "repaired" / wheel.name
    assert report.pop("written") == [str(path)]
    with zipfile.ZipFile(path) as made:
        assert json.loads(made.read("demo-1.0.dist-info/collide-repair.json")) == report


def left_behind(shop: Workshop) -> list[str]:
    return [p.name for p in (shop.directory / "out").rglob("*")]


def test_never_over_the_input(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    wheel, host = breaking(shop)
    before = wheel.read_bytes()
    status, _, (line,) = run(capsys, wheel, "--profile", host, "-w", shop.directory)
    assert status == 2
    assert "would be written over" in line
    assert wheel.read_bytes() == before


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (None, "patchelf is not installed"),
        ("echo no idea >&2; exit 3", "patchelf failed (no idea)"),
        ("kill -9 $$", "patchelf failed (status -9)"),
        ("exit 0", "patchelf wrote nothing"),
        ("cp given.so made.so", "would not be the same"),
        (": > made.so", "not repaired: empty file"),
    ],
)
def test_patchelf_that_fails_leaves_nothing(
    shop: Workshop,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    program: str | None,
    reason: str,
) -> None:
    wheel, host = breaking(shop)
    if program is None:
        monkeypatch.setattr("sys.executable", "/nonexistent/python")
        monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    else:
        fake = shop.directory / "patchelf"
        fake.write_text(f"#!/bin/sh\n{program}\n")
        fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(repair_module, "find_patchelf", lambda: str(fake))
    status, out, (line,) = run(capsys, wheel, "--profile", host, "-w", shop.directory / "out")
    assert (status, out) == (2, "")
    assert reason in line
    assert program is None or "demo-1.0" in line
    assert left_behind(shop) == []


def test_object_that_cannot_be_changed_is_left_alone(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """patchelf needs section headers, which the loader does not."""
    other = "demo.libs/libc-0a1b2c3d.so"
    shop.scenario.lib(HASHED, CALLS_OWN_F)
    shop.scenario.lib(other, "int f2(void) { return 4; } int g2(void) { return f2(); }")
    stripped = bytearray((shop.directory / other).read_bytes())
    struct.pack_into("<Q", stripped, 40, 0)
    struct.pack_into("<HHH", stripped, 58, 0, 0, 0)
    (shop.directory / other).write_bytes(stripped)
    calls = f"{CALLS_F} int f2(void); int h(void) {{ return f2(); }}"
    shop.module(calls, needed=[HASHED, other])
    wheel = shop.wheel("mod.so", HASHED, other)
    host = shop.scenario.host(f"{F} int f2(void) {{ return 3; }}")
    arguments = (wheel, "--profile", host, "-w", shop.directory / "out", "--no-verify")
    status, out, err = run(capsys, *arguments)
    assert (status, err) == (1, [])
    assert f"left alone: f2 (1): {other}, which has it, cannot be changed: patchelf" in out
    (made,) = (shop.directory / "out").iterdir()
    unpack_wheel(made, shop.directory / "site")
    outcome = shop.scenario.compare(host, at("mod.so"))
    assert outcome.provider(at("mod.so"), "f2") == "host"


def test_full_disk_leaves_nothing(
    shop: Workshop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    wheel, host = breaking(shop)
    monkeypatch.setattr("zipfile.ZipFile.writestr", full)
    status, _, (line,) = run(capsys, wheel, "--profile", host, "-w", shop.directory / "out")
    assert status == 2
    assert "No space left on device" in line
    assert left_behind(shop) == []


def test_killed_at_any_time_it_leaves_whole_wheels_only(shop: Workshop) -> None:
    wheel, host = breaking(shop)
    out, work = shop.directory / "out", shop.directory / "work"
    work.mkdir()
    arguments = ["repair", str(wheel), "--profile", str(host), "-w", str(out)]
    command = [sys.executable, "-m", "collide", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(work)}
    killed = set()

    def directories() -> set[Path]:
        # tempfile.gettempdir tries a file first, which a kill may leave.
        return {path for path in work.iterdir() if path.is_dir()}

    for moment in range(12):
        known = directories()
        running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        with running:
            while running.poll() is None and not directories() - known:
                time.sleep(0.001)
            time.sleep(moment * 0.005)
            running.kill()
        killed.add(running.returncode)
        assert left_behind(shop) in ([], [wheel.name])
        # What the one before has left is gone; patchelf has a directory beside the wheel's.
        assert len(directories()) <= 2
    assert -signal.SIGKILL in killed, "it was always through before"
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    assert left_behind(shop) == [wheel.name]
    assert directories() == set()


def test_wheel_directory_that_is_a_file(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    wheel, host = breaking(shop)
    status, _, (line,) = run(capsys, wheel, "--profile", host, "-w", host)
    assert status == 2
    assert str(host) in line


def test_damaged_wheel_is_not_repaired(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    _, host = breaking(shop)
    wheel = shop.wheel("mod.so", extra=[Member("bad.so", b"\x7fELF\2\1\1" + b"\0" * 20)])
    status, _, (line,) = run(capsys, wheel, "--profile", host, "-w", shop.directory / "out")
    assert (status, "bad.so" in line) == (2, True)
    assert left_behind(shop) == []


def test_wheel_that_fits_no_host_is_copied(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.module(CALLS_OWN_F)
    wheel = shop.wheel("mod.so", tag="cp310-abi3-manylinux_2_17_riscv128")
    pure = shop.wheel(tag="py3-none-any")
    status, out, err = run(capsys, wheel, pure, "-w", shop.directory / "out")
    assert (status, out, len(err)) == (0, "", 2)
    hosts = f"any of {len(shipped_names())}"
    assert err[0].startswith(f"collide: {wheel}: copied as it is, as it does not fit {hosts}")
    assert "its platform tags (manylinux_2_17_riscv128) do not fit " in err[0]
    assert err[0].endswith(", ...")
    assert f"{pure}: copied as it is" in err[1]
    for original in (wheel, pure):
        assert (shop.directory / "out" / original.name).read_bytes() == original.read_bytes()


def test_what_comes_out_can_be_uploaded_whole(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wheel to repair, one that needs none, and one for another machine."""
    wheel, host = breaking(shop)
    foreign = shop.wheel("mod.so", tag="cp310-abi3-manylinux_2_17_aarch64")
    shop.module(CALLS_OWN_F.replace("f(", "k("), name="fine.so")
    fine = shop.wheel("fine.so", tag="cp310-abi3-manylinux_2_5_x86_64")
    wheels = [wheel, foreign, fine]
    status, out, err = run(
        capsys, *wheels, "--profile", host, "-w", shop.directory / "out", "--no-verify"
    )
    assert status == 0
    (line,) = err
    assert line.startswith(f"collide: {foreign}: copied as it is, as it does not fit debian-")
    assert "its platform tags (manylinux_2_17_aarch64) do not fit x86_64" in line
    assert sorted(left_behind(shop)) == sorted(w.name for w in wheels)
    assert f"{fine}: nothing to repair\n" in out


def test_named_host_that_no_wheel_fits_is_an_error(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.module(CALLS_OWN_F)
    wheel = shop.wheel("mod.so", tag="cp310-abi3-manylinux_2_17_aarch64")
    assert run(capsys, wheel, "--profile", shop.scenario.host(F))[0] == 2
    assert run(capsys, wheel, "--check", "--profile", shop.scenario.host(F))[0] == 2


def test_two_wheels_of_one_name_are_not_written_to_one_file(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel, host = breaking(shop)
    other = shop.directory / "other" / wheel.name
    other.parent.mkdir()
    other.write_bytes(wheel.read_bytes())
    arguments = (wheel, other, "--profile", host, "--no-verify")
    status, _, (line,) = run(capsys, *arguments, "-w", shop.directory / "out")
    assert (status, left_behind(shop)) == (2, [])
    assert line == f"collide: {other}: two wheels would be written to one file"
    assert run(capsys, *arguments)[0] == 0


def test_together_a_module_and_its_library_in_two_wheels(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.scenario.lib("demo.libs/libb.so.1", CALLS_OWN_F)
    shop.module(CALLS_F, needed=["demo.libs/libb.so.1"])
    shop.scenario.lib("linked/libb.so.1", F)
    host = shop.scenario.host(F, needed=["linked/libb.so.1"], runpath="$ORIGIN/linked")
    module = shop.wheel("mod.so")
    library = module.with_name(module.name.replace("demo", "more", 1))
    data = (shop.directory / "demo.libs/libb.so.1").read_bytes()
    write_wheel(library, [Member("demo.libs/libb.so.1", data)])

    alone, out, _ = run(capsys, library, "--profile", host, "--check")
    assert (alone, "becomes" in out) == (1, False)
    status, _, _ = run(capsys, module, library, "--profile", host, "--together")
    assert status == 0
    for wheel in (module, library):
        unpack_wheel(shop.directory / "repaired" / wheel.name, shop.directory / "site")
    after = shop.scenario.compare(host, at("mod.so"))
    assert any(name.startswith(at("demo.libs/libb-")) for name in after.closure(at("mod.so")))


def test_verify_imports_before_and_after(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel, host = breaking(shop)
    script = shop.directory / "import.sh"
    # An interpreter of one statement: it opens the module of the site in the script.
    script.write_text(
        f"site=$(sed -n \"s/^sys.path.*\\['\\(.*\\)'\\]/\\1/p\" $1)\n"
        f"case $({host} $site/mod.so) in ok) echo collide: imported;; esac\n"
    )
    status, _, err = run(
        capsys, wheel, "--profile", host, "--verify", "sh", "--run", f"sh {script} {{script}}"
    )
    command = f"sh {script} {{script}}"
    assert (status, err[-1]) == (
        0,
        f"collide: {wheel}: {command}: 1 module imported before and after",
    )
    status, _, err = run(capsys, wheel, "--profile", host, "--verify", "/nonexistent")
    assert (status, "cannot be run" in err[-1]) == (2, True)


# -- what stays -----------------------------------------------------------------------------------

STAYS = "stays, as its cause is none that a repair can mend"


@pytest.mark.parametrize("form", ["text", "json"])
def test_warning_that_stays_is_not_nothing_to_repair(
    shop: Workshop, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    wheel, host = captured(shop, text=b"import ctypes\nctypes.CDLL('libb.so.1')\n")
    options = ("-w", shop.directory / "out", "--no-verify", "--format", form)
    status, out, err = run(capsys, wheel, "--profile", host, *options)
    assert (status, left_behind(shop)) == (1, [wheel.name])
    stays = out.splitlines() if form == "text" else err
    (line,) = (line for line in stays if "stays, " in line)
    assert f"{STAYS}: warning COL205 [captured-soname] mod.so on debian-" in line
    assert "nothing to repair" not in out
    if form == "text":
        assert f"{wheel}: nothing that a repair can change\n" in out


def two_with_unique_symbols(shop: Workshop) -> tuple[Path, Path, Path]:
    """Two wheels whose modules define one symbol STB_GNU_UNIQUE: the second gets the first's."""
    source = (
        '__asm__(".type state, @gnu_unique_object"); int state = 2; int *g(void) { return &state; }'
    )
    wheels = []
    for name in ("one", "two"):
        shop.module(source, name=f"{name}.so")
        data = (shop.directory / f"{name}.so").read_bytes()
        wheels.append(shop.directory / f"{name}-1.0-{MANYLINUX_2_17}.whl")
        write_wheel(
            wheels[-1],
            [Member(f"{name}.so", data, 0o755), Member(f"{name}-1.0.dist-info/METADATA", b"")],
        )
    return wheels[0], wheels[1], shop.scenario.host(F)


def test_what_stays_between_wheels_is_said(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    *wheels, host = two_with_unique_symbols(shop)
    options = ("--profile", host, "-w", shop.directory / "out", "--no-verify")
    _, out, _ = run(capsys, *wheels, *options, "--together")
    lines = [line for line in out.splitlines() if "COL303 [unique-across-wheels]" in line]
    assert lines
    assert all(f".whl: {STAYS}: " in line for line in lines)
    assert "nothing that a repair can change" in out
    assert "nothing to repair" not in out


# -- advice ---------------------------------------------------------------------------------------


def checked(
    capsys: pytest.CaptureFixture[str], wheel: Path, host: Path
) -> tuple[str, list[dict[str, Any]]]:
    main(["check", str(wheel), "--profile", str(host)])
    told = capsys.readouterr().out
    main(["check", str(wheel), "--profile", str(host), "--format", "json"])
    return told, json.loads(capsys.readouterr().out)["findings"]


def test_check_tells_the_repair_that_removes_a_finding(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    # The host counts up in its own copy, the wheel reads from its own.
    up = "int state; int count_up(void) { return ++state; }"
    shop.scenario.lib(HASHED, up + "int count_get(void) { return state; }")
    calls = "int count_up(void); int count_get(void); "
    calls += "__attribute__((constructor)) void g(void) { count_up(); count_get(); }"
    shop.module(calls, needed=[HASHED])
    wheel, host = shop.wheel("mod.so", HASHED), shop.scenario.host(up)
    told, findings = checked(capsys, wheel, host)
    (line,) = {finding["repair"] for finding in findings}
    assert f"  or      without a rebuild: {line}" in told
    assert run(capsys, *line.split()[2:])[0] == 0
    _, findings = checked(capsys, wheel.parent / "repaired" / wheel.name, host)
    assert findings == []


def test_check_promises_no_repair_that_leaves_the_finding(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.scenario.lib("demo.libs/libopen.so.1", CALLS_OWN_F)
    shop.module(CALLS_F, needed=["demo.libs/libopen.so.1"])
    wheel = shop.wheel("mod.so", "demo.libs/libopen.so.1")
    told, findings = checked(capsys, wheel, shop.scenario.host(F))
    assert {finding["victim"] for finding in findings} == {"mod.so", "demo.libs/libopen.so.1"}
    assert {finding["repair"] for finding in findings} == {None}
    assert "repair:" not in told


def test_check_promises_no_repair_for_what_is_only_judged_otherwise(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """A changed object has no code to read in memory, so that all that it holds counts as used."""
    allocates = "void *malloc(unsigned long n) { return 0; } void *g(void) { return malloc(1); }"
    module = "int f(void) { return 2; } __attribute__((constructor)) void h(void) { f(); }"
    shop.module(module + allocates, "-Wl,--no-as-needed", "-lc")
    shop.scenario.lib("libf.so", F)
    host = shop.scenario.host("void *malloc(unsigned long n) { return 0; }", needed=["libf.so"])
    wheel = shop.wheel("mod.so")
    _, findings = checked(capsys, wheel, host)
    promised = {tuple(f["symbols"]): f["repair"] for f in findings}
    assert promised.keys() == {("f",), ("malloc",)}
    assert promised["malloc",] is None
    assert run(capsys, *promised["f",].split()[2:])[0] == 0
    _, findings = checked(capsys, wheel.parent / "repaired" / wheel.name, host)
    assert [f["symbols"] for f in findings] == [["malloc"]]


def test_check_promises_no_repair_for_a_shadow_by_a_library_that_is_moved(
    shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    """The module takes ``k`` from the library, and the host takes ``f`` of the library."""
    shop.scenario.lib("demo.libs/libk-0a1b2c3d.so", "int k(void) { return 1; }")
    low = "int k(void) { return 2; } int l(void) { return k(); }"
    shop.scenario.lib(HASHED, low + CALLS_OWN_F)
    needed = ["demo.libs/libk-0a1b2c3d.so", HASHED]
    calls = "int f(void); int k(void); int l(void); "
    calls += "__attribute__((constructor)) void h(void) { f(); k(); l(); }"
    shop.module(calls, needed=needed)
    host = shop.scenario.host(F)
    _, findings = checked(capsys, shop.wheel("mod.so", *needed), host)
    told = {(f["victim"], f["provider"].rpartition("/")[2]): f["repair"] for f in findings}
    own = HASHED, "libk-0a1b2c3d.so"
    assert own in told, told
    assert told.pop(own) is None
    assert told, findings
    assert None not in told.values()
