"""What the loader misses, refuses, or takes from the host in place of the wheel's."""

from __future__ import annotations

from elftools.elf.elffile import ELFFile

from collide.elf.constants import PT_LOAD
from judging import ERROR, WARNING, calls, functions, judged
from scenario import Scenario, patch_segment


def test_missing_library_is_a_warning_for_each_object_that_needs_it(s: Scenario) -> None:
    s.lib("w/libgone.so")
    for name in ("m1", "m2"):
        s.lib(f"w/{name}.so", f"int PyInit_{name}(void) {{ return 0; }}", needed=["w/libgone.so"])
    (s.directory / "w/libgone.so").unlink()
    found = judged(s)
    assert [(f.code.id, f.severity) for f in found] == [("COL201", WARNING)] * 2
    assert [(f.victim, f.provider, f.modules) for f in found] == [
        (name, "libgone.so", (name,)) for name in ("m1.so", "m2.so")
    ]


def test_version_that_the_captured_library_lacks_is_an_error_that_names_it(s: Scenario) -> None:
    s.lib("libv.so", functions("alpha"), versions="V1 { alpha; };")
    s.lib("w/libv.so", functions("alpha"), versions="V1 { }; V2 { alpha; } V1;")
    s.lib("w/m.so", calls("alpha"), needed=["w/libv.so"])
    # Not COL203 as well: the loader gives up before it looks for symbols.
    version, captured = judged(s, "libv.so")
    assert (version.code.id, version.severity) == ("COL202", ERROR)
    assert (version.victim, version.provider) == ("m.so", "V2")
    assert version.detail == str(s.directory / "libv.so")
    assert (captured.code.id, captured.intended) == ("COL205", ("libv.so",))


def test_file_at_which_the_loader_stops_is_an_error_with_the_reason(s: Scenario) -> None:
    s.lib("w/liba.so")
    s.lib("w/m.so", needed=["w/liba.so"])
    (s.directory / "w/liba.so").write_text("INPUT(other.so)")
    (found,) = judged(s)
    assert (found.code.id, found.severity, found.victim) == ("COL204", ERROR, "m.so")
    assert "not an ELF file" in found.detail


def test_segment_that_is_not_aligned_is_an_error_of_its_object(s: Scenario) -> None:
    s.lib("w/liba.so", f"{functions('alpha')} int own = 1;")
    s.lib("w/m.so", calls("alpha"), needed=["w/liba.so"])
    with (s.directory / "w/liba.so").open("rb") as stream:
        last = list(ELFFile(stream).iter_segments("PT_LOAD"))[-1]
    patch_segment(s.directory / "w/liba.so", PT_LOAD, last=True, offset=last["p_offset"] + 8)
    (found,) = judged(s)
    assert (found.code.id, found.severity, found.victim) == ("COL208", ERROR, "liba.so")
    assert (found.provider, found.modules) == ("liba.so", ("m.so",))
    assert found.detail == "ELF load command address/offset not page-aligned"


def test_undefined_symbols_of_one_object_are_one_error(s: Scenario) -> None:
    s.lib("w/m.so", calls("gone", "lost"))
    (found,) = judged(s)
    assert (found.code.id, found.severity) == ("COL203", ERROR)
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


def test_library_without_a_soname_is_captured_by_the_name_it_was_needed_by(s: Scenario) -> None:
    s.lib("liba.so", functions("one"), soname=None)
    s.lib("w/liba.so", functions("one"), soname=None)
    s.lib("w/m.so", calls("one"), needed=["liba.so"])
    (found,) = (f for f in judged(s, "liba.so") if f.code.id == "COL205")
    assert (found.victim, found.intended) == ("m.so", ("liba.so",))
