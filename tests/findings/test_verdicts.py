"""One rule each: a few lines of C that it speaks of, and their neighbours that it does not."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from collide.analysis.analysis import analyse
from collide.filesystems.root import Root
from collide.findings.code import Severity
from collide.findings.finding import Finding
from collide.findings.judge import judge
from collide.hosts.extract import extract
from collide.wheels.target import read_target
from scenario import Scenario

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
only_x86_64 = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="calls are read on x86-64 only; run the tests there"
)


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    """A scenario whose ``w`` is the tree to judge."""
    return Scenario(tmp_path)


def judged(s: Scenario, *libraries: str) -> tuple[Finding, ...]:
    host = extract(str(s.host(needed=libraries)), Root())
    return judge(analyse(read_target(s.directory / "w"), host))


def of(findings: tuple[Finding, ...], victim: str) -> tuple[str, Severity]:
    (found,) = (f for f in findings if f.victim == victim)
    return found.code.id, found.severity


def functions(*names: str) -> str:
    return "".join(f"int {name}(void) {{ return 1; }}" for name in names)


def module(*names: str, entry: str = "PyInit_m") -> str:
    """A module whose initialisation calls these."""
    declared = "".join(f"int {name}(void);" for name in names)
    return f"{declared} int {entry}(void) {{ return {' + '.join(f'{n}()' for n in names) or 0}; }}"


def many(prefix: str, count: int) -> tuple[str, ...]:
    return tuple(f"{prefix}_{number}" for number in range(count))


# -- what is in use -------------------------------------------------------------------------------


@only_x86_64
def test_bundled_library_whose_users_use_the_hosts_is_a_note(s: Scenario) -> None:
    source = functions("lib_front", "lib_inner") + "int lib_more(void) { return lib_inner(); }"
    s.lib("libhost.so", source)
    s.lib("w/liblib.so", source)
    s.lib("w/m.so", module("lib_front"), needed=["w/liblib.so"])
    found = judged(s, "libhost.so")
    assert of(found, "m.so") == ("COL102", WARNING)
    assert of(found, "liblib.so") == ("COL110", NOTE)


@only_x86_64
def test_function_that_nothing_calls_does_not_split_a_library(s: Scenario) -> None:
    library = functions("z_used", "z_inner") + "int z_bound(void) { return z_inner(); }"

    def entry(*names: str) -> str:
        return f"int PyInit_m(void) {{ return {' + '.join(f'{n}()' for n in names)}; }}"

    s.lib("libhost.so", functions("z_used", "z_bound"))
    s.lib("w/m.so", library + entry("z_used", "z_bound"))
    assert of(judged(s, "libhost.so"), "m.so") == ("COL102", WARNING)
    s.lib("w/m.so", library + entry("z_used", "z_bound", "z_inner"))
    assert of(judged(s, "libhost.so"), "m.so") == ("COL101", ERROR)


@only_x86_64
def test_constructor_of_a_library_that_is_else_unused_runs(s: Scenario) -> None:
    constructor = "__attribute__((constructor)) static void run(void) { lib_register(); }"
    s.lib("libhost.so", functions("lib_register", "lib_front"))
    s.lib("w/liblib.so", functions("lib_register", "lib_front") + constructor)
    s.lib("w/m.so", module("lib_front"), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "liblib.so") == ("COL102", WARNING)


# -- split ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("common", "new", "severity"),
    [(40, 1, WARNING), (40, 3, WARNING), (40, 4, ERROR), (5, 1, ERROR)],
)
def test_few_new_functions_of_many_are_a_warning(
    s: Scenario, common: int, new: int, severity: Severity
) -> None:
    old, added = many("lib_old", common), many("lib_new", new)
    s.lib("libhost.so", functions(*old))
    s.lib("w/liblib.so", functions(*old, *added))
    s.lib("w/m.so", module(*old, *added), needed=["w/liblib.so"])
    (found,) = (f for f in judged(s, "libhost.so") if f.victim == "m.so")
    assert (found.code.id, found.severity, found.kept) == ("COL101", severity, added)


@pytest.mark.parametrize(
    ("common", "hidden", "theirs", "severity"),
    [(60, 4, "1.2.4", WARNING), (60, 6, "1.2.4", ERROR), (60, 4, "1.3.0", ERROR)],
)
def test_inside_one_object_it_takes_a_larger_part(
    s: Scenario, common: int, hidden: int, theirs: str, severity: Severity
) -> None:
    """A shared build of the same release hides some functions that a static one lets be seen."""
    offered, inner = many("lib_a", common), many("lib_i", hidden)
    calls = " + ".join(f"{name}()" for name in (*offered, *inner))
    built = 'const char *built(void) { return "compiler: gcc 10.1.1"; }'
    told = 'const char *tell(void) {{ return "Frob {} of today"; }}'
    s.lib("libhost.so", functions(*offered) + built.replace("10", "12") + told.format(theirs))
    library = functions(*offered[:9], *inner, *offered[9:]) + built + told.format("1.2.3")
    s.lib("w/m.so", library + f"int PyInit_m(void) {{ return {calls}; }}")
    (found,) = judged(s, "libhost.so")
    assert (found.code.id, found.severity, found.kept) == ("COL101", severity, inner)


@pytest.mark.parametrize(
    ("called", "host", "theirs", "users", "found"),
    [
        (4, "libfrob.so.1", "1.3.0", 0, ("COL101", ERROR)),
        (3, "libfrob.so.1", "1.3.0", 0, ("COL102", WARNING)),
        (4, "libfrob.so.1", "1.2.4", 0, ("COL102", WARNING)),
        (4, "libknob.so.1", "1.3.0", 0, ("COL102", WARNING)),
        (4, "libfrob.so.1", "1.3.0", 1, ("COL102", WARNING)),
    ],
    ids=["asked", "few-calls", "one-series", "inside-another", "linked"],
)
def test_library_that_is_asked_for_its_functions_gives_its_own(
    s: Scenario, called: int, host: str, theirs: str, users: int, found: tuple[str, Severity]
) -> None:
    """What ctypes gets by name is the wheel's, and calls the host's."""
    inner, front = many("lib_inner", called), many("lib_front", 2)
    calls = " + ".join(f"{name}()" for name in inner)
    library = functions(*inner) + "".join(f"int {n}(void) {{ return {calls}; }}" for n in front)
    told = 'const char *tell(void) {{ return "libfrob {} of today"; }}'
    s.lib(host, library + told.format(theirs))
    s.lib("w/libfrob_x86_64.so", library + told.format("1.2.3"))
    for number in range(users):
        s.lib(f"w/m{number}.so", module(*front), needed=["w/libfrob_x86_64.so"])
    judgement = judged(s, host)
    if users:
        # Who links it was given the host's copy, and nothing is left to do for the wheel's.
        assert of(judgement, "m0.so") == found
        assert of(judgement, "libfrob_x86_64.so") == ("COL110", NOTE)
    else:
        assert of(judgement, "libfrob_x86_64.so") == found


@only_x86_64
@pytest.mark.parametrize(("entries", "severity"), [(1, WARNING), (4, ERROR)])
def test_library_that_few_functions_lead_into_lies_idle(
    s: Scenario, entries: int, severity: Severity
) -> None:
    """The front of a pair of libraries is the host's too, all but what a later release added."""
    inner, new = many("inner", 10), many("inner_new", 4)
    front, added = many("front", 40), many("front_new", entries)
    calls = " + ".join(f"{name}()" for name in (*inner, *new))
    s.lib("libinner.so", functions(*inner))
    s.lib("libfront.so", functions(*front))
    s.lib("w/libinner-0f8b79dc.so", functions(*inner, *new))
    s.lib(
        "w/libfront-0f8b79dc.so",
        "".join(f"int {name}(void);" for name in (*inner, *new))
        + functions(*front)
        + "".join(f"int {name}(void) {{ return {calls}; }}" for name in added),
        needed=["w/libinner-0f8b79dc.so"],
    )
    s.lib("w/m.so", module(*front, *added), needed=["w/libfront-0f8b79dc.so"])
    found = judged(s, "libfront.so", "libinner.so")
    assert of(found, "libfront-0f8b79dc.so") == ("COL101", severity)


