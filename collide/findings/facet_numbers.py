"""Decides when two copies of libstdc++ count the facets of std::locale apart, in one table.

A facet's number is in a variable of it, ``std::ctype<char>::id``, which as a STB_GNU_UNIQUE symbol
exists once in a process. The numbers come from a counter that is no such symbol, so that each
copy of the library has its own; and so has each its first locale, a static object with room for the
facets of its own release (libstdc++ ``locale_init.cc``, ``_S_initialize_once``).
"""

from __future__ import annotations

import re

from collide.findings.code import Severity
from collide.findings.evidence import file_name, some
from collide.support.text import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from collide.loader.model import Dso

_ID = re.compile(r"_ZNK?St.*2idE$")
"""The variable with the number of a facet."""
COUNTER = "_ZNSt6locale2id11_S_refcountE"


def facet_numbers(
    victim: Dso, provider: Dso, names: Collection[str]
) -> tuple[Severity, str] | None:
    """Facets of ``victim``'s own first locale have numbers that ``provider`` has given.

    ``names`` are the unique symbols that it gets from there. The provider counts further where it
    has facets that the victim's release does not know: then a number is beyond the end of
    the victim's table, whose static memory is written over, and freed as if it were allocated.
    """
    shared = sorted(name for name in names if _ID.match(name))
    ours = victim.elf.exports
    if not shared or not ours.candidates(COUNTER):
        return None
    known = {name for name in ours.names if _ID.match(name)}
    more = sorted({name for name in provider.elf.exports.names if _ID.match(name)} - known)
    if not more:
        return None
    were = "was" if len(shared) == 1 else "were"
    text = (
        f"{file_name(victim)} has a libstdc++ of its own, with a first locale for "
        f"{plural(len(known), 'facet')}; {len(shared)} of them {were} "
        f"numbered by {file_name(provider)}, which has {len(more)} more: {some(more)}"
    )
    return Severity.ERROR, text
