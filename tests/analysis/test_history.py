"""Modules of the interpreter itself that were imported before: what they change, by the loader.

The host is a program of the name of an interpreter, with a ``lib-dynload`` beside it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from collide.analysis.analysis import Analysis, analyse
from collide.analysis.history import after_import, behind_imports
from collide.check.check import check
from collide.cli import main as cli
from collide.filesystems.root import Root
from collide.findings.code import Severity
from collide.findings.finding import Finding
from collide.hosts.extract import extract
from collide.hosts.profile_file.read import load
from collide.hosts.profile_file.write import record, to_bytes
from collide.loader.host import Host
from collide.report.check import json as json_report
from collide.report.check import text
from collide.report.check.formats import FORMATS, Shown
from collide.report.check.parts import headline
from collide.support.errors import UsageError
from collide.wheels.target import read_target
from scenario import Scenario

DYNLOAD = "lib/python3.11/lib-dynload"
OWN = f"{DYNLOAD}/_ssl.cpython-311-x86_64-linux-gnu.so"
OLD, NEW = "V_1 { global: f; local: *; };", "V_1 { global: f; }; V_2 { global: g; local: *; };"
F, G = "int f(void) { return 1; }", "int g(void) { return 2; }"
CALLS_F, CALLS_G = (
    "int f(void); int m(void) { return f(); }",
    "int g(void); int m(void) { return g(); }",
)
U = """__asm__(".data\\n.globl u\\n.type u, @gnu_unique_object\\n.size u, 4\\n"
               "u: .long 1\\n.text");"""
USES_U = "extern int u; int *the_u(void) { return &u; }"


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    return Scenario(tmp_path)


def interpreter(s: Scenario, library: str = F, versions: str | None = OLD) -> Path:
    """``python3.11``, whose ``_ssl`` needs the system's ``libv.so.3``."""
    s.lib("system/libv.so.3", library, versions=versions)
    s.module(OWN, CALLS_F, needed=["system/libv.so.3"], runpath="$ORIGIN/../../../system")
    return s.host(name="bin/python3.11")


def wheel(
    s: Scenario,
    module: str,
    library: str = F + G,
    versions: str | None = NEW,
    name: str = "libv.so.3",
) -> Path:
    """A directory with ``m.so``, and the library that it needs."""
    s.lib(f"wheel/{name}", library, versions=versions)
    s.module("wheel/m.so", module, needed=[f"wheel/{name}"])
    return s.directory / "wheel"


def host_of(binary: Path) -> Host:
    return extract(str(binary), Root(), name="interpreter")


def recorded(binary: Path, tmp_path: Path) -> Host:
    """The same host from a profile file."""
    root = Root()
    host = extract(str(binary), root, name="interpreter")
    # A profile is of an architecture and a libc that this machine has.
    path = tmp_path / "host.json"
    path.write_bytes(to_bytes(record(host, root), compressed=False))
    return load(path)


def findings(binary: Path, target: Path) -> tuple[Finding, ...]:
    (judged,) = check([read_target(str(target))], [host_of(binary)], insist=True).judged
    return judged.findings


def outcome(analysis: Analysis) -> dict[str, str | None]:
    """Who gives what the modules of a target refer to; None for what nothing gives."""
    return {
        b.reference.name: b.provider.path if b.provider else None
        for module in analysis.modules
        if module.bound
        for brought in module.bound.objects
        for b in brought.bindings
    }


# -- what the loader does -------------------------------------------------------------------------


@pytest.mark.rule("6.1", "local module")
@pytest.mark.usefixtures("few_libraries")
@pytest.mark.parametrize("from_profile", [False, True], ids=["binary", "profile"])
def test_library_of_an_own_module_captures(s: Scenario, tmp_path: Path, from_profile: bool) -> None:
    binary, target = interpreter(s), wheel(s, CALLS_F)
    # The real loader, the same openings one after the other.
    real = s.compare(binary, OWN, "wheel/m.so")
    assert real.messages == ("ok", "ok")
    host = recorded(binary, tmp_path) if from_profile else host_of(binary)
    after = analyse(read_target(str(target)), after_import(host, ["ssl"]), insist=True)
    assert outcome(after)["f"] == str(s.directory / "system/libv.so.3")
    assert real.provider("wheel/m.so", "f", "V_1") == "system/libv.so.3"
    alone = analyse(read_target(str(target)), host, insist=True)
    assert outcome(alone)["f"] == str(s.directory / "wheel/libv.so.3")


@pytest.mark.rule("4.4", "captured file")
@pytest.mark.usefixtures("few_libraries")
@pytest.mark.parametrize("from_profile", [False, True], ids=["binary", "profile"])
def test_version_that_the_captured_library_lacks(
    s: Scenario, tmp_path: Path, from_profile: bool
) -> None:
    binary, target = interpreter(s), wheel(s, CALLS_G)
    assert s.compare(binary, "wheel/m.so").messages == ("ok",)
    real = s.compare(binary, OWN, "wheel/m.so")
    host = recorded(binary, tmp_path) if from_profile else host_of(binary)
    (module,) = analyse(read_target(str(target)), after_import(host, ["_ssl"]), insist=True).modules
    assert module.failures == real.failures
    assert [(f.kind, f.name) for f in module.failures] == [("version-not-found", "V_2")]


