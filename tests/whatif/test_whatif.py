"""A change in memory binds as the real loader binds what the real linker made of the change."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from collide.analysis.analysis import Analysis
from collide.analysis.start_up import START_UP_MODULE
from collide.api import check, load_hosts
from collide.binding.binding import Binding
from collide.elf.object import read_object
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.loader.link_map import LoadFailure
from collide.report import whatif as report
from collide.support.errors import UsageError
from collide.whatif.costs import costs
from collide.whatif.edits import LOCAL, WITHOUT, Edit, LinkChange, parse_edit
from collide.whatif.whatif import (
    DLSYM,
    LINK_TIME,
    NOT_GLOBAL,
    NOT_LOADED,
    UNDEFINED,
    Outcome,
    WhatIf,
    whatif,
)
from collide.wheels.target import read_target
from patching import patchelf
from relinked import require, same
from scenario import Scenario, observe, require_loader

MODULE = """
int f(void) { return 1; }
__attribute__((weak)) int weak_f(void) { return 2; }
int data = 3;
int *pointer = &data;
int (*taken)(void) = f;
int x(void), y(void); extern int xdata;
int PyInit_m(void) { return f() + weak_f() + data + x() + y() + xdata; }
"""
LIBRARY = """
int x(void) { return 1; }
int y(void) { return x(); }
int xdata = 1;
int *xpointer = &xdata;
"""
RIVAL = """
int f(void) { return 9; } int weak_f(void) { return 9; } int data = 9;
int x(void) { return 9; } int xdata = 9;
"""
Bound = set[tuple[str, str, str | None, str]]
"""Object, symbol, version and provider, by their base names."""


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    return Scenario(tmp_path)


def tree(
    s: Scenario,
    name: str,
    module: Sequence[str] = (),
    library: Sequence[str] = (),
    *,
    soname: str = "libx.so",
    versions: str | None = None,
) -> str:
    """A tree of a module and the library it needs; the path of the module in the scenario."""
    s.lib(f"{name}/{soname}", LIBRARY, *library, versions=versions)
    s.module(f"{name}/m.so", MODULE, *module, needed=[f"{name}/{soname}"])
    return f"{name}/m.so"


def tried(s: Scenario, host: Path, edits: Sequence[str], name: str = "before") -> WhatIf:
    parsed = [parse_edit(text) for text in edits]
    return whatif(read_target(s.directory / name), extract(str(host), Root()), parsed)


def in_memory(analysis: Analysis) -> Bound:
    return {
        (_base(o.map.dso.path), b.reference.name, b.reference.version, _base(b.provider.path))
        for m in analysis.modules
        if m.bound is not None and m.name != START_UP_MODULE
        for o in m.bound.objects
        for b in o.bindings
        if b.provider is not None
    }


def _base(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def by_loader(s: Scenario, host: Path, *opens: str) -> Bound:
    """What the loader prints for the objects in the tree of the last one."""
    outcome = s.compare(host, *opens)
    inside = str((s.directory / opens[-1]).parent)
    return {
        (Path(line.object).name, line.symbol, line.version, Path(line.provider).name)
        for line in outcome.log.bindings
        if line.object.startswith(inside)
    }


def script(s: Scenario, text: str) -> str:
    path = s.directory / "script.map"
    path.write_text(text)
    return f"-Wl,--version-script={path}"


def moves(result: WhatIf, name: str) -> dict[str, tuple[Outcome, Outcome]]:
    """What becomes of each symbol of the object whose path ends in ``name``."""
    return {
        symbol: (move.before, move.after)
        for move in result.moves
        if move.object.endswith(name)
        for symbol in move.symbols
    }


SYMBOLIC = ["-Bsymbolic", "-Bsymbolic-functions", "-Bsymbolic-non-weak-functions"]


@pytest.mark.parametrize("option", SYMBOLIC)
def test_symbolic_module_binds_as_the_loader_binds_it(s: Scenario, option: str) -> None:
    lld = []
    if option == "-Bsymbolic-non-weak-functions":
        require("ld.lld", "apt install lld")
        lld = ["-fuse-ld=lld"]
    host = s.host(needed=[s.lib("rival.so", RIVAL).name])
    before = tree(s, "before", lld)
    after = tree(s, "after", [*lld, f"-Wl,{option}"])
    result = tried(s, host, [f"m.so={option}"])
    assert in_memory(result.before) == by_loader(s, host, before)
    assert in_memory(result.after) == by_loader(s, host, after)
    bound = {name for name, (_, now) in moves(result, "m.so").items() if now.how == LINK_TIME}
    expected = {
        "-Bsymbolic": {"f", "weak_f", "data"},
        "-Bsymbolic-functions": {"f", "weak_f"},
        "-Bsymbolic-non-weak-functions": {"f"},
    }
    assert bound == expected[option]
    assert result.balance.newly_shadowed == 0
    assert result.balance.shadowed_after < result.balance.shadowed_before


PECULIAR = """
static int chosen(void) { return 1; }
static void *choose(void) { return chosen; }
int indirect(void) __attribute__((ifunc("choose")));
__thread int local_to_thread = 1;
__attribute__((visibility("protected"))) int guarded(void) { return 1; }
__asm__(".globl only_one\\n.type only_one, @gnu_unique_object\\n.data\\n"
        "only_one: .long 1\\n.size only_one, 4\\n.text");
