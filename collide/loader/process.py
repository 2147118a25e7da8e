"""A process as a dynamic loader builds it: the objects it has loaded, their names and their scopes.

Nothing is executed. What glibc and musl do alike is here; what they do each in their own way is in
:mod:`collide.loader.glibc.process` and :mod:`collide.loader.musl.process`. Sources: glibc
``elf/dl-deps.c``, ``elf/dl-open.c`` and ``elf/dl-close.c``, musl ``ldso/dynlink.c``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter

from collide.loader.link_map import LinkMap, LoadFailure, Opened
from collide.loader.model import Dso, FileSystem, FoundVia, Loader
from collide.loader.opening import NOW, Mode
from collide.loader.static_tls import StaticTls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self


class Process:
    """One namespace: link maps in load order, the global scope, and what else can be loaded.

    :func:`collide.loader.startup.start` makes one, of the class that
    :mod:`collide.loader.libc` names for the loader; :meth:`copy` gives another in the same
    state, so that each module can be opened alone. ``has_deepbind`` is whether the loader knows
    RTLD_DEEPBIND. ``static_tls`` is the room for initial-exec TLS, None before start-up ends.
    ``assumed`` are beginnings of names that are taken to be defined although no object here
    has them: those of an interpreter that this process has in thought only.
    """

    has_deepbind = True

    def __init__(self, executable: Dso, name: str, loader: Loader, files: FileSystem) -> None:
        """A process that has mapped ``executable``, as ``name``, and nothing else."""
        self.loader = loader
        self.files = files
        self.maps: list[LinkMap] = []
        self.global_scope: tuple[LinkMap, ...] = ()
        self.static_tls: StaticTls | None = None
        self.assumed: tuple[str, ...] = ()
        self._names: dict[str, LinkMap] = {}
        self._identities: dict[object, LinkMap] = {}
        self._positions: dict[int, int] = {}
        self.executable = LinkMap(
            name, executable, FoundVia("executable"), None, posixpath.dirname(executable.path)
        )
        # The kernel mapped the executable: neither its path nor its inode is known to
        # the loader.
        self._register(self.executable, named=False)

    def copy(self, files: FileSystem) -> Self:
        """A process in the same state whose further opens see ``files``."""
        copy = type(self).__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy.files = files
        copy.maps = list(self.maps)
        copy._names = dict(self._names)
        copy._identities = dict(self._identities)
        copy._positions = dict(self._positions)
        return copy

    def exchange(self, twins: Mapping[LinkMap, LinkMap], names: Mapping[str, LinkMap]) -> None:
        """Put maps in the place of all others, under all names of these, and ``names`` more."""
        self.executable = twins[self.executable]
        self.maps = [twins[m] for m in self.maps]
        self.global_scope = tuple(twins[m] for m in self.global_scope)
        self._names = {n: twins.get(m, m) for n, m in (*names.items(), *self._names.items())}
        self._identities = {key: twins.get(m, m) for key, m in self._identities.items()}
        self._positions = {id(m): number for number, m in enumerate(self.maps)}

    def learn(self, failed: Process) -> None:
        """Keep what ``failed``, a copy in which a dlopen has failed, leaves behind (Rule 2).

        Its maps are gone, but the names under which it has asked for older
        ones stay theirs (glibc ``_dl_close_worker`` and musl ``dlopen`` free maps only).
        """
        for name, found in failed._names.items():
            if id(found) in self._positions:
                self._names[name] = found

    # -- what is loaded, and under which names ---------------------------------------------------

    def _register(self, new: LinkMap, *, named: bool = True) -> None:
        self._positions[id(new)] = len(self.maps)
        self.maps.append(new)
        if named:
            self._names.setdefault(new.name, new)
            self._identities.setdefault(new.dso.identity, new)

    def add_loader(self, dso: Dso) -> None:
        """Map the dynamic loader itself: present, but in no scope until it is needed."""
        path = self.loader.path
        self._register(LinkMap(path, dso, FoundVia("loader"), None, posixpath.dirname(path)))

    def adopt(self, new: LinkMap, aliases: Iterable[str]) -> None:
        """Add a map that a recording says is loaded, under all the names it answers to."""
        self._register(new)
        for alias in aliases:
            self._names.setdefault(alias, new)

    def aliases(self) -> Mapping[LinkMap, Sequence[str]]:
        """The names beside their paths under which maps were requested, sorted; of all maps."""
        found: dict[LinkMap, list[str]] = {m: [] for m in self.maps}
        for name, m in sorted(self._names.items(), key=itemgetter(0)):
            if name != m.name and m in found:
                found[m].append(name)
        return found

    def loaded(self, name: str) -> LinkMap | None:
        """The map that a request for ``name`` gets without any search; None without one."""
        raise NotImplementedError

    def end_start_up(self, scope: tuple[LinkMap, ...]) -> None:
        """Make ``scope`` the global one, and lay out the TLS of all that is loaded."""
        self.global_scope = scope
        self.static_tls = self._static_tls()

    def _static_tls(self) -> StaticTls | None:
        """The room that start-up leaves for the initial-exec TLS of what dlopen loads."""
        raise NotImplementedError

    # -- loading ---------------------------------------------------------------------------------

    def _need(self, name: str, requester: LinkMap) -> LinkMap | LoadFailure:
        """The map for a DT_NEEDED ``name`` of ``requester``: one that is loaded, or a new one."""
        raise NotImplementedError

    def _open_root(self, path: str) -> LinkMap | LoadFailure:
        """The map for ``path`` given to dlopen."""
        raise NotImplementedError

    @property
    def _opener(self) -> LinkMap | None:
        """``needed_by`` of a map that dlopen loads."""
        raise NotImplementedError

    def preload(self, name: str) -> LinkMap | LoadFailure:
        """Load ``name`` of LD_PRELOAD."""
        raise NotImplementedError

    def request(self, name: str) -> LinkMap | LoadFailure:
        """Load ``name`` as an object without run paths of its own would need it."""
        return self._request(name, self._opener)

    def _request(self, name: str, needed_by: LinkMap | None) -> LinkMap | LoadFailure:
        without_paths = self.executable.elf._replace(
            rpath=None, runpath=None, nodeflib=False, resolution_cache=()
        )
        requester = LinkMap("", Dso("", None, without_paths), FoundVia("opened"), needed_by, "/")
        result = self._need(name, requester)
        if isinstance(result, LinkMap) and result.needed_by is requester:
            result.needed_by = needed_by
        return result

    def closure(
        self, roots: Sequence[LinkMap]
    ) -> tuple[tuple[LinkMap, ...], tuple[LoadFailure, ...]]:
        """Load and list ``roots`` and all they need, breadth first (Rule 1).

        Sources: glibc ``_dl_map_object_deps``, musl ``load_deps``.
        """
        order = list(roots)
        listed = {id(m) for m in order}
        done: set[int] = set()
        failures: list[LoadFailure] = []
        again: dict[tuple[str, int], tuple[str, FoundVia]] = {}
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
                if len(self.maps) > before:
                    resolutions.append((name, result.found))
                else:
                    # One record for all that need it: of many libraries each may need all.
                    key = name, id(result)
                    if key not in again:
                        again[key] = name, FoundVia("already-loaded", result.name)
                    resolutions.append(again[key])
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
        self, _current: LinkMap, _order: list[LinkMap], _listed: set[int]
    ) -> list[LoadFailure]:
        """Load what DT_AUXILIARY and DT_FILTER of a map name, where the loader reads these."""
        return []

    def check_failures(self, _maps: Sequence[LinkMap]) -> Iterable[LoadFailure]:
        """What the loader finds wrong with mapped objects before it relocates any."""
        return ()

    def dlopen(self, path: str, mode: Mode = NOW) -> Opened | LoadFailure:
        """Open ``path`` (Rule 2); LoadFailure when it cannot be mapped at all.

        A name without a slash is searched as the executable would search it. With RTLD_GLOBAL the
        searchlist joins the end of the global scope, after its own references have been searched;
        with RTLD_DEEPBIND it comes before the global scope (glibc ``_dl_new_object``).
        """
        before, root = len(self.maps), self._open_root(path)
        if isinstance(root, LoadFailure):
            return root
        searchlist, failures = self.closure((root,))
        # Each phase of the loader begins only where the one before has not failed.
        refused = () if failures else tuple(self.check_failures(searchlist))
        deep = mode.deepbind and self.has_deepbind
        opened = Opened(
            root=root,
            searchlist=searchlist,
            new=tuple(self.maps[before:]),
            scope=searchlist + self.global_scope if deep else self.global_scope + searchlist,
            failures=failures + refused,
            mode=mode if deep == mode.deepbind else mode._replace(deepbind=False),
            static_tls=self.static_tls,
        )
        if mode.rtld_global and not opened.failures:
            self.promote(searchlist)
        return opened

    def relocation_order(self, maps: Sequence[LinkMap]) -> list[LinkMap]:
        """A searchlist in the order in which the loader relocates it."""
        raise NotImplementedError

    def promote(self, searchlist: Iterable[LinkMap]) -> None:
        """Append what is not yet global (glibc ``add_to_global_update``, musl ``add_syms``)."""
        present = {id(m) for m in self.global_scope}
        self.global_scope += tuple(m for m in searchlist if id(m) not in present)