@pytest.mark.rule("3.6", "first module's")
@pytest.mark.usefixtures("few_libraries")
@pytest.mark.parametrize("from_profile", [False, True], ids=["binary", "profile"])
def test_unique_symbol_of_an_own_module(s: Scenario, tmp_path: Path, from_profile: bool) -> None:
    binary = interpreter(s, f"{F} {U} {USES_U}", None)
    target = wheel(s, f"{CALLS_F} int *the_u(void); int *n(void) {{ return the_u(); }}",
                   f"{F} {U} {USES_U}", None, "libw.so")  # fmt: skip
    real = s.compare(binary, OWN, "wheel/m.so")
    host = recorded(binary, tmp_path) if from_profile else host_of(binary)
    read = read_target(str(target))
    assert outcome(analyse(read, host, insist=True))["u"] == str(s.directory / "wheel/libw.so")
    after = outcome(analyse(read, after_import(host, ["ssl"]), insist=True))
    assert after["u"] == str(s.directory / "system/libv.so.3")
    assert real.provider("wheel/libw.so", "u") == "system/libv.so.3"


# -- what is opened behind an import, and what not ------------------------------------------------


def test_module_that_shares_nothing_is_not_opened_again(s: Scenario) -> None:
    binary, target = interpreter(s), wheel(s, CALLS_F, name="libv-2f6e8b1c.so.3")
    analysis = analyse(read_target(str(target)), host_of(binary), insist=True)
    assert not analysis.depends_on_history
    assert list(behind_imports(analysis)) == []


def test_same_file_is_no_capture(s: Scenario) -> None:
    binary = interpreter(s)
    s.module("wheel/m.so", CALLS_F, needed=["system/libv.so.3"], runpath="$ORIGIN/../system")
    target = read_target(str(s.directory / "wheel"))
    analysis = analyse(target, host_of(binary), insist=True)
    assert not analysis.depends_on_history
    assert list(behind_imports(analysis)) == []


def test_module_that_needs_nothing_more_has_no_history(s: Scenario) -> None:
    binary = interpreter(s)
    s.module("wheel/m.so", F)
    host = host_of(binary)
    analysis = analyse(read_target(str(s.directory / "wheel")), host, insist=True)
    assert not analysis.depends_on_history
    # The modules have not even been looked for.
    assert "modules" not in vars(host.own)


def test_own_module_that_does_not_open_is_no_history(s: Scenario) -> None:
    binary, target = interpreter(s), wheel(s, CALLS_G)
    s.module(OWN, "int no_such(void); int m(void) { return no_such(); }",
             needed=["system/libv.so.3"], runpath="$ORIGIN/../../../system")  # fmt: skip
    assert s.compare(binary, OWN, "wheel/m.so").messages[1] == "ok"
    assert findings(binary, target) == ()
    with pytest.raises(UsageError, match="cannot be opened in this host"):
        after_import(host_of(binary), ["ssl"])


@pytest.mark.usefixtures("few_libraries")
def test_profile_hides_libraries_that_only_own_modules_bring(s: Scenario, tmp_path: Path) -> None:
    host = recorded(interpreter(s), tmp_path)
    path = str(s.directory / "system/libv.so.3")
    assert host.files.open(path) is None
    assert host.own.files is not None
    assert host.own.files.open(path) is not None


# -- what is found --------------------------------------------------------------------------------


def test_refused_module_is_an_error_after_the_import(s: Scenario) -> None:
    (found,) = findings(interpreter(s), wheel(s, CALLS_G))
    assert (found.code.id, found.severity, found.after_import) == ("COL202", 3, ("ssl",))
    assert (found.victim, found.provider) == ("m.so", "V_2")
    assert found.detail == str(s.directory / "system/libv.so.3")


def test_another_module_that_loads_the_systems_library_hides_nothing(s: Scenario) -> None:
    binary, target = interpreter(s), wheel(s, CALLS_G)
    s.module("wheel/z.so", CALLS_F, needed=["system/libv.so.3"], runpath="$ORIGIN/../system")
    assert s.compare(binary, OWN, "wheel/m.so").messages[1] != "ok"
    (found,) = findings(binary, target)
    assert (found.code.id, found.victim, found.after_import) == ("COL202", "m.so", ("ssl",))


def test_captured_library_that_serves_is_a_note(s: Scenario) -> None:
    (found,) = findings(interpreter(s), wheel(s, CALLS_F))
    assert (found.code.id, found.severity) == ("COL205", Severity.NOTE)
    assert (found.after_import, found.intended) == (("ssl",), ("libv.so.3",))