extern int only_one;
int (*taken[])(void) = { indirect, guarded }; int *where = &only_one;
int PyInit_m(void) { return indirect() + local_to_thread + guarded() + only_one; }
"""


@pytest.mark.parametrize("option", ["-Bsymbolic", "-Bsymbolic-functions"])
def test_special_symbols_are_looked_up_still(s: Scenario, option: str) -> None:
    """With DT_SYMBOLIC in the object first, without it in the host."""
    rival = s.lib("rival.so", PECULIAR.replace("PyInit_m", "rival"))
    host = s.host(needed=[rival.name])
    s.module("before/m.so", PECULIAR)
    s.module("after/m.so", PECULIAR, f"-Wl,{option}")
    result = tried(s, host, [f"m.so={option}"])
    assert in_memory(result.before) == by_loader(s, host, "before/m.so")
    assert in_memory(result.after) == by_loader(s, host, "after/m.so")
    providers = {
        symbol: provider
        for _, symbol, _, provider in in_memory(result.after)
        if symbol in ("indirect", "local_to_thread", "only_one")
    }
    own = "m.so" if option == "-Bsymbolic" else "rival.so"
    assert providers["indirect"] == providers["local_to_thread"] == own
    assert set(providers) == {"indirect", "local_to_thread", "only_one"}


def test_symbolic_library_leaves_its_users_with_the_rival(s: Scenario) -> None:
    host = s.host(needed=[s.lib("rival.so", RIVAL).name])
    tree(s, "before")
    after = tree(s, "after", library=["-Wl,-Bsymbolic"])
    result = tried(s, host, ["libx.so=-Bsymbolic"])
    assert in_memory(result.after) == by_loader(s, host, after)
    assert set(moves(result, "libx.so")) == {"x", "xdata"}
    assert moves(result, "m.so") == {}


@pytest.mark.parametrize(
    ("names", "local"), [("hide", "*"), ("hide=f,data", "f; data")], ids=["all", "some"]
)
def test_hidden_symbols_bind_as_the_loader_binds_them(s: Scenario, names: str, local: str) -> None:
    host = s.host(needed=[s.lib("rival.so", RIVAL).name])
    tree(s, "before")
    after = tree(s, "after", [script(s, f"{{ global: PyInit_*; local: {local}; }};")])
    result = tried(s, host, [f"m.so={names}"])
    assert in_memory(result.after) == by_loader(s, host, after)
    assert {"f", "data"} <= moves(result, "m.so").keys()


def test_hiding_what_another_member_needs_fails_as_in_the_loader(s: Scenario) -> None:
    host = s.host()
    tree(s, "before")
    after = tree(s, "after", ["-Wl,--allow-shlib-undefined", "-Wl,-z,lazy"])
    s.lib("after/libx.so", LIBRARY, script(s, "{ local: x; };"))
    result = tried(s, host, ["libx.so=hide=x"])
    assert [(f.kind, f.name) for f in result.balance.new] == [("undefined-symbol", "x")]
    assert moves(result, "m.so")["x"][1] == Outcome(None, UNDEFINED)
    outcome = s.compare(host, after)
    assert [(f.kind, f.name) for f in outcome.failures] == [("undefined-symbol", "x")]


@pytest.mark.parametrize("old", [None, "V1 { global: *; };"], ids=["unversioned", "versioned"])
@pytest.mark.parametrize("rival", [None, "V1 { global: *; };"], ids=["plain", "with-versions"])
def test_version_node_binds_as_the_loader_binds_it(
    s: Scenario, old: str | None, rival: str | None
) -> None:
    host = s.host(needed=[s.lib("rival.so", RIVAL, versions=rival).name])
    tree(s, "before", versions=old)
    node = "MINE_V1" if old else "MINE"
    after = tree(s, "after", versions=f"{node} {{ global: *; }};")
    result = tried(s, host, ["libx.so=version=MINE"])
    assert in_memory(result.after) == by_loader(s, host, after)
    # A versioned rival is passed over, an unversioned one serves any version.
    now = moves(result, "m.so").get("x")
    assert (now is not None and now[1].provider == "libx.so") == (rival is not None)


def test_renamed_symbols_bind_as_the_loader_binds_them(s: Scenario, tmp_path: Path) -> None:
    host = s.host(needed=[s.lib("rival.so", RIVAL).name])
    before = tree(s, "before")
    result = tried(s, host, ["libx.so=rename"])
    assert result.renamed == {"x": "x_before", "y": "y_before", "xdata": "xdata_before"}
    shutil.copytree(s.directory / "before", s.directory / "after")
    table = tmp_path / "names.map"
    table.write_text(report.render_map(result.renamed.items()))
    for name in ("m.so", "libx.so"):
        patchelf("--rename-dynamic-symbols", table, s.directory / "after" / name)
    assert in_memory(result.before) == by_loader(s, host, before)
    assert in_memory(result.after) == by_loader(s, host, "after/m.so")
    assert moves(result, "m.so")["x"][1] == Outcome("libx.so", "bound")
    assert moves(result, "libx.so")["x"][1] == Outcome("libx.so", "bound")


def test_mangled_soname_is_loaded_beside_the_host_s(s: Scenario) -> None:
    """It is loaded then, and still loses every symbol that the host's has."""
    host = s.host(needed=[s.lib("hosts/libx.so", RIVAL + "int y(void) { return 9; }")
                          .relative_to(s.directory).as_posix()],
                  runpath="$ORIGIN/hosts")  # fmt: skip
    tree(s, "before")
    after = tree(s, "after", soname="libx-mine.so")
    result = tried(s, host, ["libx.so=soname=libx-mine.so"])
    # In memory a file keeps the path by which output names it.
    loaded = {
        tuple("libx.so" if part == "libx-mine.so" else part for part in row)
        for row in by_loader(s, host, after)
    }
    assert in_memory(result.after) == loaded
    assert {was.how for was, _ in moves(result, "libx.so").values()} == {NOT_LOADED}
    assert result.balance.shadowed_after > result.balance.shadowed_before
    assert result.balance.newly_shadowed > 0


