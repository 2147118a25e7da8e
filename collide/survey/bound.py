"""Binds candidate pairs of wheels on a host, by the functions of ``collide check --together``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from collide.check.pairs import KeptTargets, Pair, pairs_among
from collide.hosts.select import select
from collide.support.errors import InputError
from collide.survey import dataset
from collide.survey.bounded import answered
from collide.survey.rows import SEVERITIES
from collide.survey.traced import traces_of
from collide.wheels.target import read_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from collide.analysis.pair_traces import TargetTraces
    from collide.findings.finding import Finding
    from collide.survey.rows import Row, Rows

_BYTES = 500
"""Of memory for each symbol of a wheel that is kept."""


def answer() -> None:
    """The rows of some pairs, for :func:`collide.survey.bounded.ask`."""
    answered(_rows)


def _rows(asked: Mapping[str, Any]) -> Rows:
    """Of the pairs in ``pairs`` (two of the digests that ``wheels`` has paths of), on one host."""
    paths: Mapping[str, str] = asked["wheels"]
    host = next(iter(select([asked["host"]["spec"]]))).host
    kept = KeptTargets(asked["memory"] // 2 // _BYTES)
    for path in paths.values():
        kept.put(path, partial(read_target, path))
    traces = _traces(asked)
    pairs = [(one, other) for one, other in asked["pairs"]]
    found: Rows = {"pairs": [], "problems": []}
    # What one wheel does to a system library happens to all that load it: one row.
    findings: dict[tuple[object, ...], list[str]] = {}
    key = {"host": host.name, "digest": asked["host"]["digest"]}
    digests = {path: sha256 for sha256, path in paths.items()}
    looked = pairs_among(((traces[a], traces[b]) for a, b in pairs), host, kept)
    for (one, other), pair in zip(pairs, looked, strict=True):
        names = {**key, "one": one, "other": other}
        if isinstance(pair, InputError):
            problem = {"wheel": Path(paths[one]).name, "kind": "fault", "reason": str(pair)}
            found["problems"].append({**problem, "sha256": one})
            found["pairs"].append({**names, **_pair(None)})
            continue
        found["pairs"].append({**names, **_pair(pair)})
        for order, finding in _findings(pair):
            after, *wheels = (digests[path] for path in order) if order else ("", one, other)
            findings.setdefault((after, *_finding(finding, paths)), []).extend(wheels)
    found["pair_findings"] = [
        {**key, "after": after, "wheels": wheels, **dict(zip(_COLUMNS, finding, strict=True))}
        for (after, *finding), wheels in findings.items()
    ]
    return found


_COLUMNS = ("code", "severity", "victim", "provider", "references", "symbols", "detail")


def _traces(asked: Mapping[str, Any]) -> Mapping[str, TargetTraces]:
    rows = dataset.traces(
        Path(asked["directory"]), asked["rules"], asked["host"]["digest"], list(asked["wheels"])
    )
    by_wheel: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_wheel[row["sha256"]].append(row)
    return {w: traces_of(path, by_wheel[w]) for w, path in asked["wheels"].items()}


_SHARED = ("sonames", "system", "promoted", "static_tls")


def _pair(pair: Pair | None) -> Row:
    counts = Counter(str(f.severity) for f in pair.findings) if pair else Counter[str]()
    shares = pair.shares._asdict() if pair else {}
    return {
        **{name: list(shares.get(name, ())) for name in _SHARED},
        **{name: len(shares.get(name, ())) for name in ("unique", "files")},
        "left_out": (pair.left_out or "") if pair else "could not be compared",
        **{severity: counts[severity] for severity in SEVERITIES},
    }


def _findings(pair: Pair) -> Iterator[tuple[tuple[str, ...], Finding]]:
    """Each with the targets in their order; none where the order is nothing to it."""
    yield from (((), finding) for finding in pair.common)
    for order in pair.orders:
        yield from (((order.first, order.second), finding) for finding in order.findings)


def _finding(finding: Finding, paths: Mapping[str, str]) -> tuple[object, ...]:
    """Those of :data:`_COLUMNS`."""

    def named(name: str) -> str:
        # A finding on files is about the wheels, which are where a worker has put them.
        return Path(name).name if name in paths.values() else name

    return (
        finding.code.id,
        str(finding.severity),
        named(finding.victim),
        named(finding.provider or ""),
        finding.references,
        finding.symbols,
        finding.detail,
    )
