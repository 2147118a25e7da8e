"""Which loader's rules a host follows: the one place that asks which C library it has."""

from __future__ import annotations

from collide.lookup import GlibcLookup, LookupRules
from collide.search import Loader


def lookup_rules(loader: Loader) -> LookupRules:
    """How ``loader`` chooses a definition."""
    return GlibcLookup(loader.version)