@only_x86_64
@pytest.mark.parametrize(("assembly", "severity"), [(True, WARNING), (False, ERROR)])
def test_assembly_that_a_library_shows_by_mistake_is_a_warning(
    s: Scenario, assembly: bool, severity: Severity
) -> None:
    """Visibility is an option of the compiler: a host shows kernels and hides what calls them."""
    kernels, front = many("lib_kernel", 4), many("lib_front", 4)

    def kernel(name: str) -> str:
        if not assembly:
            return f"int {name}(void) {{ return helper(); }}"
        return f'asm(".globl {name}\\n.type {name},@function\\n{name}: mov $1,%eax\\nret");'

    inner = "__attribute__((noinline)) static int helper(void) { return 1; }"
    library = inner + "".join(map(kernel, kernels))
    s.lib("libhost.so", library)
    declared = "".join(f"int {name}(void);" for name in kernels)
    calls = " + ".join(f"{name}()" for name in (*kernels, *front))
    s.lib(
        "w/m.so",
        f"{declared} {inner}"
        + "".join(map(kernel, kernels[:2]))
        + functions(*front)
        + "".join(map(kernel, kernels[2:]))
        + f"int PyInit_m(void) {{ return {calls}; }}",
    )
    (found,) = judged(s, "libhost.so")
    assert (found.code.id, found.severity, found.kept) == ("COL101", severity, front)


