"""Measures pairs of a wheel and a host, or of two wheels: first the prediction, then the runs.

    python tests/tools/measure.py (--case ID | --all | --table) [--again | --deeper]
                                  [--jobs N] [--runs N]

What ``collide check`` says goes to ``tests/data/measured_pairs.json`` before anything is run;
then two exercises, the second deeper, run as by ``collide verify --exercise``: in plain Python,
in the host, and there with the repaired wheels. Two wheels run in plain Python, each before the
other. ``--all`` passes over pairs that are measured already, unless ``--again``. A second exercise
that was written later is added by ``--deeper`` to what is recorded, where the first showed
nothing: the prediction stays as it was. At the end ``tests/data/measured_pairs.md`` is made.
Wheels come from the package index, hosts from apt.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

import pytest
from packaging.utils import canonicalize_name, parse_wheel_filename

import measured_report
import programs
from checkout import DATA, PACKAGE, ROOT
from collide import api
from collide.findings.loading import CAPTURED_SONAME
from collide.repair.exercise import Outcome
from collide.report.outcomes import ending, first_difference
from collide.support.errors import CollideError, UsageError
from collide.verify.exercises import bundled
from collide.verify.measure import HostRun, Measured, measure
from corpus import download
from linked_hosts import LINKED
from measured_hosts import Place, place
from measured_table import ARM64_LIBRARIES, PAIRS, Package, Pair
from repair_exercises import LIBRARY_EXERCISES
from repair_hosts import UnavailableError
from repair_hosts import download as download_file
from tls_server import certificate

Record = dict[str, Any]
RECORDS = DATA / "measured_pairs.json"
_EXERCISES = DATA / "exercises"
_LEAVE = "def leave(*values):\n    print(*map(repr, values), sep='\\n')\n"
_BOTH = """\
import contextlib, io, os, runpy, sys
def run(path):
    sys.path.insert(0, os.path.dirname(path))
    runpy.run_path(path, run_name="__main__")
    sys.stdout.flush()
if "COLLIDE_BEFORE" in os.environ:
    with contextlib.redirect_stdout(io.StringIO()):
        run(os.environ["COLLIDE_BEFORE"])
run(os.environ["COLLIDE_EXERCISE"])
"""
_TIMEOUT = {"host": 120.0, "together": 120.0, "aarch64": 400.0}
_MACHINE = {"host": "x86_64", "together": "x86_64", "aarch64": "aarch64"}


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what the command line names."""
    parser = programs.parser(__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--case", action="append", metavar="ID", help="only this one")
    which.add_argument("--all", action="store_true", help="all of the table")
    which.add_argument("--table", action="store_true", help="only make the table again")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--again", action="store_true", help="also those that are measured")
    how.add_argument("--deeper", action="store_true", help="add second exercises to records")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="at the same time")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="of each kind")
    args = parser.parse_args(argv)
    if not (args.case or args.all or args.table):
        parser.error("one of --case, --all and --table is needed")
    by_id = {pair.id: pair for pair in PAIRS}
    if unknown := sorted(set(args.case or ()) - set(by_id)):
        parser.error(f"no such case: {unknown[0]}")
    known = records()
    chosen = [by_id[i] for i in args.case] if args.case else list(PAIRS if args.all else ())
    if args.deeper:
        chosen = [p for p in chosen if _lacks_second(p, known.get(p.id))]
    elif args.all and not args.again:
        chosen = [p for p in chosen if known.get(p.id, {}).get("outcome") is None]
    options = ["--runs", str(args.runs), *(["--deeper"] if args.deeper else [])]
    commands = [[sys.executable, __file__, "--case", p.id, *options] for p in chosen]
    if len(chosen) > 1:
        # A process each: what one of them does ends with it.
        with ThreadPoolExecutor(args.jobs) as pool:
            list(pool.map(lambda command: subprocess.run(command, check=False), commands))
    elif chosen:
        pair = chosen[0]
        earlier = known[pair.id] if args.deeper else None
        print(one(pair, args.runs, earlier), flush=True)
    (DATA / "measured_pairs.md").write_text(measured_report.table(records()))


def records() -> dict[str, Record]:
    """What is known of each pair, by its id."""
    found: list[Record] = json.loads(RECORDS.read_text()) if RECORDS.exists() else []
    return {record["id"]: record for record in found}


