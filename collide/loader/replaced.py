"""Makes a process that has other objects in the place of some of its own."""

from __future__ import annotations

from collections.abc import Mapping

from collide.loader.link_map import LinkMap
from collide.loader.model import Dso
from collide.loader.process import Process


def replaced(process: Process, others: Mapping[Dso, Dso], names: Mapping[str, LinkMap]) -> Process:
    """A process in the same state as this one, with other objects in the place of some.

    Maps of this one answer to ``names``, too.
    """
    copy = process.copy(process.files)
    twins = {
        m: LinkMap(m.name, others.get(m.dso, m.dso), m.found, m.needed_by, m.origin)
        for m in process.maps
    }
    for m, twin in twins.items():
        twin.needed_by = m.needed_by and twins.get(m.needed_by, m.needed_by)
        twin.needed = m.needed and tuple(twins.get(n, n) for n in m.needed)
        twin.resolutions = m.resolutions
        twin.filtees = tuple(twins.get(f, f) for f in m.filtees)
    copy.exchange(twins, names)
    return copy
