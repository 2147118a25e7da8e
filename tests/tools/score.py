"""Prints how well the findings agree with what was measured, in cases of wheel and host.

    python tests/tools/score.py [--set NAME] [--case ID]

``tests/data/cases.json`` holds what happened, ``tests/data/hosts.db`` the hosts as
``record_case_hosts.py`` recorded them; the wheels come from the package index. A
case that breaks must get an error, one that misbinds a warning and no error, a
harmless one no error, a safe one nothing above a note. ``said_blind`` of a case
is what was said of it before it was run, by the rules of that day.

Other sets were measured when the rules stood: ``later`` are pairs of a wheel and a host, predicted
and then run, ``flagged`` pairs that had an error and were run with short programs, so that they
tell of precision alone. ``measured`` are the new pairs of one wheel and a host that
``measure.py`` ran with two exercises (``tests/data/measured_pairs.json``), ``fresh`` and ``fresh2``
are later ones of other libraries, on which no rule may be made; a host of theirs that is not
recorded is made as ``measure.py`` makes it, and left out by name where it cannot be. A set
is halved by library, by a hash of its name: who changes a rule looks at the cases of one half,
and the other one says what the rule is worth.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import programs
from checkout import CASE_HOSTS, DATA
from collide.analysis.analysis import Analysis, analyse
from collide.analysis.interposition import Interposition, find_interpositions
from collide.findings.code import Severity
from collide.findings.finding import Finding
from collide.findings.judge import judge
from collide.findings.loading import judge_loading
from collide.findings.shadowing.order import WORST_OF, judge_interposition
from collide.hosts.database.reader import Database
from collide.loader.host import Host
from collide.wheels.target import Target, read_target
from linked_hosts import LINKED
from measured_hosts import LINKED_PREFIX, place
from repair_hosts import HOSTS, UnavailableError

if TYPE_CHECKING:
    from collide.findings.shadowing.order import FindingRule

Case = dict[str, Any]

_NAMES = {
    "python3": "debpython",
    "preload:310:/usr/lib/x86_64-linux-gnu/libprotobuf.so.32": "preload-protobuf",
    "preload:pypy3": "preload-pypy3-proj",
}


SETS = {
    "first": "cases.json",
    "later": "later_cases.json",
    "flagged": "flagged_cases.json",
    "measured": "measured_pairs.json",
    "fresh": "measured_pairs.json",
    "fresh2": "measured_pairs.json",
}
"""The files of measured cases, by the names of their sets."""
ORIGINS = {"measured": "new", "fresh": "fresh", "fresh2": "fresh2"}
"""The sets that ``measure.py`` ran, and what it calls the origin of their pairs."""
_MACHINES = {"host": "x86_64", "aarch64": "aarch64"}
_PLATFORMS = ("manylinux1", "manylinux2010", "manylinux2014", "manylinux_2_17", "manylinux_2_28")


def cases(of: str = "first") -> list[Case]:
    """The measured cases of one set."""
    loaded: list[Case] = json.loads((DATA / SETS[of]).read_text())
    if of not in ORIGINS:
        return loaded
    mine = (record for record in loaded if record["origin"] == ORIGINS[of])
    return [_as_case(record) for record in mine if _is_decided(record)]


def _is_decided(record: Case) -> bool:
    """Whether a pair is of one wheel and a host, and was decided by its runs."""
    decided = record["outcome"] in ("breaks", "misbinds", "safe")
    return record["kind"] in _MACHINES and decided


def _as_case(record: Case) -> Case:
    """A record of ``measure.py`` in the form of a case."""
    first, *others = (name for name in record["wheels"] if not name.endswith("-any.whl"))
    usual = (f"{platform}_{_MACHINES[record['kind']]}" for platform in _PLATFORMS)
    own = first.removesuffix(".whl").rpartition("-")[2].split(".")
    tags = ",".join(dict.fromkeys((*usual, *own)))
    options = f"--no-deps --only-binary=:all: --python-version 311 --implementation cp {_ABIS}"
    return {
        "id": record["id"],
        "label": record["outcome"],
        "wheel_filename": first,
        "other_wheels": others,
        "pip_spec": f"{first.split('-')[0]} {options} --platform {tags}",
        "host": record["host"],
        "said_blind": record["prediction"]["worst"],
        "note": record["how"] or "works",
    }


_ABIS = "--abi cp311 --abi abi3 --abi none"


def library_of(case: Case) -> str:
    """The library that a host was linked with for its sake; else the project of the wheel."""
    kind, _, library = host_name(case).partition("-")
    return library if kind.startswith("host3") and library else family(case)


def is_held_out(case: Case) -> bool:
    """Whether a case is of the half that no rule is made on."""
    return hashlib.sha256(library_of(case).encode()).digest()[0] % 2 == 1


def wheels_of(case: Case, *, pure: bool = False) -> list[Path]:
    """The wheels of a case, the named one first; those without machine code if ``pure``."""
    names = [case["wheel_filename"], *case.get("other_wheels", ())]
    options = case["pip_spec"].split()[1:]
    return [_download(name, options) for name in names if pure or not name.endswith("-any.whl")]


def _download(filename: str, options: Sequence[str]) -> Path:
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = cache_home / "collide-tests" / "wheels" / filename.removesuffix(".whl")
    name, version = re.split(r"-", filename)[:2]
    if not (found := sorted(directory.glob("*.whl"))):
        directory.mkdir(parents=True, exist_ok=True)
        options = list(options)
        at = options.index("--platform")
        platforms = [o for p in options[at + 1].split(",") for o in ("--platform", p)]
        with TemporaryDirectory(dir=directory) as partial:
            command = [sys.executable, "-m", "pip", "-q", "download", "--dest", partial]
            command += [*options[:at], *platforms, "--platform", "manylinux_2_24_x86_64"]
            command += [
                "--platform",
                "manylinux_2_26_x86_64",
                "--platform",
                "manylinux_2_12_x86_64",
            ]
            subprocess.run([*command, f"{name}=={version}"], check=True)
            for wheel in Path(partial).glob("*.whl"):
                wheel.replace(directory / wheel.name)
        found = sorted(directory.glob("*.whl"))
    return found[0]


@cache
def recorded_hosts() -> Database:
    """The hosts of all cases."""
    return Database(CASE_HOSTS)


def host_name(case: Case) -> str:
    """What the host of a case is called among the recorded ones."""
    name: str = case["host"]
    return _NAMES.get(name, name)


def host_of(case: Case, *, made: bool = False) -> Host:
    """The host of a case, as it is recorded, or else as it is made here.

    The code of a recorded one is not at hand: with ``made`` the one that is made here comes first.
    Raises UnavailableError where it is not recorded and cannot be made.
    """
    name = host_name(case)
    recorded = name in recorded_hosts().names
    if recorded and not (made and is_made_here(case["host"])):
        return recorded_hosts().load(name)
    from measured_table import ARM64_LIBRARIES  # it imports this module

    try:
        return place(case["host"], wheels_of(case), ARM64_LIBRARIES, timeout=60.0).host
    except UnavailableError:
        if not recorded:
            raise
        return recorded_hosts().load(name)


def is_made_here(host: str) -> bool:
    """Whether a host is one of those that ``measured_hosts.py`` makes."""
    linked = host.removeprefix(LINKED_PREFIX)
    return linked in LINKED if linked != host else host in (*HOSTS, "python3")


def installed_together(wheels: Iterable[Path]) -> Target:
    """Several wheels in one site-packages directory."""
    first, *others = [read_target(wheel) for wheel in wheels]
    for other in others:
        first = first._replace(
            members={**first.members, **other.members},
            names={**first.names, **other.names},
            skipped=first.skipped + other.skipped,
            problems=first.problems + other.problems,
        )
    return first._replace(tags=None)


def analysis_of(case: Case, *, made: bool = False) -> Analysis:
    """Every module of the case's wheels opened alone in its host (see :func:`host_of`)."""
    return analyse(installed_together(wheels_of(case)), host_of(case, made=made))


