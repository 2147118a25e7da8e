"""Remedies: only what the second binding proves is called one, and the reasons of the others."""

from __future__ import annotations

import os
import posixpath
import zipfile
from pathlib import Path

import pytest

from collide.analysis.analysis import Module, analyse
from collide.filesystems.root import Root
from collide.findings.code import Severity
from collide.findings.finding import Finding
from collide.findings.judge import judge
from collide.hosts.commands import command_line
from collide.hosts.database import load_shipped
from collide.hosts.extract import extract
from collide.loader.host import Host
from collide.report.whatif import render_map
from collide.verify.compare import verify
from collide.verify.runner import Runner
from collide.whatif.edits import parse_edit
from collide.whatif.remedies import Prover, Remedy, proven
from collide.whatif.whatif import lost_references, rename_map, whatif
from collide.wheels.target import Target, read_target
from corpus import download
from corpus_cases import HOSTS
from patching import patchelf
from relinked import require, same
from scenario import Scenario


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    return Scenario(tmp_path)


Judged = tuple[Target, Host, tuple[Finding, ...]]


def judged(s: Scenario, host: Path) -> Judged:
    """The tree ``w`` on a host."""
    target, read = read_target(s.directory / "w"), extract(str(host), Root())
    return target, read, judge(analyse(target, read))


def about(found: Judged, victim: str, provider: str) -> Finding:
    (finding,) = (
        f for f in found[2] if f.victim == victim and (f.provider or "").endswith(provider)
    )
    return finding


def tried(found: Judged, finding: Finding) -> dict[str, Remedy]:
    """Everything that was tried, in its order, by a short form of its edits."""
    trials = Prover(analyse(found[0], found[1])).trials(finding)
    return {
        "+".join(
            f"{Path(e.pattern).name}={e.change.option}" + ("=" if e.change.names else "")
            for e in (*remedy.edits, *remedy.host_edits)
        ): remedy
        for remedy in trials
    }


def helping(trials: dict[str, Remedy]) -> list[str]:
    return [name for name, remedy in trials.items() if remedy.refusal is None]


def refusals(trials: dict[str, Remedy]) -> dict[str, str]:
    return {name: r.refusal for name, r in trials.items() if r.refusal is not None}


RIVAL = "int f(void) { return 9; } int g(void) { return 9; }"


def test_functions_of_a_static_library_least_invasive_first(s: Scenario) -> None:
    s.module("w/m.so", f"{RIVAL} int PyInit_m(void) {{ return f() + g(); }}")
    found = judged(s, s.host(needed=[s.lib("rival.so", RIVAL).name]))
    trials = tried(found, about(found, "m.so", "rival.so"))
    assert helping(trials) == [
        "m.so=-Bsymbolic-non-weak-functions",
        "m.so=-Bsymbolic-functions",
        "m.so=hide",
        "m.so=-Bsymbolic",
        "m.so=rename",
        "*=deepbind",
        "rival.so=local",
    ]
    # The rival is not versioned: it serves any version.
    assert refusals(trials) == {"m.so=version": "2 of 2 are still taken by " + str(
        s.directory / "rival.so")}  # fmt: skip
    remedy = trials["m.so=-Bsymbolic-functions"]
    assert (remedy.taken_before, remedy.taken_after) == (2, 0)
    assert (remedy.balance.shadowed_before, remedy.balance.shadowed_after) == (2, 0)
    assert remedy.balance.new == ()
    assert {cost.kind for cost in remedy.costs} == {"preload"}


def test_data_needs_more_than_symbolic_functions(s: Scenario) -> None:
    s.module(
        "w/m.so", f"{RIVAL} int data = 1; int *p = &data; int PyInit_m(void) {{ return f(); }}"
    )
    found = judged(s, s.host(needed=[s.lib("rival.so", f"{RIVAL} int data = 9;").name]))
    trials = tried(found, about(found, "m.so", "rival.so"))
    assert helping(trials)[:2] == ["m.so=hide", "m.so=-Bsymbolic"]
    rival = s.directory / "rival.so"
    assert refusals(trials)["m.so=-Bsymbolic-functions"] == f"1 of 2 are still taken by {rival}"


def test_version_node_helps_against_a_versioned_rival(s: Scenario) -> None:
    s.module("w/m.so", f"{RIVAL} int PyInit_m(void) {{ return f() + g(); }}")
    rival = s.lib("rival.so", RIVAL, versions="V1 { global: *; };")
    found = judged(s, s.host(needed=[rival.name]))
    assert "m.so=version" in helping(tried(found, about(found, "m.so", "rival.so")))


