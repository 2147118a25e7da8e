"""The result of ``collide repair``, as text and as JSON (schema ``collide-repair/1``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import collide
from collide.check.rows import ReportRow
from collide.elf.constants import STV_HIDDEN, VISIBILITY_NAMES
from collide.findings.code import Family, Severity
from collide.findings.finding import Finding
from collide.repair.exercise import Exercise
from collide.repair.import_trial import ImportTrial
from collide.repair.plan import ObjectChange, Plan
from collide.repair.proof import Proof
from collide.repair.repair import Repair
from collide.repair.trials import Trial
from collide.report.check.parts import headline
from collide.report.check.rows import where
from collide.report.outcomes import ending, first_difference
from collide.support.foreign import Text, json_of, text_of
from collide.support.text import plural

SCHEMA = "collide-repair/1"
_SHOWN = 4


def render(repair: Repair, stays: Sequence[ReportRow] = (), *, verbose: bool = False) -> Text:
    """What was changed, left alone, proven and written; ``verbose`` lists every symbol.

    ``stays`` are the findings of a check of what came out, of whatever wheels.
    """
    own, shared = _about(repair, stays)
    heading = f"{repair.name}:"
    if not repair.changes:
        nothing = "nothing that a repair can change" if own or shared else "nothing to repair"
        heading += f" {nothing}"
    lines = [heading]
    for name, change in sorted(repair.plan.objects.items()):
        lines.append(f"  {name}: {_summary(change)}")
    for old, new in sorted(repair.plan.moved.items()):
        lines.append(f"  {old} becomes {new.rpartition('/')[2]}")
    lines += _kept(repair.plan, verbose)
    for name in repair.invalidated:
        lines.append(f"  no longer valid for the result: {name}")
    for proof in repair.proofs:
        lines += _proof(proof, verbose)
    lines += [f"  {_stays(row)}" for row in own]
    if repair.changes:
        lines.append(f"  not covered by the proof: {_not_covered(repair.plan)}")
    lines += [f"  written: {output}" for output in repair.written]
    return text_of([*lines, ""])


def render_stays(stays: Iterable[ReportRow], *, pairs: bool = True) -> Iterator[str]:
    """The findings of a check of what came out, a line each; those of ``pairs``, or of all."""
    for row in stays:
        if row.is_of_pair or not pairs:
            yield f"{' and '.join(row.targets)}: {_stays(row)}"


def is_its_cause(finding: Finding) -> bool:
    """Whether a finding is an error that a repair is expected to remove: not one of loading."""
    return finding.severity is Severity.ERROR and finding.code.family is not Family.LOADING


def _about(
    repair: Repair, stays: Iterable[ReportRow]
) -> tuple[tuple[ReportRow, ...], tuple[ReportRow, ...]]:
    """The findings of its wheels alone, and those with other wheels."""
    names = set(map(str, repair.written or repair.paths))
    about = [row for row in stays if not names.isdisjoint((*row.targets, row.after))]
    alone = tuple(row for row in about if not row.is_of_pair)
    return alone, tuple(row for row in about if row.is_of_pair)


def _stays(row: ReportRow) -> str:
    finding, code = row.finding, row.finding.code
    heading = f"{finding.severity} {code.id} [{code.slug}] {finding.victim} {where(row)}"
    why = f"until {row.repair}" if row.repair else "as its cause is none that a repair can mend"
    return f"stays, {why}: {heading}: {headline(finding)}"


def _not_covered(plan: Plan) -> str:
    hidden = any(v == STV_HIDDEN for c in plan.objects.values() for v in c.closed.values())
    asked = "names asked for at run time (dlsym, ctypes, cffi); "
    if hidden:
        return asked + "the wheel asks for none, and other packages do not find hidden symbols"
    return asked + "every exported name is still found"


def _summary(change: ObjectChange) -> str:
    counts = Counter(change.closed.values())
    parts = [
        f"{plural(count, 'symbol')} {'hidden' if v == STV_HIDDEN else 'protected'}"
        for v, count in sorted(counts.items())
    ]
    if change.renamed:
        parts.append(f"{len(change.renamed)} renamed")
    if change.soname is not None:
        parts.append(f"DT_SONAME {change.soname}")
    parts += [f"needs {new}" for new in sorted(change.needed.values())]
    parts += [f"searches {directory}" for directory in change.search]
    return ", ".join(parts)


def _kept(plan: Plan, verbose: bool) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for kept in plan.kept:
        reasons.setdefault(kept.reason, []).append(kept.name)
    for reason, names in sorted(reasons.items()):
        shown = names if verbose else names[:_SHOWN]
        more = ", ..." if len(shown) < len(names) else ""
        yield f"  left alone: {', '.join(shown)}{more} ({len(names)}): {reason}"


def _proof(proof: Proof, verbose: bool) -> Iterator[str]:
    shared = f" ({proof.shared} shared with the runtime)" if proof.shared else ""
    yield (
        f"  proven on {proof.host}: {plural(proof.bindings, 'binding')} compared, references "
        f"taken from the wheel: {proof.taken} before, {proof.remaining} after{shared}"
    )
    if proof.own:
        yield f"    {plural(proof.own, 'reference')} between objects of the wheel as before"
    for name in proof.captured:
        yield f"    {name}: the host's library of this name is still used"
    shown = proof.left if verbose else proof.left[:_SHOWN]
    for left in shown:
        yield f"    still taken: {left.symbol} of {left.victim} by {left.provider}: {left.reason}"
    if len(shown) < len(proof.left):
        yield f"    and {len(proof.left) - len(shown)} more"


def render_trial(trial: Trial) -> Iterator[str]:
    """What happened in one host; a line for all modules that did the same."""
    host = trial.host.name
    fine = [t for t in trial.imports if t.before is None and t.after is None]
    mended = [t for t in trial.imports if t.before is not None and t.after is None]
    failed = [t for t in trial.imports if t.before is not None and t.after is not None]
    if fine:
        yield f"{host}: {plural(len(fine), 'module')} imported before and after"
    if mended:
        yield f"{host}: {_named(mended)} imported after, not before: {mended[0].before}"
    if failed:
        nothing = "; so imports prove nothing" if trial.proves_nothing else ""
        why = f"{failed[0].before}{nothing}"
        yield f"{host}: {_named(failed)} imported neither before nor after: {why}"
    worse: dict[str | None, list[ImportTrial]] = {}
    for t in trial.imports:
        if t.is_worse:
            worse.setdefault(t.after, []).append(t)
    for reason, trials in worse.items():
        yield f"{host}: {_named(trials)} imported before, not after: {reason}"
    if trial.exercise is not None:
        yield f"{host}: the script {_exercise(trial.exercise)}"


def _named(trials: Sequence[ImportTrial]) -> str:
    """``a``, or ``a, b, ... (5 modules)``."""
    if len(trials) == 1:
        return trials[0].module
    names = ", ".join(trial.module for trial in trials[:_SHOWN])
    more = ", ..." if len(trials) > _SHOWN else ""
    return f"{names}{more} ({plural(len(trials), 'module')})"


def _exercise(runs: Exercise) -> str:
    before, after = runs.before, runs.after
    if runs.is_mended:
        return f"is right after the repair only: {ending(after)}, before: {ending(before)}"
    if not runs.is_worse:
        return f"did the same before and after: {ending(before)}"
    if (before.status, before.process) != (after.status, after.process):
        return f"did something else after: {ending(after)}, before: {ending(before)}"
    old, new = first_difference(before.output, after.output)
    return f"printed something else after: {new!r}, before: {old!r}"


def document(repair: Repair) -> bytes:
    """The report that goes into the wheel, without paths or times of this machine."""
    return json_of(as_json(repair)).encode()


def as_json(repair: Repair) -> dict[str, Any]:
    """The report as a JSON object."""
    request, plan = repair.request, repair.plan
    return {
        "schema": SCHEMA,
        "version": collide.__version__,
        "wheels": [path.name for path in repair.paths],
        "method": request.method,
        "all": request.everything,
        "oldest_glibc": ".".join(map(str, request.glibc)),
        "objects": {name: _change(change) for name, change in sorted(plan.objects.items())},
        "moved": dict(sorted(plan.moved.items())),
        "left_alone": [{"name": k.name, "reason": k.reason} for k in plan.kept],
        "taken_by": _takers(plan),
        "invalidated": list(repair.invalidated),
        "not_covered": _not_covered(plan),
        "proofs": [_proof_json(proof) for proof in repair.proofs],
        "left_out": [{"profile": name, "reason": why} for name, why in repair.left_out],
    }


def _change(change: ObjectChange) -> dict[str, Any]:
    closed: dict[str, list[str]] = {}
    for name, visibility in sorted(change.closed.items()):
        closed.setdefault(VISIBILITY_NAMES[visibility].lower(), []).append(name)
    return {
        **closed,
        "renamed": dict(sorted(change.renamed.items())),
        "soname": change.soname,
        "needed": dict(sorted(change.needed.items())),
        "search": list(change.search),
    }


def _takers(plan: Plan) -> Mapping[str, list[str]]:
    """The names that each object outside takes from the wheel, by object."""
    takers: dict[str, list[str]] = {}
    for name, objects in plan.takers.items():
        for taker in objects:
            takers.setdefault(taker, []).append(name)
    return dict(sorted(takers.items()))


def _proof_json(proof: Proof) -> dict[str, Any]:
    return {
        "profile": proof.host,
        "bindings": proof.bindings,
        "taken_before": proof.taken,
        "taken_after": proof.remaining,
        "shared": proof.shared,
        "between_own_objects": proof.own,
        "captured": list(proof.captured),
        "left": [left._asdict() for left in proof.left],
    }