def test_library_opened_locally_leaves_the_global_scope(s: Scenario) -> None:
    below = s.lib("below.so", "int x(void) { return 9; }").name
    s.lib("rival.so", RIVAL.replace("int x(void) { return 9; }", ""), needed=[below])
    linked = s.host(needed=["rival.so"], name="linked")
    opening = s.host(name="opening")
    module = tree(s, "before")
    edits = [Edit("rival.so", LinkChange(LOCAL))]
    target = read_target(s.directory / "before")
    result = whatif(target, extract(str(linked), Root()), [], edits)
    assert in_memory(result.before) == by_loader(s, linked, module)
    assert in_memory(result.after) == by_loader(s, opening, "rival.so", module)
    assert result.balance.shadowed_after == 0 < result.balance.shadowed_before
    assert [m.dso.path for m in result.after.host.process.maps if "below" in m.name]
    assert {now.how for _, now in moves(result, "rival.so").values()} <= {NOT_GLOBAL}


def test_module_that_links_a_library_opened_locally_gets_it(s: Scenario) -> None:
    below = s.lib("below.so", "int below(void) { return 9; }").name
    s.lib("rival.so", "int f(void) { return 9; } int data = 9;", needed=[below])
    linked = s.host(needed=["rival.so"], name="linked")
    opening = s.host(name="opening")
    source = "int f(void); int below(void); extern int data;"
    source += "int PyInit_m(void) { return f() + below() + data; }"
    module = s.lib("before/m.so", source, needed=["rival.so", "below.so"], runpath="$ORIGIN/..")
    edits = [Edit("rival.so", LinkChange(LOCAL))]
    result = whatif(read_target(s.directory / "before"), extract(str(linked), Root()), [], edits)
    assert result.balance.new == ()
    assert in_memory(result.before) == by_loader(s, linked, str(module))
    after = by_loader(s, opening, "rival.so", str(module))
    assert in_memory(result.after) == after
    assert ("m.so", "f", None, "rival.so") in after


