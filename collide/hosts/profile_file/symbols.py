"""Gives the exports and references of a recorded object, each name when it is asked for.

They are read from a profile file (:mod:`collide.hosts.profile_file.read`) or from
the shipped database (:mod:`collide.hosts.database.reader`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from collide.elf.constants import (
    STB_GLOBAL,
    STB_WEAK,
    STT_FUNC,
    STT_GNU_IFUNC,
    STT_NOTYPE,
    STV_DEFAULT,
    STV_PROTECTED,
)
from collide.elf.symbols import ANY_VERSION, MATCHING_TYPES, Definition, Reference, simple_names
from collide.support.errors import InputError
from collide.support.records import NamedTuple, Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from collide.elf.symbols import Uses

SCHEMA = "collide-profile/1"
"""The schema of the profiles that this release writes and reads."""


class Attributes(NamedTuple):
    """All of a definition but its name and size; many share one row."""

    type: int
    binding: int
    visibility: int
    version: str | None
    version_index: int
    default: bool
    undefined: bool
    zero: bool

    def offer(self, versioned: bool) -> str | None:
        """The version that it offers; see :func:`collide.elf.symbols.simple_names`."""
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

    def has_size(self, name: str) -> bool:
        """Whether the shipped database keeps the size of a definition of that name.

        It keeps those of data, and those of C++ that :mod:`collide.binding.shadowing` compares.
        """
        if self.type not in (STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE):
            return True
        return self.binding != STB_GLOBAL and name.startswith("_Z")


Kind = tuple[Attributes, ...]
"""The definitions of one name, in hash-walk order; nearly all names have one."""


class RecordedTables(Protocol):
    """The tables of one object, wherever they are read from.

    Kinds are numbered; all methods raise one of ``ERRORS`` where the file is damaged.
    """

    path: str
    """The file they are in, for error messages."""

    def found(self, wanted: AbstractSet[str], /) -> Mapping[str, int]:
        """The exported names of ``wanted``, perhaps with others, and the kind of each."""

    def names(self) -> Mapping[str, int]:
        """All exported names, sorted, and the kind of each."""

    def count(self) -> int:
        """How many names are exported."""

    def beginning(self, prefixes: tuple[str, ...]) -> Iterable[str]:
        """The exported names that begin with one of ``prefixes``, perhaps with others."""

    def kind(self, number: int) -> Kind:
        """The kind of that number."""

    def sizes(self, name: str) -> Sequence[int]:
        """The size of each definition of an exported name."""

    def uses(self, name: str, version: str | None) -> Uses | None:
        """What an exported function uses; None where the file tells nothing of the object."""

    def references(self) -> Sequence[tuple[Any, ...]]:
        """The fields of each :class:`collide.elf.symbols.Reference`."""


ERRORS = (ValueError, KeyError, TypeError, IndexError, EOFError, AttributeError, OverflowError)


def invalid(path: str, e: Exception) -> InputError:
    """The error for a file that is no valid profile."""
    # A ValueError says what is wrong itself.
    why = str(e) if isinstance(e, ValueError) else f"{type(e).__name__}: {e}"
    return InputError(path, f"not a valid profile of schema {SCHEMA} ({why})")


def uses_of(pattern: Iterable[tuple[int | str, Iterable[int | str]]]) -> Uses:
    """What a function uses, as files have it: the numbers of arguments, each with its offsets."""
    return {int(argument): frozenset(map(int, offsets)) for argument, offsets in pattern}


class RecordedExports:
    """The exports of a recorded object, looked up when they are asked for."""

    __slots__ = ("_all", "_found", "_known", "_offers", "_tables", "versioned")

    def __init__(self, tables: RecordedTables, versioned: bool) -> None:
        self.versioned = versioned
        self._tables = tables
        self._found: Mapping[str, int] = {}
        self._all: AbstractSet[str] | None = None
        self._offers: dict[int, str | None] = {}
        self._known: dict[str, tuple[Definition, ...]] = {}

    @property
    def names(self) -> AbstractSet[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        if self._all is None:
            try:
                self._found = self._tables.names()
            except ERRORS as e:
                raise invalid(self._tables.path, e) from e
            self._all = self._found.keys()
        return self._all

    @property
    def count(self) -> int:
        """See :class:`collide.elf.symbols.Exports`."""
        try:
            return self._tables.count()
        except ERRORS as e:
            raise invalid(self._tables.path, e) from e

    def defined(self, wanted: AbstractSet[str]) -> AbstractSet[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        return self._look_up(wanted).keys() & wanted

    def beginning(self, prefixes: tuple[str, ...]) -> Iterable[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        try:
            found = self._tables.beginning(prefixes) if self._all is None else self._all
        except ERRORS as e:
            raise invalid(self._tables.path, e) from e
        return [name for name in found if name.startswith(prefixes)]

    def _look_up(self, wanted: AbstractSet[str]) -> Mapping[str, int]:
        try:
            self._found = self._tables.found(wanted)
        except ERRORS as e:
            raise invalid(self._tables.path, e) from e
        return self._found

    def simple(self, wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        offers, found = self._offers, self._found
        try:
            numbers = set(map(found.__getitem__, wanted))
        except KeyError:
            found = self._look_up(wanted.keys())
            numbers = set(map(found.__getitem__, wanted))
        for number in numbers - offers.keys():
            offers[number] = self._offer(number)
        if all(offers[number] is ANY_VERSION for number in numbers):
            return wanted.keys()
        return simple_names(wanted, {name: offers[found[name]] for name in wanted})

    def _offer(self, number: int) -> str | None:
        kind = self._kind(number)
        return kind[0].offer(self.versioned) if len(kind) == 1 else None

    def _kind(self, number: int) -> Kind:
        try:
            return self._tables.kind(number)
        except ERRORS as e:
            raise invalid(self._tables.path, e) from e

    def candidates(self, name: str) -> tuple[Definition, ...]:
        """See :class:`collide.elf.symbols.Exports`."""
        known = self._known.get(name)
        if known is None:
            number = self._found.get(name)
            if number is None:
                number = self._look_up({name}).get(name)
            known = self._known[name] = () if number is None else self._definitions(name, number)
        return known

    def uses(self, definition: Definition) -> Uses | None:
        """What a function of the object uses of what its arguments point to; None if not known."""
        try:
            return self._tables.uses(definition.name, definition.version)
        except ERRORS as e:
            raise invalid(self._tables.path, e) from e

    def _definitions(self, name: str, number: int) -> tuple[Definition, ...]:
        kind = self._kind(number)
        try:
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
                for row, size in zip(kind, self._tables.sizes(name), strict=True)
            )
        except ERRORS as e:
            raise invalid(self._tables.path, e) from e


class RecordedReferences(Sequence[Reference]):
    """The references of a recorded object, made on first use."""

    __slots__ = ("_references", "_tables")

    def __init__(self, tables: RecordedTables) -> None:
        self._tables = tables
        self._references: tuple[Reference, ...] | None = None

    def _read(self) -> tuple[Reference, ...]:
        if self._references is None:
            try:
                self._references = tuple(map(Reference._make, self._tables.references()))
            except ERRORS as e:
                raise invalid(self._tables.path, e) from e
        return self._references

    def __len__(self) -> int:
        return len(self._read())

    def __getitem__(self, at: Any) -> Any:
        return self._read()[at]

    def __iter__(self) -> Iterator[Reference]:
        return iter(self._read())
