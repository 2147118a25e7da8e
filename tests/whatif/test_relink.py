"""What a linker option changes: in memory the same as by the linker itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from collide.elf.object import ElfObject, read_object
from collide.whatif.relink import (
    NamePatterns,
    Relinked,
    add_version,
    bind_functions,
    bind_strong_functions,
    bind_symbolic,
    hide,
    need_version,
    rename,
    replace_needed,
    set_soname,
)
from compiler import compile_so
from patching import patchelf
from relinked import archive, require, same

# Each kind of definition, called, its address taken, read and written.
SOURCE = """
#define WEAK __attribute__((weak))
#define PROTECTED __attribute__((visibility("protected")))
#define HIDDEN __attribute__((visibility("hidden")))
int f(void) { return 1; }
WEAK int weak_f(void) { return 2; }
PROTECTED int protected_f(void) { return 3; }
HIDDEN int hidden_f(void) { return 4; }
static int chosen(void) { return 5; }
static void *choose(void) { return chosen; }
int indirect(void) __attribute__((ifunc("choose")));
int data = 6;
WEAK int weak_data = 7;
PROTECTED int protected_data = 8;
HIDDEN int hidden_data = 9;
__thread int thread_local_data;
int common_data;
__asm__(".globl unique_data\\n.type unique_data, @gnu_unique_object\\n.data\\n"
        "unique_data: .long 1\\n.size unique_data, 4\\n"
        ".globl untyped\\nuntyped: .long 1\\n.text");
extern int unique_data, untyped, elsewhere_data;
int elsewhere(void);
WEAK int perhaps(void);
int (*const table[])(void) = { f, weak_f, hidden_f, indirect, elsewhere };
int *const pointers[] = { &data, &weak_data, &protected_data, &hidden_data, &common_data,
                          &unique_data, &untyped, &elsewhere_data };