@pytest.mark.parametrize("option", ["-Bsymbolic", "-Bsymbolic-functions", "hide=own"])
def test_library_of_the_host_binds_as_after_a_real_relink(s: Scenario, option: str) -> None:
    """What the library's own references get at start-up, from the executable or from itself."""
    source = (
        "int f(void) { return 1; } int data = 1; int *where = &data; int own(void) { return 1; }"
    )
    source += " int use(void) { return f() + data + own(); }"
    s.lib("libhost.so", source)
    host = s.host("int f(void) { return 2; } int own(void) { return 2; } int use(void);"
                  " int go(void) { return use(); }", needed=["libhost.so"])  # fmt: skip
    tree(s, "before")
    edit = parse_edit(f"libhost.so={option}")
    result = whatif(read_target(s.directory / "before"), extract(str(host), Root()), [], [edit])
    flag = script(s, "{ local: own; };") if option == "hide=own" else f"-Wl,{option}"

    def loaded() -> set[tuple[str, str]]:
        log = s.compare(host).log
        lines = (line for line in log.bindings if line.object.endswith("/libhost.so"))
        return {(line.symbol, line.provider) for line in lines}

    def predicted(analysis: Analysis) -> set[tuple[str, str]]:
        (module,) = (m for m in analysis.modules if m.name == START_UP_MODULE)
        assert module.bound is not None
        (bound,) = (o for o in module.bound.objects if o.dso.path.endswith("/libhost.so"))
        return {(b.reference.name, b.provider.path) for b in bound.bindings if b.provider}

    before = loaded()
    assert predicted(result.before) == before
    s.lib("libhost.so", source, flag)
    after = loaded()
    assert predicted(result.after) == after != before


def test_host_s_own_code_asks_dlsym_for_what_it_linked(s: Scenario) -> None:
    s.lib("rival.so", RIVAL)
    host = s.host("int f(void); extern int data; int go(void) { return f() + data; }",
                  needed=["rival.so"])  # fmt: skip
    tree(s, "before")
    target, edits = read_target(s.directory / "before"), [Edit("rival.so", LinkChange(LOCAL))]
    result = whatif(target, extract(str(host), Root()), [], edits)
    assert result.balance.new == ()
    assert result.balance.shadowed_after == 0
    asked = moves(result, "/host")
    assert {name for name, (_, now) in asked.items() if now.how == DLSYM} >= {"f"}


def test_copies_of_a_library_opened_locally_are_gone(s: Scenario) -> None:
    s.lib("rival.so", RIVAL)
    source = "extern int data; int go(void) { return data; }"
    linked = s.host(source, "-no-pie", needed=["rival.so"], name="linked")
    opening = s.host("", "-no-pie", name="opening")
    module = tree(s, "before")
    target, edits = read_target(s.directory / "before"), [Edit("rival.so", LinkChange(LOCAL))]
    result = whatif(target, extract(str(linked), Root()), [], edits)
    assert ("m.so", "data", None, "linked") in in_memory(result.before)
    assert in_memory(result.before) == by_loader(s, linked, module)
    assert in_memory(result.after) == by_loader(s, opening, "rival.so", module)


def test_library_of_the_host_that_needs_it_would_fail(s: Scenario) -> None:
    s.lib("rival.so", RIVAL)
    s.lib("user.so", "int f(void); int use(void) { return f(); }", needed=["rival.so"])
    host = s.host(needed=["user.so", "rival.so"])
    tree(s, "before")
    target, edits = read_target(s.directory / "before"), [Edit("rival.so", LinkChange(WITHOUT))]
    result = whatif(target, extract(str(host), Root()), [], edits)
    assert [(f.kind, f.name) for f in result.balance.new] == [("undefined-symbol", "f")]


def test_host_without_a_library(s: Scenario) -> None:
    s.lib("rival.so", RIVAL)
    linked = s.host(needed=["rival.so"], name="linked")
    free = s.host(name="free")
    module = tree(s, "before")
    edits = [Edit("rival.so", LinkChange(WITHOUT))]
    result = whatif(read_target(s.directory / "before"), extract(str(linked), Root()), [], edits)
    assert in_memory(result.after) == by_loader(s, free, module)
    assert not [m for m in result.after.host.process.maps if m.name.endswith("rival.so")]


