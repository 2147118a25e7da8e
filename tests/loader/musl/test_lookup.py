"""Which definition wins under musl: judged by the slots that musl fills."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from collide.elf.constants import (
    DT_SYMBOLIC,
    SHN_ABS,
    STB_LOCAL,
    STT_TLS,
    STV_HIDDEN,
    STV_PROTECTED,
)
from collide.loader.musl.lookup import MuslLookup
from corpus import unpacked
from musl import MuslScenario
from scenario import empty_bloom_filter, patch_dynamic, patch_symbol, patch_versym

F = "int f(void) { return 1; }"
CALLS_F = "int f(void); int g(void) { return f(); }"
CALLS_OWN_F = "int f(void) { return 2; } int g(void) { return f(); }"
UNIQUE = """
.data
.globl unique
.type unique, @gnu_unique_object
.size unique, 4
unique: .long 1
"""
UNIQUE_USER = f'__asm__("{UNIQUE}"); extern int unique; int *g(void) {{ return &unique; }}'.replace(
    "\n", "\\n"
)


@pytest.fixture
def s(tmp_path: Path) -> MuslScenario:
    return MuslScenario(tmp_path)


def first_or_second(
    s: MuslScenario, change: Callable[[Path], None] = lambda _: None
) -> tuple[str | None, str]:
    """Who serves ``f`` of ``mod.so``: ``libfirst.so``, ``libsecond.so`` or nobody; and why.

    ``change`` is done to the first one when the linker is through with it.
    """
    s.lib("libsecond.so", F)
    s.module("mod.so", CALLS_F.replace("f(void);", "f(void) __attribute__((weak));"),
             needed=["libfirst.so", "libsecond.so"])  # fmt: skip
    change(s.directory / "libfirst.so")
    outcome = s.judge(s.host(), "mod.so")
    reference = outcome.binding("mod.so", "f").reference
    (first,) = (m for m in outcome.bound[-1].opened.new if m.name.endswith("libfirst.so"))
    told = MuslLookup((1, 2, 3)).explain(reference, first.elf)
    return outcome.provider("mod.so", "f"), told[0][1].name if told else "absent"


# -- versions -------------------------------------------------------------------------------------


@pytest.mark.rule("7", "lookup")
def test_other_version_serves(s: MuslScenario) -> None:
    s.lib("libv.so", F, versions="V2 { f; };")
    s.module("mod.so", CALLS_F, needed=["libv.so"])
    host = s.host(F, "-Wl,--version-script=" + str(script(s, "V1 { f; };")))
    outcome = s.judge(host, "mod.so")
    assert outcome.provider("mod.so", "f") == "host"
    assert outcome.binding("mod.so", "f").shadowed


def script(s: MuslScenario, text: str) -> Path:
    path = s.directory / "host.map"
    path.write_text(text)
    return path


@pytest.mark.parametrize("index", [0x8001, 0x8002, 0x8003])
@pytest.mark.rule("7", "lookup")
def test_version_that_is_not_the_default_is_not_seen(s: MuslScenario, index: int) -> None:
    s.lib("libfirst.so", F, versions="V1 { f; }; V2 { other; };")
    patch_versym(s.directory / "libfirst.so", "f", index)
    assert first_or_second(s) == ("libsecond.so", "NOT_DEFAULT_VERSION")


@pytest.mark.parametrize("index", [0, 1, 2, 3])
@pytest.mark.rule("7", "lookup")
def test_any_other_version_index_is_seen(s: MuslScenario, index: int) -> None:
    s.lib("libfirst.so", F, versions="V1 { f; }; V2 { other; };")
    patch_versym(s.directory / "libfirst.so", "f", index)
    assert first_or_second(s) == ("libfirst.so", "SAME_NAME")


@pytest.mark.rule("7", "lookup")
def test_default_version_of_several_is_the_one(s: MuslScenario) -> None:
    source = """
    __asm__(".symver f1,f@V1"); __asm__(".symver f2,f@@V2");
    int f1(void) { return 1; } int f2(void) { return 2; }
    """
    s.lib("libv.so", source, versions="V1 { }; V2 { };")
    s.module("mod.so", CALLS_F, needed=["libv.so"])
    outcome = s.judge(s.host(), "mod.so")
    actual = outcome.binding("mod.so", "f").actual
    assert actual is not None
    assert actual.definition.version == "V2"


# -- visibility, binding, type --------------------------------------------------------------------


@pytest.mark.rule("7", "lookup")
def test_hidden_definition_serves(s: MuslScenario) -> None:
    patch_symbol(s.lib("libfirst.so", F), "f", visibility=STV_HIDDEN)
    assert first_or_second(s) == ("libfirst.so", "SAME_NAME")


@pytest.mark.parametrize("visibility", [STV_PROTECTED, STV_HIDDEN])
@pytest.mark.rule("7", "lookup")
def test_reference_of_any_visibility_is_interposed(s: MuslScenario, visibility: int) -> None:
    patch_symbol(s.module("mod.so", CALLS_OWN_F), "f", visibility=visibility)
    outcome = s.judge(s.host(F), "mod.so")
    assert outcome.provider("mod.so", "f") == "host"
    assert outcome.binding("mod.so", "f").shadowed


@pytest.mark.rule("7", "lookup")
def test_local_definition_is_passed_over(s: MuslScenario) -> None:
    patch_symbol(s.lib("libfirst.so", F), "f", binding=STB_LOCAL)
    provider, _ = first_or_second(s)
    assert provider == "libsecond.so"


@pytest.mark.rule("7", "lookup")
def test_weak_definition_serves_like_a_global_one(s: MuslScenario) -> None:
    s.lib("libfirst.so", f"__attribute__((weak)) {F}")
    assert first_or_second(s) == ("libfirst.so", "SAME_NAME")


@pytest.mark.rule("7", "lookup")
def test_indirect_function_is_no_definition(s: MuslScenario) -> None:
    s.lib("libfirst.so", 'static int real(void) { return 1; } static void *pick(void)'
          '{ return real; } int f(void) __attribute__((ifunc("pick")));')  # fmt: skip
    assert first_or_second(s) == ("libsecond.so", "WRONG_TYPE")


@pytest.mark.rule("7", "lookup")
def test_unique_symbols_are_of_their_own_module(s: MuslScenario) -> None:
    for name in ("one.so", "two.so"):
        s.module(name, UNIQUE_USER)
    outcome = s.judge(s.host(), "one.so", "two.so")
    assert outcome.provider("two.so", "unique") == "two.so"


@pytest.mark.parametrize("section", [SHN_ABS, 5])
@pytest.mark.rule("7", "lookup")
def test_value_zero_is_no_definition(s: MuslScenario, section: int) -> None:
    patch_symbol(s.lib("libfirst.so", F), "f", value=0, section=section)
    provider, _ = first_or_second(s)
    assert provider == "libsecond.so"


@pytest.mark.rule("7", "lookup")
def test_thread_local_variable_of_offset_zero_is_one(s: MuslScenario) -> None:
    # The linker would refuse to mix the two kinds of f, musl does not look.
    s.lib("libfirst.so", F)
    found = first_or_second(s, lambda path: patch_symbol(path, "f", kind=STT_TLS, value=0))
    assert found == ("libfirst.so", "SAME_NAME")


@pytest.mark.rule("7", "lookup")
def test_type_of_the_reference_does_not_count(s: MuslScenario) -> None:
    s.lib("libfirst.so", "int f = 1;")
    assert first_or_second(s) == ("libfirst.so", "SAME_NAME")


# -- reachability ---------------------------------------------------------------------------------


@pytest.mark.rule("7", "lookup")
def test_definition_that_the_hash_table_does_not_reach_is_none(s: MuslScenario) -> None:
    empty_bloom_filter(s.lib("libfirst.so", F))
    assert first_or_second(s) == ("libsecond.so", "absent")


@pytest.mark.rule("7", "lookup")
def test_sysv_table_serves_too(s: MuslScenario) -> None:
    s.lib("libfirst.so", F, "-Wl,--hash-style=sysv")
    assert first_or_second(s) == ("libfirst.so", "SAME_NAME")


# -- the executable -------------------------------------------------------------------------------


@pytest.mark.rule("7", "lookup")
def test_copied_data_captures_all(s: MuslScenario) -> None:
    s.lib("libdata.so", "int data = 1; int *own(void) { return &data; }")
    host = s.host(
        "extern int data; int *own(void); int use(void) { return data + *own(); }",
        "-no-pie",
        needed=["libdata.so"],
    )
    s.module("mod.so", "extern int data; int *g(void) { return &data; }")
    outcome = s.judge(host, "mod.so")
    assert outcome.provider("libdata.so", "data") == "host"
    assert outcome.provider("mod.so", "data") == "host"
    assert not outcome.binding("libdata.so", "data").shadowed
    copy = [b for b in outcome.bound[0].objects[0].bindings if b.reference.name == "data"]
    assert {str(b.provider and b.provider.path) for b in copy} == {str(s.directory / "libdata.so")}


@pytest.mark.rule("7", "lookup")
def test_canonical_plt_entry_serves_an_address_but_no_call(s: MuslScenario) -> None:
    s.lib("liba.so", F)
    use = "int f(void); void *use(void) { return f; }"
    host = s.host(use, "-no-pie", needed=["liba.so"])
    source = "int f(void); int call(void) { return f(); } void *%s = f;"
    s.module("mod.so", source % "const address", "-Wl,-z,now,-z,relro")
    outcome = s.judge(host, "mod.so")
    assert outcome.providers("mod.so", "f") == {"host", "liba.so"}


@pytest.mark.rule("7", "lookup")
def test_dt_symbolic_is_not_read(s: MuslScenario) -> None:
    # Asked for the flag, the linker would leave no reference to search for.
    patch_dynamic(s.module("mod.so", CALLS_OWN_F), DT_SYMBOLIC, 0)
    assert s.judge(s.host(F), "mod.so").provider("mod.so", "f") == "host"


# -- what is not found ----------------------------------------------------------------------------


@pytest.mark.rule("7", "lookup")
def test_undefined_symbol_is_a_failure(s: MuslScenario) -> None:
    s.module("mod.so", CALLS_F)
    outcome = s.judge(s.host(), "mod.so")
    assert [(f.kind, f.name) for f in outcome.failures] == [("undefined-symbol", "f")]


@pytest.mark.rule("7", "lookup")
def test_weak_reference_may_stay_empty(s: MuslScenario) -> None:
    s.module("mod.so", "int f(void) __attribute__((weak)); int g(void) { return f(); }")
    assert s.judge(s.host(), "mod.so").provider("mod.so", "f") is None


@pytest.mark.rule("7", "lookup")
def test_weak_definition_of_its_own_must_be_found(s: MuslScenario) -> None:
    source = "__attribute__((weak)) int f(void) { return 1; } int g(void) { return f(); }"
    module = s.module("mod.so", source)
    assert s.judge(s.host(), "mod.so").provider("mod.so", "f") == "mod.so"
    empty_bloom_filter(module)
    outcome = s.judge(s.host(), "mod.so")
    assert [(f.kind, f.name) for f in outcome.failures] == [("undefined-symbol", "f")]


LARGE = "void *stat64(void); void *g(void) { return stat64(); }"


def test_names_for_large_files_have_no_substitute_before_1_2_4() -> None:
    assert MuslLookup((1, 2, 3)).substitute("stat64") is None
    # No loader here is that old: from the source, get_lfs64 came with 246f1c8.
    assert MuslLookup((1, 2, 4)).substitute("stat64") == "stat"


@pytest.mark.parametrize(
    ("name", "substitute"),
    [("fopen64", "fopen"), ("readdir64_r", "readdir_r"), ("__fxstat64", "__fxstat"),
     ("puts64", None), ("fopen", None), ("64", None), ("posix_fallocate64", None)],
)  # fmt: skip
def test_which_names_have_one(name: str, substitute: str | None) -> None:
    assert MuslLookup((1, 2, 5)).substitute(name) == substitute


@pytest.mark.corpus
@pytest.mark.rule("7", "lookup")
def test_name_for_large_files_is_taken_from_musl(s: MuslScenario) -> None:
    loader = unpacked("trixie", "amd64", "musl") / "lib/ld-musl-x86_64.so.1"
    host = s.host("", f"-Wl,--dynamic-linker={loader}")
    s.module("mod.so", LARGE)
    outcome = s.judge(host, "mod.so")
    assert outcome.host.loader.version >= (1, 2, 4)
    actual = outcome.binding("mod.so", "stat64").actual
    assert actual is not None
    assert actual.definition.name == "stat"
    assert outcome.provider("mod.so", "stat64") == "musl"
