"""What musl loads, and under which names it knows what is loaded.

Source: musl ``ldso/dynlink.c`` (``load_library``, ``load_direct_deps``,
``reloc_all``, ``dlopen``). An object is searched for on behalf of all that pulled it in up to
the executable. Filters are not read, and versions not checked.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from collide.elf.constants import STV_DEFAULT
from collide.elf.machines import CLASS_PLT
from collide.elf.object import ElfObject
from collide.elf.symbols import Reference
from collide.loader.link_map import LinkMap, LoadFailure
from collide.loader.model import FoundVia, LoadError
from collide.loader.musl.lookup import MuslLookup
from collide.loader.musl.search import find
from collide.loader.process import Process
from collide.loader.static_tls import StaticTls

_ITSELF = ("libc.", "libpthread.", "librt.", "libm.", "libdl.", "libutil.", "libxnet.")
# load_library takes a file that defines both for a C library, musl or glibc.
_MARKS = ("__libc_start_main", "stdin")


class MuslProcess(Process):
    """A namespace of musl's loader (Rule 7 "loading").

    ``_names`` holds what musl calls short names: the file name of a map that a
    search has found. RTLD_DEEPBIND is not even defined in its dlfcn.h.
    """

    has_deepbind = False

    @property
    def _opener(self) -> LinkMap:
        """``needed_by`` of a map that dlopen loads: the executable."""
        return self.executable

    def _open_root(self, path: str) -> LinkMap | LoadFailure:
        before = len(self.maps)
        result = self._need(path, self.executable)
        if "/" in path and len(self.maps) > before:
            self.maps[-1].found = FoundVia("opened")
        return result

    def preload(self, name: str) -> LinkMap | LoadFailure:
        """Load ``name`` of LD_PRELOAD, on behalf of nobody: no run path serves it."""
        return self._request(name, None)

    def loaded(self, name: str) -> LinkMap | None:
        """The map that captures ``name``: musl itself, or one of that short name.

        A DT_SONAME is never looked at.
        """
        if name.startswith(_ITSELF) or name == self.loader.path:
            return self._names[self.loader.path]
        return None if "/" in name else self._names.get(name)

    def _need(self, name: str, requester: LinkMap) -> LinkMap | LoadFailure:
        captured = self.loaded(name)
        if captured is not None:
            return captured
        try:
            found = find(name, requester, self.loader, self.files) if name else None
        except LoadError as e:
            return LoadFailure("unloadable-file", requester.dso.path, name, str(e))
        if found is None:
            return LoadFailure("missing-library", requester.dso.path, name)
        path, dso, how = found
        known = self._identities.get(dso.identity)
        if known is None:
            if self._is_libc(dso.elf):
                return self._names[self.loader.path]
            known = LinkMap(path, dso, how, requester, posixpath.dirname(path) or ".")
            self._register(known)
        if "/" not in name:
            self._shorten(known)
        return known

    def _is_libc(self, obj: ElfObject) -> bool:
        rules = MuslLookup(self.loader.version)
        asked = (
            Reference(mark, None, False, CLASS_PLT, False, STV_DEFAULT, False) for mark in _MARKS
        )
        return all(rules.match(reference, obj) is not None for reference in asked)

    def _shorten(self, known: LinkMap) -> None:
        """Let ``known`` be found by its file name, before any map that was loaded later."""
        short = posixpath.basename(known.name)
        other = self._names.get(short)
        if other is None or self._positions[id(known)] < self._positions[id(other)]:
            self._names[short] = known

    def _static_tls(self) -> StaticTls:
        """None at all: ``static_tls_cnt`` is the number of objects that start-up has loaded."""
        return StaticTls(
            placed=frozenset(m.dso for m in self.maps),
            room=0,
            align=0,
            refusal="initial-exec TLS resolves to dynamic definition",
        )

    def relocation_order(self, maps: Sequence[LinkMap]) -> list[LinkMap]:
        """Load order; at start-up the executable comes last."""
        last = [m for m in maps if m is self.executable]
        return [*(m for m in maps if m is not self.executable), *last]
