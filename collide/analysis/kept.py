"""What stays of a library some of whose functions another object provides."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from os.path import commonprefix

from collide.analysis.static_libraries import SHORTEST_PREFIX, place
from collide.binding.binding import Binding, BindingGroup, is_vague
from collide.elf.names import first_word
from collide.elf.symbols import Reference
from collide.loader.model import Dso


def kept_beside(
    taken: Collection[Binding], victim: Dso, groups: Iterable[BindingGroup]
) -> AbstractSet[str]:
    """The names of the libraries of ``taken`` that ``victim`` gets as meant, by its ``groups``."""
    intended = {b.intended.dso for b in taken if b.intended}
    return _Library(taken, victim).kept(groups, intended)


class _Library:
    """Recognises names of the library whose other symbols are taken.

    Names of a library in C begin with a word of its own, those of one in C++ with its
    namespace. Of a bundled library these are the references that still bind to it and
    begin as a taken one does, as other libraries may be linked into it. A static
    library has no object of its own, but the linker lays out an archive in one piece:
    its functions are those that begin so and lie between the first and the last taken
    one, and those with the prefix that all taken names have in common. Names of C++
    vague linkage belong to no library.
    """

    def __init__(self, taken: Collection[Binding], victim: Dso) -> None:
        self._victim = victim
        prefix = commonprefix([b.reference.name for b in taken])  # noqa: RUF071 - no paths
        # The prefix of a mangled C++ name says nothing of its library before the outermost name.
        long_enough = len(re.sub(r"^_Z[A-Za-z]*\d*", "", prefix)) >= SHORTEST_PREFIX
        self._prefix = prefix if long_enough else None
        words = Counter(first_word(name) for name in {b.reference.name for b in taken})
        # A word that one name has, where others share theirs, is any verb: get of get_crc_table.
        once = max(words.values(), default=0) == 1
        self._words = {word for word, count in words.items() if count > 1 or once}
        places = [p for b in taken if b.intended and b.intended.dso is victim for p in place(b)]
        self._first, self._last = (min(places), max(places)) if places else (0, -1)

    def kept(self, groups: Iterable[BindingGroup], intended: AbstractSet[Dso]) -> set[str]:
        """Names of the same library that got what they were meant to get from ``intended``."""
        found: dict[Reference, Binding] = {}
        for group in groups:
            if not intended.isdisjoint(group.closure):
                for b in self._staying(group):
                    if b.provider in intended:
                        found[b.reference] = b
        return {reference.name for reference, b in found.items() if self._has(b)}

    def _staying(self, group: BindingGroup) -> Iterator[Binding]:
        for word in self._words:
            yield from group.staying(word)
        if self._prefix is not None:
            names = frozenset(n for n in group.names() if n.startswith(self._prefix))
            yield from (b for b in group.of(names) if b.stays and not is_vague(b))

    def _is_alike(self, name: str) -> bool:
        return self._prefix is not None and name.startswith(self._prefix)

    def _has(self, b: Binding) -> bool:
        name = b.reference.name
        worded = first_word(name) in self._words
        inside = worded and any(self._first <= at <= self._last for at in place(b))
        bundled = worded and b.provider is not self._victim
        return bundled or inside or self._is_alike(name)
