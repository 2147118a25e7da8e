"""Hosts by themselves: what is interposed, by the real loader's account, and the command."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from collide.analysis.start_up import InterposedHost, analyse_start_up
from collide.cli.main import main
from collide.filesystems.root import Root
from collide.findings.code import Severity
from collide.findings.interposed import judge_start_up
from collide.hosts.extract import extract
from collide.loader.link_map import LinkMap
from collide.verify.ld_debug import Log
from scenario import Scenario, observe
from systems import require_host

Out = pytest.CaptureFixture[str]
Interposed = set[tuple[str, str, str]]
"""Victim, symbol and provider."""


def two_libraries(directory: Path) -> Path:
    """A host whose second library wanted its own ``xmalloc`` and ``helper``."""
    s = Scenario(directory)
    source = "int xmalloc(void) { return %d; }\nint helper(void) { return xmalloc(); }\n"
    s.lib("libfirst.so", source % 1)
    s.lib("libsecond.so", source % 2 + "int second(void) { return helper(); }\n")
    return s.host(needed=["libfirst.so", "libsecond.so"])


def predicted(interposed: InterposedHost) -> Interposed:
    (module,) = interposed.analysis.modules
    assert module.bound is not None
    return {
        (o.dso.path, b.reference.name, b.provider.path)
        for o in module.bound.objects
        for group in o.groups
        for b in group.shadowed
        if b.provider
    }


def closure(root: LinkMap) -> list[LinkMap]:
    found = [root]
    for one in found:
        found += [m for m in one.needed or () if m not in found]
    return found


def defined(path: str) -> set[tuple[str, str]]:
    """Every defined dynamic symbol with its version, by nm(1)."""
    command = ["nm", "-D", "--defined-only", "--with-symbol-versions", path]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = (line.split()[-1].replace("@@", "@").partition("@") for line in said.splitlines())
    return {(name, version) for name, _, version in names}


def copy_relocations(path: str) -> set[str]:
    """The variables with a copy relocation, by readelf(1)."""
    said = subprocess.run(["readelf", "-rW", path], capture_output=True, text=True, check=True)
    return set(re.findall(r"_COPY +\S+ ([^@\s]+)", said.stdout))


def by_loader(log: Log, maps: tuple[LinkMap, ...]) -> Iterator[tuple[str, str, str]]:
    """What the log shows to be bound to another object than the first of the victim's closure."""
    definitions = {m.dso.path: defined(m.dso.path) for m in maps}
    closures = {m.dso.path: [n.dso.path for n in closure(m)] for m in maps}
    for line in log.bindings:
        if not line.relocation or line.object not in closures:
            continue
        version = line.version or ""
        meant = [
            path
            for path in closures[line.object]
            if any((line.symbol, v) in definitions[path] for v in {version, ""})
        ]
        if meant and meant[0] != line.provider:
            yield line.object, line.symbol, line.provider


def compare(binary: str) -> InterposedHost:
    """Assert that prediction and loader agree on every interposed symbol of a start-up."""
    host = extract(binary, Root())
    interposed = analyse_start_up(host)
    _, log = observe([binary, "--version"])
    found = set(by_loader(log, host.process.global_scope))
    executable = host.process.executable.dso.path
    # Canonical PLT entries are not called defined.
    own, copied = {name for name, _ in defined(executable)}, copy_relocations(executable)
    meant = {
        (victim, name, provider)
        for victim, name, provider in found
        if not (victim == executable and name in copied)
        and not (provider == executable and (name in interposed.copied or name not in own))
    }
    assert predicted(interposed) == meant
    copies = {name for _, name, provider in found if provider == executable}
    assert interposed.copied.keys() <= copies
    return interposed


def test_two_libraries_with_the_same_names(tmp_path: Path) -> None:
    interposed = compare(str(two_libraries(tmp_path)))
    first, second = str(tmp_path / "libfirst.so"), str(tmp_path / "libsecond.so")
    here = {key for key in predicted(interposed) if key[0] == second}
    assert here == {(second, "xmalloc", first), (second, "helper", first)}
    finding = next(f for f in judge_start_up(interposed) if f.victim == second)
    assert (finding.provider, finding.intended) == (first, (second,))
    assert finding.symbols == ("helper", "xmalloc")
    assert finding.severity is Severity.WARNING
    assert "the wheel" not in " ".join(finding.evidence)
    assert "libfirst.so's" in " ".join(finding.evidence)


def test_command_tells_it_in_every_format_and_keeps_a_baseline(tmp_path: Path, capsys: Out) -> None:
    host = str(two_libraries(tmp_path))
    baseline = str(tmp_path / "baseline.json")
    assert main(["interposed", host, "--fail-on", "warning"]) == 1
    told = capsys.readouterr().out
    assert "libsecond.so" in told
    assert "helper, xmalloc" in told
    for form in ("json", "sarif", "github", "html"):
        assert main(["interposed", host, "--format", form]) == 0
        assert "libsecond.so" in capsys.readouterr().out
    assert main(["interposed", host, "--baseline", baseline]) == 2
    assert "no such baseline" in capsys.readouterr().err
    assert main(["interposed", host, "--baseline", baseline, "--update"]) == 0
    assert main(["interposed", host, "--baseline", baseline, "--fail-on", "note"]) == 0
    assert "libsecond.so" not in capsys.readouterr().out
    document = json.loads(Path(baseline).read_text())
    for entry in document["interposed"]:
        entry["symbols"] = [name for name in entry["symbols"] if name != "helper"]
    Path(baseline).write_text(json.dumps(document))
    assert main(["interposed", host, "--baseline", baseline, "--fail-on", "warning"]) == 1
    assert "libsecond.so" in capsys.readouterr().out
    Path(baseline).write_text("[]")
    assert main(["interposed", host, "--baseline", baseline]) == 2
    assert "not a readable baseline" in capsys.readouterr().err


def test_recorded_profile_tells_the_same_and_a_shipped_one_says_that_it_cannot(
    tmp_path: Path, capsys: Out
) -> None:
    host, profile = str(two_libraries(tmp_path)), str(tmp_path / "host.profile")
    assert main(["profile", host, "-o", profile]) == 0
    capsys.readouterr()
    assert main(["interposed", host, "--format", "json"]) == 0
    extracted = json.loads(capsys.readouterr().out)["findings"]
    assert main(["interposed", profile, "--format", "json"]) == 0
    recorded = json.loads(capsys.readouterr().out)["findings"]
    assert [(f["victim"], f["provider"], f["symbols"]) for f in recorded] == [
        (f["victim"], f["provider"], f["symbols"]) for f in extracted
    ]
    assert main(["interposed", "debian-12-python3"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "could not analyse its start-up, because" in told.err


def test_copied_variables_are_one_note(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libdata.so", "int one = 1, two = 2; int both(void) { return one + two; }")
    source = "extern int one, two; int main(void) { return one + two - 3; }"
    host = s.exe(source, "-fno-pic", "-no-pie", name="copies", needed=["libdata.so"])
    findings = judge_start_up(analyse_start_up(extract(str(host), Root())))
    (note,) = [f for f in findings if f.code.slug == "copied-variables"]
    assert note.severity is Severity.NOTE
    assert set(note.symbols) >= {"one", "two"}
    assert str(tmp_path / "libdata.so") in note.intended


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["python3", "gdb", "uwsgi", "vim.nox", "pypy3"])
def test_real_hosts_interpose_what_is_predicted_and_nothing_else(name: str) -> None:
    binary = f"/usr/bin/{name}"
    require_host(binary)
    compare(binary)
