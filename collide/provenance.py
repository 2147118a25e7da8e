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
    wanted = {_unmerged(path): path for path in paths}
    found = dict(_dpkg(root, wanted))
    found.update((p, package) for p, package in _apk(root, wanted) if p not in found)
    return found


def _unmerged(path: str) -> str:
    """Packages of a merged /usr still list their files below /lib and /bin."""
    for directory in ("/usr/lib", "/usr/bin", "/usr/sbin"):
        if path.startswith(directory):
            return path.removeprefix("/usr")
    return path


def _dpkg(root: Root, wanted: dict[str, str]) -> Iterator[tuple[str, Package]]:
    status = root.read_bytes("/var/lib/dpkg/status")
    if status is None:
        return
    owners: dict[str, list[str]] = {}
    info = root.on_disk("/var/lib/dpkg/info")
    for listing in sorted(info.glob("*.list")):
        for path in _listed(listing):
            key = _unmerged(path)
            if key in wanted:
                owners.setdefault(listing.stem.split(":")[0], []).append(wanted[key])
    parser = HeaderParser()
    for paragraph in status.decode("utf-8", "replace").split("\n\n"):
        fields = parser.parsestr(paragraph)
        for path in owners.get(fields.get("Package", ""), ()):
            yield path, (str(fields["Package"]), str(fields["Version"]))


def _listed(listing: Path) -> list[str]:
    return listing.read_text("utf-8", "surrogateescape").splitlines()


def _apk(root: Root, wanted: dict[str, str]) -> Iterator[tuple[str, Package]]:
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
        elif key == "R" and (path := wanted.get(_unmerged(f"/{directory}/{value}"))):
            yield path, (name, version)
