"""Which loader's rules a host follows: the one place that asks which C library it has.

=================  =============================  ==================================
the rules of       glibc                          musl
=================  =============================  ==================================
the loader file    :mod:`collide.hosts.extract`         :mod:`collide.hosts.identify_musl`
searching files    :mod:`collide.loader.glibc.search`          :mod:`collide.loader.musl.search`
loading            :mod:`collide.loader.glibc.process`         :mod:`collide.loader.musl.process`
looking up         :mod:`collide.loader.glibc.lookup`          :mod:`collide.loader.musl.lookup`
=================  =============================  ==================================

musl's modules are imported for a host of musl only: each costs a start.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from collide.loader.glibc.lookup import GlibcLookup
from collide.loader.glibc.process import GlibcProcess
from collide.loader.glibc.search import expand
from collide.loader.lookup import LookupRules
from collide.loader.model import Dso, FileSystem, Loader
from collide.loader.process import Process


def lookup_rules(loader: Loader) -> LookupRules:
    """How ``loader`` chooses a definition."""
    if loader.libc == "musl":
        from collide.loader.musl.lookup import MuslLookup

        return MuslLookup(loader.version)
    return GlibcLookup(loader.version)


def new_process(executable: Dso, name: str, loader: Loader, files: FileSystem) -> Process:
    """A process of ``executable`` in which ``loader`` loads the rest."""
    if loader.libc == "musl":
        from collide.loader.musl.process import MuslProcess

        return MuslProcess(executable, name, loader, files)
    return GlibcProcess(executable, name, loader, files)


def expand_library_path(
    elements: Iterable[str], executable: Dso, loader: Loader
) -> tuple[str, ...]:
    """The elements of LD_LIBRARY_PATH as ``loader`` reads them: musl has no tokens there."""
    if loader.libc == "musl":
        return tuple(elements)
    origin = posixpath.dirname(executable.path)
    expanded = (expand(element, origin, loader) for element in elements)
    return tuple(e for e in expanded if e is not None)