@pytest.mark.rule("4.4", "captured file")
def test_import_that_fails_behind_the_module_is_an_error(s: Scenario) -> None:
    binary = interpreter(s, F + G, NEW)
    s.module(OWN, CALLS_G, needed=["system/libv.so.3"], runpath="$ORIGIN/../../../system")
    target = wheel(s, CALLS_F, F, OLD)
    assert s.compare(binary, OWN, "wheel/m.so").messages == ("ok", "ok")
    real = s.compare(binary, "wheel/m.so", OWN)
    (found,) = (f for f in findings(binary, target) if f.severity is Severity.ERROR)
    (failure,) = real.failures
    assert (found.code.id, found.before_import, found.after_import) == ("COL202", ("ssl",), ())
    assert (found.victim, found.provider) == (failure.object, failure.name)
    assert (found.detail, found.modules) == ("libv.so.3", ("m.so",))
    assert headline(found).startswith("`import ssl` fails after the wheel's module: needs a ")


def test_imports_with_one_consequence_are_one_finding(s: Scenario) -> None:
    binary, target = interpreter(s), wheel(s, CALLS_G)
    s.module(OWN.replace("_ssl", "_hashlib"), CALLS_F, needed=["system/libv.so.3"],
             runpath="$ORIGIN/../../../system")  # fmt: skip
    (found,) = findings(binary, target)
    assert found.after_import == ("hashlib", "ssl")


def test_module_that_fails_alone_fails_for_that_reason_only(s: Scenario) -> None:
    binary = interpreter(s)
    target = wheel(s, f"{CALLS_G} int gone(void); int n(void) {{ return gone(); }}")
    assert [(f.code.id, f.after_import) for f in findings(binary, target)] == [("COL203", ())]


def test_every_format_names_the_import(s: Scenario) -> None:
    binary, target = interpreter(s), wheel(s, CALLS_G)
    report = check([read_target(str(target))], [host_of(binary)], insist=True)
    for name, chosen in FORMATS.items():
        shown = chosen.render(Shown(report, None, False))
        assert "after `import ssl`" in shown or name == "json"
    told = json.loads(json_report.render(report))
    assert told["findings"][0]["after_import"] == ["ssl"]
    (sarif,) = json.loads(FORMATS["sarif"].render(Shown(report, None, False)))["runs"]
    assert sarif["results"][0]["properties"]["findings"][0]["after_import"] == ["ssl"]
    noted = check([read_target(str(wheel(s, CALLS_F)))], [host_of(binary)], insist=True)
    (line,) = (one for one in text.render(noted, verbose=1).splitlines() if "libv.so.3" in one)
    assert re.fullmatch(r"  note COL205 .* after `import ssl`: .*, from .*libv\.so\.3 on .*", line)


def test_remedies_and_repairs_stay_with_their_findings(s: Scenario) -> None:
    names = ("vault_new", "vault_free", "vault_size")
    own = "".join(f"int {name}(void) {{ return 1; }}" for name in names)
    uses = f"int use(void) {{ return {' + '.join(f'{name}()' for name in names)}; }}"
    interpreter(s)
    binary = s.host(own, name="bin/python3.11")
    targets = [read_target(str(wheel(s, f"{CALLS_G} {own} {uses}")))]
    (judged,) = check(targets, [host_of(binary)], insist=True, remedies=True).judged
    (without,) = check(targets, [host_of(s.host(own))], insist=True, remedies=True).judged
    behind = [number for number, f in enumerate(judged.findings) if f.after_import]
    assert [judged.findings[number].code.id for number in behind] == ["COL202"]
    assert [judged.remedies[number] for number in behind] == [()]
    assert [f.severity for f in judged.findings] == sorted(
        (f.severity for f in judged.findings), reverse=True
    )
    # The others are those of a host without own modules, each with what it had.
    others = [number for number in range(len(judged.findings)) if number not in behind]
    assert len(others) == len(without.findings) > 0
    for number, (finding, remedies) in zip(
        others, zip(without.findings, without.remedies, strict=True), strict=True
    ):
        assert judged.findings[number].symbols == finding.symbols
        assert len(judged.remedies[number]) == len(remedies)
    repairable = [others.index(number) for number in sorted(judged.repairable)]
    assert repairable == sorted(without.repairable)


# -- commands -------------------------------------------------------------------------------------


def test_unknown_module_is_one_line(s: Scenario, capsys: pytest.CaptureFixture[str]) -> None:
    binary, target = interpreter(s), wheel(s, CALLS_F)
    command = ["bindings", str(target / "m.so"), "--profile", str(binary), "--after", "tls"]
    assert cli.main(command) == 2
    said = capsys.readouterr().err
    assert said.startswith("collide: --after tls: ")
    assert said.endswith("'s own modules these bring libraries: ssl\n")


def test_bindings_and_explain_after_an_import(
    s: Scenario, capsys: pytest.CaptureFixture[str]
) -> None:
    binary, target = interpreter(s), wheel(s, CALLS_F)
    place = [str(target / "m.so"), "--profile", str(binary), "--after", "ssl"]
    for options in ([], ["--session"]):
        assert cli.main(["bindings", *place, *options]) == 0
        (line,) = map(json.loads, capsys.readouterr().out.splitlines())
        assert (line["symbol"], line["origin"], line["shadowed"]) == ("f", "host", False)
        assert line["provider"] == str(s.directory / "system/libv.so.3")
    assert cli.main(["explain", place[0], "f", *place[1:]]) == 0
    assert ", after `import ssl`\n" in capsys.readouterr().out
