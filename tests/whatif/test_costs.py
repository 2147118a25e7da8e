"""What a change costs, and who pays."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.whatif.costs import costs
from collide.whatif.edits import parse_edit
from collide.whatif.whatif import whatif
from collide.wheels.target import read_target
from scenario import Scenario


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    return Scenario(tmp_path)


def priced(s: Scenario, host: Path, *edits: str, local: str | None = None) -> dict[str, list[str]]:
    """The costs of edits of the tree ``w``, by kind; base names only."""
    mine = [parse_edit(e) for e in edits]
    theirs = [parse_edit(local)] if local else []
    result = whatif(read_target(s.directory / "w"), extract(str(host), Root()), mine, theirs)
    told: dict[str, list[str]] = {}
    for cost in costs(result, mine, theirs):
        told.setdefault(cost.kind, []).append(cost.text.replace(f"{s.directory}/", ""))
    return told


LIBRARY = """
int f(void) { return 1; } int g(void) { return f(); } int data = 2;
int (*taken)(void) = f; int *pointer = &data;
int use(void) { return g() + *pointer + taken(); }
"""
USER = """
int f(void), g(void); extern int data;
int (*mine)(void) = f; int *where = &data; int m(void) { return g(); }
"""
RIVAL = "int f(void) { return 9; } int g(void) { return 9; } int data = 9;"


def pair(s: Scenario) -> None:
    s.lib("w/libx.so", LIBRARY)
    s.module("w/m.so", USER, needed=["w/libx.so"])


def test_addresses_and_variables_are_no_longer_the_same(s: Scenario) -> None:
    pair(s)
    host = s.host(needed=[s.lib("rival.so", RIVAL).name])
    told = priced(s, host, "libx.so=-Bsymbolic")
    assert told["function-pointers"] == [
        "the address of f in libx.so is not the one of rival.so, which m.so takes"
    ]
    assert told["data-pointers"] == ["libx.so uses its own data, m.so those of rival.so"]
    assert told["users"] == ["m.so still takes g from rival.so"]


def test_where_no_host_takes_anything_only_interposers_pay(s: Scenario) -> None:
    pair(s)
    told = priced(s, s.host(), "libx.so=-Bsymbolic")
    assert set(told) == {"preload"}
    (calls, variables) = told["preload"]
    assert "LD_PRELOAD no longer sees libx.so call its own f, g" in calls
    assert "no longer replaces variables of libx.so: data" in variables


def test_variables_stay_with_symbolic_functions(s: Scenario) -> None:
    pair(s)
    host = s.host(needed=[s.lib("rival.so", RIVAL).name])
    told = priced(s, host, "libx.so=-Bsymbolic-functions")
    assert "data-pointers" not in told
    assert len(told["preload"]) == 1


def test_copy_in_the_executable_is_left_alone(s: Scenario) -> None:
    pair(s)
    s.lib("rival.so", RIVAL)
    source = "extern int data; int go(void) { return data; }"
    host = s.host(source, "-no-pie", needed=["rival.so"])
    (told,) = priced(s, host, "libx.so=-Bsymbolic")["copy-relocation"]
    assert told == "host has copies of data, which libx.so then neither reads nor writes"


def test_canonical_address_in_the_executable_is_another(s: Scenario) -> None:
    pair(s)
    s.lib("rival.so", RIVAL)
    source = "int f(void); int (*go(void))(void) { return f; }"
    host = s.host(source, "-no-pie", needed=["rival.so"])
    told = priced(s, host, "libx.so=-Bsymbolic-functions")["function-pointers"]
    assert (
        "host has canonical addresses of f (PLT entries), which those taken in libx.so" in told[-1]
    )


CPP = """
#define WEAK(name, kind) __attribute__((weak)) kind
WEAK(, int) info __asm__("_ZTI3Foo") = 1;
WEAK(, int) table __asm__("_ZTV3Foo") = 1;
WEAK(, int) local __asm__("_ZZ3barvE1n") = 1;
WEAK(, int) inlined(void) __asm__("_Z6inlinev");
int inlined(void) { return 1; }
int *all[] = { &info, &table, &local };
int use(void) { return inlined(); }
"""


@pytest.mark.parametrize("change", ["-Bsymbolic", "hide"])
def test_types_and_state_of_vague_linkage_are_no_longer_shared(s: Scenario, change: str) -> None:
    s.module("w/m.so", CPP)
    host = s.host(needed=[s.lib("other.so", CPP).name])
    told = priced(s, host, f"m.so={change}")
    (identity,), (state,) = told["type-identity"], told["vague-linkage"]
    assert identity.startswith("_ZTI3Foo, _ZTV3Foo no longer shared with other.so: exceptions")
    assert state == "inline variables and local statics _ZZ3barvE1n exist in m.so and in other.so"


def test_types_stay_shared_with_functions_bound(s: Scenario) -> None:
    s.module("w/m.so", CPP)
    host = s.host(needed=[s.lib("other.so", CPP).name])
    told = priced(s, host, "m.so=-Bsymbolic-functions")
    assert not {"type-identity", "vague-linkage"} & set(told)
    told = priced(s, host, "m.so=-Bsymbolic-non-weak-functions")
    assert "_Z6inlinev" not in str(told)
    assert told["linker"] == ["m.so must be linked with lld: GNU ld has no such option"]


def test_allocator_is_told_apart_from_other_functions(s: Scenario) -> None:
    s.module(
        "w/m.so",
        "void *malloc(unsigned long n) { return (void *)n; } int f(void) { return 1; }"
        'void *n(void) __asm__("_Znwm"); void *n(void) { return 0; }'
        "int use(void) { return malloc(1) && f() && n(); }",
        "-fno-builtin",
    )
    allocator, tracer = priced(s, s.host(), "m.so=-Bsymbolic")["preload"]
    assert allocator == "an allocator in LD_PRELOAD no longer replaces _Znwm, malloc of m.so"
    assert tracer.endswith("call its own f")


def test_hidden_symbols_are_not_found_by_anybody(s: Scenario) -> None:
    s.module("w/m.so", "int f(void) { return 1; } int PyInit_m(void) { return f(); }")
    (told,) = priced(s, s.host(), "m.so=hide")["exports"]
    assert told.startswith("m.so no longer exports f: ")


def test_renamed_symbols_are_not_found_by_dlsym(s: Scenario) -> None:
    s.lib("w/libx.so", "int f(void) { return 1; }")
    s.module(
        "w/m.so",
        "int f(void); void *dlsym(void *, const char *);int m(void) { return f() && dlsym(0, 0); }",
        needed=["w/libx.so"],
    )
    told = priced(s, s.host(), "libx.so=rename")
    assert told["exports"][0].startswith("libx.so has f under other names: ")
    assert told["dlsym"] == ["looked for by name at run time, perhaps: dlsym is used by m.so"]


def test_new_node_needs_the_users_to_be_linked_again(s: Scenario) -> None:
    pair(s)
    told = priced(s, s.host(), "libx.so=version=MINE")
    assert told["relink"] == ["its users must be linked again: m.so"]
    assert told["unversioned-hosts"]


def test_new_node_of_a_host_s_library_needs_its_users_to_be_linked_again(s: Scenario) -> None:
    pair(s)
    s.lib("rival.so", RIVAL)
    host = s.host("int g(void); int go(void) { return g(); }", needed=["rival.so"])
    told = priced(s, host, local="rival.so=version=MINE")
    assert told["relink"] == ["its users must be linked again: host"]


def test_new_soname_is_not_known_outside(s: Scenario) -> None:
    pair(s)
    told = priced(s, s.host(), "libx.so=soname")
    assert told["soname"] == ["objects outside the wheel that need libx.so get another file"]


@pytest.mark.parametrize("change", ["-Bsymbolic", "protect", "direct"])
def test_library_of_a_host_parts_from_the_copies_of_the_executable(
    s: Scenario, change: str
) -> None:
    pair(s)
    s.lib("rival.so", "int data = 9; int get(void) { return data; }")
    host = s.host("extern int data; int go(void) { return data; }", "-no-pie", needed=["rival.so"])
    told = priced(s, host, local=f"rival.so={change}")
    assert any("host has copies of data" in line for lines in told.values() for line in lines)
    assert not any(
        "copies" in line
        for lines in priced(s, host, local="rival.so=-Bsymbolic-functions").values()
        for line in lines
    )


@pytest.mark.parametrize("change", ["-Bsymbolic-functions", "direct", "protect"])
def test_library_of_a_host_parts_from_the_canonical_addresses(s: Scenario, change: str) -> None:
    """What is protected does not: glibc gives it the executable's address (Rule 3.3)."""
    pair(s)
    s.lib("rival.so", "int f(void) { return 9; } int (*const taken)(void) = f;")
    source = "int f(void); int (*go(void))(void) { return f; }"
    told = priced(s, s.host(source, "-no-pie", needed=["rival.so"]), local=f"rival.so={change}")
    line = "host has canonical addresses of f (PLT entries), which those taken in rival.so then do"
    expected = [] if change == "protect" else [f"{line} not equal"]
    assert told.get("function-pointers", []) == expected


