"""Whether nothing is wrong with a wheel's archive, at a glance, as with nearly all.

What is wrong with another one :mod:`collide.wheels.irregular` tells.
"""

from __future__ import annotations

import posixpath
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from collide.support.file_bytes import Sliced
    from collide.wheels.zip_directory import Entry

LEAVES = "trying to install outside the target directory"
"""What pip says of a member that it would install there."""
_SCHEMES = frozenset(("purelib", "platlib", "headers", "scripts", "data"))

LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
END_FIELDS = struct.Struct("<8xHHLLH")
ENCRYPTED, DESCRIPTOR = 0x1, 0x8
FORMAT, LINK = 0o170000, 0o120000
_FIELDS = struct.Struct("<8xHH8xL4xHHH4xLL")


def is_plain(data: Sliced, entries: Sequence[Entry]) -> bool:
    """Whether nothing is wrong with an archive and its members, ``entries``."""
    names = sum(len(entry.name) for entry in entries)
    return _are_plain_names(entries) and _are_plain_records(data, names)


def _are_plain_names(entries: Sequence[Entry]) -> bool:
    """Whether nothing is wrong with any name."""
    names = {entry.name for entry in entries}
    text = "\n".join(["", *names])
    printed = text.replace("\n", "")
    odd = ("..", "//", "/.", "\n.", "\n/", "\\", ":", ".data")
    info = text.find(".dist-info/")
    first = text[text.rfind("\n", 0, info) : info + 11]
    return (
        len(names) == len(entries)
        and printed.isascii()
        and printed.isprintable()
        and text.count("\n") == len(names)
        and not any(part in text for part in odd)
        and text.count(".dist-info") == text.count(first)
    )


def _are_plain_records(data: Sliced, names: int) -> bool:
    """Whether nothing is wrong with the records; ``names`` is the length of all, up to a NUL.

    Most archives have their members in the order of the directory, one behind the other
    and each with one header in both places, without extra fields and comments.
    """
    at = len(data) - END_FIELDS.size
    end = data[max(0, at) :]
    if len(end) != END_FIELDS.size or end[:4] != END:
        return False
    here, count, size, start, comment_size = END_FIELDS.unpack(end)
    if here != count or start + size != at or comment_size or size != 46 * count + names:
        return False
    directory = data[start:at]
    if len(directory) != size:
        return False
    central, local = 0, 0
    while central + _FIELDS.size <= size:
        fields: tuple[int, ...] = _FIELDS.unpack_from(directory, central)
        flags, method, compressed, name, extra, comment, mode, offset = fields
        header = data[local : local + 30 + name]
        if (
            offset != local
            or len(header) != 30 + name
            or directory[central : central + 4] != CENTRAL
            or header[:4] != LOCAL
            # From the version needed to the length of the name.
            or header[4:28] != directory[central + 6 : central + 30]
            or header[28]
            or header[29]
            or header[30:] != directory[central + 46 : central + 46 + name]
            or flags & (DESCRIPTOR | ENCRYPTED)
            or method not in (0, 8)
            or extra
            or comment
            or mode >> 16 & FORMAT == LINK
        ):
            return False
        local += 30 + name + compressed
        central += 46 + name
        count -= 1
    return local == start and central == size and not count


def refused_place(name: str) -> str | None:
    """Why pip installs a member nowhere, in its words; None for one that it does.

    Source: ``pip/_internal/operations/install/wheel.py``, ``_install_wheel``.
    """
    if name.endswith("/") or (".." not in name and name[0:1] != "/" and ".data" not in name):
        return None
    normal = posixpath.normpath(name)
    if name.split("/", 1)[0].endswith(".data"):
        parts = normal.split("/", 2)
        if len(parts) < 3:
            return "Unexpected file"
        if parts[1] not in _SCHEMES:
            return "Unknown scheme key"
        return None
    if normal.startswith(("/", "../")) or normal == "..":
        return LEAVES
    return None
