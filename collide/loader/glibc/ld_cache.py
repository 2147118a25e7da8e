"""Reads ld.so.cache, and finds the file that it names for a library.

Source: glibc ``sysdeps/generic/dl-cache.h`` and ``elf/dl-cache.c``
(``search_cache``), format ``glibc-ld.so.cache1.1``.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence

from collide.elf.string_table import SharedNames
from collide.support.errors import CollideError
from collide.support.records import NamedTuple

MAGIC = b"glibc-ld.so.cache1.1"
OLD_MAGIC = b"ld.so-1.7.0\0"
_HWCAP_EXTENSION = 1 << 62
_EXTENSION_MAGIC = 0xEAA42174
_EXTENSION_HWCAPS = 1
# _dl_cache_check_flags: i386 takes FLAG_ELF too, ARM objects without a float mark.
_UNMARKED = {0x3: 0x1, 0x903: 0x3}
_LEADING_ZEROS = r"(?<![0-9])0+(?=[0-9])"


class CacheEntry(NamedTuple):
    """One line of the cache.

    ``flags`` name the architecture, ``hwcaps`` is the glibc-hwcaps
    subdirectory the file lies in or None, ``legacy`` marks an entry with one
    of the old hardware capability bits.
    """

    name: str
    path: str
    flags: int
    hwcaps: str | None
    legacy: bool


class LdCache:
    """The entries of one cache file in file order."""

    def __init__(self, entries: Sequence[CacheEntry]) -> None:
        self._by_name: dict[str, list[CacheEntry]] = {}
        for entry in entries:
            self._by_name.setdefault(_key(entry.name), []).append(entry)

    def names(self, flags: int) -> Iterator[str]:
        """The names of the libraries of an architecture."""
        for entries in self._by_name.values():
            for entry in entries:
                if entry.flags in (flags, _UNMARKED.get(flags)) and not entry.legacy:
                    yield entry.name

    def find(self, name: str, flags: int, hwcaps: Sequence[str]) -> str | None:
        """Path for ``name`` on an architecture and a CPU, or None (Rule 6.5).

        ``hwcaps`` are the active glibc-hwcaps subdirectories, best first; an
        entry in the best of them wins over one in none. Legacy entries are
        skipped, as glibc 2.40 and later do.
        """
        best: tuple[int, str] | None = None
        for entry in self._by_name.get(_key(name), ()):
            if entry.flags not in (flags, _UNMARKED.get(flags)) or entry.legacy:
                continue
            if entry.hwcaps is None:
                rank = len(hwcaps)
            elif entry.hwcaps in hwcaps:
                rank = list(hwcaps).index(entry.hwcaps)
            else:
                continue
            if best is None or rank < best[0]:
                best = rank, entry.path
        return best[1] if best else None


def _key(name: str) -> str:
    # _dl_cache_libcmp compares runs of digits by their value.
    return re.sub(_LEADING_ZEROS, "", name)


def read_cache(data: bytes) -> LdCache:
    """Read a cache file; raises CollideError when it is not in the known format."""
    try:
        return LdCache(_entries(data))
    except (struct.error, ValueError, IndexError) as e:
        raise CollideError(f"not a readable ld.so.cache ({e})") from e


def _entries(data: bytes) -> list[CacheEntry]:
    start = 0
    if data.startswith(OLD_MAGIC):
        # An old-format part comes first; the new one follows, 8-byte aligned.
        start = data.index(MAGIC)
    if data[start : start + len(MAGIC)] != MAGIC:
        raise ValueError("unknown magic")
    endian = data[start + 28]
    order = {0: "=", 2: "<", 3: ">"}.get(endian & 3)
    if order is None:
        raise ValueError("marked invalid")
    count, _, _, extensions = struct.unpack_from(f"{order}II4sI", data, start + 20)
    subdirs = _hwcaps_subdirs(data, extensions, order)

    text = SharedNames(data).at
    entries = []
    for i in range(count):
        flags, key, value, _, hwcap = struct.unpack_from(f"{order}IIIIQ", data, start + 48 + 24 * i)
        extended = hwcap & _HWCAP_EXTENSION
        entries.append(
            CacheEntry(
                name=text(start + key),
                path=text(start + value),
                flags=flags,
                hwcaps=text(subdirs[hwcap & 0xFFFFFFFF]) if extended else None,
                legacy=bool(hwcap) and not extended,
            )
        )
    return entries


def _hwcaps_subdirs(data: bytes, offset: int, order: str) -> list[int]:
    """File offsets of the glibc-hwcaps names (``cache_extension_tag_glibc_hwcaps``).

    Unlike those of the entries, all offsets here count from the start of the
    file, also where an old-format part comes first (``cache_extension_load``).
    """
    if not offset:
        return []
    magic, count = struct.unpack_from(f"{order}2I", data, offset)
    if magic != _EXTENSION_MAGIC:
        return []
    for i in range(count):
        tag, _, at, size = struct.unpack_from(f"{order}4I", data, offset + 8 + 16 * i)
        if tag == _EXTENSION_HWCAPS:
            return list(struct.unpack_from(f"{order}{size // 4}I", data, at))
    return []
