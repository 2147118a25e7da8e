"""The C libraries whose loaders collide knows, and in what these loaders differ.

No other module compares names of C libraries: what depends on one is an attribute or a method of
:class:`Libc`. The rules themselves are in these modules:

===============  ====================================  ===================================
the rules of     glibc                                 musl
===============  ====================================  ===================================
the loader file  :mod:`collide.hosts.identify_glibc`   :mod:`collide.hosts.identify_musl`
search           :mod:`collide.loader.glibc.search`    :mod:`collide.loader.musl.search`
loading          :mod:`collide.loader.glibc.process`   :mod:`collide.loader.musl.process`
lookup           :mod:`collide.loader.glibc.lookup`    :mod:`collide.loader.musl.lookup`
===============  ====================================  ===================================
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from collide.loader.glibc.lookup import GlibcLookup
from collide.loader.glibc.process import GlibcProcess
from collide.loader.glibc.refusals import lacking_levels
from collide.loader.glibc.search import expand
from collide.loader.lookup import LookupRules
from collide.loader.model import Dso, FileSystem, Loader
from collide.loader.process import Process
from collide.support.records import Protocol


class Libc(Protocol):
    """One C library: the rules of its loader, and what else depends on it.

    ``name`` is that of :class:`Loader`'s ``libc``, ``wheel_platform`` the word that platform
    tags of its wheels begin with (PEP 600, PEP 656), ``wheel_policy`` the newest policy where
    auditwheel has to be given one. ``has_ld_cache`` says that ``ld.so.cache`` is searched,
    ``checks_versions`` that symbol versions are compared, by a lookup and by the check at load
    time, ``heeds_visibility`` that a lookup spares hidden references and that protected ones
    stay in their own object. ``prints_bindings`` says that LD_DEBUG prints bindings (ld.so(8)),
    ``reports_tries`` that the search reports to a
    :class:`collide.loader.model.WatchedFileSystem` where it tries a file. ``parts`` are the
    DT_SONAMEs of its own libraries, of which a process has those of one release.
    """

    name: str
    wheel_platform: str
    wheel_policy: str | None
    has_ld_cache: bool
    checks_versions: bool
    heeds_visibility: bool
    prints_bindings: bool
    reports_tries: bool
    parts: frozenset[str]

    def new_process(
        self, executable: Dso, name: str, loader: Loader, files: FileSystem, /
    ) -> Process:
        """A process in which the kernel has mapped ``executable``, as ``name``."""

    def lookup_rules(self, version: tuple[int, ...], /) -> LookupRules:
        """How a release chooses a definition."""

    def expand_library_path(
        self, lists: Iterable[str], executable: Dso, loader: Loader, /
    ) -> tuple[str, ...]:
        """The elements of LD_LIBRARY_PATH as the loader reads them, one list after the other.

        An empty element stands for the working directory.
        """

    def lacking_levels(self, loader: Loader, dso: Dso, /) -> tuple[str, ...]:
        """What an object demands of an x86 CPU and the host's is not known to have, lowest first.

        Empty where the loader does not look.
        """


class _Glibc:
    """See :class:`Libc`."""

    name = "glibc"
    wheel_platform = "manylinux"
    wheel_policy: str | None = None
    has_ld_cache = True
    checks_versions = True
    heeds_visibility = True
    prints_bindings = True
    reports_tries = True
    # shlib-versions
    parts = frozenset(
        f"lib{name}"
        for name in ("anl.so.1", "c.so.6", "dl.so.2", "m.so.6", "mvec.so.1", "pthread.so.0",
                     "resolv.so.2", "rt.so.1", "thread_db.so.1", "util.so.1")
    )  # fmt: skip

    def new_process(
        self, executable: Dso, name: str, loader: Loader, files: FileSystem
    ) -> GlibcProcess:
        """See :class:`Libc`."""
        return GlibcProcess(executable, name, loader, files)

    def lookup_rules(self, version: tuple[int, ...]) -> GlibcLookup:
        """See :class:`Libc`."""
        return GlibcLookup(version)

    def expand_library_path(
        self, lists: Iterable[str], executable: Dso, loader: Loader
    ) -> tuple[str, ...]:
        """See :class:`Libc`; dynamic string tokens are expanded, those without a value drop.

        Source: ``fillin_rpath`` with the separators ``:;``.
        """
        origin = posixpath.dirname(executable.path)
        elements = (e for text in lists for e in text.replace(";", ":").split(":"))
        expanded = (expand(element, origin, loader) for element in elements)
        return tuple(e for e in expanded if e is not None)

    def lacking_levels(self, loader: Loader, dso: Dso) -> tuple[str, ...]:
        """See :class:`Libc`."""
        return lacking_levels(loader, dso)


class _Musl:
    """See :class:`Libc`."""

    name = "musl"
    wheel_platform = "musllinux"
    wheel_policy: str | None = "musllinux_1_2"
    has_ld_cache = False
    checks_versions = False
    heeds_visibility = False
    prints_bindings = False
    reports_tries = False
    parts: frozenset[str] = frozenset()

    def new_process(self, executable: Dso, name: str, loader: Loader, files: FileSystem) -> Process:
        """See :class:`Libc`."""
        from collide.loader.musl.process import MuslProcess  # late: start-up

        return MuslProcess(executable, name, loader, files)

    def lookup_rules(self, version: tuple[int, ...]) -> LookupRules:
        """See :class:`Libc`."""
        from collide.loader.musl.lookup import MuslLookup  # late: start-up

        return MuslLookup(version)

    def expand_library_path(
        self, lists: Iterable[str], _executable: Dso, _loader: Loader
    ) -> tuple[str, ...]:
        """See :class:`Libc`; there are no tokens in it, and empty elements are passed over.

        Source: ``path_open``.
        """
        elements = (e for text in lists for e in text.replace("\n", ":").split(":"))
        return tuple(filter(None, elements))

    def lacking_levels(self, _loader: Loader, _dso: Dso) -> tuple[str, ...]:
        """See :class:`Libc`."""
        return ()


GLIBC: Libc = _Glibc()
MUSL: Libc = _Musl()
LIBCS = {libc.name: libc for libc in (GLIBC, MUSL)}
"""All C libraries that collide knows, by name."""


def libc_of(loader: Loader) -> Libc:
    """The C library of a loader; KeyError for a recorded one that collide does not know."""
    return LIBCS[loader.libc]
