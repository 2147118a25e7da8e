"""Records of loaded objects (link maps), of one dlopen, and of why it fails.

Source: glibc ``include/link.h`` (``struct link_map``), ``elf/dl-open.c``.
"""

from __future__ import annotations

from collections.abc import Iterator

from collide.elf.object import ElfObject
from collide.loader.model import Dso, FoundVia
from collide.loader.opening import NOW, Mode
from collide.loader.static_tls import StaticTls
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    FailureKind = Literal[
        "missing-library", "unloadable-file", "version-not-found", "version-file-not-loaded",
        "version-tables-missing", "undefined-symbol", "executable-stack", "static-tls",
        "load-command", "cpu-level",
    ]  # fmt: skip


class LoadFailure(NamedTuple):
    """One reason for which a dlopen fails.

    ``object`` is the canonical path of the object that asks, ``name`` the library, version or
    symbol that it does not get. ``detail`` is the file that was searched for a version, or what
    is wrong with a file. Of an executable stack, a load command or the level of the CPU,
    ``object`` is the one that has or demands it, and ``name`` its file name. Of static TLS,
    ``object`` is the one that reaches thread-local data with the initial-exec model, ``name`` the
    file name of the one that defines it, and ``detail`` what the loader says.
    """

    kind: FailureKind
    object: str
    name: str
    detail: str = ""


class LinkMap:
    """One loaded object; compared by identity, as in the loader.

    ``name`` is the path as the loader opened it, ``needed_by`` the object whose
    DT_NEEDED first asked for it (glibc's ``l_loader``), None when it was opened by
    path. ``needed`` are the maps that its own DT_NEEDED resolved to, None
    before they are, ``resolutions`` name and manner of each, ``filtees`` the
    maps of its DT_AUXILIARY and DT_FILTER. ``origin`` is the
    value of ``$ORIGIN``.
    """

    __slots__ = (
        *("dso", "filtees", "found", "name", "needed", "needed_by", "origin"),
        *("resolutions",),
    )

    def __init__(
        self, name: str, dso: Dso, found: FoundVia, needed_by: LinkMap | None, origin: str
    ) -> None:
        self.name = name
        self.dso = dso
        self.found = found
        self.needed_by = needed_by
        self.origin = origin
        self.needed: tuple[LinkMap, ...] | None = None
        self.resolutions: tuple[tuple[str, FoundVia], ...] = ()
        self.filtees: tuple[LinkMap, ...] = ()

    @property
    def elf(self) -> ElfObject:
        """The facts of the mapped file."""
        return self.dso.elf


def closure(*roots: LinkMap) -> Iterator[LinkMap]:
    """Maps and all that they need, breadth first."""
    order, seen = list(roots), {id(root) for root in roots}
    for current in order:
        yield current
        for needed in current.needed or ():
            if id(needed) not in seen:
                seen.add(id(needed))
                order.append(needed)


class Opened(NamedTuple):
    """The outcome of one dlopen.

    ``searchlist`` is the root with its breadth-first closure, ``new`` the maps
    this call added, ``scope`` what their references are searched in: the
    global scope of that moment, then the searchlist; with RTLD_DEEPBIND the searchlist first.
    ``failures`` are in the order the loader would meet them; with any of them the real call
    fails. ``mode`` are its flags, as far as the loader knows them.
    ``static_tls`` is the room for initial-exec TLS before this call; None at start-up, which makes
    as much as it needs.
    """

    root: LinkMap
    searchlist: tuple[LinkMap, ...]
    new: tuple[LinkMap, ...]
    scope: tuple[LinkMap, ...]
    failures: tuple[LoadFailure, ...]
    mode: Mode = NOW
    static_tls: StaticTls | None = None
