"""What a wheel newly takes from a host that has changed (``collide diff --impact``)."""

from __future__ import annotations

from collections.abc import Mapping

from collide.analysis.analysis import Analysis, analyse
from collide.loader.host import Host
from collide.support.records import NamedTuple
from collide.wheels.target import Target


class Impact(NamedTuple):
    """What a change of the host does to one target.

    ``taken`` are the symbols, by victim and provider, that are shadowed on the
    new host and were not on the old one. ``failures`` are reasons why modules
    cannot be opened any more. ``left_out`` is the reason why nothing was
    compared, None where something was.
    """

    target: str
    taken: Mapping[tuple[str, str], tuple[str, ...]] = {}
    failures: tuple[str, ...] = ()
    left_out: str | None = None


def impact(target: Target, old: Host, new: Host) -> Impact:
    """Compare the bindings of ``target`` on the old and on the new host."""
    before, after = analyse(target, old), analyse(target, new)
    for analysis in (after, before):
        if analysis.left_out is not None:
            return Impact(target.name, left_out=f"{analysis.host.name}: {analysis.left_out}")
    known = {(victim, symbol) for victim, _, symbol in _taken(before)}
    groups: dict[tuple[str, str], set[str]] = {}
    for victim, provider, symbol in _taken(after):
        if (victim, symbol) not in known:
            groups.setdefault((victim, provider), set()).add(symbol)
    failed = _failures(before)
    return Impact(
        target.name,
        {key: tuple(sorted(symbols)) for key, symbols in sorted(groups.items())},
        tuple(f for f in sorted(_failures(after)) if f not in failed),
    )


def _taken(analysis: Analysis) -> set[tuple[str, str, str]]:
    """Victim, provider and symbol of each shadowed reference that the host serves."""
    return {
        (analysis.name_of(brought.map.dso), b.provider.path, b.reference.name)
        for module in analysis.modules
        if module.bound is not None
        for brought in module.bound.objects
        for group in brought.groups
        for b in group.shadowed
        if b.provider is not None and analysis.is_host(b.provider)
    }


def _failures(analysis: Analysis) -> set[str]:
    return {
        f"{module.name}: {f.kind} {f.name} {f.detail}".rstrip()
        for module in analysis.modules
        for f in module.failures
    }