def test_other_library_in_the_same_module_must_not_be_split(s: Scenario) -> None:
    """Its functions would be the module's own then, and its variable the host's still."""
    second = "int zf(void) { return 1; } int zdata = 1;"
    use = "int *p = &zdata; int PyInit_m(void) { return f() + g() + zf(); }"
    s.module("w/m.so", f"{RIVAL} {second} {use}")
    libraries = [s.lib("rival.so", RIVAL).name, s.lib("second.so", second).name]
    found = judged(s, s.host(needed=libraries))
    trials = tried(found, about(found, "m.so", "rival.so"))
    assert helping(trials)[:2] == ["m.so=hide", "m.so=-Bsymbolic"]
    assert refusals(trials)["m.so=-Bsymbolic-functions"] == (
        f"m.so would take only 1 of its references from {s.directory}/second.so still"
    )


def crossing(s: Scenario) -> Judged:
    s.lib("w/libx.so", f"{RIVAL} int own(void) {{ return f(); }}")
    s.module("w/m.so", "int f(void), g(void); int PyInit_m(void) { return f() + g(); }",
             needed=["w/libx.so"])  # fmt: skip
    return judged(s, s.host(needed=[s.lib("rival.so", RIVAL).name]))


def test_what_crosses_from_one_member_to_another_is_renamed(s: Scenario) -> None:
    found = crossing(s)
    trials = tried(found, about(found, "m.so", "rival.so"))
    assert helping(trials) == ["libx.so=rename", "*=deepbind", "rival.so=local"]
    # Its own reference to f is renamed with the definition.
    assert trials["libx.so=rename"].balance.shadowed_after == 0
    assert trials["libx.so=rename"].renamed == {"f": "f_w", "g": "g_w"}


def test_what_another_member_needs_is_not_hidden(s: Scenario) -> None:
    """Nothing would be undefined: the host has these names, too, and that is the trouble."""
    found = crossing(s)
    trials = tried(found, about(found, "libx.so", "rival.so"))
    assert "libx.so=-Bsymbolic" in helping(trials)
    assert (
        refusals(trials)["libx.so=hide"] == "m.so would no longer find f in the wheel, and 1 more"
    )
    assert refusals(trials)["libx.so=hide="] == "m.so would no longer find f in the wheel"
    users = [c.text for c in trials["libx.so=-Bsymbolic"].costs if c.kind == "users"]
    assert users == [f"m.so still takes f, g from {s.directory / 'rival.so'}"]


def test_what_another_member_alone_defines_is_not_hidden(s: Scenario) -> None:
    s.lib("w/libx.so", f"{RIVAL} int own(void) {{ return f() + g(); }}")
    s.module("w/m.so", "int own(void); int PyInit_m(void) { return own(); }",
             needed=["w/libx.so"])  # fmt: skip
    found = judged(s, s.host(needed=[s.lib("rival.so", RIVAL).name]))
    trials = tried(found, about(found, "libx.so", "rival.so"))
    assert refusals(trials)["libx.so=hide"] == "m.so would fail: undefined-symbol own"
    assert "libx.so=hide=" in helping(trials)


def test_both_own_and_foreign_definitions_take_two_changes(s: Scenario) -> None:
    s.lib("w/libx.so", "int g(void) { return 1; }")
    s.module("w/m.so", "int f(void) { return 1; } int g(void); "
             "int PyInit_m(void) { return f() + g(); }", needed=["w/libx.so"])  # fmt: skip
    found = judged(s, s.host(needed=[s.lib("rival.so", RIVAL).name]))
    finding = about(found, "m.so", "rival.so")
    assert set(finding.intended) == {"libx.so", "m.so"}
    trials = tried(found, finding)
    assert "libx.so=rename+m.so=-Bsymbolic-functions" in helping(trials)
    assert all(trials[name].balance.shadowed_after == 0 for name in helping(trials))


