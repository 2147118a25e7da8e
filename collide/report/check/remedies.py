"""The remedies of one finding, as lines of text and as JSON objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from collide.support.text import plural
from collide.whatif.edits import DEEPBIND, HIDE, LOCAL, RENAME, SONAME, VERSION, Edit
from collide.whatif.remedies import Remedy, proven

_SHOWN = 3
"""Remedies whose costs are shown in any case."""


def lines(tried: Sequence[Remedy], *, verbose: bool = False) -> Iterator[str]:
    """What was proven to help, and the costs of the first few.

    ``verbose`` adds the costs of all, and what was tried and does not help.
    """
    helping = proven(tried)
    if tried:
        yield (
            "remedies, each tried in memory and bound again:"
            if helping
            else ("remedies: none of those tried removes it and nothing else")
        )
    for number, remedy in enumerate(helping, 1):
        yield f"{number:3}. {how(remedy)}"
        yield f"     proof: {_proof(remedy)}"
        for cost in remedy.costs if verbose or number <= _SHOWN else ():
            yield f"     cost:  {cost.text}"
    for remedy in tried if verbose else ():
        if remedy.refusal is not None:
            yield f"  no: {how(remedy)}"
            yield f"      {remedy.refusal}"


def _proof(remedy: Remedy) -> str:
    balance = remedy.balance
    return (
        f"taken {remedy.taken_before} -> {remedy.taken_after}; shadowed in all "
        f"{balance.shadowed_before} -> {balance.shadowed_after}, "
        f"newly undefined or failing {len(balance.new)}"
    )


def how(remedy: Remedy) -> str:
    """What to do, in a sentence."""
    own = [_how(edit) for edit in remedy.edits]
    host = [f"in the host, {_how(edit)}" for edit in remedy.host_edits]
    return "; and ".join([*own, *host])


def _how(edit: Edit) -> str:
    name = edit.pattern.replace("[[]", "[")
    names = edit.change.names
    count = plural(len(names), "symbol") if names else "all symbols"
    match edit.change.option:
        case str(option) if option.startswith("-B"):
            return f"link {name} with -Wl,{option}"
        case str(option) if option == HIDE:
            kept = "" if names else ", save what it is entered by"
            return (
                f"hide {count} of {name}{kept} (-Wl,--exclude-libs,ALL where they come from a "
                "static library, else a version script or -fvisibility=hidden)"
            )
        case str(option) if option == RENAME:
            crossing = count if names else "what is looked up by name"
            return f"rename {crossing} of {name} there and in its users (patchelf)"
        case str(option) if option == VERSION:
            return f"link {name} with a version script, node {edit.change.value}, then its users"
        case str(option) if option == SONAME:
            return f"give {name} a SONAME of its own, as auditwheel repair does"
        case str(option) if option == DEEPBIND:
            whose = "all modules" if name == "*" else name
            return (
                f"open {whose} RTLD_DEEPBIND (sys.setdlopenflags(os.RTLD_NOW | os.RTLD_DEEPBIND) "
                "before the import)"
            )
        case str(option) if option == LOCAL:
            return f"open {name} RTLD_LOCAL instead of linking it"
    return str(edit)


def as_json(remedy: Remedy) -> dict[str, Any]:
    """One remedy as a JSON object, also one that was refused."""
    balance = remedy.balance
    return {
        "how": how(remedy),
        "apply": [_edit(edit) for edit in remedy.edits],
        "apply_host": [_edit(edit) for edit in remedy.host_edits],
        "proven": remedy.refusal is None,
        "refusal": remedy.refusal,
        "taken": {"before": remedy.taken_before, "after": remedy.taken_after},
        "shadowed": {
            "before": balance.shadowed_before,
            "after": balance.shadowed_after,
            "new": balance.newly_shadowed,
        },
        "failures": [failure._asdict() for failure in balance.new],
        "costs": [cost._asdict() for cost in remedy.costs],
        "renamed": dict(remedy.renamed),
    }


def _edit(edit: Edit) -> dict[str, Any]:
    return {"object": edit.pattern.replace("[[]", "["), **edit.change._asdict()}
