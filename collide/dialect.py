"""Which loader's rules a host follows: the one place that asks which C library it has.

=================  =============================  ==================================
the rules of       glibc                          musl
=================  =============================  ==================================
the loader file    :mod:`collide.extract`         :mod:`collide.loader_musl`
searching files    :mod:`collide.search`          :mod:`collide.search_musl`
loading            :mod:`collide.linkmap`         :mod:`collide.linkmap_musl`
looking up         :mod:`collide.lookup`          :mod:`collide.lookup_musl`
=================  =============================  ==================================

musl's modules are imported for a host of musl only: each costs a start.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from collide.linkmap import Process
from collide.lookup import GlibcLookup, LookupRules
from collide.search import File, Files, Loader, expand


def lookup_rules(loader: Loader) -> LookupRules:
    """How ``loader`` chooses a definition."""
    if loader.libc == "musl":
        from collide.lookup_musl import MuslLookup

        return MuslLookup(loader.version)
    return GlibcLookup(loader.version)


def new_process(executable: File, name: str, loader: Loader, files: Files) -> Process:
    """A process of ``executable`` in which ``loader`` loads the rest."""
    if loader.libc == "musl":
        from collide.linkmap_musl import MuslProcess

        return MuslProcess(executable, name, loader, files)
    return Process(executable, name, loader, files)


def expand_library_path(
    elements: Iterable[str], executable: File, loader: Loader
) -> tuple[str, ...]:
    """The elements of LD_LIBRARY_PATH as ``loader`` reads them: musl has no tokens there."""
    if loader.libc == "musl":
        return tuple(elements)
    origin = posixpath.dirname(executable.path)
    expanded = (expand(element, origin, loader) for element in elements)
    return tuple(e for e in expanded if e is not None)
