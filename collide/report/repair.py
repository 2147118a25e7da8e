"""The result of ``collide repair``, as text and as JSON (schema ``collide-repair/1``)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import collide
from collide.elf.constants import STV_HIDDEN, VISIBILITY_NAMES
from collide.repair.import_trial import ImportTrial
from collide.repair.plan import ObjectChange, Plan
from collide.repair.proof import Proof
from collide.repair.repair import Repair
from collide.support.text import plural

SCHEMA = "collide-repair/1"
_SHOWN = 4


def render(repair: Repair, *, verbose: bool = False) -> str:
    """What was changed, left alone, proven and written; ``verbose`` lists every symbol."""
    lines = [f"{repair.name}:" if repair.changes else f"{repair.name}: nothing to repair"]
    for name, change in sorted(repair.plan.objects.items()):
        lines.append(f"  {name}: {_summary(change)}")
    for old, new in sorted(repair.plan.moved.items()):
        lines.append(f"  {old} becomes {new.rpartition('/')[2]}")
    lines += _kept(repair.plan, verbose)
    for name in repair.invalidated:
        lines.append(f"  no longer valid for the result: {name}")
    for proof in repair.proofs:
        lines += _proof(proof, verbose)
    if repair.changes:
        lines.append(f"  not covered by the proof: {_not_covered(repair.plan)}")
    lines += [f"  written: {output}" for output in repair.written]
    return "\n".join(lines) + "\n"


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


def render_trials(trials: Sequence[ImportTrial]) -> Iterator[str]:
    """The outcome of the imports, one line for all that succeeded before and after."""
    fine = [t.module for t in trials if t.before is None and t.after is None]
    if fine:
        yield f"{plural(len(fine), 'module')} imported before and after"
    for trial in trials:
        if trial.before is not None or trial.after is not None:
            yield f"{trial.module}: before: {trial.before or 'imported'}; after: " + (
                trial.after or "imported"
            )


def document(repair: Repair) -> bytes:
    """The report that goes into the wheel, without paths or times of this machine."""
    return (json.dumps(as_json(repair), indent=1) + "\n").encode()


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
