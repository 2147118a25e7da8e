"""Which definition wins: each rule of glibc's ``do_lookup_x`` and ``check_match``.

Every test compiles a scenario and lets the real loader judge all its bindings
(:meth:`scenario.Scenario.compare`); the assertion names the one that matters.
"""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from collide.elf.constants import (
    DF_SYMBOLIC,
    DT_FLAGS,
    DT_VERDEF,
    SHN_ABS,
    STB_LOCAL,
    STT_COMMON,
    STT_FUNC,
    STT_GNU_IFUNC,
    STT_NOTYPE,
    STT_OBJECT,
    STT_TLS,
    STV_HIDDEN,
    STV_INTERNAL,
    STV_PROTECTED,
)
from collide.elf.machines import CLASS_DATA, CLASS_PLT
from collide.elf.object import read_object
from collide.elf.symbols import Reference
from collide.loader.glibc.lookup import GlibcLookup
from scenario import (
    Scenario,
    drop_dynamic,
    empty_bloom_filter,
    patch_dynamic,
    patch_need,
    patch_symbol,
    patch_versym,
)

F = "int f(void) { return 1; }"
CALLS_F = "int f(void); int g(void) { return f(); }"
CALLS_OWN_F = "int f(void) { return 2; } int g(void) { return f(); }"
HIDDEN = 0x8000


# -- 4.2: a versioned reference -------------------------------------------------------------------