def test_captured_library_takes_more_than_a_new_name(s: Scenario) -> None:
    """Loaded beside the host's it loses every symbol to it, unless these have new names, too."""
    both = "int f(void) { return 1; } int g(void) { return f(); }"
    s.lib("hosts/libx.so", both)
    s.lib("w/libx.so", both)
    s.module("w/m.so", "int f(void), g(void); int PyInit_m(void) { return f() + g(); }",
             needed=["w/libx.so"])  # fmt: skip
    found = judged(s, s.host(needed=["hosts/libx.so"], runpath="$ORIGIN/hosts"))
    trials = tried(found, about(found, "m.so", "hosts/libx.so"))
    assert refusals(trials)["libx.so=soname"] == "3 other references would be taken instead"
    assert "libx.so=rename+libx.so=soname" in helping(trials)
    # Opened RTLD_LOCAL it still answers to its name.
    assert "still taken" in refusals(trials)["libx.so=local"]


def test_version_of_a_captured_library_is_found_under_its_own_name(s: Scenario) -> None:
    s.lib("hosts/libx.so", "int f(void) { return 1; }", versions="V1 { global: *; };")
    s.lib("w/libx.so", "int f(void) { return 1; }", versions="V2 { global: *; };")
    s.module("w/m.so", "int f(void); int PyInit_m(void) { return f(); }", needed=["w/libx.so"])
    found = judged(s, s.host(needed=["hosts/libx.so"], runpath="$ORIGIN/hosts"))
    finding = about(found, "m.so", "V2")
    trials = tried(found, finding)
    assert helping(trials)[0] == "libx.so=soname"
    assert trials["libx.so=soname"].balance.gone != ()


def test_module_that_shadows_its_library_hides_what_it_exports(s: Scenario) -> None:
    s.lib("w/libx.so", "int f(void) { return 1; } int g(void) { return f(); }")
    s.module("w/m.so", "int f(void) { return 2; } int g(void); int PyInit_m(void) { return g(); }",
             needed=["w/libx.so"])  # fmt: skip
    found = judged(s, s.host())
    assert helping(tried(found, about(found, "libx.so", "m.so")))[0] == "m.so=hide="


def test_library_that_others_of_the_host_need_is_opened_with_them(s: Scenario) -> None:
    s.lib("rival.so", RIVAL)
    s.lib("user.so", "int f(void); int used(void) { return f(); }", needed=["rival.so"])
    s.module("w/m.so", f"{RIVAL} int PyInit_m(void) {{ return f() + g(); }}")
    host = s.host("int used(void); int go(void) { return used(); }", needed=["user.so"])
    found = judged(s, host)
    trials = tried(found, about(found, "m.so", "rival.so"))
    assert "user.so=local" in helping(trials)
    assert [c.text for c in trials["user.so=local"].costs] == [
        f"{s.directory}/host must ask dlsym for used of {s.directory}/user.so"
    ]


def test_static_library_of_the_host_s_executable_is_hidden_there(s: Scenario) -> None:
    s.module("w/m.so", f"{RIVAL} int PyInit_m(void) {{ return f() + g(); }}")
    found = judged(s, s.host(RIVAL))
    assert "host=hide=" in helping(tried(found, about(found, "m.so", "/host")))


def test_host_of_which_too_little_is_known_is_not_changed(s: Scenario) -> None:
    """A shipped profile leaves out what the host's own objects refer to."""
    source = "int adler32(void) { return 1; } int PyInit_m(void) { return adler32(); }"
    s.module("w/m.so", source)
    target, host = read_target(s.directory / "w"), load_shipped("debian-12-python3")
    found = target, host, judge(analyse(target, host))
    trials = tried(found, about(found, "m.so", "libz.so.1.2.13"))
    assert "m.so=-Bsymbolic-functions" in helping(trials)
    assert refusals(trials)["libz.so.1.2.13=local"] == (
        "what else of the host needs it is not in its profile: name the binary"
    )


def test_host_that_cannot_be_started_again_leaves_the_changes_of_the_wheel(s: Scenario) -> None:
    s.lib("rival.so", RIVAL)
    s.module("w/m.so", f"{RIVAL} int PyInit_m(void) {{ return f() + g(); }}")
    target, host, _ = judged(s, s.host(needed=["rival.so"]))
    process = host.process.copy(host.files)
    process.global_scope = process.global_scope[:-1]
    host = host._replace(process=process)
    found = target, host, judge(analyse(target, host))
    trials = tried(found, about(found, "m.so", "rival.so"))
    assert "m.so=-Bsymbolic-functions" in helping(trials)
    assert refusals(trials)["rival.so=local"] == (
        "could not be tried: cannot be started again from what its profile holds"
    )