def test_host_that_hides_its_static_library(s: Scenario) -> None:
    exports = s.host(RIVAL, name="exports")
    hides = s.host(f"#pragma GCC visibility push(hidden)\n{RIVAL}", name="hides")
    module = tree(s, "before")
    edits = [parse_edit("exports=hide=f,weak_f,data,x,xdata")]
    result = whatif(read_target(s.directory / "before"), extract(str(exports), Root()), [], edits)
    assert in_memory(result.before) == by_loader(s, exports, module)
    assert in_memory(result.after) == by_loader(s, hides, module)
    assert result.balance.shadowed_after == 0


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ("nothing*=hide", "nothing*=hide: no object matches nothing*"),
        ("m.so=local", "local is for the libraries of a host"),
        ("m.so", "'m.so' is not of the form MEMBER=CHANGE"),
        ("m.so=version", "'version' is no change: "),
        ("m.so=hide=", "'hide=' is no change: "),
        ("m.so=-Bnonsense", "'-Bnonsense' is no change: "),
    ],
)
def test_edit_that_cannot_be_made(s: Scenario, edit: str, message: str) -> None:
    tree(s, "before")
    with pytest.raises(UsageError, match=message.replace("*", r"\*")):
        tried(s, s.host(), [edit])


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ("nothing*=local", "matches nothing"),
        ("host=without", "is the host itself"),
        ("rival.so=soname=other.so", "soname is for the members of a wheel"),
    ],
)
def test_host_edit_that_cannot_be_made(s: Scenario, edit: str, message: str) -> None:
    s.lib("rival.so", RIVAL)
    host = extract(str(s.host(needed=["rival.so"])), Root())
    tree(s, "before")
    with pytest.raises(UsageError, match=message):
        whatif(read_target(s.directory / "before"), host, [], [parse_edit(edit)])


def test_edits_follow_each_other(s: Scenario) -> None:
    """Renamed, versioned and mangled: one reference, followed through three changes."""
    host = s.host(needed=[s.lib("rival.so", RIVAL).name])
    tree(s, "before")
    edits = ["libx.so=rename=x", "libx.so=version=MINE", "libx.so=soname", "m.so=-Bsymbolic"]
    result = tried(s, host, edits)
    rows = {(o, s, v) for o, s, v, _ in in_memory(result.after)}
    assert {("m.so", "x_before", "MINE"), ("libx.so", "x_before", "MINE")} <= rows
    assert moves(result, "m.so")["x"][1] == Outcome("libx.so", "bound")
    assert result.balance.new == ()


def test_failure_of_a_renamed_symbol_is_no_new_one(s: Scenario) -> None:
    s.lib("before/libx.so", "int y(void) { return 1; }")
    s.module("before/m.so", "int y(void), gone(void); int PyInit_m(void) { return y() + gone(); }",
             needed=["before/libx.so"])  # fmt: skip
    result = tried(s, s.host(), ["libx.so=rename"])
    assert result.balance.new == () == result.balance.gone
    (failure,) = result.after.modules[0].failures
    assert failure == LoadFailure("undefined-symbol", failure.object, "gone")


# -- the second copy of libpython -----------------------------------------------------------------

PYTHON = "/usr/bin/python3.11"
PIC = Path("/usr/lib/python3.11/config-3.11-x86_64-linux-gnu/libpython3.11-pic.a")
LIBPYTHON = Path("/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0")


def _libpython(directory: Path, *flags: str) -> Path:
    """libpython out of Debian's own objects, in the way Debian links it but for ``flags``."""
    path = directory / "libpython3.11.so.1.0"
    directory.mkdir()
    whole = ["-Wl,--whole-archive", str(PIC), "-Wl,--no-whole-archive"]
    libraries = ["-lexpat", "-lz", "-lm"]
    command = ["gcc", "-shared", f"-Wl,-soname,{path.name}", *flags, *whole, *libraries]
    subprocess.run([*command, "-o", str(path)], check=True)
    return path


def _opened_by_ctypes(path: Path) -> Bound:
    """What the loader binds for a library that python3.11, itself static, opens with ctypes."""
    program = f"import ctypes; ctypes.CDLL({str(path)!r})"
    ran, log = observe([PYTHON, "-I", "-S", "-c", program])
    assert ran.status == 0, ran.stderr
    return {
        (Path(b.object).name, b.symbol, b.version, Path(b.provider).name)
        for b in log.bindings
        if b.object == str(path)
    }