class Versioned(Scenario):
    """A module that calls f@V1 of libv.so, in a host that links libh.so."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.lib("libv.so", F, versions="V1 { f; };")
        self.module("mod.so", CALLS_F, needed=["libv.so"])

    def host_lib(self, source: str, versions: str | None = None) -> Path:
        return self.lib("libh.so", source, versions=versions)

    def provider_of_f(self) -> str | None:
        host = self.host(needed=["libh.so"])
        return self.compare(host, "mod.so").provider("mod.so", "f", "V1")


@pytest.mark.rule("4.2", "no version tables")
def test_versioned_reference_takes_an_object_without_version_tables(tmp_path: Path) -> None:
    s = Versioned(tmp_path)
    s.host_lib(F)
    assert s.provider_of_f() == "libh.so"


@pytest.mark.rule("4.2", "same version")
def test_versioned_reference_takes_the_same_version_of_any_object(tmp_path: Path) -> None:
    s = Versioned(tmp_path)
    s.host_lib(F, versions="V1 { f; };")
    assert s.provider_of_f() == "libh.so"


@pytest.mark.rule("4.2", "same version, hidden")
def test_versioned_reference_takes_the_same_version_even_if_not_default(tmp_path: Path) -> None:
    s = Versioned(tmp_path)
    s.host_lib('int f1(void) { return 1; } __asm__(".symver f1, f@V1");', versions="V1 { };")
    assert s.provider_of_f() == "libh.so"


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.rule("4.2", "base")
def test_versioned_reference_takes_a_base_definition(tmp_path: Path, index: int) -> None:
    s = Versioned(tmp_path)
    patch_versym(s.host_lib(F, versions="V9 { f; };"), "f", index)
    assert s.provider_of_f() == "libh.so"


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.rule("4.2", "base, hidden")
def test_versioned_reference_refuses_a_hidden_base_definition(tmp_path: Path, index: int) -> None:
    s = Versioned(tmp_path)
    patch_versym(s.host_lib(F, versions="V9 { f; };"), "f", index | HIDDEN)
    assert s.provider_of_f() == "libv.so"


@pytest.mark.rule("4.2", "base")
def test_versioned_reference_takes_an_export_of_an_executable_that_needs_versions(
    tmp_path: Path,
) -> None:
    s = Versioned(tmp_path)
    outcome = s.compare(s.host(F), "mod.so")
    assert outcome.provider("mod.so", "f", "V1") == "host"


@pytest.mark.rule("4.2", "other default version")
def test_versioned_reference_skips_another_default_version(tmp_path: Path) -> None:
    s = Versioned(tmp_path)
    s.host_lib(F, versions="V2 { f; };")
    assert s.provider_of_f() == "libv.so"


@pytest.mark.rule("4.2", "other hidden version")
def test_versioned_reference_skips_another_hidden_version(tmp_path: Path) -> None:
    s = Versioned(tmp_path)
    s.host_lib('int f2(void) { return 1; } __asm__(".symver f2, f@V2");', versions="V2 { };")
    assert s.provider_of_f() == "libv.so"


@pytest.mark.rule("4.2", "exact: no base")
def test_exact_reference_refuses_a_base_definition(tmp_path: Path) -> None:
    s = Versioned(tmp_path)
    patch_need(tmp_path / "mod.so", "V1", exact=True)
    patch_versym(s.host_lib(F, versions="V9 { f; };"), "f", 1)
    assert s.provider_of_f() == "libv.so"


@pytest.mark.rule("4.2", "exact: same version")
def test_exact_reference_takes_the_same_version(tmp_path: Path) -> None:
    s = Versioned(tmp_path)
    patch_need(tmp_path / "mod.so", "V1", exact=True)
    s.host_lib(F, versions="V1 { f; };")
    assert s.provider_of_f() == "libh.so"


@pytest.mark.rule("4.2", "exact: no version tables")
def test_exact_reference_takes_an_object_without_version_tables(tmp_path: Path) -> None:
    s = Versioned(tmp_path)
    patch_need(tmp_path / "mod.so", "V1", exact=True)
    s.host_lib(F)
    assert s.provider_of_f() == "libh.so"


@pytest.mark.rule("4.2", "own export")
def test_own_versioned_export_is_looked_up_with_its_version(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libh.so", F, versions="V2 { f; };")
    s.module("mod.so", CALLS_OWN_F, versions="V1 { f; g; };")
    outcome = s.compare(s.host(needed=["libh.so"]), "mod.so")
    assert outcome.provider("mod.so", "f", "V1") == "mod.so"


TWO_VERSIONS = """
int f1(void) { return 1; } __asm__(".symver f1, f@V1");
int f2(void) { return 2; } __asm__(".symver f2, f@@V2");
"""


@pytest.mark.parametrize(("version", "status"), [("V1", 1), ("V2", 2)])
@pytest.mark.rule("4.2", "same version")
def test_versioned_reference_takes_its_version_of_two(
    tmp_path: Path, version: str, status: int
) -> None:
    s = Scenario(tmp_path)
    s.lib("libf.so", F, versions=f"{version} {{ f; }};")
    host = s.exe("int f(void); int main(void) { return f(); }", needed=["libf.so"])
    s.lib("libf.so", TWO_VERSIONS, versions="V1 { }; V2 { };")
    outcome = s.compare(host)
    definition = outcome.definition("host", "f")
    assert outcome.ran.status == status
    assert definition is not None
    assert definition.version == version


@pytest.mark.rule("4.2", "assertion")
def test_versioned_reference_to_its_library_without_version_tables_aborts_up_to_2_40(
    tmp_path: Path,
) -> None:
    s = Versioned(tmp_path)
    s.lib("libv.so", F)
    outcome = s.compare(s.host(), "mod.so")
    aborts = outcome.host.loader.version < (2, 41)
    assert [f.kind for f in outcome.failures] == ["version-tables-missing"] * aborts
    assert ("Assertion `version->filename == NULL" in outcome.ran.stderr) == aborts


# -- 4.3: an unversioned reference ----------------------------------------------------------------


class Unversioned(Scenario):
    """An executable whose status is the answer of f, referred to without a version.

    libf.so comes first in its scope, the unversioned libz.so (status 9) behind.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.lib("libf.so", F)
        self.lib("libz.so", "int f(void) { return 9; }")
        self.exe("int f(void); int main(void) { return f(); }", needed=["libf.so", "libz.so"])

    def status(self) -> int:
        outcome = self.compare(self.directory / "host")
        assert outcome.bindings("host", "f")
        return outcome.ran.status


@pytest.mark.rule("4.3", "no version tables")
def test_unversioned_reference_takes_an_object_without_version_tables(tmp_path: Path) -> None:
    assert Unversioned(tmp_path).status() == 1


@pytest.mark.parametrize("versym", [0, 1, HIDDEN, HIDDEN | 1])
@pytest.mark.rule("4.3", "base, hidden or not")
def test_unversioned_reference_takes_a_base_definition_hidden_or_not(
    tmp_path: Path, versym: int
) -> None:
    s = Unversioned(tmp_path)
    patch_versym(s.lib("libf.so", F, versions="V1 { f; };"), "f", versym)
    assert s.status() == 1