def _keep(record: Record) -> None:
    import fcntl

    with Path(gettempdir(), "collide-measured-pairs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = {**records(), record["id"]: record}
        parted = measured_report.with_parts(known.values())
        text = json.dumps(parted, indent=1, ensure_ascii=False)
        RECORDS.write_text(text + "\n")


def _lacks_second(pair: Pair, record: Record | None) -> bool:
    """Whether a pair has a second exercise that could run and is not in its record."""
    if record is None or record["outcome"] in (None, "unmeasurable", "breaks"):
        return False
    return _named(pair, "second") and all(e["level"] == "first" for e in record["exercises"])


def one(pair: Pair, runs: int, earlier: Record | None = None) -> str:
    """Predict, run and record one pair; what came of it in a line.

    With the ``earlier`` record of the pair only its second exercise runs.
    """
    try:
        wheels = _wheels(pair)
        where = place(pair.host, _native(wheels), ARM64_LIBRARIES, _TIMEOUT[pair.kind])
    except (UnavailableError, CollideError, pytest.skip.Exception) as e:
        return f"{pair.id}: not made here: {e}"
    if earlier is None:
        record = _predicted(pair, wheels, where)
        _keep(record)
    elif changed := _changed(earlier, wheels, where):
        return f"{pair.id}: not what was measured, by its {' and '.join(changed)}"
    else:
        record = dict(earlier)
    with TemporaryDirectory() as scratch:
        for level in ("first", "second") if earlier is None else ("second",):
            if any(_breaks(e) for e in record["exercises"]) or not _named(pair, level):
                continue
            made = _exercise(pair, level, wheels, where, Path(scratch), runs)
            record["exercises"] = [*record["exercises"], *made]
    record["outcome"] = _outcome(record)
    _keep(record)
    said = "" if earlier else f"predicted {record['prediction']['worst']}, "
    return f"{pair.id}: {said}{record['outcome']}"


def _changed(earlier: Record, wheels: Sequence[Path], where: Place) -> list[str]:
    """The parts of a record that are not as they would be recorded now."""
    # Wheels that are needed come in the order of their resolution.
    before = {"wheels": sorted(earlier["wheels"]), "versions": earlier["versions"]}
    now = {"wheels": sorted(wheel.name for wheel in wheels), "versions": where.versions}
    return [part for part in before if before[part] != now[part]]


def _predicted(pair: Pair, wheels: Sequence[Path], where: Place) -> Record:
    """The record of a pair before any run."""
    return {
        "id": pair.id,
        "kind": pair.kind,
        "origin": pair.origin,
        "wheels": [wheel.name for wheel in wheels],
        "about_wheels": [wheels[_index(package, wheels)].name for package in pair.packages],
        "about": _about(pair),
        "host": pair.host,
        "versions": where.versions,
        "remarks": [f"{p.name} {p.remark}" for p in pair.packages if p.remark],
        **_prediction(pair, _native(wheels), where.host),
        "exercises": [],
        "outcome": None,
    }


def _native(wheels: Sequence[Path]) -> list[Path]:
    return [wheel for wheel in wheels if not wheel.name.endswith("-any.whl")]


def _about(pair: Pair) -> str:
    """What a pair without shadowed bindings is about: the library or program of the host."""
    if pair.kind == "together":
        return " and ".join(package.name for package in pair.packages)
    name = pair.host.partition("-")[2]
    return _library(LINKED[name].library) if name in LINKED else pair.host


def _wheels(pair: Pair) -> list[Path]:
    named = [download_file(name) for name in pair.files]
    return named + [download(spec, "311", _MACHINE[pair.kind]) for spec in pair.specs]


def _prediction(pair: Pair, wheels: Sequence[Path], host: api.Host) -> Record:
    """What the rules of this day say, and the libraries of the pair."""
    revision = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    day = subprocess.run(revision, capture_output=True, text=True, check=False).stdout.strip()
    together = pair.kind == "together"
    report = api.check([str(wheel) for wheel in wheels], host, together=together, exposure=False)
    found = [f for pair in report.pairs for f in pair.findings]
    found += [f for judged in report.judged for f in judged.findings]
    told: Counter[tuple[str, str, str, str]] = Counter()
    for f in found:
        victim, provider = _base(f.victim), _base(f.provider or "")
        told[str(f.severity), f.code.id, victim, provider] += f.references
    worst = max((f.severity for f in found), default=None)
    findings = [
        {"severity": s, "code": c, "victim": v, "provider": p, "references": n}
        for (s, c, v, p), n in sorted(told.items())
        if s != "note"
    ]
    captured = CAPTURED_SONAME.id
    replaced = {_library(p) for (_, c, _, p), n in told.items() if p and (n or c == captured)}
    return {
        "prediction": {
            "rules": day,
            "worst": "nothing" if worst is None else str(worst),
            "codes": sorted({c for s, c, _, _ in told if s == str(worst)}),
            "findings": findings,
        },
        "libraries": sorted(replaced),
    }


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _library(name: str) -> str:
    """A library without its release: ``libssl`` of ``libssl-8bd944e8.so.3``."""
    return name.partition(".so")[0].partition("-")[0]


def _named(pair: Pair, level: str) -> bool:
    return all(getattr(package, level) for package in pair.packages)


def _exercise(
    pair: Pair, level: str, wheels: Sequence[Path], where: Place, scratch: Path, runs: int
) -> list[Record]:
    """The runs of one level: one for a host, one for each order of two wheels."""
    scripts = [_script(package, level, wheels, scratch) for package in pair.packages]

    def repaired(directory: Path) -> Sequence[Path]:
        changing = _native(wheels)
        made = api.repair(changing, where.host, directory=directory)
        return [*made.written, *(w for w in wheels if w not in changing)] if made.changes else []

    if pair.kind != "together":
        made = measure(wheels, scripts[0], where.plain, where.hosted, repaired, runs)
        return [_told(level, pair.packages[0], made)]
    told, both = [], scratch / "both.py"
    both.write_text(_BOTH)
    for second in (1, 0):
        before, exercise = scripts[1 - second], scripts[second]
        alone = _with(where.plain, {"COLLIDE_EXERCISE": str(exercise)})
        after = _with(alone, {"COLLIDE_BEFORE": str(before)})
        made = measure(wheels, both, alone, after, _beyond_repair, runs)
        record = _told(level, pair.packages[second], made)
        told.append({**record, "after": pair.packages[1 - second].name})
    return told


def _with(run: HostRun, variables: dict[str, str]) -> HostRun:
    return run._replace(environment={**run.environment, **variables})


def _beyond_repair(directory: Path) -> Sequence[Path]:  # noqa: ARG001
    raise UsageError("a repair for a host does not part two wheels")


def _script(package: Package, level: str, wheels: Sequence[Path], scratch: Path) -> Path:
    """The program of a package, beside what such programs import."""
    name = getattr(package, level)
    for shared in (
        PACKAGE / "exercises/loopback.py",
        _EXERCISES / "dns.py",
        _EXERCISES / "sshd.py",
    ):
        (scratch / shared.name).write_text(shared.read_text())
    path = scratch / f"{package.name}-{level}.py"
    if name.startswith("library:"):
        text = LIBRARY_EXERCISES[name.partition(":")[2]]
        pem = scratch / "localhost.pem"
        if not pem.exists():
            chain, key = certificate(scratch)
            pem.write_text(key.read_text() + chain.read_text())
        path.write_text(_LEAVE + text.replace("{pem!r}", repr(str(pem))))
        return path
    source = (
        bundled(wheels[_index(package, wheels)]) if name == "bundled" else _EXERCISES / f"{name}.py"
    )
    path.write_text(source.read_text())
    return path


def _index(package: Package, wheels: Sequence[Path]) -> int:
    names = [parse_wheel_filename(wheel.name)[0] for wheel in wheels]
    return names.index(canonicalize_name(package.name))


def _told(level: str, package: Package, measured: Measured) -> Record:
    """One exercise as it is recorded."""
    wrong = [o for o in measured.hosted if not measured.is_right(o)]
    record: Record = {
        "level": level,
        "program": getattr(package, level),
        "of": package.name,
        "verdict": measured.verdict,
        "plain": _endings(measured.plain),
        "host": _endings(measured.hosted),
        "wrong": f"{len(wrong)} of {len(measured.hosted)}",
    }
    right = measured.plain[0]
    if wrong and wrong[0].status == 0 and wrong[0].output != right.output:
        found = first_difference(wrong[0].output, right.output)
        record["difference"] = [line[:120] for line in found]
    if measured.repaired:
        record["repaired"] = _endings(measured.repaired)
    if measured.unrepaired:
        record["not_repaired"] = measured.unrepaired.rpartition("/")[2][:160]
    return record


def _endings(outcomes: Sequence[Outcome]) -> list[str]:
    """How the runs ended, those alike counted together."""
    counts = Counter(ending(o)[:160] for o in outcomes)
    return [f"{n} x {said}" for said, n in counts.items()]


def _breaks(exercise: Record) -> bool:
    return bool(exercise["verdict"].startswith("breaks"))


def _outcome(record: Record) -> str:
    """What the pair does: ``breaks``, ``misbinds`` and works, ``safe``; or ``unmeasurable``."""
    exercises = record["exercises"]
    if any(map(_breaks, exercises)):
        return "breaks"
    if not exercises or exercises[0]["verdict"] == "unmeasurable":
        return "unmeasurable"
    return "misbinds" if record["libraries"] else "safe"


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", str(ROOT))
    main()
