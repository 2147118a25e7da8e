"""The GNU property note of an x86 object, read as glibc's loader reads it.

Source: glibc ``sysdeps/x86/dl-prop.h`` (``_dl_process_property_note``), ``elf/dl-load.c``
(``_dl_process_pt_gnu_property``); x86-64 psABI, "Program Property".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from collide.elf.constants import PT_GNU_PROPERTY, PT_NOTE
from collide.elf.headers import Image
from collide.support.errors import FormatError
from collide.support.records import NamedTuple

_NT_GNU_PROPERTY_TYPE_0 = 5
_FEATURE_1_AND, _ISA_1_NEEDED, _1_NEEDED = 0xC0000002, 0xC0008002, 0xB0008000
_MACHINES = ("x86_64", "i686")
_MOST = 64 << 10


class IsaNeeded(NamedTuple):
    """The bits of GNU_PROPERTY_X86_ISA_1_NEEDED: bit 0 is the baseline, 1 to 3 x86-64-v2 to v4.

    ``notes`` are those in PT_NOTE, which is all that is read up to glibc 2.38, ``all`` those
    after a look at PT_GNU_PROPERTY, too. Linkers write both segments over one note.
    """

    notes: int = 0
    all: int = 0


def isa_needed(image: Image) -> IsaNeeded:
    """What the loader sees of the levels that an object demands."""
    if image.machine.name not in _MACHINES:
        return IsaNeeded()
    return IsaNeeded(_needed(image, (PT_NOTE,)), _needed(image, (PT_NOTE, PT_GNU_PROPERTY)))


def _needed(image: Image, kinds: tuple[int, ...]) -> int:
    """The bits that are found in segments of these kinds.

    They are read from the last to the first: a PT_NOTE counts only where no property was seen
    before, and only with one note. No more than 64 KiB are looked at: objects have 32 bytes.
    """
    needed, seen, word, left = 0, False, image.bits // 8, _MOST
    for s in reversed(image.segments):
        if s.kind not in kinds or s.align != word or s.memory > left:
            continue
        if s.kind == PT_NOTE and seen:
            continue
        left -= s.memory
        try:
            notes = list(_property_notes(bytes(image.at(s.address, s.memory)), word))
        except FormatError:
            continue
        if s.kind == PT_NOTE:
            needed = _isa(notes[0], word) if len(notes) == 1 else needed
            seen = bool(notes)
        elif notes:
            needed = _isa(notes[0], word) or needed
            seen = seen or len(notes[0]) >= 8
    return needed


def _property_notes(segment: bytes, word: int) -> Iterator[bytes]:
    """The descriptions of the notes of type NT_GNU_PROPERTY_TYPE_0."""
    at = 0
    while at + 12 < len(segment):
        name_size, size, kind = struct.unpack_from("<3I", segment, at)
        owner = segment[at + 12 : at + 16]
        if name_size == 4 and kind == _NT_GNU_PROPERTY_TYPE_0 and owner == b"GNU\0":
            yield segment[at + 16 : at + 16 + size]
        at += _up(_up(12 + name_size, word) + size, word)


def _isa(properties: bytes, word: int) -> int:
    """The needed bits in one description, up to where the loader stops: types ascend."""
    if len(properties) % word:
        return 0
    at = last = 0
    while at + 8 <= len(properties):
        kind, size = struct.unpack_from("<2I", properties, at)
        at += 8
        sought = kind in (_FEATURE_1_AND, _ISA_1_NEEDED, _1_NEEDED)
        if kind < last or at + size > len(properties) or (sought and size != 4):
            break
        if kind >= _ISA_1_NEEDED:
            (bits,) = struct.unpack_from("<I", properties, at) if kind == _ISA_1_NEEDED else (0,)
            return int(bits)
        last = kind
        at += _up(size, word)
    return 0


def _up(size: int, word: int) -> int:
    return -(-size // word) * word
