"""Refuses to repair an archive that installers refuse, or read in another way.

What is repaired would be written again, and then with a directory that says one thing.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

from collide.support.errors import InputError
from collide.wheels.archive import Archive
from collide.wheels.target import installed_path
from collide.wheels.zip_directory import Entry

_LOCAL = struct.Struct("<4s5H3L2H")  # APPNOTE.TXT 4.3.7
_SIZES_FOLLOW, _WIDE = 0x8, 0xFFFFFFFF


def refuse_ambiguous(path: Path) -> None:
    """Raise InputError for an archive whose names or headers leave open what it holds.

    Those are names that lead out of the installation, names of two files that are
    installed at one place, a member whose local header contradicts the directory, and
    what zipfile, with which pip installs, cannot read or gives other names.
    """
    with Archive(path) as archive:
        entries, distribution = archive.entries, archive.distribution
    places: dict[str, str] = {}
    for entry in entries:
        if (wrong := _wrong_name(entry.name)) is not None:
            raise InputError(f"{path}: {entry.name}", f"not repaired: {wrong}")
        if not entry.name.endswith("/"):
            place = installed_path(entry.name, distribution)
            if (other := places.setdefault(place, entry.name)) is not entry.name:
                raise InputError(
                    f"{path}: {entry.name}", f"not repaired: {other} is installed at its place, too"
                )
    try:
        with zipfile.ZipFile(path) as read:
            _compare(path, entries, read.infolist())
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError) as e:
        raise InputError(str(path), f"not repaired: zipfile cannot read it ({e})") from e


def _wrong_name(name: str) -> str | None:
    """Why installers would refuse a name, in a clause; None where they would not."""
    parts = name.removesuffix("/").split("/")
    if "\\" in name or parts[0].endswith(":"):
        return "its name is a path of Windows"
    if ".." in parts or "" in parts or "." in parts:
        return "its name is no relative path below the wheel"
    return None


def _compare(path: Path, entries: Sequence[Entry], infos: Sequence[zipfile.ZipInfo]) -> None:
    with path.open("rb") as stream:
        for entry, info in zip(entries, infos, strict=True):
            member = f"{path}: {entry.name}"
            names = {info.filename, info.orig_filename, *_unicode_path(info.extra)}
            if names != {entry.name}:
                other = next(iter(sorted(names - {entry.name})))
                raise InputError(member, f"not repaired: other tools call it {other!r}")
            stream.seek(entry.offset)
            if not _is_same(stream.read(_LOCAL.size + 2 * 0xFFFF), entry):
                raise InputError(member, "not repaired: its local header says something else")


def _unicode_path(extra: bytes) -> list[str]:
    """The names in the extra fields 0x7075 (APPNOTE.TXT 4.6.9), which newer readers prefer."""
    found, at = [], 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        at += 4 + length
        if at > len(extra):
            raise ValueError("an extra field is cut off")
        if kind == 0x7075:
            found.append(extra[at - length + 5 : at].decode())
    return found


def _is_same(header: bytes, entry: Entry) -> bool:
    fields = _LOCAL.unpack_from(header)
    name_size, extra_size = fields[9:]
    raw = header[_LOCAL.size : _LOCAL.size + name_size]
    extra = header[_LOCAL.size + name_size : _LOCAL.size + name_size + extra_size]
    flags, method = fields[2:4]
    stored = (entry.crc, entry.compressed_size, entry.size)
    wide = any(size >= _WIDE for size in (*fields[7:9], *stored[1:]))
    return (
        raw.decode("utf-8" if raw.isascii() or flags & 0x800 else "cp437") == entry.name
        and set(_unicode_path(extra)) <= {entry.name}
        and method == entry.method
        and (bool(flags & _SIZES_FOLLOW) or wide or fields[6:9] == stored)
    )
