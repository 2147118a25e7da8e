"""Finds the distribution packages of files in the package databases of a root.

Of rpm only the sqlite backend (4.16 and later) is read; for older systems nothing is
found, unless their objects carry a package note.
"""

from __future__ import annotations

import posixpath
import re
import struct
from collections.abc import Callable, Iterable, Iterator
from email.parser import HeaderParser
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from collide.elf.notes import Notes, read_notes
from collide.filesystems.root import Root
from collide.support import limits
from collide.support.files import working_directory

if TYPE_CHECKING:
    from sqlite3 import Connection

Package = tuple[str, str]
"""Name and exact version of a distribution package."""


def find_packages(root: Root, paths: Iterable[str]) -> dict[str, Package]:
    """The package of each of these canonical paths, where dpkg, rpm or apk knows one.

    Sources: dpkg(1) ``/var/lib/dpkg``, rpm(8) ``rpmdb.sqlite``, apk(8)
    ``/lib/apk/db/installed``. A database that cannot be read gives none.
    """
    wanted = _Wanted(root, frozenset(paths))
    return {**dict(_apk(root, wanted)), **dict(_rpm(root, wanted)), **dict(_dpkg(root, wanted))}


def packages_of(
    root: Root, paths: Iterable[str], notes: Callable[[str], Notes] | None = None
) -> dict[str, Package]:
    """As :func:`find_packages`; a file that no database knows has what its package note says.

    ``notes`` gives those of a file, where they are known. Source: "Package Metadata for
    Executable Files" of the UAPI group.
    """
    paths = list(paths)
    found = find_packages(root, paths)
    for path in paths:
        if path not in found and (note := (notes or partial(notes_of, root))(path).package):
            found[path] = note
    return found


def notes_of(root: Root, path: str) -> Notes:
    """The notes of a file; raises OSError."""
    with root.stream(path) as stream:
        return read_notes(stream)


class _Wanted:
    """The files that are asked for, by the paths that packages list."""

    def __init__(self, root: Root, paths: frozenset[str]) -> None:
        self._root = root
        self._paths = paths
        self._names = frozenset(name for path in paths for name in _names(path))

    def files(self, listed: Iterable[str]) -> list[str]:
        """The wanted files that a package lists under these paths."""
        found = map(self._root.realpath, self._names.intersection(listed))
        return [real for real in found if real in self._paths]


def _names(path: str) -> tuple[str, ...]:
    """The paths under which a package may list a file; many leave /usr out where it is merged."""
    for directory in ("/lib", "/bin", "/sbin"):
        if path.startswith(f"/usr{directory}"):
            return path, path.removeprefix("/usr")
        if path.startswith(directory):
            return path, f"/usr{path}"
    return (path,)


def _dpkg(root: Root, wanted: _Wanted) -> Iterator[tuple[str, Package]]:
    status = _read(root, "/var/lib/dpkg/status")
    if status is None:
        return
    owners: dict[str, list[str]] = {}
    info = "/var/lib/dpkg/info"
    for listing in root.names(info):
        package, _, suffix = listing.rpartition(".")
        if suffix == "list" and (files := wanted.files(_lines(root, f"{info}/{listing}"))):
            owners.setdefault(package.split(":")[0], []).extend(files)
    parser = HeaderParser()
    for paragraph in status.decode("utf-8", "replace").split("\n\n"):
        named = _PACKAGE.search(paragraph)
        if named and named[1] in owners:
            version = parser.parsestr(paragraph)["Version"]
            if version is not None:
                found = named[1], str(version)
                yield from ((path, found) for path in owners[named[1]])


_PACKAGE = re.compile(r"^Package:[ \t]*(\S+)", re.MULTILINE | re.IGNORECASE)


def _lines(root: Root, path: str) -> Iterable[str]:
    # One at a time: of empty lines a list takes eight times as much.
    lines = BytesIO(_read(root, path) or b"")
    return (line.rstrip(b"\n").decode("utf-8", "surrogateescape") for line in lines)


def _read(root: Root, path: str) -> bytes | None:
    """A file of a database, None without one; raises LimitError."""
    data = root.read_bytes(path)
    limits.hold("database-size", len(data or b""), path)
    return data


def _apk(root: Root, wanted: _Wanted) -> Iterator[tuple[str, Package]]:
    """Reads paragraphs of ``P:name``, ``V:version``, ``F:directory`` and ``R:file`` lines."""
    name = version = directory = ""
    for line in _lines(root, "/lib/apk/db/installed"):
        key, _, value = line.partition(":")
        if key == "P":
            name = value
        elif key == "V":
            version = value
        elif key == "F":
            directory = value
        elif key == "R":
            yield from ((path, (name, version)) for path in wanted.files([f"/{directory}/{value}"]))