def _debian_python() -> None:
    require_loader()
    require(Path(PYTHON).exists(), "Debian's python3.11: apt install python3.11")
    require(PIC.exists(), "libpython3.11-pic.a: apt install libpython3.11-dev")


def test_second_libpython_before_and_after_symbolic_functions(tmp_path: Path) -> None:
    """The proposal of python-build-standalone, on Debian's python3.11 and libpython3.11."""
    _debian_python()
    option = "-Bsymbolic-functions"
    before = _libpython(tmp_path / "before")
    after = _libpython(tmp_path / "after", f"-Wl,{option}")
    host = extract(PYTHON, Root())
    result = whatif(read_target(before), host, [parse_edit(f"*={option}")])
    assert in_memory(result.before) == _opened_by_ctypes(before)
    assert in_memory(result.after) == _opened_by_ctypes(after)
    (changed,) = result.after.target.members.values()
    assert same(changed.elf, read_object(after.read_bytes()))

    old, new = result.balance.shadowed_before, result.balance.shadowed_after
    taken = {b.reference.name for b in _shadowed(result.before)}
    left = {b.reference.name for b in _shadowed(result.after)}
    assert {"PyList_New", "PyUnicode_FromString", "PyType_Type"} <= taken
    assert "PyType_Type" in left
    assert not left & {"PyList_New", "PyUnicode_FromString"}
    assert 0 < new < old / 5
    assert result.balance.new == ()


def _shadowed(analysis: Analysis) -> list[Binding]:
    objects = [o for m in analysis.modules if m.bound for o in m.bound.objects]
    return [b for o in objects for b in o.bindings if b.shadowed]


def test_debian_links_its_libpython_so_already() -> None:
    require_loader()
    require(LIBPYTHON.exists(), "Debian's libpython3.11.so: apt install libpython3.11")
    host = extract(PYTHON, Root())
    result = whatif(read_target(LIBPYTHON), host, [parse_edit("*=-Bsymbolic-functions")])
    assert result.moves == ()
    assert result.balance.shadowed_before == result.balance.shadowed_after > 0
    assert in_memory(result.after) == _opened_by_ctypes(LIBPYTHON)
    left = [c.text for c in costs(result, [parse_edit("*=-Bsymbolic-functions")])]
    assert re.search(
        r"looks up no function .* goes on looking up 201 variables of its own", left[0]
    )
    edits = [parse_edit("*=-Bsymbolic")]
    whole = whatif(read_target(LIBPYTHON), host, edits)
    assert whole.balance.shadowed_after == 0
    assert "runtime" in {cost.kind for cost in costs(whole, edits)}
    assert "runtime" not in {c.kind for c in costs(result, [parse_edit("*=-Bsymbolic-functions")])}


def test_library_of_an_embedded_python_is_no_second_one(tmp_path: Path) -> None:
    """It leaves the copies of variables that its program has; nobody else in it is a Python."""
    vim = shutil.which("vim.nox")
    require(vim is not None, "apt install vim-nox")
    require(LIBPYTHON.exists(), "Debian's libpython3.11.so: apt install libpython3.11")
    s = Scenario(tmp_path)
    s.module("w/m.so", "int PyInit_m(void) { return 1; }")
    edits = [parse_edit("libpython*=-Bsymbolic")]
    result = whatif(read_target(tmp_path / "w"), extract(str(vim), Root()), [], edits)
    told = {cost.kind: cost.text for cost in costs(result, [], edits)}
    assert "runtime" not in told
    assert (
        "vim.nox has copies of PyExc_AttributeError, PyExc_ImportError" in told["copy-relocation"]
    )


def test_second_libpython_of_the_same_build_is_no_other_release(tmp_path: Path) -> None:
    require_loader()
    require(LIBPYTHON.exists(), "Debian's libpython3.11.so: apt install libpython3.11")
    source = "int Py_IsInitialized(void); int PyInit_m(void) { return Py_IsInitialized(); }"
    module = Scenario(tmp_path).lib("m.so", source, f"-l:{LIBPYTHON.name}")
    found = check(str(module), load_hosts(PYTHON)).findings
    assert {"COL101", "COL109"}.isdisjoint(f.code.id for f in found)
    program = f"import ctypes; print(ctypes.CDLL({str(LIBPYTHON)!r}).Py_IsInitialized())"
    command = [PYTHON, "-I", "-S", "-c", program]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    assert told.stdout == "1\n"
