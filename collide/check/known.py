"""A file of the causes that were known when it was written: only new ones count.

A cause is known by its fingerprint, which another release of the wheel or of the library does not
change. One that was a warning and is an error now is new.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from collide.check.aside import Key, without
from collide.check.causes import Cause, causes
from collide.check.check import IN_BASELINE, Report
from collide.check.fingerprints import distribution, fingerprint
from collide.check.rows import merge_key
from collide.findings.code import Severity
from collide.support.foreign import Text, json_of
from collide.support.records import NamedTuple
from collide.support.schema import Schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SCHEMA = "collide-baseline/1"
_SCHEMA = Schema(os.path.join(os.path.dirname(__file__), "known.schema.json"))  # noqa: PTH118, PTH120


class Known(NamedTuple):
    """One cause: what finds it again, and for people what it was."""

    fingerprint: str
    severity: Severity
    code: str
    subject: str
    inputs: tuple[str, ...]


def read(path: str) -> tuple[Known, ...]:
    """The causes in a file. Raises InputError."""
    document = _SCHEMA.baseline(path, SCHEMA)
    return tuple(
        Known(
            one["fingerprint"],
            Severity[one["severity"].upper()],
            one["code"],
            one["subject"],
            tuple(one["inputs"]),
        )
        for one in document["causes"]
    )


def known_now(report: Report) -> tuple[Known, ...]:
    """All causes of a report."""
    return tuple(
        Known(
            fingerprint(cause),
            cause.severity,
            cause.code.id,
            cause.subject,
            tuple(sorted(set(map(distribution, cause.targets)))),
        )
        for cause in causes(report)
    )


def updated(old: Iterable[Known], new: Iterable[Known], inputs: Iterable[str]) -> tuple[Known, ...]:
    """What is known after a check of ``inputs``: of others it stays as it was."""
    looked_at = set(map(distribution, inputs))
    kept = [one for one in old if not looked_at.issuperset(one.inputs)]
    # Wheels of one release have the same cause: the worst is known.
    found = {one.fingerprint: one for one in sorted((*kept, *new), key=lambda one: one.severity)}
    return tuple(sorted(found.values(), key=lambda one: (one.inputs, one.subject, one)))


def write(known: Iterable[Known]) -> Text:
    """The contents of a file."""
    return json_of({"schema": SCHEMA, "causes": list(map(_as_json, known))})


def _as_json(one: Known) -> dict[str, Any]:
    return {**one._asdict(), "severity": str(one.severity), "inputs": list(one.inputs)}


def only_new(report: Report, known: Iterable[Known]) -> Report:
    """The report without the causes that were known, and as bad as they are now."""
    worst = {one.fingerprint: one.severity for one in known}
    old = [c for c in causes(report) if c.severity <= worst.get(fingerprint(c), 0)]
    keys = set(_keys(old))
    if not keys:
        return report
    return without(report, IN_BASELINE, lambda one: "" if one.key in keys else None)


def _keys(found: Sequence[Cause]) -> Iterable[Key]:
    return (
        (row.targets, row.after, merge_key(row.finding)) for cause in found for row in cause.rows
    )
