"""What the loader misses, refuses, or takes from the host in place of the wheel's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile

from collide.analysis.analysis import analyse
from collide.elf.constants import PT_LOAD
from collide.filesystems.root import Root
from collide.findings.finding import Finding
from collide.findings.judge import judge
from collide.findings.loading import NO_PYTHON, UNDEFINED_SYMBOL
from collide.findings.subject import subject_of
from collide.hosts.extract import extract
from collide.wheels.archive import Member, write_wheel
from collide.wheels.target import Target, read_target
from judging import ERROR, NOTE, WARNING, calls, functions, judged, many, static
from scenario import Scenario, patch_bytes, patch_segment


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


def test_library_that_a_package_of_the_system_brings_is_not_recorded(s: Scenario) -> None:
    s.lib("w/libgone.so")
    s.lib("w/m.so", "int PyInit_m(void) { return 0; }", needed=["w/libgone.so"])
    (s.directory / "w/libgone.so").unlink()
    target = read_target(s.directory / "w")
    host = extract(str(s.host()), Root())._replace(offered={"libgone.so": "libgone1"})
    because = "The package libgone1 of its distribution brings it."
    (found,) = judge(analyse(target, host))
    assert (found.code.id, found.severity, found.evidence) == ("COL211", WARNING, (because,))
    # The tag of a wheel promises that it needs none.
    tagged = target._replace(tags=frozenset({"cp311-cp311-manylinux_2_17_x86_64"}))
    (found,) = judge(analyse(tagged, host, insist=True))
    assert (found.code.id, found.severity) == ("COL211", ERROR)
    assert found.evidence[0] == because


MODULE = "int PyInit_m(void) { return 0; }"


def lacking_libgone(s: Scenario, *, runpath: str | None = None, requires: str = "") -> Target:
    """A wheel whose module needs libgone.so, which no file of it is."""
    s.lib("w/libgone.so")
    s.lib("w/pkg/m.so", MODULE, needed=["w/libgone.so"], runpath=runpath)
    wheel = s.directory / "pkg-1-cp311-cp311-manylinux_2_17_x86_64.whl"
    metadata = f"Metadata-Version: 2.1\nName: pkg\nVersion: 1\n{requires}\nA text.\n"
    members = [
        Member("pkg/m.so", (s.directory / "w/pkg/m.so").read_bytes()),
        Member("pkg-1.dist-info/METADATA", metadata.encode()),
    ]
    write_wheel(wheel, members)
    return read_target(wheel)


def of_other_wheels(target: Target, s: Scenario, **of_host: Any) -> Finding:
    """The one finding about the wheel."""
    host = extract(str(s.host()), Root())._replace(**of_host)
    (found,) = (f for f in judge(analyse(target, host, insist=True)) if f.severity > NOTE)
    return found


@pytest.mark.parametrize(
    ("runpath", "requires", "because"),
    [
        ("$ORIGIN/../gone/lib", "Requires-Dist: other>=1", "leads to gone/lib, where it has none."),
        (None, "Requires-Dist: the-gone (>=1)", "requires the-gone, which may bring it."),
        (
            None,
            "Requires-Dist: other\nRequires-Dist: pygone; python_version >= '3'",
            "pygone, which",
        ),
    ],
)
@pytest.mark.parametrize("offered", [{}, {"libgone.so": "libgone1"}], ids=["", "offered"])
def test_library_that_a_required_wheel_may_bring_is_no_error(
    s: Scenario, runpath: str | None, requires: str, because: str, offered: Mapping[str, str]
) -> None:
    found = of_other_wheels(
        lacking_libgone(s, runpath=runpath, requires=requires), s, offered=offered
    )
    assert (found.code.id, found.severity, found.victim) == ("COL201", WARNING, "pkg/m.so")
    assert because in found.evidence[0]
    assert found.remedy.startswith("Check it together with the wheels that it requires")


@pytest.mark.parametrize(
    ("runpath", "requires"),
    [
        ("$ORIGIN/../gone/lib", ""),
        (None, "Requires-Dist: other"),
        (None, "Requires-Dist: gone; extra == 'tests'"),
        ("$ORIGIN/../pkg.libs", "Requires-Dist: other"),
        ("/usr/lib/gone", "Requires-Dist: other"),
    ],
)
def test_library_that_no_required_wheel_is_seen_to_bring_is_an_error(
    s: Scenario, runpath: str | None, requires: str
) -> None:
    found = of_other_wheels(lacking_libgone(s, runpath=runpath, requires=requires), s)
    assert (found.code.id, found.severity) == ("COL201", ERROR)
    assert found.evidence == ("No policy of manylinux_2_17_x86_64 lets a wheel need it.",)


@pytest.mark.parametrize("soname", ["", "libother.so"])
def test_library_that_lies_in_the_wheel_where_no_run_path_leads(s: Scenario, soname: str) -> None:
    s.lib("w/pkg/inner/libhere.so")
    s.lib("w/m.so", MODULE, needed=["w/pkg/inner/libhere.so"], runpath=None)
    s.lib("w/pkg/inner/libhere.so", soname=soname)
    found = [f for f in judged(s) if f.severity > NOTE]
    assert [(f.code.id, f.severity, f.provider) for f in found] == [("COL201", ERROR, "libhere.so")]
    assert found[0].evidence == (
        "The wheel has it at pkg/inner/libhere.so, but no run path leads there from m.so.",
    )
    remedy = "Give m.so the run path $ORIGIN/pkg/inner (patchelf --set-rpath)"
    first = "" if soname else ", or open pkg/inner/libhere.so before it"
    assert found[0].remedy == f"{remedy}{first}."
    # The loader agrees: with the one, with the other, and not without both.
    host = s.host()
    assert s.compare(host, "w/m.so").failures
    both = s.compare(host, "w/pkg/inner/libhere.so", "w/m.so")
    assert bool(both.failures) == bool(soname)
    s.lib("w/pkg/inner/libhere.so")
    s.lib("w/m.so", MODULE, needed=["w/pkg/inner/libhere.so"], runpath="$ORIGIN/pkg/inner")
    s.lib("w/pkg/inner/libhere.so", soname=soname)
    assert not s.compare(host, "w/m.so").failures


def test_library_that_has_the_name_of_another_file_of_the_wheel(s: Scenario) -> None:
    s.lib("w/libhere.so")
    s.lib("w/m.so", MODULE, needed=["w/libhere.so"])
    (s.directory / "w/libhere.so").rename(s.directory / "w/libfile.so")
    (found,) = (f for f in judged(s) if f.code.id == "COL201")
    assert found.remedy == (
        "Have the wheel's code open libfile.so before it, or bring it as libhere.so, too."
    )
    host = s.host()
    assert s.compare(host, "w/m.so").failures
    assert not s.compare(host, "w/libfile.so", "w/m.so").failures


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
    assert (version.intended, version.remedy) == (("libv.so",), captured.remedy)
    assert subject_of(version) == subject_of(captured)


def test_symbol_that_the_captured_library_lacks_has_the_cause_and_remedy_of_it(
    s: Scenario,
) -> None:
    s.lib("libv.so", functions("alpha"))
    s.lib("w/libv.so", functions("alpha", "beta"))
    s.lib("w/m.so", calls("alpha", "beta", "gamma"), needed=["w/libv.so"])
    by_symbol = {f.symbols: f for f in judged(s, "libv.so")}
    lacking, captured, other = by_symbol["beta",], by_symbol[()], by_symbol["gamma",]
    provider = str(s.directory / "libv.so")
    assert (lacking.code.id, lacking.severity, lacking.provider) == ("COL203", ERROR, provider)
    because = f"The wheel's own libv.so defines it, {provider} does not."
    assert (lacking.evidence, lacking.remedy) == ((because,), captured.remedy)
    assert (captured.code.id, subject_of(captured)) == ("COL205", subject_of(lacking))
    # No library of the wheel has it.
    assert (other.code.id, other.intended) == ("COL203", ())
    assert subject_of(other) != subject_of(lacking)


def test_host_without_python_lacks_names_of_its_api_and_no_others(s: Scenario) -> None:
    s.lib("w/m.so", calls("PyLong_FromLong", "gamma"))
    remedies = {f.symbols: f.remedy for f in judged(s)}
    assert remedies == {("PyLong_FromLong",): NO_PYTHON, ("gamma",): UNDEFINED_SYMBOL.remedy}


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


def refused_by_version(s: Scenario) -> None:
    """The host has a library of the name without the version."""
    s.lib("libv.so", functions("beta"), versions="V1 { beta; };")
    s.lib("w/libv.so", functions("beta"), versions="V1 { }; V2 { beta; } V1;")


def refused_by_name(s: Scenario) -> None:
    """A library is not there."""
    s.lib("w/libv.so", functions("beta"))
    s.lib("libv.so", functions("beta"), soname="libother.so")


def refused_by_segment(s: Scenario) -> None:
    """A library has a segment that the loader does not map."""
    s.lib("libv.so", functions("beta"), soname="libother.so")
    library = s.lib("w/libv.so", f"{functions('beta')} int own = 1;")
    with library.open("rb") as stream:
        last = list(ELFFile(stream).iter_segments("PT_LOAD"))[-1]
    patch_segment(library, PT_LOAD, last=True, offset=last["p_offset"] + 8)


def refused_by_tls(s: Scenario) -> None:
    """A library reaches more thread-local data than there is room for."""
    s.lib("libv.so", functions("beta"), soname="libother.so")
    data = 'static __thread char d[9000] __attribute__((tls_model("initial-exec")));'
    s.lib("w/libv.so", f"{functions('beta')} {data} char *get(void) {{ return d; }}")


@pytest.mark.parametrize(
    ("refuse", "wanted"),
    [
        (refused_by_version, ["COL202", "COL205"]),
        (refused_by_name, ["COL201"]),
        (refused_by_segment, ["COL208"]),
        (refused_by_tls, ["COL207"]),
    ],
)
def test_refused_object_is_bound_to_nothing(
    s: Scenario, refuse: Callable[[Scenario], None], wanted: list[str]
) -> None:
    s.lib("libhost.so", static(*many("alpha", 9)))
    s.lib("w/libown.so", functions(*many("alpha", 9)))
    refuse(s)
    needed = ["w/libv.so", "w/libown.so"]
    s.lib("w/m.so", calls("beta", *many("alpha", 9)), needed=needed)
    # Not what the module alone is told, which takes the host's functions.
    s.lib("w/alone.so", calls(*many("alpha", 9)), needed=["w/libown.so"])
    if refuse is refused_by_name:
        (s.directory / "w/libv.so").unlink()
    found = judged(s, "libhost.so", "libv.so")
    refused = [f for f in found if "m.so" in f.modules]
    assert [f.code.id for f in refused] == wanted
    assert [f.modules for f in found if f not in refused] == [("alone.so",)]


def test_level_of_the_cpu_that_is_lacking(s: Scenario) -> None:
    library = s.lib("w/liba.so", functions("alpha"), "-Wl,-z,x86-64-v4")
    with library.open("rb") as stream:
        (note,) = ELFFile(stream).iter_segments("PT_GNU_PROPERTY")
    s.lib("w/m.so", calls("alpha"), needed=["w/liba.so"])
    host = extract(str(s.host()), Root())
    loader = host.loader
    for hwcaps, wanted in (
        (("x86-64-v3", "x86-64-v2"), [("COL209", ERROR)]),
        (("x86-64-v4", "x86-64-v3", "x86-64-v2"), []),
        # A CPU of which nothing is recorded: no refusal, but a word.
        ((), [("COL209", WARNING)]),
    ):
        host.process.loader = loader._replace(hwcaps=hwcaps)
        found = judge(analyse(read_target(s.directory / "w"), host))
        assert [(f.code.id, f.severity) for f in found] == wanted
        assert {(f.victim, f.modules) for f in found} <= {("liba.so", ("m.so",))}
    patch_bytes(library, note["p_offset"] + 24, 0x40)
    (found_unknown,) = judge(analyse(read_target(s.directory / "w"), host))
    assert found_unknown.severity == ERROR


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
