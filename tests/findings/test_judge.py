"""From bindings to findings: what is called split, replaced, captured or missing, and why."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from checkout import WHEELS
from collide.analysis.analysis import analyse
from collide.filesystems.root import Root
from collide.findings.code import Severity
from collide.findings.finding import Finding
from collide.findings.judge import judge
from collide.hosts.extract import extract
from collide.wheels.target import read_target
from scenario import Scenario, require_loader


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    """A scenario whose ``w`` is the tree to judge."""
    return Scenario(tmp_path)


def judged(s: Scenario, *libraries: str) -> tuple[Finding, ...]:
    """The findings for the tree ``w`` on a host that links ``libraries``."""
    host = extract(str(s.host(needed=libraries)), Root())
    return judge(analyse(read_target(s.directory / "w"), host))


def specimen(name: str) -> tuple[Finding, ...]:
    """The findings for a specimen on its host."""
    require_loader()
    (wheel,) = (WHEELS / "dist").glob(f"specimen_{name}-*.whl")
    return judge(analyse(read_target(wheel), extract(str(WHEELS / "host/host"), Root())))


def codes(findings: tuple[Finding, ...]) -> list[str]:
    """Their identifiers, in order."""
    return [f.code.id for f in findings]


def functions(*names: str) -> str:
    """Exported functions in this order, by their assembly names."""
    return "\n".join(
        f'int f{i}(void) __asm__("{name}"); int f{i}(void) {{ return {i}; }}'
        for i, name in enumerate(names)
    )


def calls(*names: str) -> str:
    """A function that calls these."""
    declared = [f'int f{i}(void) __asm__("{name}");' for i, name in enumerate(names)]
    return "\n".join([*declared, _user(names)])


def static(*names: str) -> str:
    """Exported functions, and one behind them that calls them all."""
    return f"{functions(*names)}\n{_user(names)}"


def _user(names: tuple[str, ...]) -> str:
    called = " + ".join(f"f{i}()" for i in range(len(names)))
    return f"int use(void) {{ return {called}; }}"


def archive(s: Scenario, name: str, *symbols: str) -> str:
    """A static library of one object that exports ``symbols``; the flag that links it."""
    source = s.directory / f"{name}.c"
    source.write_text(functions(*symbols))
    obj, path = source.with_suffix(".o"), s.directory / f"lib{name}.a"
    subprocess.run(["gcc", "-c", "-fPIC", "-O0", source, "-o", obj], check=True)
    subprocess.run(["ar", "rcs", path, obj], check=True)
    return str(path)


# -- the specimens --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("static_exported", ["COL101"]),
        ("static_hidden", []),
        ("bundled_mangled", ["COL101", "COL102"]),
        ("bundled_unmangled", ["COL203", "COL205", "COL205"]),
        ("versioned", ["COL101", "COL102"]),
        ("bsymbolic", []),
        ("bsymbolic_functions", ["COL102"]),
        ("protected", []),
        ("unique", []),
    ],
)
def test_specimen_has_its_findings(name: str, expected: list[str]) -> None:
    assert codes(specimen(name)) == expected


def test_split_static_library_is_described_by_its_symbols() -> None:
    (found,) = specimen("static_exported")
    assert found.severity is Severity.ERROR
    assert found.victim == "specimen_static_exported.abi3.so"
    assert found.provider == str(WHEELS / "host/libvault.so.1")
    assert found.intended == (found.victim,)
    assert found.symbols == ("vault_free", "vault_new", "vault_size", "vault_version")
    assert found.kept == ("vault_grow",)
    assert found.references == 4
    assert found.modules == (found.victim,)
    assert "--exclude-libs" in found.remedy


def test_split_bundled_library_is_named_as_what_was_meant() -> None:
    found, replaced = specimen("bundled_mangled")
    library = "specimen_bundled_mangled.libs/libvault-2f6e8b1c.so.1"
    assert found.intended == (library,)
    assert found.kept == ("vault_grow",)
    assert "libvault-2f6e8b1c.so.1" in found.remedy
    assert (replaced.victim, replaced.symbols) == (library, ("vault_size",))
    assert replaced.severity is Severity.WARNING


def test_captured_soname_names_who_needed_it_and_what_is_used() -> None:
    undefined, first, second = specimen("bundled_unmangled")
    assert undefined.symbols == ("vault_grow",)
    assert undefined.modules == ("specimen_bundled_unmangled.abi3.so",)
    for found in (first, second):
        assert found.intended == ("libvault.so.1",)
        assert found.provider == str(WHEELS / "host/libvault.so.1")
    assert [first.victim, second.victim] == [
        "specimen_bundled_unmangled.abi3.so",
        "specimen_bundled_unmangled_old.abi3.so",
    ]


# -- the extent of a static library ---------------------------------------------------------------


def test_function_between_two_taken_ones_is_of_their_library(s: Scenario) -> None:
    s.lib("libhost.so", functions("abc_alpha", "xyz_omega"))
    s.lib("w/m.so", static("abc_alpha", "abc_kept", "xyz_omega"))
    (found,) = judged(s, "libhost.so")
    assert (found.code.id, found.kept) == ("COL101", ("abc_kept",))
    assert found.symbols == ("abc_alpha", "xyz_omega")


def test_function_between_them_with_a_word_of_its_own_is_not(s: Scenario) -> None:
    s.lib("libhost.so", functions("abc_alpha", "xyz_omega"))
    s.lib("w/m.so", static("abc_alpha", "other_kept", "xyz_omega"))
    (found,) = judged(s, "libhost.so")
    assert (found.code.id, found.kept) == ("COL102", ())


def test_function_behind_the_taken_ones_is_not(s: Scenario) -> None:
    s.lib("libhost.so", functions("alpha", "omega"))
    names = ("alpha", "omega", "kept")
    s.lib("w/m.so", static(*names))
    (found,) = judged(s, "libhost.so")
    assert (found.code.id, found.symbols, found.kept) == ("COL102", ("alpha", "omega"), ())


def test_function_with_the_prefix_of_all_taken_ones_is_of_their_library(s: Scenario) -> None:
    s.lib("libhost.so", functions("lib_a", "lib_b"))
    names = ("lib_a", "lib_b", "lib_c")
    s.lib("w/m.so", static(*names))
    (found,) = judged(s, "libhost.so")
    assert (found.code.id, found.kept) == ("COL101", ("lib_c",))


@pytest.mark.parametrize(
    ("taken", "kept", "code"),
    [
        (("_ZN4grpc1aEv", "_ZN4grpc1bEv"), "_ZN4grpc1cEv", "COL101"),
        (("_ZN4grpc1aEv", "_ZN4absl1bEv"), "_ZN4json1cEv", "COL102"),
        (("_Z6first_v", "_Z6secondv"), "_Z5thirdv", "COL102"),
    ],
)
def test_prefix_that_every_mangled_name_has_tells_nothing(
    s: Scenario, taken: tuple[str, str], kept: str, code: str
) -> None:
    s.lib("libhost.so", functions(*taken))
    names = (*taken, kept)
    s.lib("w/m.so", static(*names))
    (found,) = judged(s, "libhost.so")
    assert found.code.id == code


def test_second_static_library_that_is_not_shadowed_does_not_make_the_first_split(
    s: Scenario,
) -> None:
    first, second = archive(s, "first", "alpha", "beta"), archive(s, "second", "gamma", "delta")
    s.lib("libhost.so", functions("alpha", "beta"))
    s.lib("w/m.so", calls("alpha", "beta", "gamma", "delta"), first, second)
    (found,) = judged(s, "libhost.so")
    assert (found.code.id, found.symbols) == ("COL102", ("alpha", "beta"))


def test_only_the_functions_of_the_split_one_of_two_static_libraries_are_kept(
    s: Scenario,
) -> None:
    first = archive(s, "first", "a_alpha", "a_middle", "b_beta")
    second = archive(s, "second", "a_gamma", "a_delta")
    s.lib("libhost.so", functions("a_alpha", "b_beta"))
    names = ("a_alpha", "a_middle", "b_beta", "a_gamma", "a_delta")
    s.lib("w/m.so", calls(*names), second, first)
    (found,) = judged(s, "libhost.so")
    assert (found.code.id, found.kept) == ("COL101", ("a_middle",))


def test_functions_that_nobody_refers_to_do_not_count(s: Scenario) -> None:
    s.lib("libhost.so", functions("alpha", "beta"))
    static = archive(s, "first", "alpha", "middle", "beta")
    s.lib("w/m.so", calls("alpha", "beta"), static)
    assert codes(judged(s, "libhost.so")) == ["COL102"]


# -- several objects ------------------------------------------------------------------------------


def test_modules_that_share_a_victim_are_one_finding(s: Scenario) -> None:
    s.lib("libhost.so", functions("alpha"))
    s.lib("w/liba.so", static("alpha"))
    for name in ("m1", "m2"):
        s.lib(
            f"w/{name}.so",
            f"int use(void); int PyInit_{name}(void) {{ return use(); }}",
            needed=["w/liba.so"],
        )
    (found,) = judged(s, "libhost.so")
    assert (found.victim, found.modules, found.references) == ("liba.so", ("m1.so", "m2.so"), 1)


def test_two_providers_of_one_victim_are_two_findings(s: Scenario) -> None:
    s.lib("libone.so", functions("alpha"))
    s.lib("libtwo.so", functions("beta"))
    s.lib("w/m.so", calls("alpha", "beta"), archive(s, "both", "alpha", "beta"))
    found = judged(s, "libone.so", "libtwo.so")
    providers = {Path(str(f.provider)).name: f.symbols for f in found}
    assert providers == {"libone.so": ("alpha",), "libtwo.so": ("beta",)}


def test_symbol_of_the_module_itself_in_place_of_its_librarys_is_a_note(s: Scenario) -> None:
    s.lib("w/liba.so", functions("alpha") + "int call(void) { return f0(); }")
    s.lib("w/m.so", functions("alpha") + "int PyInit_m(void) { return 0; }", needed=["w/liba.so"])
    (found,) = judged(s)
    assert (found.code.id, found.severity) == ("COL301", Severity.NOTE)
    assert (found.victim, found.provider, found.intended) == ("liba.so", "m.so", ("liba.so",))
    assert found.symbols == ("alpha",)


def test_library_that_both_reach_under_one_name_is_no_finding(s: Scenario) -> None:
    s.lib("libhost.so", functions("alpha"))
    s.lib("w/m.so", calls("alpha"), needed=["libhost.so"], runpath="$ORIGIN/..")
    assert judged(s, "libhost.so") == ()


def test_name_that_only_the_host_has_is_an_ordinary_import(s: Scenario) -> None:
    s.lib("libhost.so", functions("alpha"))
    s.lib("w/m.so", calls("alpha"))
    assert judged(s, "libhost.so") == ()


# -- loading --------------------------------------------------------------------------------------


def test_missing_library_is_a_warning_for_each_object_that_needs_it(s: Scenario) -> None:
    s.lib("w/libgone.so")
    for name in ("m1", "m2"):
        s.lib(f"w/{name}.so", f"int PyInit_{name}(void) {{ return 0; }}", needed=["w/libgone.so"])
    (s.directory / "w/libgone.so").unlink()
    found = judged(s)
    assert [(f.code.id, f.severity) for f in found] == [("COL201", Severity.WARNING)] * 2
    assert [(f.victim, f.provider, f.modules) for f in found] == [
        (name, "libgone.so", (name,)) for name in ("m1.so", "m2.so")
    ]


def test_version_that_the_captured_library_lacks_is_an_error_that_names_it(s: Scenario) -> None:
    s.lib("libv.so", functions("alpha"), versions="V1 { alpha; };")
    s.lib("w/libv.so", functions("alpha"), versions="V1 { }; V2 { alpha; } V1;")
    s.lib("w/m.so", calls("alpha"), needed=["w/libv.so"])
    # Not COL203 as well: the loader gives up before it looks for symbols.
    version, captured = judged(s, "libv.so")
    assert (version.code.id, version.severity) == ("COL202", Severity.ERROR)
    assert (version.victim, version.provider) == ("m.so", "V2")
    assert version.detail == str(s.directory / "libv.so")
    assert (captured.code.id, captured.intended) == ("COL205", ("libv.so",))


def test_file_at_which_the_loader_stops_is_an_error_with_the_reason(s: Scenario) -> None:
    s.lib("w/liba.so")
    s.lib("w/m.so", needed=["w/liba.so"])
    (s.directory / "w/liba.so").write_text("INPUT(other.so)")
    (found,) = judged(s)
    assert (found.code.id, found.severity, found.victim) == ("COL204", Severity.ERROR, "m.so")
    assert "not an ELF file" in found.detail


def test_undefined_symbols_of_one_object_are_one_error(s: Scenario) -> None:
    s.lib("w/m.so", calls("gone", "lost"))
    (found,) = judged(s)
    assert (found.code.id, found.severity) == ("COL203", Severity.ERROR)
    assert (found.victim, found.symbols, found.provider) == ("m.so", ("gone", "lost"), None)


def test_undefined_symbol_is_told_with_its_version(s: Scenario) -> None:
    s.lib("libv.so", functions("alpha", "beta"), versions="V1 { alpha; beta; };")
    s.lib("w/m.so", calls("alpha"), needed=["libv.so"], runpath="$ORIGIN/..")
    s.lib("libv.so", functions("beta"), versions="V1 { beta; };")
    (found,) = judged(s, "libv.so")
    assert found.symbols == ("alpha@V1",)


def test_weak_reference_that_nothing_satisfies_is_no_finding(s: Scenario) -> None:
    s.lib("w/m.so", "__attribute__((weak)) int gone(void); void *use(void) { return gone; }")
    assert judged(s) == ()


# -- order ----------------------------------------------------------------------------------------


def test_worst_comes_first_and_the_order_is_the_same_every_time(s: Scenario) -> None:
    s.lib("libhost.so", functions("alpha"))
    s.lib("w/a.so", calls("alpha"), archive(s, "a", "alpha"))
    s.lib("w/b.so", calls("gone"))
    s.lib("w/liba.so", functions("beta") + "int call(void) { return f0(); }")
    s.lib("w/m.so", functions("beta"), needed=["w/liba.so"])
    found = judged(s, "libhost.so")
    assert codes(found) == ["COL203", "COL102", "COL301"]
    assert judged(s, "libhost.so") == found


# -- C++ vague linkage and accidental names -------------------------------------------------------


WEAK_INLINE = "__attribute__((weak)) int _Z1fv(void) { return 1; } int g(void) { return _Z1fv(); }"


def test_inline_function_that_differs_is_a_note(s: Scenario) -> None:
    # Strong in the host, as libstdc++ exports some of its inline functions.
    s.lib("libh.so", "int _Z1fv(void) { return 1 + 1; } int pad;")
    s.lib("w/m.so", WEAK_INLINE)
    (found,) = judged(s, "libh.so")
    assert (found.code.id, found.severity) == ("COL103", Severity.NOTE)
    assert found.symbols == ("_Z1fv",)


def test_strong_cxx_function_is_no_vague_linkage(s: Scenario) -> None:
    s.lib("libh.so", "int _Z1fv(void) { return 1; }")
    s.lib("w/m.so", WEAK_INLINE.replace("__attribute__((weak)) ", ""))
    assert codes(judged(s, "libh.so")) == ["COL102"]


def test_few_names_in_common_are_no_copy_of_the_library(s: Scenario) -> None:
    s.lib("libh.so", functions("one", *(f"theirs_{i}" for i in range(20))))
    s.lib("w/liba.so", functions("one", *(f"ours_{i}" for i in range(20))))
    s.lib("w/m.so", calls("one", "ours_1", "ours_2"), needed=["w/liba.so"])
    (found,) = judged(s, "libh.so")
    assert (found.code.id, found.severity) == ("COL104", Severity.WARNING)
    assert found.evidence == (
        (
            "libh.so is no copy of it: 1 of the 21 names that one exports and the 21 of the other "
            "are the same."
        ),
    )


def test_library_without_a_soname_is_captured_by_the_name_it_was_needed_by(s: Scenario) -> None:
    s.lib("liba.so", functions("one"), soname=None)
    s.lib("w/liba.so", functions("one"), soname=None)
    s.lib("w/m.so", calls("one"), needed=["liba.so"])
    (found,) = (f for f in judged(s, "liba.so") if f.code.id == "COL205")
    assert (found.victim, found.intended) == ("m.so", ("liba.so",))
