"""What glibc's start-up leaves for the initial-exec TLS of later objects.

Source: glibc ``elf/dl-tls.c`` (``_dl_determine_tlsoffset``, ``_dl_tls_static_surplus_init``).
"""

from __future__ import annotations

from collections.abc import Sequence

from collide.elf.headers import TlsSegment
from collide.loader.model import Dso, Loader
from collide.loader.static_tls import StaticTls

# 64 + 16 * 100 up to 2.31, and the same of the tunables' defaults since (LEGACY_TLS).
_SURPLUS = 1664
_ALIGN = 64
# glibc.rtld.optional_static_tls, part of the surplus: since 2.32, and on the branch of 2.31, which
# distributions ship. Before, nothing held descriptors to it.
_OPTIONAL, _OPTIONAL_SINCE = 512, (2, 31)
_RSEQ, _RSEQ_SINCE = 32, (2, 41)


def layout(loader: Loader, dsos: Sequence[Dso]) -> StaticTls:
    """The room after the blocks of these objects, in load order: Rule 6.4 "static TLS".

    Exact on x86; elsewhere blocks are laid out upwards, with other padding. An older profile does
    not record the blocks: then the room is the most that it can be.
    """
    blocks = [dso.elf.tls for dso in dsos if dso.elf.tls]
    align = max((_ALIGN, *(block.align for block in blocks)))
    used = _used(blocks)
    if loader.version >= _RSEQ_SINCE:
        used = _up(used, _RSEQ) + _RSEQ
    room = _up(used + _SURPLUS, align) - used if blocks else _SURPLUS + align - 1
    return StaticTls(
        placed=frozenset(dsos),
        room=room,
        align=align,
        refusal="cannot allocate memory in static TLS block",
        optional=_OPTIONAL if loader.version >= _OPTIONAL_SINCE else None,
    )


def _used(blocks: Sequence[TlsSegment]) -> int:
    """The bytes that the blocks take with their padding; a small one may fit in a gap."""
    offset = top = bottom = 0
    for block in blocks:
        first = -block.first % block.align
        if bottom - top >= block.size:
            end = _up(top + block.size - first, block.align) + first
            if end <= bottom:
                top = end
                continue
        end = _up(offset + block.size - first, block.align) + first
        if end > offset + block.size + bottom - top:
            top, bottom = offset, end - block.size
        offset = end
    return offset


def _up(size: int, align: int) -> int:
    return -(-size // align) * align