@pytest.mark.parametrize(
    ("renamed", "theirs", "found"),
    [
        (40, "1.2.4", ("COL101", ERROR)),
        (40, "1.2.3", ("COL101", WARNING)),
        (10, "1.2.4", ("COL104", WARNING)),
    ],
)
def test_inside_of_a_library_whose_other_names_were_changed_is_an_error(
    s: Scenario, renamed: int, theirs: str, found: tuple[str, Severity]
) -> None:
    def library(version: str, *names: str) -> str:
        told = f'const char *tell_{version[-1]}(void) {{ return "Frob {version} of today"; }}'
        return told + functions("lib_inside", *names)

    names = many("lib_front", 40)
    ours = many("own_lib_front", renamed)
    s.lib("libhost.so", library(theirs, *names))
    s.lib("w/liblib.so", library("1.2.3", *ours) + "int own(void) { return lib_inside(); }")
    s.lib("w/m.so", module(*ours, "own", "lib_inside"), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so") == found


def test_number_behind_the_word_is_of_another_family(s: Scenario) -> None:
    s.lib("libhost.so", functions("pic_read", "pic_write"))
    s.lib("w/liblib.so", functions("pic_read", "pic_write", "pic12_read"))
    s.lib("w/m.so", module("pic_read", "pic_write", "pic12_read"), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so") == ("COL102", WARNING)


def test_pair_on_two_sides_is_told(s: Scenario) -> None:
    s.lib("libhost.so", functions("lib_new"))
    s.lib("w/liblib.so", functions("lib_new", "lib_free"))
    s.lib("w/m.so", module("lib_new", "lib_free"), needed=["w/liblib.so"])
    (found,) = (f for f in judged(s, "libhost.so") if f.victim == "m.so")
    assert found.evidence[1].startswith("lib_new is the host's and lib_free the wheel's")


# -- two copies that differ -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extra", "severity"),
    [("", WARNING), ("long lib_data[1] = {1};", WARNING), ("long lib_data[3] = {1};", ERROR)],
)
def test_other_abi_number_is_an_error_where_structures_are_used(
    s: Scenario, extra: str, severity: Severity
) -> None:
    s.lib("liblib.so.8", functions("lib_one") + extra)
    s.lib("w/liblib.so.6", functions("lib_one") + extra)
    use = "extern long lib_data[]; int lib_read(void) { return lib_data[0]; }" if extra else ""
    names = ("lib_one", "lib_read") if extra else ("lib_one",)
    s.lib("w/m.so", use + module(*names), needed=["w/liblib.so.6"])
    (found,) = (f for f in judged(s, "liblib.so.8") if f.victim == "m.so")
    assert (found.code.id, found.severity) == ("COL105", severity)
    assert any("ABI number 6, the host's 8" in line for line in found.evidence)


@pytest.mark.parametrize(
    ("ours", "theirs", "code"),
    [
        ("int lib_data[4];", "int lib_data[2];", "COL106"),
        ("int lib_data[2];", "int lib_data[4];", "COL102"),
        ("int lib_data[2];", "int lib_data[2];", "COL102"),
        ("int lib_data[2];", "int lib_data(void) { return 1; }", "COL106"),
        ('const char lib_data[] = "-O2 -g -fPIC";', 'const char lib_data[] = "-O2";', "COL102"),
        ('const char lib_data[13] = "-O2 -g";', 'const char lib_data[] = "-O2";', "COL106"),
        ('char lib_data[] = "-O2 -g -fPIC";', 'char lib_data[] = "-O2";', "COL106"),
    ],
)
def test_variable_that_is_smaller_or_code_is_an_error(
    s: Scenario, ours: str, theirs: str, code: str
) -> None:
    s.lib("libhost.so", theirs)
    s.lib("w/liblib.so", ours)
    use = "extern int lib_data[]; int lib_read(void) { return lib_data[1]; }"
    s.lib("w/m.so", use + module("lib_read"), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so")[0] == code


def test_integers_of_another_width_are_an_error(s: Scenario) -> None:
    s.lib("libalgebra.so.3", functions("dgemm_"))
    s.lib("w/libalgebra64_.so.3", functions("dgemm_"))
    s.lib("w/m.so", module("dgemm_"), needed=["w/libalgebra64_.so.3"])
    assert of(judged(s, "libalgebra.so.3"), "m.so") == ("COL107", ERROR)


@pytest.mark.parametrize(("theirs", "code"), [("1.2.4", "COL108"), ("1.2.3", "COL102")])
def test_version_check_is_an_error_where_the_releases_differ(
    s: Scenario, theirs: str, code: str
) -> None:
    def library(version: str) -> str:
        told = f'const char *lib_told(void) {{ return "Frob release {version} of today"; }}'
        return functions("lib_check_version", "lib_one") + told

    s.lib("libhost.so", library(theirs))
    s.lib("w/liblib.so", library("1.2.3"))
    s.lib("w/m.so", module("lib_check_version", "lib_one"), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so")[0] == code


_OLDER = "libfrob link-time version (%s) is older than compile-time version (%s)"
_DOWNGRADE = "Dynamic linking: downgrade of frob! (compiled with version %d, linked to %d)"
_OTHER = "libfrob link-time backend (%s) is different from compile-time backend (%s)"


@pytest.mark.parametrize(
    ("text", "host", "ours", "theirs", "code"),
    [
        (_OLDER, "libfrob.so.4", ("frob_new",), (), "COL108"),
        (_OLDER, "libfrob.so.4", (), ("frob_new",), "COL102"),
        (_OLDER.replace("libfrob", "libother"), "libfrob.so.4", ("frob_new",), (), "COL102"),
        ("m requires libfrob v2 or later", "libfrob.so.4", ("frob_new",), (), "COL108"),
        ("front requires libfrob from Frob 14", "libfrob.so.4", ("frob_new",), (), "COL102"),
        (_DOWNGRADE, "libfrob.so.4", ("frob_new",), (), "COL108"),
        (_DOWNGRADE.replace("frob", "knob"), "libfrob.so.4", ("frob_new",), (), "COL102"),
        (_OTHER, "libfrob-tls.so.4", (), (), "COL108"),
        (_OTHER, "libfrob.so.4", ("frob_new",), (), "COL102"),
        ("libfrob is the best in its time", "libfrob.so.4", ("frob_new",), (), "COL102"),
    ],
    ids=[
        "older",
        "newer",
        "of-another",
        "required",
        "one-function",
        "downgrade",
        "downgrade-of-another",
        "flavour",
        "same-flavour",
        "no-refusal",
    ],
)
def test_words_of_refusal_are_an_error_where_they_would_be_said(
    s: Scenario, text: str, host: str, ours: tuple[str, ...], theirs: tuple[str, ...], code: str
) -> None:
    names = ("frob_version", *many("frob", 5))
    s.lib(host, functions(*names, *theirs))
    s.lib("w/libfrob-0f8b79dc.so.4", functions(*names, *ours))
    said = f'const char *refuse(void) {{ return "{text}"; }}'
    s.lib("w/m.so", said + module(*names), needed=["w/libfrob-0f8b79dc.so.4"])
    assert of(judged(s, host), "m.so")[0] == code


@pytest.mark.parametrize(
    ("count", "data", "code"),
    [(160, 4, "COL109"), (160, 2, "COL102"), (160, 0, "COL102"), (90, 4, "COL102")],
)
def test_wide_interface_is_one_with_structures(
    s: Scenario, count: int, data: int, code: str
) -> None:
    names = many("lib_f", count)
    library = functions(*names) + (f"int lib_data[{data}];" if data else "")
    s.lib("libhost.so", library)
    s.lib("w/liblib.so", library)
    use = "extern int lib_data[]; int lib_read(void) { return lib_data[1]; }" if data else ""
    s.lib("w/m.so", use + module(*names, *(["lib_read"] if data else [])), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so")[0] == code


@only_x86_64
@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("_ZN3lib4ListC1Ev", [("COL112", ERROR)]),
        ("_ZN3lib4List4sizeEv", [("COL102", WARNING)]),
    ],
)
def test_static_objects_that_the_host_builds_are_an_error(
    s: Scenario, name: str, found: list[tuple[str, Severity]]
) -> None:
    constructor = f"__attribute__((constructor)) static void run(void) {{ {name}(); }}"
    s.lib("libhost.so", functions(name, "lib_front"))
    s.lib("w/liblib.so", functions(name, "lib_front") + constructor)
    s.lib("w/m.so", module("lib_front"), needed=["w/liblib.so"])
    told = judged(s, "libhost.so")
    assert [(f.code.id, f.severity) for f in told if f.victim == "liblib.so"] == found


# -- what is no copy ------------------------------------------------------------------------------


def test_name_that_is_code_here_and_data_there_is_an_error(s: Scenario) -> None:
    s.lib("libhost.so", "int version = 1;" + functions(*many("theirs", 30)))
    s.lib("w/liblib.so", functions("version", *many("ours", 30)))
    s.lib("w/m.so", module("version"), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so") == ("COL104", ERROR)


def test_reserved_names_are_the_compilers(s: Scenario) -> None:
    names = ("__divhelper", "_ZNSt6threadD1Ev")
    s.lib("libhost.so", functions(*names))
    s.lib("w/liblib.so", functions(*names))
    s.lib("w/m.so", module(*names), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so") == ("COL111", NOTE)


def test_every_rule_says_why_it_should_hold_for_any_library() -> None:
    from collide.findings import verdicts

    for rule in verdicts.RULES:
        assert rule.__doc__ is not None
        assert len(rule.__doc__.splitlines()) > 3, rule.__name__


# -- one build ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build_id", "severity"), [("0x1234abcd", NOTE), ("0x99", WARNING)], ids=["same", "another"]
)
def test_copy_of_one_build_is_a_note(s: Scenario, build_id: str, severity: Severity) -> None:
    names = many("lib", 4)
    s.lib("libhost.so", functions(*names), "-Wl,--build-id=0x1234abcd")
    s.lib("w/libw.so", functions(*names), f"-Wl,--build-id={build_id}")
    s.lib("w/m.so", module(*names), needed=["w/libw.so"])
    findings = judged(s, "libhost.so")
    assert of(findings, "m.so") == ("COL102", severity)
    (evidence,) = (f.evidence for f in findings if f.victim == "m.so")
    assert ("build id is 1234abcd" in evidence[0]) == (severity is NOTE)