int use(void) {
  return f() + weak_f() + protected_f() + hidden_f() + indirect() + elsewhere()
         + (perhaps ? perhaps() : 0) + data + weak_data + protected_data + hidden_data
         + thread_local_data + common_data + unique_data + untyped + elsewhere_data;
}
int PyInit_m(void) { return use(); }
"""
VERSIONS = "V1 { global: f; data; }; V2 { global: weak_f; } V1;"


def built(tmp_path: Path, name: str, *flags: str, source: str = SOURCE) -> ElfObject:
    path = compile_so(tmp_path, name, source, "-fno-builtin", "-fcommon", *flags)
    return read_object(path.read_bytes())


def script(tmp_path: Path, text: str) -> str:
    path = tmp_path / "script.map"
    path.write_text(text)
    return f"-Wl,--version-script={path}"


SYMBOLIC: dict[str, Callable[[ElfObject], Relinked]] = {
    "-Bsymbolic": bind_symbolic,
    "-Bsymbolic-functions": bind_functions,
}


@pytest.mark.parametrize("versions", ["", VERSIONS], ids=["unversioned", "versioned"])
@pytest.mark.parametrize("option", SYMBOLIC)
def test_symbolic_is_what_gnu_ld_makes(tmp_path: Path, option: str, versions: str) -> None:
    flags = [script(tmp_path, versions)] if versions else []
    before = built(tmp_path, "before.so", *flags)
    after = built(tmp_path, "after.so", *flags, f"-Wl,{option}")
    relinked = SYMBOLIC[option](before)
    assert same(relinked, after)
    assert set(before.references) - set(after.references) == set(relinked.fate)


def test_non_weak_functions_are_what_lld_binds(tmp_path: Path) -> None:
    require("ld.lld", "apt install lld")
    lld = "-fuse-ld=lld"
    before = built(tmp_path, "before.so", lld)
    after = built(tmp_path, "after.so", lld, "-Wl,-Bsymbolic-non-weak-functions")
    relinked = bind_strong_functions(before)
    assert same(relinked, after)
    assert {r.name for r in relinked.fate} == {"f", "use"}


def test_version_script_hides_what_is_local(tmp_path: Path) -> None:
    before = built(tmp_path, "before.so")
    after = built(tmp_path, "after.so", script(tmp_path, "{ local: f; *data; unique_*; };"))
    assert same(hide(before, NamePatterns(["f", "*data", "unique_*"])), after)


def test_version_script_with_one_global_hides_all_but_the_entry(tmp_path: Path) -> None:
    before = built(tmp_path, "before.so")
    after = built(tmp_path, "after.so", script(tmp_path, "{ global: PyInit_*; local: *; };"))
    assert same(hide(before, NamePatterns([])), after)


def test_visibility_hidden_hides_all_but_what_says_otherwise(tmp_path: Path) -> None:
    source = """
    int f(void) { return 1; } int data; int (*p)(void) = f;
    __attribute__((visibility("default"))) int PyInit_m(void) { return f() + data + p(); }
    """
    before = built(tmp_path, "before.so", source=source)
    after = built(tmp_path, "after.so", "-fvisibility=hidden", source=source)
    assert same(hide(before, NamePatterns([])), after)


def test_exclude_libs_hides_the_static_library(tmp_path: Path) -> None:
    static = "int s_data; int s_one(void) { return s_data; } int s_two(void) { return s_one(); }"
    source = "int s_two(void); int own(void) { return 1; } int g(void) { return own() + s_two(); }"
    link = ["-Wl,--whole-archive", archive(tmp_path, "s", static), "-Wl,--no-whole-archive"]
    before = built(tmp_path, "before.so", *link, source=source)
    after = built(tmp_path, "after.so", *link, "-Wl,--exclude-libs,ALL", source=source)
    relinked = hide(before, NamePatterns(["s_*"]))
    assert same(relinked, after)
    assert {r.name for r in relinked.fate} == {"s_data", "s_one", "s_two"}


def test_version_node_is_what_gnu_ld_adds(tmp_path: Path) -> None:
    before = built(tmp_path, "before.so", "-Wl,-soname,libx.so")
    after = built(
        tmp_path, "after.so", "-Wl,-soname,libx.so", script(tmp_path, "MINE { global: *; };")
    )
    assert same(add_version(before, "MINE"), after)


def test_existing_nodes_get_the_node_in_front(tmp_path: Path) -> None:
    flags = ["-Wl,-soname,libx.so"]
    before = built(tmp_path, "before.so", *flags, script(tmp_path, "V1 { global: *; };"))
    after = built(tmp_path, "after.so", *flags, script(tmp_path, "MINE_V1 { global: *; };"))
    assert same(add_version(before, "MINE"), after)


def test_copy_in_an_executable_keeps_the_version_of_its_library(tmp_path: Path) -> None:
    versions = script(tmp_path, "L { global: *; };")
    compile_so(tmp_path, "libx.so", "int data = 1;", "-Wl,-soname,libx.so", versions)
    source = "extern int data; int own; void _start(void) { own = data; }"
    flags = ("-no-pie", "-fno-pic", "-rdynamic", f"-L{tmp_path}", "-l:libx.so")
    before = built(tmp_path, "before", *flags, source=source)
    after = built(tmp_path, "after", *flags, script(tmp_path, "MINE { *; };"), source=source)
    relinked = add_version(before, "MINE")
    assert relinked.fate == {}
    assert relinked.object.references == tuple(before.references) == tuple(after.references)
    for name, version in (("data", "L"), ("own", "MINE")):
        found = [*relinked.object.exports.candidates(name), *after.exports.candidates(name)]
        assert [d.version for d in found] == [version, version]


@pytest.mark.parametrize(
    ("old", "new"),
    [("", "MINE { global: *; };"), ("V1 { global: *; };", "MINE_V1 { global: *; };")],
    ids=["unversioned", "versioned"],
)
def test_user_linked_with_the_new_node_needs_it(tmp_path: Path, old: str, new: str) -> None:
    source = """
    int f(void), other(void); extern int data;
    __attribute__((weak)) int weak_f(void);
    int g(void) { return f() + data + other() + (weak_f ? weak_f() : 0); }
    """

    def user(name: str, versions: str) -> ElfObject:
        flags = [script(tmp_path, versions)] if versions else []
        built(tmp_path, "libx.so", "-Wl,-soname,libx.so", *flags)
        return built(tmp_path, name, f"-L{tmp_path}", "-l:libx.so", source=source)

    before, after = user("before.so", old), user("after.so", new)
    intended = {"f", "data", "weak_f"}
    assert same(need_version(before, "libx.so", "MINE", intended), after)


def test_rename_is_what_patchelf_makes(tmp_path: Path) -> None:
    before = built(tmp_path, "before.so", script(tmp_path, VERSIONS))
    new = {"f": "f_mine", "data": "data_mine", "elsewhere": "elsewhere_mine", "gone": "gone_mine"}
    table = tmp_path / "names.map"
    table.write_text("".join(f"{a} {b}\n" for a, b in new.items()))
    path = tmp_path / "before.so"
    patchelf("--rename-dynamic-symbols", table, path)
    relinked = rename(before, new)
    assert same(relinked, read_object(path.read_bytes()))
    assert {r.name: n.name for r, n in relinked.fate.items() if n} == {
        name: new[name] for name in ("f", "data", "elsewhere")
    }


def test_soname_and_its_users_are_what_a_new_link_makes(tmp_path: Path) -> None:
    source = "int f(void); int g(void) { return f(); }"

    def pair(soname: str, user: str) -> tuple[ElfObject, ElfObject]:
        flags = (f"-Wl,-soname,{soname}", script(tmp_path, "V1 { global: *; };"))
        library = built(tmp_path, soname, *flags, source="int f(void) { return 1; }")
        link = (f"-L{tmp_path}", f"-l:{soname}")
        return library, built(tmp_path, user, *link, source=source)

    library, user = pair("libx.so", "before.so")
    new_library, new_user = pair("libx-mine.so", "after.so")
    assert same(set_soname(library, "libx-mine.so"), new_library)
    assert same(replace_needed(user, {"libx.so": "libx-mine.so"}), new_user)


def test_executable_keeps_what_it_refers_to(tmp_path: Path) -> None:
    """It binds its own definitions at link time already; what is left are copies."""
    compile_so(tmp_path, "libx.so", "int data = 1;", "-Wl,-soname,libx.so")
    source = "extern int data; void _start(void) { data++; } int own(void) { return data; }"
    flags = ("-no-pie", "-fno-pic", "-rdynamic", f"-L{tmp_path}", "-l:libx.so")
    exe = built(tmp_path, "exe", *flags, source=source)
    assert any(r.name == "data" and r.defined for r in exe.references)
    for change in (bind_symbolic, bind_functions, bind_strong_functions):
        assert change(exe).fate == {}
    hidden = hide(exe, NamePatterns([]))
    assert hidden.fate == {}
    assert hidden.object.exports.names == {"data"}


def test_names_are_chosen_by_name_pattern_or_all() -> None:
    assert "anything" in NamePatterns([])
    chosen = NamePatterns(["f", "xml*", "a[bc]"])
    assert all(name in chosen for name in ("f", "xmlFree", "ab"))
    assert not any(name in chosen for name in ("ff", "_xml", "ad"))


def test_defined_names_of_what_is_changed_are_those_it_exports(tmp_path: Path) -> None:
    lib = built(tmp_path, "lib.so", "-shared", "-fPIC", source="int a(void) { return 1; } int b;")
    wanted = {"a", "b", "c", "d"}
    for changed in (
        hide(lib, NamePatterns(["a"])),
        rename(lib, {"a": "c"}),
        add_version(lib, "NODE"),
        add_version(rename(lib, {"b": "d"}).object, "NODE"),
    ):
        exports = changed.object.exports
        assert exports.defined(wanted) == exports.names & wanted != set()