@pytest.mark.rule("4.3", "first version node")
def test_unversioned_reference_takes_the_first_version_node(tmp_path: Path) -> None:
    s = Unversioned(tmp_path)
    s.lib("libf.so", F, versions="V1 { f; };")
    assert s.status() == 1


@pytest.mark.rule("4.3", "first version node, hidden")
def test_unversioned_reference_takes_the_first_version_node_even_if_hidden(tmp_path: Path) -> None:
    s = Unversioned(tmp_path)
    s.lib("libf.so", TWO_VERSIONS, versions="V1 { }; V2 { };")
    assert s.status() == 1


@pytest.mark.rule("4.3", "only default version")
def test_unversioned_reference_takes_the_only_default_version(tmp_path: Path) -> None:
    s = Unversioned(tmp_path)
    s.lib("libf.so", F, versions="V1 { }; V2 { f; };")
    assert s.status() == 1


@pytest.mark.rule("4.3", "later hidden version")
def test_unversioned_reference_skips_a_later_hidden_version(tmp_path: Path) -> None:
    s = Unversioned(tmp_path)
    s.lib(
        "libf.so",
        'int f2(void) { return 2; } __asm__(".symver f2, f@V2");',
        versions="V1 { }; V2 { };",
    )
    assert s.status() == 9


@pytest.mark.rule("4.3", "only default version")
def test_unversioned_reference_passes_over_hidden_versions_to_the_default(tmp_path: Path) -> None:
    s = Unversioned(tmp_path)
    s.lib(
        "libf.so",
        """int f2(void) { return 2; } __asm__(".symver f2, f@V2");
           int f3(void) { return 3; } __asm__(".symver f3, f@@V3");""",
        versions="V1 { }; V2 { }; V3 { };",
    )
    assert s.status() == 3


@pytest.mark.rule("4.3", "two default versions")
def test_unversioned_reference_skips_an_object_with_two_default_versions(tmp_path: Path) -> None:
    s = Unversioned(tmp_path)
    lib = s.lib(
        "libf.so",
        """int f2(void) { return 2; } __asm__(".symver f2, f@V2");
           int f3(void) { return 3; } __asm__(".symver f3, f@@V3");""",
        versions="V1 { }; V2 { }; V3 { };",
    )
    patch_versym(lib, "f", 3, 4)
    assert s.status() == 9


