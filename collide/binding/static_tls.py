"""The initial-exec TLS of what a dlopen brings: what needs room in static TLS, and what has none.

Sources: glibc ``elf/dl-reloc.c`` (``_dl_allocate_static_tls``), musl ``ldso/dynlink.c``
(``do_relocs``). TLS descriptors, the default of aarch64, take of it what is free for them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from collide.binding.binding import BoundObject
from collide.loader.link_map import LoadFailure
from collide.loader.model import Dso
from collide.loader.static_tls import StaticTls


def take_room(bound: BoundObject, state: StaticTls) -> StaticTls | LoadFailure:
    """The state after the relocation of one object, or why the loader refuses it.

    Rule 6.4 "static TLS", Rule 6.4 "TLS descriptors", Rule 7 "static TLS".

    The blocks are placed in the order of its relocations, as linkers write it: those to its own
    data come first, and TLS descriptors last (``.rela.plt``).
    """
    elf = bound.map.elf
    for definer in _definers(bound, elf.static_tls):
        after = state.with_block(definer)
        if after is None:
            name = posixpath.basename(definer.path)
            return LoadFailure("static-tls", bound.dso.path, name, state.refusal)
        state = after
    for definer in _definers(bound, elf.tls_descriptors):
        state = state.with_optional(definer)
    return state


def _definers(bound: BoundObject, asked: Sequence[str]) -> list[Dso]:
    """The objects whose thread-local data these names are."""
    if not asked:
        return []
    definers = [bound.dso] if "" in asked else []
    found = [b for group in bound.groups for b in group.of(frozenset(asked))]
    order = {r: place for place, r in enumerate(bound.map.elf.references)} if found else {}
    found.sort(key=lambda b: order[b.reference])
    return definers + [b.actual.dso for b in found if b.actual is not None]
