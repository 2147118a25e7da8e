"""What glibc loads, in which order, and under which names it knows what is loaded.

Source: glibc ``elf/dl-deps.c`` (``_dl_map_object_deps``), ``elf/dl-load.c``
(``_dl_lookup_map``), ``elf/dl-open.c``, ``elf/dl-version.c``, ``elf/dl-sort-maps.c``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence

from collide.loader.glibc.refusals import refused_load, refuses_cpu, refuses_stack
from collide.loader.glibc.search import expand, find
from collide.loader.glibc.static_tls import layout
from collide.loader.link_map import LinkMap, LoadFailure
from collide.loader.model import Dso, FileSystem, FoundVia, Loader, LoadError
from collide.loader.process import Process
from collide.loader.static_tls import StaticTls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self

_RELR_VERSION = "GLIBC_ABI_DT_RELR"


class GlibcProcess(Process):
    """A namespace of glibc's ld.so.

    A map answers to its path, to every name under which it was requested (``l_libname``), and
    to its DT_SONAME.
    """

    def __init__(self, executable: Dso, name: str, loader: Loader, files: FileSystem) -> None:
        self._sonames: dict[str, LinkMap] = {}
        super().__init__(executable, name, loader, files)

    def copy(self, files: FileSystem) -> Self:
        """See :class:`Process`."""
        copy = super().copy(files)
        copy._sonames = dict(self._sonames)
        return copy

    def exchange(self, twins: Mapping[LinkMap, LinkMap], names: Mapping[str, LinkMap]) -> None:
        """See :class:`Process`."""
        super().exchange(twins, names)
        self._sonames = {name: twins.get(m, m) for name, m in self._sonames.items()}

    def _register(self, new: LinkMap, *, named: bool = True) -> None:
        super()._register(new, named=named)
        if new.elf.soname is not None:
            self._sonames.setdefault(new.elf.soname, new)

    def loaded(self, name: str) -> LinkMap | None:
        """The map that captures ``name`` (``_dl_lookup_map``; Rule 1.1, Rule 6.1).

        The first in load order whose path or alias, or else DT_SONAME, equals
        it. There is no comparison of base names. Of the executable, which the
        kernel has mapped, only the DT_SONAME can capture.
        """
        by_name, by_soname = self._names.get(name), self._sonames.get(name)
        if by_name is None or by_soname is None:
            return by_name or by_soname
        earlier = self._positions[id(by_name)] <= self._positions[id(by_soname)]
        return by_name if earlier else by_soname

    def _capture(self, name: str) -> LinkMap | None:
        found = self.loaded(name)
        if found is not None:
            # A match by DT_SONAME is remembered as an alias of the map.
            self._names.setdefault(name, found)
        return found

    def _map(
        self, path: str, dso: Dso, found: FoundVia, needed_by: LinkMap | None, name: str
    ) -> LinkMap | LoadFailure:
        """Map an opened file, unless the same file is mapped under another name (Rule 1.1).

        An executable is refused, what has headers that the loader does not take, and at dlopen what
        has DF_1_NOOPEN (Rule 6.4).
        """
        asking = needed_by.dso.path if needed_by else path
        if dso.elf.header_refusal:
            return LoadFailure("unloadable-file", asking, name, dso.elf.header_refusal)
        known = self._identities.get(dso.identity)
        if known is not None:
            self._names.setdefault(name, known)
            return known
        if misaligned := refused_load(self.loader, dso):
            return LoadFailure("load-command", dso.path, posixpath.basename(name), misaligned)
        # Start-up ends with the making of the global scope.
        refused = dso.elf.noopen and self.global_scope
        if dso.elf.is_executable or refused:
            why = "it refuses dlopen (DF_1_NOOPEN)" if refused else "it is an executable"
            return LoadFailure("unloadable-file", asking, name, why)
        if self.global_scope and refuses_stack(self.loader, dso, self.global_scope):
            return LoadFailure("executable-stack", dso.path, posixpath.basename(name))
        new = LinkMap(path, dso, found, needed_by, posixpath.dirname(path))
        self._register(new)
        self._names.setdefault(name, new)
        return new

    def _need(self, name: str, requester: LinkMap) -> LinkMap | LoadFailure:
        if "/" in name:
            name = expand(name, requester.origin, self.loader) or name
        captured = self._capture(name)
        if captured is not None:
            return captured
        try:
            found = find(name, requester, self.executable, self.loader, self.files)
        except LoadError as e:
            return LoadFailure("unloadable-file", requester.dso.path, name, str(e))
        if found is None:
            return LoadFailure("missing-library", requester.dso.path, name)
        path, dso, how = found
        return self._map(path, dso, how, requester, name)

    def _open_root(self, path: str) -> LinkMap | LoadFailure:
        if "/" not in path:
            return self._need(path, self.executable)
        captured = self._capture(path)
        if captured is not None:
            return captured
        try:
            dso = self.files.open(path)
        except LoadError as e:
            return LoadFailure("unloadable-file", path, path, str(e))
        if dso is None:
            return LoadFailure("missing-library", path, path)
        return self._map(path, dso, FoundVia("opened"), None, path)

    @property
    def _opener(self) -> None:
        """``needed_by`` of a map that was opened by path: nothing."""

    def preload(self, name: str) -> LinkMap | LoadFailure:
        """Load ``name`` of LD_PRELOAD, which is searched as the executable would search it."""
        return self._need(name, self.executable)

    def _insert_filtees(
        self, current: LinkMap, order: list[LinkMap], listed: set[int]
    ) -> list[LoadFailure]:
        """Put what DT_AUXILIARY and DT_FILTER name immediately before ``current`` (Rule 1).

        A missing auxiliary one is ignored.
        """
        failures = []
        filtees = [(name, False) for name in current.elf.auxiliary]
        filtees += [(name, True) for name in current.elf.filter]
        current.filtees = ()
        for name, required in filtees:
            filtee = self._need(name, current)
            if isinstance(filtee, LoadFailure):
                if required:
                    failures.append(filtee)
                continue
            current.filtees += (filtee,)
            at = order.index(current)
            if id(filtee) in listed:
                known = order.index(filtee)
                if known < at:
                    continue
                del order[known]
            listed.add(id(filtee))
            order.insert(at, filtee)
        return failures

    def check_failures(self, maps: Sequence[LinkMap]) -> Iterator[LoadFailure]:
        """The versions that maps need and do not get, then the CPU that they demand."""
        versions = tuple(self._version_failures(maps))
        yield from versions or self._cpu_failures(maps)

    def _version_failures(self, maps: Iterable[LinkMap]) -> Iterator[LoadFailure]:
        """The load-time version check (``_dl_check_map_versions``; Rule 4.4)."""
        for checked in maps:
            yield from self._packed_failure(checked)
            for need in checked.elf.version_needs:
                # find_needed compares paths and aliases, not a DT_SONAME that nobody asked for.
                file = self._names.get(need.file)
                if file is None:
                    yield LoadFailure(
                        "version-file-not-loaded", checked.dso.path, need.version, need.file
                    )
                    continue
                defined = file.elf.version_definitions
                if defined is not None and need.version not in defined and not need.weak:
                    yield LoadFailure(
                        "version-not-found", checked.dso.path, need.version, file.dso.path
                    )

    def _packed_failure(self, checked: LinkMap) -> Iterator[LoadFailure]:
        """DT_RELR is accepted only with the version that says so, since 2.36 (Rule 4.4)."""
        needs = [n for n in checked.elf.version_needs if n.file.startswith("libc.so.")]
        declared = _RELR_VERSION in [need.version for need in needs]
        if checked.elf.relr and needs and not declared and self.loader.version >= (2, 36):
            yield LoadFailure("version-not-found", checked.dso.path, _RELR_VERSION, needs[0].file)

    def _cpu_failures(self, maps: Sequence[LinkMap]) -> Iterator[LoadFailure]:
        """The check of the x86 ISA level (``_dl_open_check``; Rule 6.4): needed objects first."""
        asking = {id(m) for m in maps if any(m.elf.isa_needed)}
        for m in self.relocation_order(maps) if asking else ():
            if id(m) in asking and refuses_cpu(self.loader, m.dso):
                yield LoadFailure("cpu-level", m.dso.path, posixpath.basename(m.name))

    def _static_tls(self) -> StaticTls:
        return layout(self.loader, [m.dso for m in self.maps])

    def relocation_order(self, maps: Sequence[LinkMap]) -> list[LinkMap]:
        """A searchlist in the order of relocation: needed objects first, the root last (Rule 1).

        Depth first from the last map on, as since 2.35 (``_dl_sort_maps_dfs``).
        """
        root, *others = maps
        visited = {id(root)}
        order: list[LinkMap] = []
        for start in reversed(others):
            # Without recursion: a chain of needed libraries has any length.
            path = [] if id(start) in visited else [(start, _dependencies(start))]
            visited.add(id(start))
            while path:
                current, rest = path[-1]
                needed = next((m for m in rest if id(m) not in visited), None)
                if needed is None:
                    order.append(current)
                    path.pop()
                else:
                    visited.add(id(needed))
                    path.append((needed, _dependencies(needed)))
        return [*order, root]


def _dependencies(of: LinkMap) -> Iterator[LinkMap]:
    """The maps that ``_dl_sort_maps_dfs`` visits before ``of``, in its order."""
    return iter((*(of.needed or ()), *of.filtees))
