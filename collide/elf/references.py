"""The references of one object, kept as columns: the simple ones by name, and the few special ones.

A large wheel has a hundred thousand references. For nearly all of them name and version are all
that a lookup asks for, so a :class:`Reference` is made only where one is looked at by itself.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, repeat

from collide.elf.constants import SHN_UNDEF, STB_LOCAL, STB_WEAK, STV_DEFAULT, STV_PROTECTED
from collide.elf.hash_tables import picked
from collide.elf.machines import CLASS_COPY, CLASS_PLT
from collide.elf.symbols import Reference
from collide.support.records import Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ReferenceTable(Protocol):
    """The references of one object, by name.

    A name is simple where all references to it have one version, do not demand that exact
    version, are no copy relocations and have default visibility. ``protected`` are names that
    are simple but for STV_PROTECTED, of which some libraries have ten thousand.
    """

    @property
    def simple(self) -> Mapping[str, str | None]:
        """Version by name."""

    @property
    def protected(self) -> Mapping[str, str | None]:
        """Version by name, of what the object protects and refers to."""

    @property
    def special(self) -> Sequence[Reference]:
        """All references whose names are in neither of these."""

    def of(self, names: Iterable[str], /) -> Iterator[Reference]:
        """The references to ``names``, all of them simple or protected, name by name."""


class ListedReferences:
    """A table of references that are all made already."""

    __slots__ = ("_by_name", "_references", "protected", "simple", "special")

    def __init__(self, references: Sequence[Reference]) -> None:
        self._references = references
        self._by_name: dict[str, list[Reference]] | None = None
        self.simple = {r.name: r.version for r in references}
        self.protected: dict[str, str | None] = {}
        protected = {r.name for r in references if r.visibility == STV_PROTECTED}
        special = {
            name
            for name, version, exact, lookup_class, _, visibility, _ in references
            if exact
            or lookup_class == CLASS_COPY
            or visibility != (STV_PROTECTED if name in protected else STV_DEFAULT)
            or self.simple[name] != version
        }
        for name in protected - special:
            self.protected[name] = self.simple.pop(name)
        self.special: tuple[Reference, ...] = ()
        if special:
            self.special = tuple(r for r in references if r.name in special)
            for name in special:
                del self.simple[name]

    def of(self, names: Iterable[str]) -> Iterator[Reference]:
        """See :class:`ReferenceTable`."""
        if self._by_name is None:
            self._by_name = {}
            for reference in self._references:
                self._by_name.setdefault(reference.name, []).append(reference)
        return chain.from_iterable(map(self._by_name.__getitem__, names))


class SymbolReferences(Sequence[Reference]):
    """The references of an ELF object, as columns of its ``.dynsym``.

    ``order`` are symbol indexes as the relocations refer to them, ``by_class``
    those that each class of relocation refers to, ``eager`` those of a class that a lazy dlopen
    searches at once, too, ``names`` all names by index,
    ``info``, ``other`` and ``section`` the columns of the symbol table.
    ``versym`` is empty where the loader sees no version tables, ``versions``
    maps an index to (name, need has bit 15).
    """

    __slots__ = (
        *("_all", "_at", "_by_class", "_eager", "_info", "_names", "_order", "_other", "_special"),
        *("_protected", "_section", "_simple", "_versions", "_versym"),
    )

    def __init__(
        self,
        *,
        order: Sequence[int],
        by_class: Mapping[int, Collection[int]],
        eager: Mapping[int, array[int]],
        names: Sequence[str],
        info: bytes,
        other: bytes,
        section: array[int],
        versym: array[int],
        versions: Mapping[int, tuple[str, bool]],
    ) -> None:
        self._order = order
        self._by_class = by_class
        self._eager = eager
        self._names = names
        self._info = info
        self._other = other
        self._section = section
        self._versym = versym
        self._versions = versions
        self._simple: dict[str, str | None] | None = None
        self._protected: dict[str, str | None] = {}
        self._special: tuple[Reference, ...] = ()
        self._at: dict[str, int] = {}
        self._all: tuple[Reference, ...] | None = None

    @property
    def simple(self) -> Mapping[str, str | None]:
        """See :class:`ReferenceTable`."""
        if self._simple is None:
            self._simple = self._sort_out()
        return self._simple

    @property
    def protected(self) -> Mapping[str, str | None]:
        """See :class:`ReferenceTable`."""
        return self._protected if self.simple is not None else {}

    @property
    def special(self) -> Sequence[Reference]:
        """See :class:`ReferenceTable`."""
        return self._special if self.simple is not None else ()

    def _indexes(self) -> list[int]:
        """Every symbol that is referred to, but local ones, which need no lookup."""
        looked_up = set().union(*self._by_class.values())
        indexes = [index for index in dict.fromkeys(self._order) if index in looked_up]
        if any(info >> 4 == STB_LOCAL for info in set(picked(self._info, indexes))):
            return [index for index in indexes if self._info[index] >> 4 != STB_LOCAL]
        return indexes

    def _sort_out(self) -> dict[str, str | None]:
        indexes = self._indexes()
        names = picked(self._names, indexes)
        versions: Iterable[str | None] = repeat(None)
        special = set(self._by_class.get(CLASS_COPY, ()))
        if self._versym:
            numbers = picked(self._versym, indexes)
            intended = {n: self._versions.get(n & 0x7FFF, (None, False)) for n in set(numbers)}
            versions = map({n: name for n, (name, _) in intended.items()}.__getitem__, numbers)
            exact = {n for n, (_, exact) in intended.items() if exact}
            if exact:
                special.update(i for i, n in zip(indexes, numbers, strict=True) if n in exact)
        simple: dict[str, str | None] = dict(zip(names, versions, strict=False))
        self._at = dict(zip(names, indexes, strict=True))
        if len(simple) < len(names):
            special.update(i for i in indexes if self._at[self._names[i]] != i)
        protected: list[int] = []
        if any(other & 3 for other in set(picked(self._other, indexes))):
            others = [(i, self._other[i] & 3) for i in indexes if self._other[i] & 3]
            protected = [i for i, visibility in others if visibility == STV_PROTECTED]
            special.update(i for i, visibility in others if visibility != STV_PROTECTED)
        odd = {self._names[index] for index in special}
        for name in odd & simple.keys():
            del simple[name]
        self._protected = {
            name: simple.pop(name) for i in protected if (name := self._names[i]) not in odd
        }
        if odd:
            self._special = tuple(self._made(i for i in indexes if self._names[i] in odd))
        return simple

    def _made(self, indexes: Iterable[int]) -> Iterator[Reference]:
        none = (None, False)
        names, info, other, section = self._names, self._info, self._other, self._section
        by_class = sorted(self._by_class.items())
        for index in indexes:
            version, exact = none
            if self._versym:
                version, exact = self._versions.get(self._versym[index] & 0x7FFF, none)
            weak, defined = info[index] >> 4 == STB_WEAK, section[index] != SHN_UNDEF
            for lookup_class, indexes_of_class in by_class:
                if index in indexes_of_class:
                    visibility = other[index] & 3
                    yield Reference(
                        names[index], version, exact, lookup_class, weak, visibility, defined
                    )

    def of(self, names: Iterable[str]) -> Iterator[Reference]:
        """See :class:`ReferenceTable`."""
        assert self._simple is not None
        return self._made(map(self._at.__getitem__, names))

    def all_names(self) -> AbstractSet[str]:
        """The names of all references."""
        return set(picked(self._names, self._indexes()))

    def to(self, names: AbstractSet[str]) -> Iterator[Reference]:
        """All references to some of ``names``."""
        bulk = (names & self.simple.keys()) | (names & self.protected.keys())
        yield from self._made(sorted(map(self._at.__getitem__, bulk)))
        yield from (r for r in self.special if r.name in names)

    def eager(self, names: AbstractSet[str]) -> set[Reference]:
        """The references to ``names`` that are not made by jump slots and GOT entries alone."""
        found = set[Reference]()
        for lookup_class, indexes in self._eager.items():
            wanted = [index for index in indexes if self._names[index] in names]
            found.update(r for r in self._made(wanted) if r.lookup_class == lookup_class)
        return found

    def _whole(self) -> tuple[Reference, ...]:
        if self._all is None:
            self._all = tuple(self._made(self._indexes()))
        return self._all

    def __len__(self) -> int:
        return len(self._whole())

    def __getitem__(self, at: Any) -> Any:
        return self._whole()[at]

    def __iter__(self) -> Iterator[Reference]:
        return iter(self._whole())


def table_of(references: Sequence[Reference]) -> ReferenceTable:
    """The table of an object's references, whatever they were read from."""
    return references if isinstance(references, SymbolReferences) else ListedReferences(references)


def references_to(references: Sequence[Reference], names: AbstractSet[str]) -> list[Reference]:
    """Those of an object's references that are to some of ``names``; no others are made."""
    if isinstance(references, SymbolReferences):
        return list(references.to(names))
    return [reference for reference in references if reference.name in names]


def eager_references(
    references: Sequence[Reference], names: AbstractSet[str]
) -> AbstractSet[Reference]:
    """Those of an object's references to ``names`` that RTLD_LAZY cannot leave for later.

    Of references that were not read from a file only those that are no calls.
    """
    if isinstance(references, SymbolReferences):
        return references.eager(names)
    return {r for r in references if r.name in names and r.lookup_class != CLASS_PLT}


def referred_names(references: Sequence[Reference]) -> AbstractSet[str]:
    """All names that an object refers to; no reference is made for it."""
    if isinstance(references, SymbolReferences):
        return references.all_names()
    return {reference.name for reference in references}
