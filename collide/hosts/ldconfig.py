"""Makes the ld.so.cache that ldconfig(8) would write in a root.

A system made of unpacked packages has none. Source: ldconfig(8),
glibc ``elf/ldconfig.c`` (``parse_conf``, ``search_dir``).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from collide.elf.object import ElfObject
from collide.filesystems.root import Root
from collide.loader.glibc.ld_cache import CacheEntry, LdCache
from collide.loader.model import Dso, LoadError
from collide.support import limits

CONFIGURATION = "/etc/ld.so.conf"
_HWCAPS = "glibc-hwcaps"


def configured(root: Root) -> Iterator[str]:
    """The directories that ld.so.conf and the files that it includes name, in order.

    Raises LimitError for more than ``includes``, or files that include each other too deeply.
    """
    return _Configuration(root).directories(CONFIGURATION, 0)


class _Configuration:
    """ld.so.conf with what it includes: each file once, as a second time it has nothing new."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._read: set[str] = set()
        self._compared = 0

    def directories(self, path: str, depth: int) -> Iterator[str]:
        """The directories that one file names."""
        limits.hold("nesting", depth, path)
        self._read.add(path)
        text = (self._root.read_bytes(path) or b"").decode("utf-8", "surrogateescape")
        for line in text.splitlines():
            words = line.partition("#")[0].split()
            if not words or words[0] == "hwcap":
                continue
            if words[0] != "include":
                # "=TYPE" behind a directory is a relic of libc4.
                yield " ".join(words).partition("=")[0].rstrip("/") or "/"
                continue
            for pattern in words[1:]:
                whole = posixpath.join(posixpath.dirname(path), pattern)
                for included in self._matching(whole):
                    if included not in self._read:
                        yield from self.directories(included, depth + 1)

    def _matching(self, pattern: str) -> Iterator[str]:
        directory, name = posixpath.split(pattern)
        names = self._root.names(directory)
        self._compared += len(names)
        limits.hold("includes", self._compared, CONFIGURATION)
        for entry in names:
            if fnmatchcase(entry, name) and not entry.startswith("."):
                yield posixpath.join(directory, entry)


def unsearched_directories(root: Root, system_dirs: Iterable[str]) -> tuple[str, ...]:
    """The configured directories with libraries that a loader without a cache does not search."""
    searched = {root.realpath(d) for d in system_dirs}
    return tuple(
        directory
        for directory in dict.fromkeys(configured(root))
        if root.realpath(directory) not in searched and any(_libraries(root, directory))
    )


def make_cache(root: Root, fitting: ElfObject, flags: int, system_dirs: Sequence[str]) -> LdCache:
    """The cache of libraries that an executable like ``fitting`` can use.

    ldconfig also links every library's DT_SONAME to its file; where such a
    link is missing the entry names the file itself.
    """
    entries = []
    done: set[str] = set()
    for directory in (*configured(root), *system_dirs):
        real = root.realpath(directory)
        if real is None or real in done:
            continue
        done.add(real)
        below = f"{directory}/{_HWCAPS}"
        for place, level in ((directory, None), *((f"{below}/{n}", n) for n in root.names(below))):
            entries += [
                CacheEntry(name, path, flags, level, legacy=False)
                for name, path in _entries(root, place, fitting)
            ]
    return LdCache(entries)


def _entries(root: Root, directory: str, fitting: ElfObject) -> Iterator[tuple[str, str]]:
    """Name and path of each library of one directory."""
    for name in _libraries(root, directory):
        path = posixpath.join(directory, name)
        dso = _open(root, path)
        if dso is None or dso.elf.architecture != fitting.architecture:
            continue
        soname = dso.elf.soname or name
        real = posixpath.join(root.realpath(directory) or directory, name)
        if dso.path != real and name.endswith(".so") and soname.startswith(name):
            # The link editor's link, libz.so, is listed by its own name.
            soname = name
        beside = posixpath.join(directory, soname)
        yield soname, beside if root.realpath(beside) else path


def _libraries(root: Root, directory: str) -> Iterator[str]:
    # Of several files with one DT_SONAME the highest release is linked (_dl_cache_libcmp).
    for name in sorted(root.names(directory), key=_by_release, reverse=True):
        if name.startswith(("lib", "ld-")) and ".so" in name:
            yield name


def _by_release(name: str) -> str:
    return re.sub(r"\d+", lambda digits: digits[0].zfill(20), name)


def _open(root: Root, path: str) -> Dso | None:
    try:
        return root.open(path)
    except LoadError:
        # A link editor's script, or the index of a library's debugger.
        return None