_RPM_DATABASES = ("/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite")
# rpmtag.h; an epoch, which no file name has, is left out of the version.
_NAME, _VERSION, _RELEASE, _DIRINDEXES, _BASENAMES, _DIRNAMES = 1000, 1001, 1002, 1116, 1117, 1118
_WANTED_TAGS = frozenset((_NAME, _VERSION, _RELEASE, _DIRINDEXES, _BASENAMES, _DIRNAMES))
_PATH_MAX = 4096  # limits.h


def _rpm(root: Root, wanted: _Wanted) -> Iterator[tuple[str, Package]]:
    for path in _RPM_DATABASES:
        for header in _rpm_headers(root, path) if root.realpath(path) else ():
            try:
                package, listed = _rpm_package(header)
            except (struct.error, KeyError, IndexError):
                continue
            yield from ((file, package) for file in wanted.files(listed))


def _rpm_package(header: bytes) -> tuple[Package, list[str]]:
    """One package and the files it lists.

    Raises struct.error, KeyError or IndexError for a damaged header.
    """
    tags = _rpm_tags(header)
    name, version, release = (
        tags[tag][0].decode("utf-8", "replace") for tag in (_NAME, _VERSION, _RELEASE)
    )
    directories = [raw.decode("utf-8", "replace") for raw in tags.get(_DIRNAMES, ())]
    indexes = [int.from_bytes(raw, "big") for raw in tags.get(_DIRINDEXES, ())]
    names = [raw.decode("utf-8", "replace") for raw in tags.get(_BASENAMES, ())]
    listed = [
        directories[at] + base
        for at, base in zip(indexes, names, strict=False)
        if len(directories[at]) < _PATH_MAX
    ]
    return (name, f"{version}-{release}"), listed


def _rpm_headers(root: Root, database: str) -> Iterator[bytes]:
    """The headers of all installed packages, as far as they can be read.

    Read from a copy: sqlite would write beside a database in its WAL mode.
    """
    import sqlite3  # late: a Python may be built without it

    beside, name = posixpath.split(database)
    size = 0
    with working_directory() as directory:
        for file in root.names(beside):
            if file.startswith(name):
                data = _read(root, f"{beside}/{file}") or b""
                Path(directory, file).write_bytes(data)
                size += len(data)
        try:
            connection = sqlite3.connect(f"{directory}/{name}")
            # Pages that refer to each other in a circle have no end.
            connection.set_progress_handler(lambda: True, 100_000 + size)
            try:
                if _is_plain_table(connection):
                    for (blob,) in connection.execute("SELECT blob FROM Packages"):
                        if isinstance(blob, bytes):
                            yield blob
            finally:
                connection.close()
        except (sqlite3.Error, MemoryError):
            return


def _is_plain_table(connection: Connection) -> bool:
    """Whether ``blob`` of ``Packages`` is stored: neither of a view nor computed (hidden)."""
    connection.execute("PRAGMA trusted_schema = OFF")
    found = connection.execute(
        "SELECT rootpage > 0 FROM sqlite_master WHERE name = 'Packages' AND type = 'table'"
    ).fetchall()
    columns = connection.execute("SELECT name, hidden FROM pragma_table_xinfo('Packages')")
    return found == [(1,)] and dict(columns.fetchall()).get("blob") == 0


def _rpm_tags(header: bytes) -> dict[int, list[bytes]]:
    """The values of the tags that are wanted: strings, or the bytes of each integer.

    Source: rpm file format. Raises struct.error for a header that ends early.
    """
    count, _ = struct.unpack_from(">2I", header)
    if 8 + 16 * count > len(header):
        raise struct.error("an index that ends early")
    data = header[8 + 16 * count :]
    tags: dict[int, list[bytes]] = {}
    # Each tag once, the first one of its number: all may have the same values.
    for number in range(count):
        tag, kind, offset, items = struct.unpack_from(">4I", header, 8 + 16 * number)
        if tag not in _WANTED_TAGS or tag in tags:
            continue
        if kind == 4:  # INT32
            items = min(items, max(0, len(data) - offset) // 4)
            tags[tag] = [data[offset + 4 * i : offset + 4 * i + 4] for i in range(items)]
        elif kind in (6, 8, 9):  # STRING, STRING_ARRAY, I18NSTRING
            tags[tag] = data[offset:].split(b"\0", items)[:items]
    return tags
