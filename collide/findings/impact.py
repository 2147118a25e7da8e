"""What a wheel newly takes from a host that has changed (``collide diff --impact``)."""

from __future__ import annotations

from collections.abc import Mapping

from collide.analysis.analysis import Analysis, analyse
from collide.analysis.library_copies import parse_soname
from collide.loader.host import Host
from collide.support.records import NamedTuple
from collide.wheels.tags import unsuitable
from collide.wheels.target import Target


class Impact(NamedTuple):
    """What a change of the host does to one target.

    ``taken`` are the symbols, by victim and provider, that are shadowed on the
    new host and were not on the old one. ``failures`` are reasons why modules
    cannot be opened any more. ``left_out`` is the reason why nothing was
    compared, None where something was. ``carries`` are the names of the libraries that it brings,
    without numbers.
    """

    target: str
    taken: Mapping[tuple[str, str], tuple[str, ...]] = {}
    failures: tuple[str, ...] = ()
    left_out: str | None = None
    carries: frozenset[str] = frozenset()


def impact(target: Target, old: Host, new: Host) -> Impact:
    """Compare the bindings of ``target`` on the old and on the new host.

    Between two interpreters a target that fits one of them is opened on both, and what fails for
    want of the other's C API is no failure of the host.
    """
    carries = frozenset(
        soname.base
        for dso in target.members.values()
        if (soname := parse_soname(dso.elf.soname or dso.path))
    )
    between = old.python != new.python and any(
        target.tags is not None and unsuitable(target.tags, host) is None for host in (old, new)
    )
    opened = target._replace(tags=None) if between else target
    before, after = (analyse(opened, host, insist=between) for host in (old, new))
    for analysis in (after, before):
        if analysis.left_out is not None:
            return Impact(
                target.name, left_out=f"{analysis.host.name}: {analysis.left_out}", carries=carries
            )
    known = {(victim, symbol) for victim, _, symbol in _taken(before)}
    groups: dict[tuple[str, str], set[str]] = {}
    for victim, provider, symbol in _taken(after):
        if (victim, symbol) not in known:
            groups.setdefault((victim, provider), set()).add(symbol)
    failed = _failures(after if between else before)
    return Impact(
        target.name,
        {key: tuple(sorted(symbols)) for key, symbols in sorted(groups.items())},
        tuple(f for f in sorted(_failures(after)) if f not in failed),
        carries=carries,
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