def agrees(label: str, worst: Severity | None) -> bool:
    """Whether the worst finding is what the label of a case demands."""
    match label:
        case "breaks":
            return worst == Severity.ERROR
        case "misbinds":
            return worst == Severity.WARNING
        case "harmless":
            return worst != Severity.ERROR
        case _:
            return worst in (None, Severity.NOTE)


def worst_of(findings: Iterable[Finding]) -> Severity | None:
    """The highest severity."""
    return max((f.severity for f in findings), default=None)


class Outcome(NamedTuple):
    """One case with what is said of it."""

    case: Case
    worst: Severity | None

    @property
    def agrees(self) -> bool:
        """Whether that is what its label demands."""
        return agrees(self.case["label"], self.worst)


class Score(NamedTuple):
    """How well errors are told, and how many safe cases have a finding above a note."""

    precision: float
    recall: float
    false_alarms: int
    agreeing: int
    cases: int

    def __str__(self) -> str:
        return (
            f"precision {self.precision:.2f}  recall {self.recall:.2f}  safe with a finding "
            f"{self.false_alarms}  agreeing {self.agreeing} of {self.cases}"
        )


def score(outcomes: Sequence[Outcome]) -> Score:
    """Precision and recall of ``error`` for cases that break."""
    errors = [o for o in outcomes if o.worst == Severity.ERROR]
    breaking = [o for o in outcomes if o.case["label"] == "breaks"]
    right = sum(o.case["label"] == "breaks" for o in errors)
    return Score(
        precision=right / len(errors) if errors else 1.0,
        recall=right / len(breaking) if breaking else 1.0,
        false_alarms=sum(o.case["label"] == "safe" and not o.agrees for o in outcomes),
        agreeing=sum(o.agrees for o in outcomes),
        cases=len(outcomes),
    )


