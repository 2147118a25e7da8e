"""Fits how likely findings are to break something, and tells how far that is off elsewhere.

    python tests/tools/fit_likelihood.py [--collect]

``collide/findings/likelihood.json`` is counted from ``tests/data/likelihood.json``: for each pair
of the sets ``later``, ``flagged`` and ``measured`` of ``score.py`` the code of its worst finding,
the library it is about, and whether it broke. ``--collect`` analyses the pairs that are not in
the file, by the rules of this day; take the file away to have all of them again.
Then each library is left out, and its pairs are told by the counts of the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import programs
import score
from checkout import DATA, PACKAGE
from collide.analysis.library_copies import library_name
from collide.findings.code import Severity
from collide.findings.judge import judge
from collide.findings.likelihood import (
    LIKELY,
    POSSIBLE,
    VERY_LIKELY,
    Likelihood,
    Measured,
    weighed,
)
from collide.support.errors import CollideError
from repair_hosts import UnavailableError

PAIRS = DATA / "likelihood.json"
NUMBERS = PACKAGE / "findings/likelihood.json"
SETS = ("later", "flagged", "measured")
"""Pairs on which no rule was made; those of ``cases.json`` are what most rules were made on."""


_SHADOWING = "COL1"
"""What fails to load is no question of likelihood."""
_TOLD = ("error", "warning")
_LEAST = (POSSIBLE, LIKELY, VERY_LIKELY)


class Pair(NamedTuple):
    """One pair: its worst finding's severity and code, the library of that, what happened."""

    id: str
    library: str
    severity: str
    code: str
    broke: bool


Tables = dict[str, dict[str, Measured]]


def pairs() -> list[Pair]:
    """All pairs that are kept."""
    loaded: list[dict[str, Any]] = json.loads(PAIRS.read_text()) if PAIRS.exists() else []
    return [Pair(**record) for record in loaded]


def collect() -> None:
    """Analyse the pairs that are not kept; the file is written after each of them."""
    found = {pair.id: pair for pair in pairs()}
    for case in (case for of in SETS for case in score.cases(of)):
        if case["id"] in found:
            continue
        try:
            found[case["id"]] = _told(case)
        except (UnavailableError, CollideError) as e:
            print(f"left out: {case['id']}: {e}", flush=True)
            continue
        records = [found[name]._asdict() for name in sorted(found)]
        lines = ",\n".join(json.dumps(record) for record in records)
        PAIRS.write_text(f"[\n{lines}\n]\n")
        print(*found[case["id"]], flush=True)


def _told(case: score.Case) -> Pair:
    analysis = score.analysis_of(case, made=True)
    findings = judge(analysis)
    broke = case["label"] == "breaks"
    if not findings:
        return Pair(case["id"], score.library_of(case), "nothing", "", broke)
    worst = findings[0]
    by_path = {m.dso.path: m.dso for m in analysis.host.process.global_scope}
    provider = by_path.get(worst.provider or "")
    library = library_name(provider) if provider else None
    about = library or score.library_of(case)
    return Pair(case["id"], about, str(worst.severity), worst.code.id, broke)


def tables(found: Iterable[Pair]) -> Tables:
    """The counts by severity and code."""
    made: Tables = {"error": {}, "warning": {}}
    for pair in found:
        if pair.severity in made and pair.code.startswith(_SHADOWING):
            broke, count = made[pair.severity].get(pair.code, Measured(0, 0))
            made[pair.severity][pair.code] = Measured(broke + pair.broke, count + 1)
    return {severity: dict(sorted(codes.items())) for severity, codes in made.items()}


def likelihood(of: Tables, pair: Pair) -> Likelihood:
    """What the counts tell of one pair."""
    table = of[pair.severity]
    every = Measured(*map(sum, zip(*table.values(), strict=True))) if table else Measured(0, 0)
    return weighed(table.get(pair.code, Measured(0, 0)), every)


def left_out(found: Sequence[Pair]) -> Iterator[tuple[Pair, float]]:
    """Each pair with an error or a warning, and its likelihood by the pairs of other libraries."""
    told = [p for p in found if p.severity in _TOLD and p.code.startswith(_SHADOWING)]
    for pair in told:
        others = tables(other for other in told if other.library != pair.library)
        yield pair, likelihood(others, pair).probability


def calibration_error(told: Sequence[tuple[Pair, float]]) -> float:
    """The mean difference of what was told and what happened, over the four words."""
    words: dict[int, list[tuple[bool, float]]] = {}
    for pair, p in told:
        words.setdefault(sum(p >= least for least in _LEAST), []).append((pair.broke, p))
    off = (abs(sum(broke for broke, _ in of) - sum(p for _, p in of)) for of in words.values())
    return sum(off) / len(told)


def main(argv: Sequence[str] | None = None) -> None:
    """Write and print the numbers, and how they do for libraries that they do not know."""
    parser = programs.parser(__doc__)
    parser.add_argument("--collect", action="store_true", help="analyse pairs that are not kept")
    if parser.parse_args(argv).collect:
        collect()
    found = pairs()
    made = tables(found)
    NUMBERS.write_text(json.dumps(made, indent=1) + "\n")
    for severity, codes in made.items():
        for code, (breaks, count) in codes.items():
            print(f"{severity} {code}: {breaks} of {count} broke")
    errors = [pair for pair in found if pair.severity == str(Severity.ERROR)]
    broke = [pair for pair in found if pair.broke]
    right = sum(pair.broke for pair in errors)
    print(f"{len(found)} pairs, {len({p.library for p in found})} libraries, {len(broke)} broke")
    print(f"error precision {right / len(errors):.2f}, recall {right / len(broke):.2f}")
    told = list(left_out(found))
    brier = sum((p - pair.broke) ** 2 for pair, p in told) / len(told)
    print(
        f"each library left out: calibration error {calibration_error(told):.3f}, "
        f"Brier score {brier:.3f}"
    )


if __name__ == "__main__":
    main()
