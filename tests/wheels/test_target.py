"""Inputs as targets: wheels, trees and bare objects, at the paths they would be installed at."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from checkout import WHEELS
from collide.hosts.database import load_shipped
from collide.loader.link_map import LoadFailure
from collide.loader.opening import GLOBAL, Opening
from collide.support.errors import InputError, UnverifiedError
from collide.wheels import archive
from collide.wheels.archive import Member, write_wheel
from collide.wheels.plan import NO_PLAN
from collide.wheels.record import record_digest
from collide.wheels.target import (
    Skipped,
    Target,
    find_inputs,
    installed_path,
    is_extension_module,
    read_target,
    read_unplanned,
)
from compiler import compile_so
from scenario import Scenario

SITE = "/prefix/lib/python/site-packages"
INIT = "void *PyInit_m(void) { return 0; }"


def build(
    directory: Path,
    name: str,
    source: str = "",
    *flags: str,
    needed: Sequence[str] = (),
    runpath: str = "$ORIGIN",
) -> Path:
    """An object that links others of ``directory``; its SONAME is its file name."""
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    links = [f"-Wl,-soname,{path.name}", f"-Wl,--enable-new-dtags,-rpath,{runpath}"]
    for library in needed:
        links += [f"-L{(directory / library).parent}", f"-l:{Path(library).name}"]
    return compile_so(directory, name, source, *flags, "-Wl,--no-as-needed", *links)


def wheel(directory: Path, *members: Member, tag: str = "cp311-cp311-linux_x86_64") -> Path:
    """A wheel of the distribution demo 1.0."""
    path = directory / f"demo-1.0-{tag}.whl"
    write_wheel(path, [*members, Member("demo-1.0.dist-info/METADATA", b"Name: demo\n")])
    return path


def pack(directory: Path, *names: str) -> Path:
    """A wheel of files of ``directory``."""
    return wheel(directory, *(Member(name, (directory / name).read_bytes()) for name in names))


def opened(target: Target, module: str) -> list[str]:
    """The members that one module brings into the process on a recorded host."""
    host = load_shipped("debian-12-python3")
    result = host.process.copy(target.files(host)).dlopen(module)
    assert not isinstance(result, LoadFailure)
    assert not result.failures
    return [target.names[m.dso.path] for m in result.new]


def modules(target: Target) -> list[str]:
    """The names of the members to open."""
    paths = target.modules("x86_64")
    return [target.names[target.members[path].path] for path in paths]


# -- installed paths ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("member", "path"),
    [
        ("m.so", f"{SITE}/m.so"),
        ("pkg/m.so", f"{SITE}/pkg/m.so"),
        ("demo.libs/liba.so", f"{SITE}/demo.libs/liba.so"),
        ("demo-1.0.data/purelib/pkg/m.so", f"{SITE}/pkg/m.so"),
        ("demo-1.0.data/platlib/pkg/m.so", f"{SITE}/pkg/m.so"),
        ("demo-1.0.data/scripts/tool", "/prefix/bin/tool"),
        ("demo-1.0.data/data/lib/liba.so", "/prefix/lib/liba.so"),
        ("demo-1.0.data/headers/a.h", "/prefix/include/a.h"),
        ("demo-1.0.data/other/m.so", f"{SITE}/demo-1.0.data/other/m.so"),
        ("other-1.0.data/platlib/m.so", f"{SITE}/other-1.0.data/platlib/m.so"),
        ("demo-1.0.data/platlib", f"{SITE}/demo-1.0.data/platlib"),
    ],
)
def test_member_is_installed_where_its_scheme_says(member: str, path: str) -> None:
    assert installed_path(member, "demo-1.0") == path


def test_members_keep_their_names_and_are_found_by_installed_path(tmp_path: Path) -> None:
    data = build(tmp_path, "m.so", INIT).read_bytes()
    target = read_target(wheel(tmp_path, Member("demo-1.0.data/platlib/pkg/m.so", data)))
    assert list(target.members) == [f"{SITE}/pkg/m.so"]
    assert modules(target) == ["demo-1.0.data/platlib/pkg/m.so"]


def test_origin_is_the_installed_directory(tmp_path: Path) -> None:
    build(tmp_path, "demo.libs/liba.so")
    build(tmp_path, "pkg/m.so", INIT, needed=["demo.libs/liba.so"], runpath="$ORIGIN/../demo.libs")
    target = read_target(pack(tmp_path, "pkg/m.so", "demo.libs/liba.so"))
    assert opened(target, f"{SITE}/pkg/m.so") == ["pkg/m.so", "demo.libs/liba.so"]


def test_origin_of_a_module_in_platlib_reaches_a_library_in_the_root(tmp_path: Path) -> None:
    library = build(tmp_path, "demo.libs/liba.so")
    module = build(
        tmp_path, "m.so", INIT, needed=["demo.libs/liba.so"], runpath="$ORIGIN/demo.libs"
    )
    members = [
        Member("demo-1.0.data/platlib/m.so", module.read_bytes()),
        Member("demo.libs/liba.so", library.read_bytes()),
    ]
    target = read_target(wheel(tmp_path, *members))
    assert opened(target, f"{SITE}/m.so") == ["demo-1.0.data/platlib/m.so", "demo.libs/liba.so"]


def test_origin_of_a_module_reaches_libraries_in_the_data_scheme(tmp_path: Path) -> None:
    library = build(tmp_path, "liba.so")
    module = build(tmp_path, "m.so", INIT, needed=["liba.so"], runpath="$ORIGIN/../..")
    members = [
        Member("m.so", module.read_bytes()),
        Member("demo-1.0.data/data/lib/liba.so", library.read_bytes()),
    ]
    target = read_target(wheel(tmp_path, *members))
    assert opened(target, f"{SITE}/m.so") == ["m.so", "demo-1.0.data/data/lib/liba.so"]


# -- wheels ---------------------------------------------------------------------------------------


def test_compressed_tag_sets_are_expanded(tmp_path: Path) -> None:
    tag = "cp38.cp39-abi3-manylinux1_x86_64.manylinux_2_5_x86_64"
    target = read_target(wheel(tmp_path, tag=tag))
    assert target.tags is not None
    assert set(target.tags) == {
        f"{python}-abi3-{platform}"
        for python in ("cp38", "cp39")
        for platform in ("manylinux1_x86_64", "manylinux_2_5_x86_64")
    }


def test_wheel_without_objects_has_neither_members_nor_problems(tmp_path: Path) -> None:
    target = read_target(wheel(tmp_path, Member("demo.py", b"")))
    assert (target.members, target.skipped, target.problems) == ({}, (), ())


@pytest.mark.parametrize("text", [b"", b"# tool", b'NAME = "libtool.so"', b"open('tool')"])
def test_library_that_only_programs_link_is_not_opened_unless_python_names_it(
    tmp_path: Path, text: bytes
) -> None:
    start = "void _start(void) { for (;;) ; }"
    for name in ("libtool.so", "plugin.so"):
        compile_so(tmp_path, name, "int f;", f"-Wl,-soname,{name}")
    link = (f"-L{tmp_path}", "-Wl,--no-as-needed", "-l:libtool.so")
    compile_so(tmp_path, "program", start, "-no-pie", *link)
    names = ("libtool.so", "plugin.so", "program")
    members = [Member(name, (tmp_path / name).read_bytes()) for name in names]
    target = read_target(wheel(tmp_path, *members, Member("demo.py", text)))
    opened = [path.rpartition("/")[2] for path in target.modules("x86_64")]
    assert opened == (["libtool.so", "plugin.so"] if text else ["plugin.so"])
    reasons = {s.name: s.reason for s in target.skipped}
    assert ("libtool.so" in reasons) is not bool(text)


def test_what_no_loader_opens_as_a_module_is_skipped_with_its_reason(tmp_path: Path) -> None:
    start = "void _start(void) { for (;;) ; }"
    foreign = bytearray(build(tmp_path, "foreign.so").read_bytes())
    foreign[18:20] = b"\x34\x12"
    (tmp_path / "foreign.so").write_bytes(foreign)
    compile_so(tmp_path, "pie", start, "-pie")
    build(tmp_path, "liba.so")
    link = (f"-L{tmp_path}", "-Wl,--no-as-needed", "-l:liba.so")
    compile_so(tmp_path, "fixed", start, "-no-pie", *link)
    compile_so(tmp_path, "static", start, "-no-pie", "-static")
    compile_so(tmp_path, "object.o", start, "-no-pie", "-r")
    names = ["pie", "fixed", "static", "object.o", "foreign.so"]
    target = read_target(pack(tmp_path, *names))
    assert target.members == {}
    assert target.problems == ()
    executable = "an executable: a host of its own, not a module"
    static = "ELF file without a dynamic section (static or debug file)"
    assert [s for s in target.skipped if s.name != "foreign.so"] == [
        Skipped("fixed", executable),
        Skipped("object.o", "ELF file of a type that no loader opens (relocatable or core)"),
        Skipped("pie", executable),
        Skipped("static", static),
    ]
    (reason,) = (s.reason for s in target.skipped if s.name == "foreign.so")
    assert "e_machine 4660" in reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("libs/libx.so,sha256=AAAA,1\n", "its contents do not match the hash in RECORD"),
        ("libs/libx.so,,\n", "has no hash in RECORD"),
        ("", "has no hash in RECORD"),
        ("libs/libx.so,md5=AAAA,1\n", "its hash in RECORD cannot be checked (md5: not allowed"),
    ],
    ids=["other", "none", "no-line", "md5"],
)
@pytest.mark.parametrize("long", [0, 1 << 20], ids=["beside", "in turn"])
def test_member_that_record_does_not_vouch_for_is_a_problem_and_bound_as_pip_installs_it(
    tmp_path: Path, row: str, reason: str, long: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_LONG", long)
    monkeypatch.setattr(archive, "usable_cpus", lambda: 2)
    library = build(tmp_path, "libs/libx.so", "int f(void) { return 1; }")
    module = build(tmp_path, "m.so", INIT, needed=["libs/libx.so"], runpath="$ORIGIN/libs")
    path = tmp_path / "demo-1.0-cp311-cp311-linux_x86_64.whl"
    good = f"m.so,{record_digest('sha256', module.read_bytes(), 1 << 20)},1\n"
    with zipfile.ZipFile(path, "w") as out:
        out.write(module, "m.so")
        out.write(library, "libs/libx.so")
        out.writestr("demo-1.0.dist-info/RECORD", f"{good}{row}demo-1.0.dist-info/RECORD,,\n")

    target = read_target(path)

    assert [(p.path, type(p)) for p in target.problems] == [
        (f"{path}: libs/libx.so", UnverifiedError)
    ]
    assert target.problems[0].reason.startswith(reason)
    assert opened(target, f"{SITE}/m.so") == ["m.so", "libs/libx.so"]
    # The loader asks no RECORD either.
    s = Scenario(tmp_path / "unpacked")
    with zipfile.ZipFile(path) as made:
        made.extractall(s.directory)
    assert s.compare(s.host(), "m.so").closure("m.so") == ["m.so", "libs/libx.so"]


def test_damaged_member_is_a_problem_and_the_others_are_read(tmp_path: Path) -> None:
    data = build(tmp_path, "m.so", INIT).read_bytes()
    target = read_target(wheel(tmp_path, Member("a.so", data[:700]), Member("b.so", data)))
    assert modules(target) == ["b.so"]
    (problem,) = target.problems
    assert problem.path == f"{tmp_path}/demo-1.0-cp311-cp311-linux_x86_64.whl: a.so"
    assert "truncated" in problem.reason


# -- modules --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "symbol", "is_module"),
    [
        ("m.so", "PyInit_m", True),
        ("m.cpython-311-x86_64-linux-gnu.so", "PyInit_m", True),
        ("m.abi3.so", "PyInit_m", True),
        ("café.so", "PyInitU_caf_dma", True),
        ("m.so", "_cffi_pypyinit_m", True),
        ("m.so", "PyInit_other", False),
        ("m.so", "PyInit", False),
        ("m.so", "Py_Init_m", False),
        ("m.so", "initm", False),
    ],
)
def test_extension_module_is_told_by_what_it_exports(
    tmp_path: Path, name: str, symbol: str, is_module: bool
) -> None:
    path = build(tmp_path, name, f"void *{symbol}(void) {{ return 0; }}")
    ((dso,),) = (tuple(read_target(path).members.values()),)
    assert is_extension_module(dso) == is_module


def test_reference_to_an_init_function_makes_no_module(tmp_path: Path) -> None:
    path = build(tmp_path, "a.so", "void *PyInit_m(void); void *f(void) { return PyInit_m(); }")
    ((dso,),) = (tuple(read_target(path).members.values()),)
    assert not is_extension_module(dso)


def test_bundled_libraries_are_not_opened_by_themselves(tmp_path: Path) -> None:
    build(tmp_path, "libb.so")
    build(tmp_path, "liba.so", needed=["libb.so"])
    build(tmp_path, "m.so", INIT, needed=["liba.so"])
    assert modules(read_target(pack(tmp_path, "liba.so", "libb.so", "m.so"))) == ["m.so"]


def test_library_that_nobody_needs_is_opened(tmp_path: Path) -> None:
    build(tmp_path, "m.so", INIT)
    build(tmp_path, "libctypes.so")
    target = read_target(pack(tmp_path, "m.so", "libctypes.so"))
    assert modules(target) == ["libctypes.so", "m.so"]


def test_library_needed_by_its_soname_is_not_opened_by_itself(tmp_path: Path) -> None:
    build(tmp_path, "liba.so.1")
    build(tmp_path, "m.so", INIT, needed=["liba.so.1"])
    shutil.copy(tmp_path / "liba.so.1", tmp_path / "renamed.so")
    assert modules(read_target(pack(tmp_path, "m.so", "renamed.so"))) == ["m.so"]


def test_module_that_another_one_needs_is_still_opened(tmp_path: Path) -> None:
    build(tmp_path, "a.so", INIT.replace("_m", "_a"))
    build(tmp_path, "b.so", INIT.replace("_m", "_b"), needed=["a.so"])
    assert modules(read_target(pack(tmp_path, "a.so", "b.so"))) == ["a.so", "b.so"]


def test_object_of_another_architecture_is_not_opened_and_needs_nothing(tmp_path: Path) -> None:
    build(tmp_path, "liba.so")
    foreign = bytearray(build(tmp_path, "m.so", INIT, needed=["liba.so"]).read_bytes())
    foreign[18:20] = (183).to_bytes(2, "little")
    (tmp_path / "m.so").write_bytes(foreign)
    assert modules(read_target(pack(tmp_path, "liba.so", "m.so"))) == ["liba.so"]


# -- trees and bare objects -----------------------------------------------------------------------


def test_tree_has_the_members_of_the_wheel_and_no_tags(tmp_path: Path) -> None:
    name = "specimen_bundled_mangled"
    packed = next((WHEELS / "dist").glob(f"{name}-*.whl"))
    shutil.unpack_archive(packed, tmp_path, "zip")
    tree, from_wheel = read_target(tmp_path), read_target(packed)
    assert tree.tags is None
    assert set(tree.names.values()) == set(from_wheel.names.values())
    assert modules(tree) == modules(from_wheel) == [f"{name}.abi3.so"]


@pytest.mark.parametrize("given", ["", "lib/python3/site-packages", "lib/python3/site-packages/p"])
def test_tree_has_the_plan_of_its_packages(tmp_path: Path, given: str) -> None:
    (tmp_path / "pyvenv.cfg").touch()
    site = tmp_path / "lib/python3/site-packages"
    build(site, "p/libf.so")
    (site / "p/__init__.py").write_text(
        "import ctypes\nctypes.CDLL(__path__[0] + '/libf.so', ctypes.RTLD_GLOBAL)\n"
    )
    target = read_target(tmp_path / given)
    place, line = f"{site}/p/libf.so", f"{os.path.relpath(site / 'p', tmp_path / given)}/"
    line = f"{line.removeprefix('./')}__init__.py:2"
    assert target.plan.before(f"{site}/p/m.so") == (Opening(place, GLOBAL, line),)
    assert read_unplanned(site).plan == NO_PLAN


def test_links_in_a_tree_are_no_members_but_lead_to_them(tmp_path: Path) -> None:
    build(tmp_path, "liba.so")
    build(tmp_path, "m.so", INIT, needed=["liba.so"])
    (tmp_path / "liba.so").rename(tmp_path / "liba.so.1.2")
    (tmp_path / "liba.so").symlink_to("liba.so.1.2")
    (tmp_path / "again.so").symlink_to("m.so")
    (tmp_path / "dangling.so").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to(tmp_path)
    target = read_target(tmp_path)
    assert modules(target) == ["m.so"]
    assert opened(target, f"{tmp_path}/m.so") == ["m.so", "liba.so.1.2"]


def test_hard_links_in_a_tree_are_one_member(tmp_path: Path) -> None:
    build(tmp_path, "a.so", INIT)
    os.link(tmp_path / "a.so", tmp_path / "b.so")
    assert modules(read_target(tmp_path)) == ["a.so"]


def test_tree_may_be_named_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    build(tmp_path / "tree", "m.so", INIT)
    (tmp_path / "link").symlink_to("tree")
    target = read_target(tmp_path / "link")
    assert modules(target) == ["m.so"]
    assert opened(target, f"{tmp_path}/tree/m.so") == ["m.so"]


def test_damaged_file_of_a_tree_is_a_problem_named_by_its_path(tmp_path: Path) -> None:
    data = build(tmp_path, "m.so", INIT).read_bytes()
    (tmp_path / "bad.so").write_bytes(data[:700])
    (tmp_path / "text.so").write_text("INPUT(libc.so)")
    (tmp_path / "empty.so").write_bytes(b"")
    target = read_target(tmp_path)
    assert modules(target) == ["m.so"]
    (problem,) = target.problems
    assert problem.path == f"{tmp_path}/bad.so"


def test_bare_object_is_named_by_its_resolved_path(tmp_path: Path) -> None:
    path = build(tmp_path, "m.so", INIT)
    (tmp_path / "link.so").symlink_to("m.so")
    target = read_target(tmp_path / "link.so")
    assert (target.name, modules(target)) == (f"{tmp_path}/link.so", [str(path)])


def test_bare_object_finds_libraries_beside_it(tmp_path: Path) -> None:
    build(tmp_path, "liba.so")
    path = build(tmp_path, "m.so", INIT, needed=["liba.so"])
    target = read_target(path)
    host = load_shipped("debian-12-python3")
    result = host.process.copy(target.files(host)).dlopen(str(path))
    assert not isinstance(result, LoadFailure)
    assert [m.dso.path for m in result.new] == [str(path), f"{tmp_path}/liba.so"]


def test_libraries_in_the_system_directories_are_the_hosts_and_those_below_are_not(
    tmp_path: Path,
) -> None:
    system = tmp_path / "lib"
    system.mkdir()
    build(system, "libsystem.so")
    build(system, "python3/libown.so")
    path = build(tmp_path, "m.so", INIT)
    host = load_shipped("debian-12-python3")
    process = host.process.copy(host.files)
    process.loader = host.loader._replace(system_dirs=(str(system),))
    files = read_target(path).files(host._replace(process=process))
    assert files.open(f"{system}/libsystem.so") is None
    assert files.open(f"{system}/python3/libown.so") is not None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"text" * 100, "not an ELF file (bad magic)"),
        (b"\x7fELF", "truncated or corrupt ELF file (bad class or byte order)"),
    ],
)
def test_bare_file_that_is_no_object_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "m.so"
    path.write_bytes(data)
    with pytest.raises(InputError) as raised:
        read_target(path)
    assert (raised.value.path, raised.value.reason) == (str(path), reason)


def test_bare_executable_is_refused_and_its_use_named(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "tool", "void _start(void) {}", "-pie")
    with pytest.raises(InputError, match="can be a --profile"):
        read_target(path)


# -- arguments ------------------------------------------------------------------------------------


def test_directory_of_wheels_stands_for_these(tmp_path: Path) -> None:
    for name in ("b.whl", "a.whl", "c.txt"):
        (tmp_path / name).write_bytes(b"")
    assert list(find_inputs([str(tmp_path)])) == [
        str(tmp_path / name) for name in ("a.whl", "b.whl")
    ]


def test_arguments_keep_their_order(tmp_path: Path) -> None:
    names = [str(tmp_path / name) for name in ("b.whl", "a.so", "c")]
    for name in names:
        Path(name).write_bytes(b"")
    assert [str(path) for path in find_inputs(names)] == names


def test_directory_that_cannot_be_listed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> list[str]:
        raise PermissionError(13, "Permission denied", path)

    # Root may list them all.
    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(InputError, match=rf"^{tmp_path}: Permission denied$"):
        list(find_inputs([str(tmp_path)]))


def test_missing_input_is_named() -> None:
    with pytest.raises(InputError, match=r"^missing\.whl: no such file$"):
        list(find_inputs(["missing.whl"]))


def test_pattern_in_quotes_stands_for_the_files_that_it_matches(tmp_path: Path) -> None:
    for name in ("b.whl", "a.whl", "a[1].whl", "c.so"):
        (tmp_path / name).write_bytes(b"")
    assert list(find_inputs([f"{tmp_path}/?.whl"])) == [f"{tmp_path}/a.whl", f"{tmp_path}/b.whl"]
    # A file of that very name is no pattern.
    assert list(find_inputs([f"{tmp_path}/a[1].whl"])) == [f"{tmp_path}/a[1].whl"]
    with pytest.raises(InputError, match="no file matches"):
        list(find_inputs([f"{tmp_path}/*.zip"]))
