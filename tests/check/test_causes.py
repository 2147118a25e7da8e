"""Findings grouped by what can be changed, and the counts that every format tells."""

from __future__ import annotations

from collections import Counter

from collide.analysis.analysis import Analysis
from collide.check.causes import causes, summarised
from collide.check.check import Exposed, Judged, Report
from collide.findings.code import Severity
from collide.findings.exposure import EXPOSED_SYMBOLS
from collide.findings.finding import Finding
from collide.findings.loading import NO_LIBPYTHON
from collide.findings.shadowing.foreign_symbol import FOREIGN_SYMBOL
from collide.findings.shadowing.replaced_library import REPLACED_LIBRARY
from collide.findings.shadowing.split_library import SPLIT_LIBRARY
from collide.findings.shadowing.unused_copy import UNUSED_COPY
from collide.hosts.database import load_shipped
from collide.report.check.words import theirs_of
from collide.wheels.target import Target
from merging import HOSTS, finding
from reports import everything


def judged(host: str, *found: Finding, repairable: bool = True) -> Judged:
    """One target on one host."""
    analysis = Analysis(Target("a.whl", None, {}, {}), load_shipped(host), (), ())
    return Judged(analysis, found, (), frozenset(range(len(found)) if repairable else ()))


def static(victim: str, **fields: object) -> Finding:
    """A finding about a library that is linked into a module."""
    code = fields.pop("code", SPLIT_LIBRARY)
    return finding(code, victim=victim, intended=(victim,), remedy="Hide it.", **fields)  # type: ignore[arg-type]


def test_one_copy_of_one_library_is_one_cause() -> None:
    worse = static("a.so", symbols=("x", "y"), release="1.3", provider_release="1.2.13")
    lesser = static("b.so", code=REPLACED_LIBRARY, symbols=("y",))
    unused = static("c.so", code=UNUSED_COPY, symbols=("z",))
    report = Report((judged(HOSTS[0], worse, lesser), judged(HOSTS[1], lesser, unused)), (), ())
    (cause,) = causes(report)
    assert (cause.subject, cause.release, cause.code.id) == ("libz", "1.3", "COL101")
    assert cause.severity is Severity.ERROR
    assert cause.objects == cause.linked_into == ("a.so", "b.so")
    assert cause.provider_releases == ("1.2.13",)
    assert cause.hosts == tuple(sorted(HOSTS[:2]))
    assert cause.symbols == ("x", "y")
    assert cause.fix == "Link a and b with -Wl,--exclude-libs,ALL."
    assert len(cause.rows) == 3


def test_second_libpython_is_not_to_be_linked() -> None:
    library = "/usr/lib/libpython3.11.so.1.0"
    second = finding(REPLACED_LIBRARY, victim="m.so", intended=(library,), remedy=NO_LIBPYTHON)
    (cause,) = causes(Report((judged(HOSTS[0], second),), (), ()))
    assert (cause.subject, cause.fix) == ("libpython3.11", NO_LIBPYTHON)


def test_names_of_a_bundled_library_are_changed_in_it_and_not_in_the_host() -> None:
    bundled = "a.libs/libvips-e42572c0.so.42"
    taken = finding(
        FOREIGN_SYMBOL, victim=bundled, provider="/usr/bin/hexchat", intended=(bundled,)
    )
    (cause,) = causes(Report((judged(HOSTS[0], taken),), (), ()))
    assert cause.subject == "hexchat"
    assert cause.fix == "Link libvips statically with -Wl,--exclude-libs,ALL."


def test_copies_that_hosts_carry_are_of_the_library_that_the_wheel_has() -> None:
    """Oniguruma inside of several libruby, and libonig: one library of the wheel is one cause."""
    fields = {"symbols": ("onig_new", "onig_free", "onig_end"), "library": "onig"}
    ruby = [static("jq.so", provider=f"/lib/libruby-{n}.so.{n}", **fields) for n in ("2.7", "3.1")]
    (cause,) = causes(Report((judged(HOSTS[0], *ruby),), (), ()))
    assert (cause.subject, cause.linked_into) == ("onig", ("jq.so",))
    own = static("jq.so", provider="/lib/libonig.so.5", symbols=("onig_new", "onig_end"))
    (cause,) = causes(Report((judged(HOSTS[0], *ruby), judged(HOSTS[1], own)), (), ()))
    assert (cause.subject, len(cause.rows)) == ("libonig", 3)
    other = own._replace(provider="/lib/libjq.so.1", symbols=("jq_init", "onig_new"))
    assert len(causes(Report((judged(HOSTS[0], *ruby), judged(HOSTS[1], other)), (), ()))) == 2


def test_several_libraries_that_answer_for_one_are_named() -> None:
    bundled = "a.libs/libvips-e42572c0.so.42"
    found = [
        finding(REPLACED_LIBRARY, victim="m.so", provider=f"/lib/{name}", intended=(bundled,))
        for name in ("libglib-2.0.so.0.7400.6", "libgobject-2.0.so.0.7400.6")
    ]
    (cause,) = causes(Report((judged(HOSTS[0], *found),), (), ()))
    assert cause.subject == "libvips"
    assert theirs_of(cause) == "libglib-2.0 and libgobject-2.0"
    releases = [f._replace(provider=f"/lib/libz.so.1.2.{n}") for n, f in enumerate(found)]
    (cause,) = causes(Report((judged(HOSTS[0], *releases),), (), ()))
    assert theirs_of(cause) == ""


def test_two_libraries_are_two_causes_the_worst_first() -> None:
    other = static("a.so", code=REPLACED_LIBRARY, provider="/lib/libxml2.so.2.9.14")
    found = causes(Report((judged(HOSTS[0], other, static("a.so")),), (), ()))
    assert [cause.subject for cause in found] == ["libz", "libxml2"]


def test_repair_of_a_cause_is_the_one_that_removes_it_on_all_hosts() -> None:
    one, two = (judged(host, static("a.so")) for host in HOSTS[:2])
    assert causes(Report((one, two), (), ()))[0].repair is not None
    two = two._replace(repairable=frozenset())
    assert causes(Report((one, two), (), ()))[0].repair is None


def test_input_breaks_warns_or_is_clean_by_host() -> None:
    warning = static("a.so", code=REPLACED_LIBRARY)
    on_hosts = (
        *(judged(HOSTS[0], static("a.so"), warning), judged(HOSTS[1], warning)),
        judged(HOSTS[2], static("a.so", code=UNUSED_COPY)),
    )
    exposed = (Exposed("a.whl", (static("a.so", code=EXPOSED_SYMBOLS, provider=None),)),)
    report = Report(on_hosts, (), (), (), exposed)
    summary = summarised(report, causes(report))
    (one,) = summary.inputs
    assert (one.breaks, one.warns, one.clean) == tuple((host,) for host in HOSTS)
    assert summary.causes == Counter({Severity.ERROR: 1, Severity.NOTE: 1})
    assert summary.findings == Counter({Severity.ERROR: 1, Severity.WARNING: 1, Severity.NOTE: 2})


def test_every_finding_has_one_cause() -> None:
    report = everything()
    found = causes(report)
    rows = [id(row.finding) for cause in found for row in cause.rows]
    assert len(rows) == len(set(rows))
    summary = summarised(report, found)
    assert summary.findings.total() == len(rows)
    assert summary.causes.total() == len(found) < len(rows)
