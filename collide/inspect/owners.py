"""Who has brought the objects of a process: the host itself, installed distributions, or others.

A distribution is found by its ``*.dist-info`` directory in a directory above the object, and its
RECORD (PEP 376).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from contextlib import suppress

from collide.filesystems.root import Root
from collide.loader.model import Dso
from collide.support import limits
from collide.support.records import NamedTuple
from collide.wheels.record import recorded_files

_INFO = ".dist-info"


class Owner(NamedTuple):
    """A distribution by name and version, and the directory that it is installed in."""

    name: str
    directory: str


def owners(dsos: Iterable[Dso], root: Root) -> Mapping[Dso, Owner]:
    """The distributions of those objects that have one."""
    reader = _Installed(root)
    found = ((dso, reader.owner(dso.path)) for dso in dsos)
    return {dso: owner for dso, owner in found if owner is not None}


class _Installed:
    def __init__(self, root: Root) -> None:
        self._root = root
        self._infos: dict[str, tuple[str, ...]] = {}
        self._files: dict[str, dict[str, str]] = {}

    def owner(self, path: str) -> Owner | None:
        """The distribution that a path is part of."""
        directory = posixpath.dirname(path)
        while directory not in ("", "/"):
            if self._info(directory):
                below = posixpath.relpath(path, directory)
                name = self._owned(directory).get(below) or _by_name(below, self._info(directory))
                return Owner(name, directory) if name else None
            directory = posixpath.dirname(directory)
        return None

    def _info(self, directory: str) -> tuple[str, ...]:
        if directory not in self._infos:
            names = self._root.names(directory)
            self._infos[directory] = tuple(n for n in names if n.endswith(_INFO))
        return self._infos[directory]

    def _owned(self, directory: str) -> Mapping[str, str]:
        """The files of the RECORDs in a directory, each with its distribution."""
        if directory not in self._files:
            files = self._files[directory] = {}
            for info in self._info(directory):
                path = posixpath.join(directory, info, "RECORD")
                record = self._root.read_bytes(path) or b""
                limits.hold("record-size", len(record), path)
                with suppress(ValueError):
                    names = (name for name in recorded_files(record) if ".so" in name)
                    files.update(dict.fromkeys(names, _title(info)))
        return self._files[directory]


def _title(info: str) -> str:
    return info.removesuffix(_INFO).replace("-", " ", 1)


def _by_name(below: str, infos: Iterable[str]) -> str | None:
    """The distribution without a RECORD whose name is that of the first directory."""
    first = below.partition("/")[0].partition(".")[0].lower().replace("-", "_")
    for info in infos:
        if info.partition("-")[0].lower() == first:
            return _title(info)
    return None
