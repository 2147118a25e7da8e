"""The room for thread-local data at a fixed distance from the thread pointer (static TLS).

Start-up lays out the blocks (PT_TLS) of all that it loads. What dlopen loads gets its blocks
elsewhere, unless an initial-exec relocation asks for that distance: then room for it must be
left in the area of start-up.
"""

from __future__ import annotations

from collide.loader.model import Dso
from collide.support.records import NamedTuple


class StaticTls(NamedTuple):
    """The state of one process, which each dlopen that succeeds may change.

    ``placed`` are the objects whose block is static, ``room`` the bytes that are left, ``align`` is
    the alignment of the whole; ``refusal`` is what the loader says where a block does not fit.
    ``optional`` are the bytes of the room that are for TLS descriptors, which can do without, and
    None where there is no such bound.
    A dlopen that fails gives back what it has taken. glibc gives back the last block without the
    padding behind it (``elf/dl-close.c``), of which no account is kept.
    """

    placed: frozenset[Dso]
    room: int
    align: int
    refusal: str
    optional: int | None = None

    def with_block(self, definer: Dso) -> StaticTls | None:
        """The state in which the block of ``definer`` is static; None where it does not fit.

        Blocks are laid out downwards from the thread pointer, each aligned to the
        end of the area. Source: glibc ``elf/dl-reloc.c`` (``_dl_try_allocate_static_tls``).
        """
        block = definer.elf.tls
        if block is None or definer in self.placed:
            return self
        if block.align > self.align or block.size + block.first > self.room:
            return None
        room = (self.room - block.size - block.first) // block.align * block.align + block.first
        return self._replace(placed=self.placed | {definer}, room=room)

    def with_optional(self, definer: Dso) -> StaticTls:
        """The state after a TLS descriptor, whose block is placed where there is room for it.

        Rule 6.4 "TLS descriptors".

        Source: glibc ``elf/dl-reloc.c`` (``_dl_try_allocate_static_tls`` with ``optional``),
        ``sysdeps/*/dl-machine.h`` (``TRY_STATIC_TLS``).
        """
        after = self.with_block(definer)
        if after is None or self.optional is None or after is self:
            return after or self
        left = self.optional - (self.room - after.room)
        return self if left < 0 else after._replace(optional=left)
