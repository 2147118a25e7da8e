"""Which loader's rules a host follows: the one place that asks which C library it has."""

from __future__ import annotations

from collide.linkmap import Process
from collide.lookup import GlibcLookup, LookupRules
from collide.search import File, Files, Loader


def lookup_rules(loader: Loader) -> LookupRules:
    """How ``loader`` chooses a definition."""
    return GlibcLookup(loader.version)


def new_process(executable: File, name: str, loader: Loader, files: Files) -> Process:
    """A process of ``executable`` in which ``loader`` loads the rest."""
    return Process(executable, name, loader, files)
