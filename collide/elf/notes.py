"""Reads ELF notes: build ID, ABI tag, package, and the resolution cache of NixOS.

Sources: gABI "Note Section"; glibc ``elf.h`` (NT_GNU_ABI_TAG, NT_GNU_BUILD_ID);
systemd.io/ELF_PACKAGE_METADATA.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import BinaryIO

from collide.elf.constants import PT_NOTE
from collide.support import limits
from collide.support.errors import FormatError
from collide.support.records import NamedTuple

NIXOS_CACHE_TYPE = 0x63A86CB6


class Notes(NamedTuple):
    """The notes of one object.

    ``build_id`` is hexadecimal; ``abi_tag`` the oldest kernel of
    ``NT_GNU_ABI_TAG`` (``linux 3.2.0``); ``package`` the distribution's
    ``.note.package`` as (name, version).
    """

    build_id: str | None = None
    abi_tag: str | None = None
    package: tuple[str, str] | None = None


def read_notes(stream: BinaryIO) -> Notes:
    """The notes in all PT_NOTE segments of an ELF file; unreadable ones are left out.

    No more than 64 KiB of notes are looked at (gABI "Note Section"): objects have some hundred
    bytes.
    """
    build_id = abi_tag = package = None
    try:
        for order, segment in list(_segments(stream)):
            for owner, kind, desc in _notes(segment, order):
                if owner == b"GNU" and kind == _NT_GNU_BUILD_ID:
                    build_id = desc.hex()
                elif owner == b"GNU" and kind == _NT_GNU_ABI_TAG:
                    system, *version = struct.unpack_from(f"{order}4I", desc)
                    name = _SYSTEMS.get(system, str(system))
                    abi_tag = f"{name} {'.'.join(map(str, version))}"
                elif owner == b"FDO" and package is None:
                    package = _package(desc)
    except (struct.error, OverflowError, OSError):
        pass
    return Notes(build_id, abi_tag, package)


def _notes(segment: bytes, order: str) -> Iterator[tuple[bytes, int, bytes]]:
    """Owner, type and description of each note; raises struct.error for one that is cut off.

    All fields are aligned to 4 bytes, of 64-bit objects, too (elf(5) "Notes").
    """
    at = 0
    while at + 12 <= len(segment):
        name_size, size, kind = struct.unpack_from(f"{order}3I", segment, at)
        name_at = at + 12
        desc_at = name_at + (name_size + 3 & ~3)
        end = desc_at + size
        if end > len(segment):
            raise struct.error("a note that ends behind its segment")
        yield segment[name_at : name_at + name_size].rstrip(b"\0"), kind, segment[desc_at:end]
        at = end + 3 & ~3


def _segments(stream: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Byte order and contents of each PT_NOTE segment; Image reads more than that."""
    head = stream.read(64)
    order = {1: "<", 2: ">"}.get(head[5] if len(head) > 5 else 0)
    if head[:4] != b"\x7fELF" or order is None:
        return
    wide, left = head[4] == 2, _MOST
    header = struct.unpack_from(f"{order}I{'QQQ' if wide else 'III'}IHHH", head, 20)
    first, each, count = header[2], header[6], header[7]
    fields = struct.Struct(f"{order}IIQQQQ" if wide else f"{order}5I")
    stream.seek(first)
    table = stream.read(each * min(count, limits.value("segments")))
    for at in range(0, len(table) - fields.size + 1, max(each, fields.size)):
        segment = fields.unpack_from(table, at)
        offset, size = (segment[2], segment[5]) if wide else (segment[1], segment[4])
        if segment[0] == PT_NOTE and size <= left:
            left -= size
            stream.seek(offset)
            yield order, stream.read(size)


_NT_GNU_ABI_TAG, _NT_GNU_BUILD_ID = 1, 3
_SYSTEMS = {0: "linux", 1: "gnu", 2: "solaris2", 3: "freebsd"}
_MOST, _MOST_CACHE = 64 << 10, 1 << 20


def _package(desc: bytes) -> tuple[str, str] | None:
    """Name and version of a package note (systemd.io/ELF_PACKAGE_METADATA)."""
    try:
        fields = json.loads(desc.decode("utf-8").rstrip("\0\n"))
        return str(fields["name"]), str(fields["version"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def resolution_cache(segment: bytes, order: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Needed name to tagged paths, from a segment that holds ``.note.nixos.ldcache``.

    The description is ``needed NUL path:path... NUL`` repeated, ended by one
    more NUL; only the first note of the type counts, valid or not (nixpkgs
    patch ``dont-use-system-ld-so-cache``, patchelf 0.19).
    """
    at = 0
    while at + 12 <= len(segment):
        name_size, desc_size, kind = struct.unpack_from(f"{order}3I", segment, at)
        name_at = at + 12
        desc_at = name_at + (name_size + 3 & ~3)
        if kind == NIXOS_CACHE_TYPE and segment[name_at : name_at + name_size] == b"NixOS\0":
            return _cache_entries(segment[desc_at : desc_at + desc_size])
        at = desc_at + (desc_size + 3 & ~3)
    return ()


def _cache_entries(desc: bytes) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if len(desc) > _MOST_CACHE:
        raise FormatError("corrupt ELF file (a resolution cache of more than 1 MiB)")
    if len(desc) <= 2 or not desc.endswith(b"\0\0"):
        return ()
    words = [w.decode("utf-8", "surrogateescape") for w in desc[:-2].split(b"\0")]
    return tuple(
        (needed, tuple(paths.split(":")))
        for needed, paths in zip(words[0::2], words[1::2], strict=False)
    )