@pytest.mark.rule("4.3", "first version node, hidden")
def test_unversioned_memcpy_is_the_oldest_one_of_libc(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("mod.so", "void *memcpy(); void *p = (void *)memcpy;")
    definition = s.compare(s.host(), "mod.so").definition("mod.so", "memcpy")
    assert definition is not None
    assert definition.version == "GLIBC_2.2.5"


@pytest.mark.rule("4.1", "versym alone")
def test_versym_without_any_version_definition_or_need_is_no_version_table(tmp_path: Path) -> None:
    s = Versioned(tmp_path)
    drop_dynamic(s.host_lib(F, versions="V9 { f; };"), DT_VERDEF)
    assert s.provider_of_f() == "libh.so"


# -- 3.1: what a candidate must be ----------------------------------------------------------------


def provider_with_host_symbol(
    directory: Path, module: str = CALLS_F, host: str = F, name: str = "f", **patch: int
) -> str | None:
    """Who serves ``name`` of a module, where the host's libh.so has it patched, and a later
    library as it should be.
    """
    s = Scenario(directory)
    patch_symbol(s.lib("libh.so", host), name, **patch)
    s.lib("libz.so", host)
    s.module("mod.so", module, needed=["libz.so"])
    return s.compare(s.host(needed=["libh.so"]), "mod.so").provider("mod.so", name)


@pytest.mark.rule("3.1", "no address")
def test_symbol_without_an_address_is_no_definition(tmp_path: Path) -> None:
    assert provider_with_host_symbol(tmp_path, value=0) == "libz.so"


@pytest.mark.rule("3.1", "absolute zero")
def test_absolute_symbol_of_value_zero_is_a_definition(tmp_path: Path) -> None:
    assert provider_with_host_symbol(tmp_path, value=0, section=SHN_ABS) == "libh.so"


@pytest.mark.rule("3.1", "thread-local zero")
def test_tls_symbol_of_value_zero_is_a_definition(tmp_path: Path) -> None:
    host, module = "__thread int f = 1;", "extern __thread int f; int *g(void) { return &f; }"
    assert provider_with_host_symbol(tmp_path, module, host, value=0) == "libh.so"


@pytest.mark.parametrize(
    "kind", [STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_COMMON, STT_TLS, STT_GNU_IFUNC]
)
@pytest.mark.rule("3.1", "type")
def test_symbol_of_any_ordinary_type_serves_a_call(tmp_path: Path, kind: int) -> None:
    # The patched IFUNC's resolver, f itself, answers 1: nothing calls that address.
    assert provider_with_host_symbol(tmp_path, kind=kind) == "libh.so"


@pytest.mark.parametrize("kind", [3, 4, 7, 11, 13])  # SECTION, FILE, unassigned, OS, processor
@pytest.mark.rule("3.1", "type")
def test_symbol_of_another_type_is_no_definition(tmp_path: Path, kind: int) -> None:
    assert provider_with_host_symbol(tmp_path, kind=kind) == "libz.so"


@pytest.mark.rule("3.1", "type")
def test_thread_local_reference_takes_an_ordinary_variable(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libh.so", "int f = 1;")
    s.module("mod.so", "extern __thread int f; int *g(void) { return &f; }")
    outcome = s.compare(s.host(needed=["libh.so"]), "mod.so")
    assert outcome.provider("mod.so", "f") == "libh.so"


@pytest.mark.rule("3.5", "found like a function")
def test_ifunc_is_found_like_a_function(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib(
        "libh.so",
        """static int chosen(void) { return 1; }
           static void *choose(void) { return chosen; }
           int f(void) __attribute__((ifunc("choose")));""",
    )
    s.module("mod.so", CALLS_OWN_F)
    outcome = s.compare(s.host(needed=["libh.so"]), "mod.so")
    definition = outcome.definition("mod.so", "f")
    assert outcome.provider("mod.so", "f") == "libh.so"
    assert definition is not None
    assert definition.type == STT_GNU_IFUNC


# Compiled without -fPIC, the first makes the PLT entry of the executable f's address.
TAKES_F = "int f(void); void *host_p(void) { return f; }"
TAKES_AND_CALLS_F = "int f(void); void *p = (void *)f; int g(void) { return f(); }"


@pytest.mark.rule("3.1", "canonical PLT")
def test_canonical_plt_entry_of_the_executable_serves_an_address_but_no_call(
    tmp_path: Path,
) -> None:
    s = Scenario(tmp_path)
    s.lib("libf.so", F)
    host = s.host(TAKES_F, "-no-pie", needed=["libf.so"])
    s.module("mod.so", TAKES_AND_CALLS_F)
    outcome = s.compare(host, "mod.so")
    assert outcome.providers("mod.so", "f") == {"host", "libf.so"}
    by_class = {
        b.reference.lookup_class: b.provider.path if b.provider else None
        for b in outcome.bindings("mod.so", "f")
    }
    assert by_class == {
        CLASS_DATA: str(tmp_path / "host"),
        CLASS_PLT: str(tmp_path / "libf.so"),
    }


# -- 3.2: visibility and binding of a candidate ---------------------------------------------------


@pytest.mark.parametrize("visibility", [STV_HIDDEN, STV_INTERNAL])
@pytest.mark.rule("3.2", "hidden")
def test_hidden_or_internal_definition_is_passed_over(tmp_path: Path, visibility: int) -> None:
    assert provider_with_host_symbol(tmp_path, visibility=visibility) == "libz.so"


@pytest.mark.rule("3.2", "protected")
def test_protected_definition_serves_others(tmp_path: Path) -> None:
    assert provider_with_host_symbol(tmp_path, visibility=STV_PROTECTED) == "libh.so"


@pytest.mark.parametrize("binding", [STB_LOCAL, 3, 13])
@pytest.mark.rule("3.2", "local or unknown binding")
def test_definition_of_local_or_unknown_binding_is_passed_over(
    tmp_path: Path, binding: int
) -> None:
    assert provider_with_host_symbol(tmp_path, binding=binding) == "libz.so"


@pytest.mark.rule("3.2", "weak")
def test_weak_definition_wins_where_it_is_first(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libh.so", f"__attribute__((weak)) {F}")
    s.module("mod.so", CALLS_OWN_F)
    outcome = s.compare(s.host(needed=["libh.so"]), "mod.so")
    assert outcome.provider("mod.so", "f") == "libh.so"


@pytest.mark.rule("3.2", "hidden")
def test_hidden_definition_ends_the_search_in_its_object(tmp_path: Path) -> None:
    s = Unversioned(tmp_path)
    # f@V1 is taken for the unversioned reference, then refused; f@@V2 gets no chance.
    patch_symbol(
        s.lib("libf.so", TWO_VERSIONS, versions="V1 { }; V2 { };"), "f", visibility=STV_HIDDEN
    )
    assert s.status() == 9


# -- 3.3: visibility of the reference -------------------------------------------------------------


@pytest.mark.parametrize("visibility", [STV_HIDDEN, STV_INTERNAL])
@pytest.mark.rule("3.3", "hidden")
def test_hidden_reference_binds_to_its_own_object_without_a_search(
    tmp_path: Path, visibility: int
) -> None:
    s = Scenario(tmp_path)
    patch_symbol(s.module("mod.so", CALLS_OWN_F), "f", visibility=visibility)
    outcome = s.compare(s.host(F), "mod.so")
    assert outcome.provider("mod.so", "f") is None
    assert not outcome.bindings("mod.so", "f")


@pytest.mark.rule("3.3", "hidden")
def test_hidden_undefined_reference_is_not_searched_and_does_not_fail(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    patch_symbol(s.module("mod.so", CALLS_F), "f", visibility=STV_HIDDEN)
    assert s.compare(s.host(), "mod.so").messages == ("ok",)


@pytest.mark.rule("3.3", "protected")
def test_protected_reference_binds_to_its_own_object_after_a_search(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    patch_symbol(s.module("mod.so", CALLS_OWN_F), "f", visibility=STV_PROTECTED)
    outcome = s.compare(s.host(F), "mod.so")
    assert outcome.provider("mod.so", "f") == "mod.so"


@pytest.mark.rule("3.3", "protected and canonical PLT")
def test_protected_address_is_the_canonical_plt_entry_of_the_executable(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    takes_own_f = f"{F} void *p = (void *)f; int g(void) {{ return f(); }}"
    library = s.lib("libf.so", takes_own_f)
    host = s.host(TAKES_F, "-no-pie", needed=["libf.so"])
    patch_symbol(library, "f", visibility=STV_PROTECTED)
    assert s.compare(host).providers("libf.so", "f") == {"host", "libf.so"}


@pytest.mark.rule("3.3", "protected and canonical PLT")
def test_protected_address_is_its_own_where_another_object_is_called_through_the_entry(
    tmp_path: Path,
) -> None:
    s = Scenario(tmp_path)
    s.lib("libf.so", F)
    host = s.host(TAKES_F, "-no-pie", needed=["libf.so"])
    module = s.module("mod.so", "int f(void) { return 2; } void *p = (void *)f;")
    patch_symbol(module, "f", visibility=STV_PROTECTED)
    assert s.compare(host, "mod.so").provider("mod.so", "f") == "mod.so"


@pytest.mark.rule("3.3", "protected")
def test_undefined_protected_reference_binds_to_its_own_object(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    patch_symbol(s.module("mod.so", CALLS_F), "f", visibility=STV_PROTECTED)
    assert s.compare(s.host(F), "mod.so").provider("mod.so", "f") == "mod.so"


@pytest.mark.rule("3.3", "weak undefined")
def test_undefined_weak_reference_does_not_fail(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("mod.so", f"__attribute__((weak)) {CALLS_F}")
    outcome = s.compare(s.host(), "mod.so")
    assert outcome.messages == ("ok",)
    assert outcome.binding("mod.so", "f").actual is None


# -- 3.4: copy relocations ------------------------------------------------------------------------

USES_V = "extern int v; int *host_v(void) { return &v; }"
V = "int v = 1; int *own_v(void) { return &v; }"


@pytest.mark.parametrize("kind", ["-pie", "-no-pie"])
@pytest.mark.rule("3.4", "copy captures")
def test_copied_variable_captures_its_own_library(tmp_path: Path, kind: str) -> None:
    s = Scenario(tmp_path)
    s.lib("libv.so", V)
    s.module("mod.so", V)
    outcome = s.compare(s.host(USES_V, kind, needed=["libv.so"]), "mod.so")
    assert outcome.provider("host", "v") == "libv.so"
    assert outcome.provider("libv.so", "v") == "host"
    assert outcome.provider("mod.so", "v") == "host"


@pytest.mark.rule("3.4", "version of the copy")
def test_copied_variable_has_the_version_of_its_source(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libv.so", V, versions="V1 { v; };")
    s.lib("libw.so", V, versions="V2 { v; };")
    s.module("other.so", "extern int v; int *g(void) { return &v; }", needed=["libw.so"])
    s.module("same.so", "extern int v; int *g(void) { return &v; }", needed=["libv.so"])
    s.module("none.so", "extern int v; int *g(void) { return &v; }")
    host = s.host(USES_V, needed=["libv.so"])
    outcome = s.compare(host, "other.so", "same.so", "none.so")
    assert outcome.provider("other.so", "v", "V2") == "libw.so"
    assert outcome.provider("same.so", "v", "V1") == "host"
    assert outcome.provider("none.so", "v") == "host"


# -- 3.6: STB_GNU_UNIQUE --------------------------------------------------------------------------

DEFINES_UNIQUE = """
__asm__(".data\\n.globl u\\n.type u, @gnu_unique_object\\n.size u, 4\\nu: .long 1\\n.text");
"""
UNIQUE = f"{DEFINES_UNIQUE} extern int u; int *own_u(void) {{ return &u; }}"
STRONG = "int u = 1; int *own_u(void) { return &u; }"


@pytest.mark.rule("3.6", "first module's")
def test_unique_symbol_of_a_second_local_module_is_that_of_the_first(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("one.so", UNIQUE)
    s.module("two.so", UNIQUE)
    outcome = s.compare(s.host(), "one.so", "two.so")
    assert outcome.provider("two.so", "u") == "one.so"


@pytest.mark.rule("3.6", "by name")
def test_unique_symbol_is_found_by_name_whatever_its_version(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("one.so", UNIQUE, versions="V1 { u; };")
    s.module("two.so", UNIQUE, versions="V2 { u; };")
    outcome = s.compare(s.host(), "one.so", "two.so")
    assert outcome.provider("two.so", "u", "V2") == "one.so"


@pytest.mark.rule("3.6", "ordinary definition first")
def test_unique_table_is_ignored_where_an_ordinary_definition_comes_first(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("one.so", UNIQUE)
    s.module("two.so", f"__attribute__((weak)) {STRONG}")
    outcome = s.compare(s.host(), "one.so", "two.so")
    assert outcome.provider("two.so", "u") == "two.so"


@pytest.mark.rule("3.6", "registered by a hit")
def test_unique_symbol_that_no_lookup_hits_is_not_registered(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("one.so", DEFINES_UNIQUE)
    s.module("two.so", UNIQUE)
    outcome = s.compare(s.host(), "one.so", "two.so")
    assert outcome.provider("two.so", "u") == "two.so"


@pytest.mark.rule("3.6", "the host's")
def test_unique_symbol_of_the_host_serves_every_module(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libh.so", UNIQUE)
    s.module("mod.so", UNIQUE)
    outcome = s.compare(s.host(needed=["libh.so"]), "mod.so")
    assert outcome.provider("mod.so", "u") == "libh.so"


@pytest.mark.rule("3.6", "registered by a hit")
def test_unique_symbol_of_a_failed_dlopen_is_forgotten(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("bad.so", UNIQUE + CALLS_F)
    s.module("two.so", UNIQUE)
    outcome = s.compare(s.host(), "bad.so", "two.so")
    assert [f.kind for f in outcome.failures] == ["undefined-symbol"]
    assert outcome.provider("two.so", "u") == "two.so"


@pytest.mark.rule("3.6", "the copy")
def test_unique_symbol_copied_into_the_executable_is_registered_as_its_copy(
    tmp_path: Path,
) -> None:
    s = Scenario(tmp_path)
    s.lib("libh.so", UNIQUE)
    s.module("mod.so", UNIQUE)
    host = s.host("extern int u; int *host_u(void) { return &u; }", needed=["libh.so"])
    outcome = s.compare(host, "mod.so")
    assert outcome.provider("mod.so", "u") == "host"


@pytest.mark.rule("3.6", "relocation order")
def test_unique_symbol_is_registered_by_what_is_relocated_first(tmp_path: Path) -> None:
    # A symbolic object has a scope of its own, so the order of relocation decides.
    s = Scenario(tmp_path)
    s.lib("liba.so", UNIQUE)
    patch_dynamic(s.lib("libb.so", UNIQUE, needed=["liba.so"]), DT_FLAGS, DF_SYMBOLIC)
    s.module("mod.so", needed=["liba.so", "libb.so"])
    outcome = s.compare(s.host(), "mod.so")
    assert outcome.provider("libb.so", "u") == "liba.so"


@pytest.mark.rule("3.6", "relocation order")
def test_unique_symbol_of_the_host_is_registered_by_what_is_relocated_first(
    tmp_path: Path,
) -> None:
    s = Scenario(tmp_path)
    s.lib("liba.so", UNIQUE)
    patch_dynamic(s.lib("libb.so", UNIQUE, needed=["liba.so"]), DT_FLAGS, DF_SYMBOLIC)
    s.module("mod.so", UNIQUE)
    outcome = s.compare(s.host(needed=["liba.so", "libb.so"]), "mod.so")
    assert outcome.provider("libb.so", "u") == "liba.so"
    assert outcome.provider("mod.so", "u") == "liba.so"


@pytest.mark.rule("3.6", "relocation order")
def test_unique_symbol_is_registered_depth_first_in_a_circle(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    for name in ("liba.so", "libb.so", "libc3.so"):
        s.lib(name, UNIQUE)
    for name, needs in (("liba.so", "libb.so"), ("libb.so", "libc3.so"), ("libc3.so", "liba.so")):
        patch_dynamic(s.lib(name, UNIQUE, needed=[needs]), DT_FLAGS, DF_SYMBOLIC)
    s.module("mod.so", needed=["liba.so", "libb.so", "libc3.so"])
    outcome = s.compare(s.host(), "mod.so")
    assert outcome.provider("liba.so", "u") == outcome.provider("libb.so", "u")


# -- 3.7: hash tables -----------------------------------------------------------------------------


@pytest.mark.rule("3.7", "bloom filter")
def test_export_that_the_bloom_filter_hides_does_not_exist(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    empty_bloom_filter(s.lib("libh.so", F))
    s.module("mod.so", CALLS_OWN_F)
    outcome = s.compare(s.host(needed=["libh.so"]), "mod.so")
    assert outcome.provider("mod.so", "f") == "mod.so"


@pytest.mark.rule("3.7", "GNU table first")
def test_gnu_hash_decides_where_both_tables_are_present(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    empty_bloom_filter(s.lib("libh.so", F, "-Wl,--hash-style=both"))
    s.module("mod.so", CALLS_OWN_F)
    outcome = s.compare(s.host(needed=["libh.so"]), "mod.so")
    assert outcome.provider("mod.so", "f") == "mod.so"


@pytest.mark.rule("3.7", "SysV table alone")
def test_object_with_only_the_old_hash_table_is_searched(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libh.so", F, "-Wl,--hash-style=sysv")
    s.module("mod.so", CALLS_OWN_F, "-Wl,--hash-style=sysv")
    outcome = s.compare(s.host(needed=["libh.so"]), "mod.so")
    assert outcome.provider("mod.so", "f") == "libh.so"


# -- 5: relocations that look a symbol up ---------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "flags"),
    [
        pytest.param(CALLS_F, (), id="JUMP_SLOT"),
        pytest.param("int f(void); void *g(void) { return f; }", (), id="GLOB_DAT"),
        pytest.param("int f(void); void *p = f;", (), id="64"),
        pytest.param('__asm__(".data\\n.quad f@SIZE");', (), id="SIZE64"),
    ],
)
@pytest.mark.rule("5", "data and plt")
def test_relocation_looks_its_symbol_up(
    tmp_path: Path, source: str, flags: tuple[str, ...]
) -> None:
    s = Scenario(tmp_path)
    s.module("mod.so", source, *flags)
    outcome = s.compare(s.host(F), "mod.so")
    assert outcome.provider("mod.so", "f") == "host"


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param(("-ftls-model=global-dynamic",), id="DTPMOD64"),
        pytest.param(("-ftls-model=initial-exec",), id="TPOFF64"),
        pytest.param(("-mtls-dialect=gnu2",), id="TLSDESC"),
    ],
)
@pytest.mark.rule("5", "thread-local")
def test_thread_local_relocation_looks_its_symbol_up(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    s = Scenario(tmp_path)
    s.module("mod.so", "__thread int f; int *g(void) { return &f; }", *flags)
    outcome = s.compare(s.host("__thread int f = 1;"), "mod.so")
    assert outcome.provider("mod.so", "f") == "host"


@pytest.mark.rule("5", "__tls_get_addr")
def test_tls_get_addr_of_the_executable_captures_that_of_libc(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("mod.so", "extern __thread int t; int *g(void) { return &t; }")
    host = s.host("__thread int t = 1; void *__tls_get_addr(void *p) { return p; }")
    outcome = s.compare(host, "mod.so")
    libc = next(m.dso.path for m in outcome.host.process.maps if m.elf.soname == "libc.so.6")
    assert outcome.provider("mod.so", "__tls_get_addr") == "host"
    assert outcome.provider(libc, "__tls_get_addr", "GLIBC_2.3") == "host"


# -- rules of releases that are not the one that runs here ----------------------------------------


def call_of_f(version: str | None = None) -> Reference:
    return Reference("f", version, False, CLASS_PLT, False, 0, False)


def base_and_exact(s: Scenario) -> Path:
    """libf.so with f as a base definition (it answers 1) before f@@V2 (2)."""
    library = s.lib("libf.so", TWO_VERSIONS, versions="V1 { }; V2 { };")
    patch_versym(library, "f", 1, 3)
    return library


@pytest.mark.skipif(
    platform.libc_ver() >= ("glibc", "2.42"), reason="the loader that judges is 2.41 or older"
)
@pytest.mark.rule("4.2", "base and exact in one object")
def test_first_of_base_and_exact_version_wins_up_to_2_41(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libf.so", F, versions="V2 { f; };")
    host = s.exe("int f(void); int main(void) { return f(); }", needed=["libf.so"])
    base_and_exact(s)
    outcome = s.compare(host)
    definition = outcome.definition("host", "f")
    assert outcome.ran.status == 1
    assert definition is not None
    assert definition.version is None


def test_exact_version_beats_a_base_definition_since_2_42(tmp_path: Path) -> None:
    # No loader here is that new: from the source, dl-lookup.c (bug 29190).
    library = read_object(base_and_exact(Scenario(tmp_path)).read_bytes())
    definition = GlibcLookup((2, 42)).match(call_of_f("V2"), library)
    assert definition is not None
    assert definition.version == "V2"


def test_absolute_zero_is_no_definition_before_2_28(tmp_path: Path) -> None:
    # No loader here is that old: from the source, dl-lookup.c (bug 19818).
    path = Scenario(tmp_path).lib("libf.so", F)
    patch_symbol(path, "f", value=0, section=SHN_ABS)
    read = read_object(path.read_bytes())
    assert GlibcLookup((2, 28)).match(call_of_f(), read) is not None
    assert GlibcLookup((2, 27)).match(call_of_f(), read) is None


@pytest.mark.rule("3.7", "SysV table alone")
def test_undefined_tls_symbol_of_a_sysv_table_is_taken_by_an_address(tmp_path: Path) -> None:
    # check_match lets TLS symbols of value 0 pass, and only calls refuse undefined ones.
    s = Scenario(tmp_path)
    s.lib("libu.so")
    s.lib("libd.so", "int v = 2;")
    s.module("mod.so", "extern int v; int *p = &v;", needed=["libu.so", "libd.so"])
    # The linker would refuse to mix the two kinds of v, the loader does not look.
    s.lib("libt.so", "__thread int v = 1;")
    user = "extern __thread int v; int u(void) { return v; }"
    s.lib("libu.so", user, "-Wl,--hash-style=sysv", needed=["libt.so"])
    assert s.compare(s.host(), "mod.so").provider("mod.so", "v") == "libu.so"
