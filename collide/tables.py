"""The symbol tables of a recorded object: read when they are asked for, and only what is asked for.

Where they come from is somebody else's business: a profile file
(:mod:`collide.recorded`) or the shipped database (:mod:`collide.database`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple, Protocol, overload

from collide.errors import InputError
from collide.symbols import (
    ANY_VERSION,
    MATCHING_TYPES,
    STB_GLOBAL,
    STB_WEAK,
    STV_DEFAULT,
    STV_PROTECTED,
    Definition,
    Reference,
    plain_names,
)

SCHEMA = "collide-profile/1"
"""The schema of the profiles that this release writes and reads."""


class Attributes(NamedTuple):
    """What a definition is besides its name and size; many share one row."""

    type: int
    binding: int
    visibility: int
    version: str | None
    version_index: int
    default: bool
    undefined: bool
    zero: bool

    def offer(self, versioned: bool) -> str | None:
        """What :func:`collide.symbols.plain_names` calls an offer."""
        if (
            self.type not in MATCHING_TYPES
            or self.binding not in (STB_GLOBAL, STB_WEAK)
            or self.visibility not in (STV_DEFAULT, STV_PROTECTED)
            or self.undefined
            or self.zero
        ):
            return None
        if not versioned or (self.version_index <= 1 and self.default):
            return ANY_VERSION
        return self.version


Kind = tuple[Attributes, ...]
"""The definitions of one name, in hash-walk order; nearly all names have one."""


class Names(NamedTuple):
    """The exported names of an object, each once, sorted, and the number of each one's kind."""

    names: Sequence[str]
    kinds: Sequence[Kind]
    column: Sequence[int]


class Sizes(NamedTuple):
    """The size of each name's first definition, and all those of names that have several."""

    first: Sequence[int]
    several: Mapping[int, Sequence[int]]


class Tables(Protocol):
    """Where the tables of one object are read from."""

    path: str
    """The file they are in, for a message."""

    def names(self) -> Names:
        """The exports, without sizes."""

    def sizes(self) -> Sizes:
        """The sizes of the exports."""

    def references(self) -> Sequence[tuple[Any, ...]]:
        """The fields of each :class:`collide.symbols.Reference`."""


_ERRORS = (ValueError, KeyError, TypeError, IndexError, EOFError, AttributeError)


def invalid(path: str, e: Exception) -> InputError:
    """What is said of a file that turns out to be no profile."""
    return InputError(path, f"not a valid profile of schema {SCHEMA} ({type(e).__name__}: {e})")


class RecordedExports:
    """The exports of a recorded object, indexed on first use."""

    __slots__ = (
        *("_column", "_index", "_kinds", "_known", "_offers", "_sizes", "_tables"),
        "versioned",
    )

    def __init__(self, tables: Tables, versioned: bool) -> None:
        self.versioned = versioned
        self._tables = tables
        self._index: dict[str, int] | None = None
        self._column: Sequence[int] = ()
        self._kinds: Sequence[Kind] = ()
        self._offers: list[str | None] = []
        self._sizes: Sizes | None = None
        self._known: dict[str, tuple[Definition, ...]] = {}

    def _read(self) -> dict[str, int]:
        """The position of each name in the columns."""
        if self._index is None:
            try:
                names, self._kinds, self._column = self._tables.names()
                self._offers = [
                    kind[0].offer(self.versioned) if len(kind) == 1 else None
                    for kind in self._kinds
                ]
                if not len(names) == len(self._column):
                    raise ValueError("columns of different lengths")
                self._index = dict(zip(names, range(len(names)), strict=True))
            except _ERRORS as e:
                raise invalid(self._tables.path, e) from e
        return self._index

    @property
    def names(self) -> AbstractSet[str]:
        """See :class:`collide.symbols.Exports`."""
        return self._read().keys()

    def defined(self, wanted: AbstractSet[str]) -> AbstractSet[str]:
        """See :class:`collide.symbols.Exports`."""
        return self._read().keys() & wanted

    def plain(self, wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        """See :class:`collide.symbols.Exports`."""
        index, column, offers = self._read(), self._column, self._offers
        return plain_names(wanted, {name: offers[column[index[name]]] for name in wanted})

    def weak(self, names: Iterable[str]) -> Mapping[str, tuple[int, int]]:
        """See :class:`collide.symbols.Exports`."""
        found = (self.candidates(name)[0] for name in names)
        return {d.name: (d.type, d.size) for d in found if d.binding == STB_WEAK}

    def candidates(self, name: str) -> tuple[Definition, ...]:
        """See :class:`collide.symbols.Exports`."""
        known = self._known.get(name)
        if known is None:
            at = self._read().get(name)
            known = self._known[name] = () if at is None else self._definitions(name, at)
        return known

    def _definitions(self, name: str, at: int) -> tuple[Definition, ...]:
        try:
            if self._sizes is None:
                self._sizes = self._tables.sizes()
            first, several = self._sizes
            sizes = several[at] if at in several else (first[at],)
            return tuple(
                Definition(
                    name=name,
                    version=row.version,
                    version_index=row.version_index,
                    hidden_version=not row.default,
                    type=row.type,
                    binding=row.binding,
                    visibility=row.visibility,
                    size=size,
                    undefined=row.undefined,
                    zero=row.zero,
                )
                for row, size in zip(self._kinds[self._column[at]], sizes, strict=True)
            )
        except _ERRORS as e:
            raise invalid(self._tables.path, e) from e


class RecordedReferences(Sequence[Reference]):
    """The references of a recorded object, made on first use."""

    __slots__ = ("_references", "_tables")

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._references: tuple[Reference, ...] | None = None

    def _read(self) -> tuple[Reference, ...]:
        if self._references is None:
            try:
                self._references = tuple(map(Reference._make, self._tables.references()))
            except _ERRORS as e:
                raise invalid(self._tables.path, e) from e
        return self._references

    def __len__(self) -> int:
        return len(self._read())

    @overload
    def __getitem__(self, at: int) -> Reference: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Reference, ...]: ...
    def __getitem__(self, at: int | slice) -> Reference | tuple[Reference, ...]:
        return self._read()[at]

    def __iter__(self) -> Iterator[Reference]:
        return iter(self._read())