def test_missing_library_has_no_remedy_of_this_kind(s: Scenario) -> None:
    s.lib("libx.so", "int f(void) { return 1; }")
    s.module("w/m.so", "int f(void); int PyInit_m(void) { return f(); }", needed=["libx.so"])
    found = judged(s, s.host())
    (finding,) = found[2]
    assert proven(Prover(analyse(found[0], found[1])).trials(finding)) == ()


def test_finding_of_another_analysis_is_not_proven_away(s: Scenario) -> None:
    found = crossing(s)
    other = found[2][0]._replace(victim="nobody.so")
    assert proven(Prover(analyse(found[0], found[1])).trials(other)) == ()


@pytest.mark.corpus
@pytest.mark.parametrize("package", ["lxml==6.1.3", "xmlsec==1.3.17"])
def test_real_wheels_in_uwsgi(package: str) -> None:
    """Static libraries in modules: -Bsymbolic, or hiding them, removes each error."""
    host = load_shipped("debian-12-uwsgi-python3")
    prover = Prover(analyse(read_target(download(package)), host))
    errors = [f for f in judge(prover.before) if f.severity == Severity.ERROR]
    assert errors
    for finding in errors:
        served = proven(prover.trials(finding))
        options = [r.edits[0].change.option for r in served if r.edits]
        assert {"hide", "-Bsymbolic", "rename"} <= set(options)
        assert all(r.balance.new == () and r.balance.newly_shadowed == 0 for r in served)


@pytest.mark.corpus
def test_psycopg2_in_gdb() -> None:
    """What crosses from libssl to libcrypto: no option of one link helps, a name and a flag do."""
    host = extract("/usr/bin/gdb", Root())
    prover = Prover(analyse(read_target(download("psycopg2-binary==2.9.13")), host))
    (finding,) = (
        f for f in judge(prover.before) if "libssl" in f.victim and "libcrypto" in str(f.provider)
    )
    served = proven(prover.trials(finding))
    options = [r.edits[0].change.option for r in served if r.edits]
    assert options == ["version", "rename", "deepbind"]
    renamed = next(r for r in served if r.renamed)
    assert "SSL_CTX_new" not in renamed.renamed
    assert set(finding.symbols) < set(renamed.renamed)


LIBRARIES = (
    *("libcrypto", "libssl", "libkrb5-", "libk5crypto", "libgssapi", "libkrb5support"),
    *("libcom_err", "libkeyutils", "libsasl2", "libldap", "liblber", "libpq"),
)


@pytest.mark.corpus
def test_renamed_psycopg2_is_what_patchelf_makes_and_gdb_binds(tmp_path: Path) -> None:
    """All that crosses gets new names: in memory, by patchelf in the files, and in gdb itself."""
    require("gdb", "apt install gdb")
    wheel = download("psycopg2-binary==2.9.13")
    installed = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    edits = [parse_edit(f"*{library}*=rename") for library in LIBRARIES]
    result = whatif(read_target(wheel), extract("/usr/bin/gdb", Root()), edits)
    assert result.balance.shadowed_before > 1000
    assert (result.balance.shadowed_after, result.balance.new) == (0, ())
    assert not lost_references(result)

    renamed, members = rename_map(result)
    table = tmp_path / "names.map"
    table.write_text(render_map(renamed.items()))
    for member in members:
        patchelf("--rename-dynamic-symbols", table, installed / member)
    patched = read_target(installed)
    by_name = {patched.names[f.path]: f.elf for f in patched.members.values()}
    changed = result.after.target
    assert all(same(f.elf, by_name[changed.names[f.path]]) for f in changed.members.values())

    analysis = analyse(patched, result.after.host)
    assert [_rows(module) for module in analysis.modules] == [
        _rows(module) for module in result.after.modules
    ]
    command_in_gdb = command_line(analysis.host.path, HOSTS["gdb"].run)
    runner = Runner(analysis.host, command_in_gdb, tmp_path.resolve(), os.environ)
    (agreement,) = verify(analysis, runner)
    assert (agreement.differences, agreement.problem, agreement.failure) == ((), None, None)
    assert agreement.seen == agreement.agreed > 1000


def _rows(module: Module) -> set[tuple[str, ...]]:
    """The bindings of a module, by base names."""
    assert module.bound is not None
    return {
        (posixpath.basename(o.map.dso.path), str(b.reference), posixpath.basename(b.provider.path))
        for o in module.bound.objects
        for b in o.bindings
        if b.provider is not None
    }