@pytest.mark.parametrize("change", ["-Bsymbolic", "protect", "direct"])
def test_vague_linkage_of_a_host_s_libraries_is_no_longer_shared(s: Scenario, change: str) -> None:
    pair(s)
    libraries = [s.lib(name, CPP).name for name in ("one.so", "other.so")]
    told = priced(s, s.host(needed=libraries), local=f"other.so={change}")
    assert told["type-identity"][0].startswith("_ZTI3Foo, _ZTV3Foo no longer shared with one.so")
    assert told["vague-linkage"] == [
        "inline variables and local statics _ZZ3barvE1n exist in other.so and in one.so"
    ]


def test_direct_binding_splits_what_the_executable_replaces(s: Scenario) -> None:
    pair(s)
    s.lib("below.so", "void *malloc(unsigned long n) { return (void *)n; }", "-fno-builtin")
    source = "void *malloc(unsigned long); void *use(void) { return malloc(1); }"
    s.lib("library.so", source, "-fno-builtin", needed=["below.so"])
    replaces = "#include <stddef.h>\nvoid *malloc(size_t n) { (void)n; return 0; }"
    host = s.host(replaces, "-fno-builtin", needed=["library.so"])
    told = priced(s, host, local="library.so=direct")
    (line,) = told["allocator"]
    assert line.endswith("what one allocates the other cannot free: malloc of below.so beside host")
    assert "allocator" not in priced(s, host, local="library.so=-Bsymbolic")


def test_host_must_ask_dlsym_or_loses_what_it_linked(s: Scenario) -> None:
    pair(s)
    s.lib("rival.so", RIVAL)
    host = s.host("int g(void); int go(void) { return g(); }", needed=["rival.so"])
    told = priced(s, host, local="rival.so=local")
    assert told["host"] == ["host must ask dlsym for g of rival.so"]
    told = priced(s, host, local="rival.so=without")
    assert told["host"] == ["host loses g of rival.so"]
    unused = s.host(needed=["rival.so"], name="unused")
    told = priced(s, unused, local="rival.so=local")
    assert told["host"] == ["nothing of the host refers to what rival.so alone defines"]
