"""What gets loaded, in which order, into which scope.

Source: glibc ``elf/dl-deps.c`` (``_dl_map_object_deps``), ``elf/dl-load.c``
(``_dl_lookup_map``), ``elf/dl-open.c``, ``elf/dl-version.c``. Nothing is
executed: a :class:`Process` is the namespace that the loader would have built.
:class:`collide.loader.musl.process.MuslProcess` is the one of musl.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from collide.loader.glibc.search import Searches, expand
from collide.loader.link_map import LinkMap, LoadFailure, Opened
from collide.loader.model import Dso, FileSystem, FoundVia, Loader, LoadError

_RELR_VERSION = "GLIBC_ABI_DT_RELR"


class Process:
    """A namespace: link maps in load order, the global scope, and what can be added.

    Build one with :func:`collide.loader.startup.start`; :meth:`copy` gives a fresh copy, so that
    each module can be opened alone.
    """

    def __init__(self, executable: Dso, name: str, loader: Loader, files: FileSystem) -> None:
        self.loader = loader
        self.files = files
        self.maps: list[LinkMap] = []
        self.global_scope: tuple[LinkMap, ...] = ()
        self._names: dict[str, LinkMap] = {}
        self._sonames: dict[str, LinkMap] = {}
        self._identities: dict[object, LinkMap] = {}
        self._positions: dict[int, int] = {}
        self._searches = Searches()
        self.executable = LinkMap(
            name, executable, FoundVia("executable"), None, posixpath.dirname(executable.path)
        )
        # The kernel mapped the executable: neither its path nor its inode is known to
        # the loader, only its DT_SONAME can capture.
        self._register(self.executable, named=False)

    def copy(self, files: FileSystem) -> Process:
        """A process in the same state whose further opens see ``files``.

        Copies that see the same files share what they search for among them.
        """
        copy = type(self).__new__(type(self))
        copy.loader = self.loader
        copy.files = files
        copy.executable = self.executable
        copy.maps = list(self.maps)
        copy.global_scope = self.global_scope
        copy._searches = self._searches if files is self.files else Searches()
        copy._names = dict(self._names)
        copy._sonames = dict(self._sonames)
        copy._identities = dict(self._identities)
        copy._positions = dict(self._positions)
        return copy

    def learn(self, failed: Process) -> None:
        """Keep what ``failed``, a copy in which a dlopen has failed, leaves behind.

        Its maps are gone, but the names under which it has asked for older
        ones stay theirs (glibc ``_dl_close_worker`` and musl ``dlopen`` free maps only).
        """
        for name, found in failed._names.items():
            if id(found) in self._positions:
                self._names[name] = found

    def _register(self, new: LinkMap, *, named: bool = True) -> None:
        self._positions[id(new)] = len(self.maps)
        self.maps.append(new)
        if new.elf.soname is not None:
            self._sonames.setdefault(new.elf.soname, new)
        if named:
            self._names.setdefault(new.name, new)
            self._identities.setdefault(new.dso.identity, new)

    def add_loader(self, dso: Dso) -> None:
        """Map the dynamic loader itself: present, but in no scope until it is needed."""
        path = self.loader.path
        self._register(
            LinkMap(path, dso, FoundVia("loader"), None, posixpath.dirname(path)), named=True
        )

    def adopt(self, new: LinkMap, aliases: Iterable[str]) -> None:
        """Add a map that a recording says is loaded, under all the names it answers to."""
        self._register(new)
        for alias in aliases:
            self._names.setdefault(alias, new)

    def aliases(self, of: LinkMap) -> tuple[str, ...]:
        """The names beside its path under which a map was requested, sorted."""
        return tuple(sorted(n for n, m in self._names.items() if m is of and n != of.name))

    def loaded(self, name: str) -> LinkMap | None:
        """The map that captures ``name`` (``_dl_lookup_map``).

        The first in load order whose path or alias, or else DT_SONAME, equals
        it. There is no comparison of base names.
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
        self, path: str, dso: Dso, found: FoundVia, loader: LinkMap | None, name: str
    ) -> LinkMap | LoadFailure:
        """Map an opened file, unless the same file is mapped under another name."""
        known = self._identities.get(dso.identity)
        if known is not None:
            self._names.setdefault(name, known)
            return known
        # Start-up ends with the making of the global scope.
        refused = dso.elf.noopen and self.global_scope
        if dso.elf.is_executable or refused:
            asking = loader.dso.path if loader else path
            why = "it refuses dlopen (DF_1_NOOPEN)" if refused else "it is an executable"
            return LoadFailure("unloadable-file", asking, name, why)
        new = LinkMap(path, dso, found, loader, posixpath.dirname(path))
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
            found = self._searches.find(name, requester, self.executable, self.loader, self.files)
        except LoadError as e:
            return LoadFailure("unloadable-file", requester.dso.path, name, str(e))
        if found is None:
            return LoadFailure("missing-library", requester.dso.path, name)
        path, dso, how = found
        return self._map(path, dso, how, requester, name)

    @property
    def _opener(self) -> LinkMap | None:
        """The ``loader`` of a map that was opened by path: none."""
        return None

    def preload(self, name: str) -> LinkMap | LoadFailure:
        """Load ``name`` of LD_PRELOAD, which is searched as the executable would search it."""
        return self._need(name, self.executable)

    def request(self, name: str) -> LinkMap | LoadFailure:
        """Load ``name`` as an object without run paths of its own would need it."""
        plain = self.executable.elf._replace(
            rpath=None, runpath=None, nodeflib=False, resolution_cache=()
        )
        requester = LinkMap("", Dso("", None, plain), FoundVia("opened"), self._opener, "/")
        result = self._need(name, requester)
        if isinstance(result, LinkMap) and result.needed_by is requester:
            result.needed_by = self._opener
        return result

    def closure(
        self, roots: Sequence[LinkMap]
    ) -> tuple[tuple[LinkMap, ...], tuple[LoadFailure, ...]]:
        """Load and list ``roots`` and all they need, breadth first (``_dl_map_object_deps``).

        A filtee (DT_AUXILIARY, DT_FILTER) comes immediately before the object
        that names it; a missing auxiliary one is ignored.
        """
        order = list(roots)
        listed = {id(m) for m in order}
        done: set[int] = set()
        failures: list[LoadFailure] = []
        at = 0
        while at < len(order):
            current = order[at]
            if id(current) in done:
                at += 1
                continue
            done.add(id(current))
            needed, resolutions = [], []
            for name in current.elf.needed:
                before = len(self.maps)
                result = self._need(name, current)
                if isinstance(result, LoadFailure):
                    failures.append(result)
                    continue
                needed.append(result)
                known = FoundVia("already-loaded", result.name)
                resolutions.append((name, result.found if len(self.maps) > before else known))
                if id(result) not in listed:
                    listed.add(id(result))
                    order.append(result)
            # What the host has loaded is shared by all copies, and resolved already.
            if current.needed is None:
                current.needed, current.resolutions = tuple(needed), tuple(resolutions)
            # A filtee takes the place of ``current`` in the list and is looked at next.
            failures += self._insert_filtees(current, order, listed)
        return tuple(order), tuple(failures)

    def _insert_filtees(
        self, current: LinkMap, order: list[LinkMap], listed: set[int]
    ) -> list[LoadFailure]:
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

    def version_failures(self, maps: Iterable[LinkMap]) -> Iterator[LoadFailure]:
        """The load-time version check (``_dl_check_map_versions``)."""
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
        """DT_RELR is accepted only with the version that says so, since 2.36."""
        needs = [n for n in checked.elf.version_needs if n.file.startswith("libc.so.")]
        told = _RELR_VERSION in [need.version for need in needs]
        if checked.elf.relr and needs and not told and self.loader.version >= (2, 36):
            yield LoadFailure("version-not-found", checked.dso.path, _RELR_VERSION, needs[0].file)

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

    def dlopen(self, path: str, *, rtld_global: bool = False) -> Opened | LoadFailure:
        """Open ``path`` with RTLD_NOW; LoadFailure when it cannot be mapped at all.

        A name without a slash is searched as the executable would search it.
        With ``rtld_global`` the root and its searchlist join the end of the
        global scope, after their own references have been searched.
        """
        before = len(self.maps)
        root = self._open_root(path)
        if isinstance(root, LoadFailure):
            return root
        searchlist, failures = self.closure((root,))
        new = tuple(self.maps[before:])
        # Each phase of the loader begins only where the one before has not failed.
        versions = () if failures else tuple(self.version_failures(searchlist))
        opened = Opened(
            root=root,
            searchlist=searchlist,
            new=new,
            scope=self.global_scope + searchlist,
            failures=failures + versions,
        )
        if rtld_global and not failures and not versions:
            self.promote(searchlist)
        return opened

    def relocation_order(self, maps: Sequence[LinkMap]) -> list[LinkMap]:
        """A searchlist in the order in which the loader relocates it."""
        return relocation_order(maps)

    def promote(self, searchlist: Iterable[LinkMap]) -> None:
        """Append what is not yet global to the global scope (``add_to_global_update``)."""
        present = {id(m) for m in self.global_scope}
        self.global_scope += tuple(m for m in searchlist if id(m) not in present)


def relocation_order(maps: Sequence[LinkMap]) -> list[LinkMap]:
    """A searchlist in the order of relocation: needed objects first, the root last.

    Depth first from the last map on, as since 2.35 (``_dl_sort_maps_dfs``).
    """
    visited: set[int] = set()
    order: list[LinkMap] = []

    def visit(current: LinkMap) -> None:
        visited.add(id(current))
        for needed in (*(current.needed or ()), *current.filtees):
            if id(needed) not in visited:
                visit(needed)
        order.append(current)

    root, *others = maps
    visited.add(id(root))
    for m in reversed(others):
        if id(m) not in visited:
            visit(m)
    return [*order, root]
