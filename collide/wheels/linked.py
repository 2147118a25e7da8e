"""Libraries that only the programs of a target link: no interpreter opens them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterable, Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.loader.model import Dso


def find_unopened(
    members: Mapping[str, Dso], opened: Container[str], python: Iterable[bytes | bytearray]
) -> frozenset[str]:
    """The paths of libraries that programs among ``members`` link, and nothing else asks for.

    Not those that are ``opened`` by Python code, nor those whose names, with or without ``lib``,
    are words of the texts ``python``.
    """
    programs = [dso for dso in members.values() if dso.elf.is_executable]
    if not programs:
        return frozenset()
    linked = {name for program in programs for name in program.elf.needed}
    libraries = {path: dso for path, dso in members.items() if not dso.elf.is_executable}
    needed = {name for dso in libraries.values() for name in dso.elf.needed}
    found: dict[str, set[bytes]] = {}
    for path, dso in libraries.items():
        base = posixpath.basename(path)
        names = {dso.elf.soname, base}
        if path not in opened and names & linked and not names & needed:
            stem = re.split(r"[.-]", base)[0]
            found[path] = {stem.encode(), stem.removeprefix("lib").encode()}
    if found:
        words = set[bytes]().union(*(re.findall(rb"\w+", text) for text in python))
        found = {path: names for path, names in found.items() if not names & words}
    return frozenset(found)
