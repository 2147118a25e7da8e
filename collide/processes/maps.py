"""What is mapped where in a process, as ``/proc/PID/maps`` (proc(5)) or NT_FILE tell it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from collide.support.records import NamedTuple

DELETED = " (deleted)"
"""What the kernel puts behind the path of a file that is there no longer (``d_path``)."""


class MemoryRange(NamedTuple):
    """One mapping: addresses, and the offset of its first byte in the file at ``path``.

    ``path`` is what the kernel calls a mapping without a file (``[vdso]``) as well.
    """

    start: int
    end: int
    executable: bool
    offset: int
    path: str


def parse_maps(text: str) -> tuple[MemoryRange, ...]:
    """The ranges of ``/proc/PID/maps`` by address, without those that have no name."""
    found = []
    for line in text.splitlines():
        addresses, permissions, offset, _, _, *path = line.split(None, 5)
        if path:
            start, end = (int(a, 16) for a in addresses.split("-"))
            name = path[0].replace("\\012", "\n")
            found.append(MemoryRange(start, end, "x" in permissions, int(offset, 16), name))
    return tuple(found)


def range_at(maps: Sequence[MemoryRange], address: int) -> MemoryRange | None:
    """The mapping that holds an address; ``maps`` are sorted."""
    number = bisect_right(maps, address, key=lambda r: r.start) - 1
    return maps[number] if number >= 0 and address < maps[number].end else None
