"""Which distribution packages files come from, read from the package databases of a root."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.parser import HeaderParser
from pathlib import Path

from collide.rootfs import Root

Package = tuple[str, str]
"""Name and exact version of a distribution package."""


def find_packages(root: Root, paths: Iterable[str]) -> dict[str, Package]:
    """The package of each of these canonical paths, where dpkg or apk knows one.

    Sources: dpkg(1) ``/var/lib/dpkg``, apk(8) ``/lib/apk/db/installed``.
    """
    wanted = _Wanted(root, frozenset(paths))
    found = dict(_dpkg(root, wanted))
    found.update((p, package) for p, package in _apk(root, wanted) if p not in found)
    return found


class _Wanted:
    """The files that are asked for, by the paths that packages list."""

    def __init__(self, root: Root, paths: frozenset[str]) -> None:
        self._root = root
        self._paths = paths
        self._unmerged = {_unmerged(path) for path in paths}

    def file(self, listed: str) -> str | None:
        """The wanted file that a package lists under this path; None when it is another one."""
        if _unmerged(listed) not in self._unmerged:
            return None
        real = self._root.realpath(listed)
        return real if real in self._paths else None


def _unmerged(path: str) -> str:
    """Packages of a merged /usr still list their files below /lib and /bin."""
    for directory in ("/usr/lib", "/usr/bin", "/usr/sbin"):
        if path.startswith(directory):
            return path.removeprefix("/usr")
    return path


def _dpkg(root: Root, wanted: _Wanted) -> Iterator[tuple[str, Package]]:
    status = root.read_bytes("/var/lib/dpkg/status")
    if status is None:
        return
    owners: dict[str, list[str]] = {}
    info = root.on_disk("/var/lib/dpkg/info")
    for listing in sorted(info.glob("*.list")):
        for path in _listed(listing):
            if (file := wanted.file(path)) is not None:
                owners.setdefault(listing.stem.split(":")[0], []).append(file)
    parser = HeaderParser()
    for paragraph in status.decode("utf-8", "replace").split("\n\n"):
        fields = parser.parsestr(paragraph)
        for path in owners.get(fields.get("Package", ""), ()):
            yield path, (str(fields["Package"]), str(fields["Version"]))


def _listed(listing: Path) -> list[str]:
    return listing.read_text("utf-8", "surrogateescape").splitlines()


def _apk(root: Root, wanted: _Wanted) -> Iterator[tuple[str, Package]]:
    """Paragraphs of ``P:name``, ``V:version``, ``F:directory`` and ``R:file`` lines."""
    installed = root.read_bytes("/lib/apk/db/installed")
    name = version = directory = ""
    for line in (installed or b"").decode("utf-8", "replace").splitlines():
        key, _, value = line.partition(":")
        if key == "P":
            name = value
        elif key == "V":
            version = value
        elif key == "F":
            directory = value
        elif key == "R" and (path := wanted.file(f"/{directory}/{value}")):
            yield path, (name, version)
