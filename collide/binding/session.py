"""Several dlopens in one process, one after the other.

Source: glibc ``elf/dl-open.c`` (``dl_open_worker``), ``elf/dl-close.c``
(``_dl_close_worker`` with ``force``), ``elf/dl-lookup.c``
(``do_lookup_unique``). What an earlier dlopen has loaded captures names, is
relocated already, and has registered its unique symbols. A dlopen that fails unmaps what it has
brought; the names and unique symbols of older objects that it has registered stay.
In musl (``ldso/dynlink.c``) the same, without unique symbols.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from collide.binding.binder import Binder
from collide.binding.binding import BoundModule
from collide.loader.link_map import LoadFailure
from collide.loader.lookup import Match
from collide.loader.model import FileSystem
from collide.loader.opening import NOW, Mode
from collide.loader.process import Process
from collide.support.records import NamedTuple


class Attempt(NamedTuple):
    """The outcome of one dlopen of a session.

    ``bound`` is None when the object cannot be mapped at all. With any of
    ``failures`` the process is as if it had not been tried.
    """

    bound: BoundModule | None
    failures: tuple[LoadFailure, ...]


class Session:
    """A process in which one dlopen follows the other.

    ``process`` is its present state, ``unique`` the table of STB_GNU_UNIQUE
    symbols that the dlopens have registered.
    """

    def __init__(
        self,
        process: Process,
        files: FileSystem,
        binder: Binder,
        unique: Mapping[str, Match] | None = None,
    ) -> None:
        """Starts in the state of ``process``, which stays as it is, with these unique symbols."""
        self.process = process.copy(files)
        self.unique = dict(unique or {})
        self._binder = binder

    def copy(self) -> Session:
        """A session that goes on from the same state by itself."""
        return Session(self.process, self.process.files, self._binder, self.unique)

    def open(self, path: str, mode: Mode = NOW) -> Attempt:
        """``dlopen(path, mode)`` in the process as it is now (Rule 2)."""
        process, unique = self.process.copy(self.process.files), dict(self.unique)
        opened = process.dlopen(path, mode)
        if isinstance(opened, LoadFailure):
            self.process.learn(process)
            return Attempt(None, (opened,))
        bound = self._binder.bind(opened, unique)
        if bound.failures:
            self.process.learn(process)
            self.unique = {**self.unique, **self._left_behind(bound, unique)}
        else:
            self.process, self.unique = process, unique
            process.static_tls = bound.static_tls
        return Attempt(bound, bound.failures)

    def _left_behind(self, bound: BoundModule, unique: dict[str, Match]) -> dict[str, Match]:
        """What a failing dlopen has registered of objects that stay."""
        if bound.opened.failures:
            return {}
        leaving = {m.dso for m in bound.opened.new}
        names = {
            name
            for name, (dso, _) in unique.items()
            if name not in self.unique and dso not in leaving
        }
        return {name: unique[name] for name in self._reached(bound) if name in names}

    def _reached(self, bound: BoundModule) -> Iterator[str]:
        """The names of the references that are searched up to the first one that fails."""
        objects = {o.map: o for o in bound.relocated}
        for m in self.process.relocation_order(bound.opened.searchlist):
            if m not in objects:
                continue
            undefined = {b.reference for group in objects[m].groups for b in group.undefined}
            for reference in m.elf.references:
                if reference in undefined:
                    return
                yield reference.name
