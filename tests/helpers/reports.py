"""Reports to render: made up of findings, or of everything that the specimens show."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from checkout import WHEELS
from collide.analysis.analysis import Analysis
from collide.check.check import Exposed, Judged, LeftOut, Report, check
from collide.filesystems.root import Root
from collide.findings.code import Code
from collide.findings.exposure import EXPOSED_SYMBOLS
from collide.findings.finding import Finding
from collide.findings.shadowing.split_library import SPLIT_LIBRARY
from collide.hosts.database import load_shipped
from collide.hosts.extract import extract
from collide.report.check.formats import FORMATS, Shown
from collide.support.errors import InputError, UnverifiedError
from collide.wheels.tags import Misfit
from collide.wheels.target import Skipped, Target, read_target
from scenario import require_loader

HOST = WHEELS / "host/host"
"""The host that the specimens are made for."""


def specimen(name: str) -> Path:
    """The path of a specimen wheel."""
    (path,) = WHEELS.glob(f"dist/specimen_{name}-1.0-*.whl")
    return path


@cache
def everything() -> Report:
    """A report with findings of one target, of pairs, on several hosts and on any, and none."""
    require_loader()
    hosts = [extract(str(HOST), Root()), load_shipped("debian-12-uwsgi-python3")]
    inputs = [*sorted((WHEELS / "dist").glob("*.whl")), *sorted(HOST.parent.glob("*.so*"))]
    found = check(map(read_target, inputs), hosts, together=True, exposure=True)
    codes = {finding.code.id for finding in found.findings}
    assert codes >= {"COL101", "COL102", "COL203", "COL205", "COL302", "COL306"}
    assert any(one.findings for one in found.exposed)
    return found


def rendered(name: str, report: Report) -> str:
    """One format's output, verbose where it leaves out notes or evidence otherwise."""
    verbose = name in ("codequality", "junit", "sarif")
    return FORMATS[name].render(Shown(report, verbose=int(verbose)))


def of(*findings: Finding) -> Report:
    """A report of these findings."""
    target = Target("demo.whl", None, {}, {})
    analysis = Analysis(target, load_shipped("debian-12-python3"), (), ())
    return Report((Judged(analysis, findings),), (), ())


def finding(code: Code = SPLIT_LIBRARY, symbols: int = 1, **fields: Any) -> Finding:
    """A finding with so many symbols."""
    names = tuple(f"symbol{i:02}" for i in range(symbols))
    defaults: dict[str, Any] = {
        "victim": "m.so",
        "provider": "/lib/libz.so.1",
        "intended": ("m.so",),
        "references": symbols,
        "modules": ("m.so",),
        "remedy": "Change it.",
    }
    return Finding(code, code.severity, symbols=names, **{**defaults, **fields})


def troubled() -> Report:
    """A report with everything that is no finding."""
    (judged,) = of(finding()).judged
    skipped = (Skipped("tool", "an executable"),)
    judged = judged._replace(analysis=judged.analysis._replace(skipped=skipped))
    left_out = tuple(
        LeftOut("demo.whl", host, Misfit("other interpreter", "is for another"))
        for host in ("one", "two")
    )
    problems = (
        InputError("demo.whl: m.so", "truncated"),
        InputError("no.whl", "no such file"),
        UnverifiedError("demo.whl: n.so", "has no hash in RECORD"),
    )
    exposed = (Exposed("demo.whl", (finding(EXPOSED_SYMBOLS, provider=None),)),)
    return Report((judged,), left_out, problems, (), exposed)