def family(case: Case) -> str:
    """The project whose wheel it is: its releases share most of what can go wrong."""
    name: str = case["wheel_filename"].split("-")[0]
    return name.lower()


def confusion(outcomes: Iterable[Outcome]) -> str:
    """Labels down, worst findings across."""
    counts = Counter((o.case["label"], o.worst) for o in outcomes)
    columns = (Severity.ERROR, Severity.WARNING, Severity.NOTE, None)
    lines = [f"{'':10}" + "".join(f"{c or 'nothing':>9}" for c in map(_text, columns))]
    lines += [
        f"{label:10}" + "".join(f"{counts[label, c]:9}" for c in columns)
        for label in ("breaks", "misbinds", "harmless", "safe")
    ]
    return "\n".join(lines)


def _text(severity: Severity | None) -> str:
    return "" if severity is None else str(severity)


def kinds_of_error(told: Iterable[tuple[Interpositions, Outcome]]) -> Iterator[str]:
    """False alarms and misses of errors, by the codes that were told, the most frequent first."""
    found: dict[tuple[str, str], list[str]] = {}
    for one, outcome in told:
        alarm, breaks = outcome.worst == Severity.ERROR, one.case["label"] == "breaks"
        if alarm != breaks:
            results = [judge_interposition(i) for i in one.interpositions]
            codes = {r.code.id for r in results if r.severity == outcome.worst} or {"loading"}
            kind = "false alarm" if alarm else "miss"
            key = kind, " ".join(sorted(codes)) if outcome.worst else "nothing"
            found.setdefault(key, []).append(one.case["id"])
    for (kind, told_codes), ids in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        yield f"{kind:11} {told_codes:24} {len(ids):3}  {', '.join(ids)}"


class Interpositions(NamedTuple):
    """One case's interpositions, and the worst of its findings about loading."""

    case: Case
    interpositions: tuple[Interposition, ...]
    rest: Severity | None

    def outcome(self, rules: Sequence[FindingRule] | None = None) -> Outcome:
        """With these rules."""
        severities = [judge_interposition(one, rules).severity for one in self.interpositions]
        severities += [] if self.rest is None else [self.rest]
        return Outcome(self.case, max(severities, default=None))


def interpositions_of(case: Case, analysis: Analysis, *, reaching: bool = True) -> Interpositions:
    """The interpositions of one case."""
    found = tuple(find_interpositions(analysis, reaching=reaching))
    return Interpositions(case, found, worst_of(judge_loading(analysis)))


def main(argv: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = programs.parser(__doc__)
    parser.add_argument("--case", metavar="ID", help="only this one, with its findings")
    parser.add_argument("--set", choices=SETS, default="first", dest="of", help="which cases")
    args = parser.parse_args(argv)
    if args.case:
        by_id = {case["id"]: case for case in cases(args.of)}
        if args.case not in by_id:
            parser.error(f"no such case: {args.case}")
        case = by_id[args.case]
        print(case["label"], case["note"])
        for f in judge(analysis_of(case)):
            print(f"{f.severity} {f.code.id} {f.victim} <- {f.provider}", *f.evidence, sep="\n  ")
        return
    told, outcomes, all_used = [], [], []
    for case in cases(args.of):
        try:
            analysis = analysis_of(case)
        except UnavailableError as e:
            print(f"left out: {case['id']}: {e}")
            continue
        told.append(interpositions_of(case, analysis))
        all_used.append(interpositions_of(case, analysis, reaching=False).outcome())
        o = told[-1].outcome()
        outcomes.append(o)
        wrong = "" if o.agrees else "  WRONG"
        print(f"{case['label']:9} {_text(o.worst) or 'nothing':8} {case['id']}{wrong}", flush=True)
    print("\n" + "\n".join(kinds_of_error(zip(told, outcomes, strict=True))))
    print(f"\n{confusion(outcomes)}\n\nall rules                {score(outcomes)}")
    for half, held_out in (("looked at", False), ("held out", True)):
        of_half = [o for o in outcomes if is_held_out(o.case) is held_out]
        print(f"libraries {half:14} {score(of_half)}")
    for rule in WORST_OF:
        rest = [r for r in WORST_OF if r is not rule]
        print(f"without {rule.__name__:16} {score([c.outcome(rest) for c in told])}")
    print(f"without reach            {score(all_used)}")


if __name__ == "__main__":
    main()
