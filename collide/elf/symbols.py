"""Records of definitions and references, and the interface of what an object exports.

Source: gABI "Symbol Table", LSB "Symbol Versioning".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from collide.elf.constants import (
    STT_COMMON,
    STT_FUNC,
    STT_GNU_IFUNC,
    STT_NOTYPE,
    STT_OBJECT,
    STT_TLS,
)
from collide.support.records import NamedTuple, Protocol

MATCHING_TYPES = frozenset((STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_COMMON, STT_TLS, STT_GNU_IFUNC))
"""The types of a definition that can satisfy a reference (``check_match``)."""


# Named tuples, as all records of the package: a large wheel has a hundred thousand of these two.
class Definition(NamedTuple):
    """One exported symbol, as a hash walk of its object meets it.

    ``version_index`` is that index (``versym & 0x7fff``), ``version`` its name
    or None for the base version (indexes 0, 1 and gaps), ``hidden_version``
    bit 15 of versym (``foo@V`` rather than ``foo@@V``). ``undefined`` marks
    section UNDEF, which no call takes: a canonical PLT entry, whose value is
    an address, or a TLS symbol that DT_HASH holds. ``zero`` marks an absolute
    symbol of value 0. ``value`` is st_value; profiles do not record it.
    """

    name: str
    version: str | None
    version_index: int
    hidden_version: bool
    type: int
    binding: int
    visibility: int
    size: int
    undefined: bool
    zero: bool
    value: int | None = None


class Reference(NamedTuple):
    """A relocation that needs a lookup; equal relocations are one reference.

    ``version`` is None for an unversioned one; ``exact`` is set when the
    version need has bit 15 (no fallback to a base definition). ``lookup_class``
    is one of the ``CLASS_*`` of :mod:`collide.elf.machines`. ``defined`` is set where
    the object that holds the reference defines the symbol itself.
    """

    name: str
    version: str | None
    exact: bool
    lookup_class: int
    weak: bool
    visibility: int
    defined: bool


CODE = (STT_FUNC, STT_GNU_IFUNC)
"""The types of functions."""


def is_code(kind: int) -> bool:
    """Whether a symbol of this type is a function."""
    return kind in CODE


def is_data(kind: int | None) -> bool:
    """Whether a symbol of this type is a variable."""
    return kind in (STT_OBJECT, STT_TLS)


Uses = Mapping[int, AbstractSet[int]]
"""By the numbers of arguments the offsets, in bytes, that a function uses of what they point to."""
NO_USES: Uses = {}
"""Of a function that uses no structure (:mod:`collide.elf.code.pointer_uses`)."""


class Exports(Protocol):
    """The definitions that an object offers to lookups, read from a file or from a profile."""

    @property
    def names(self) -> AbstractSet[str]:
        """Names that may be found; a superset of those that can."""

    @property
    def count(self) -> int:
        """How many ``names`` there are, which a recorded object answers without reading them."""

    @property
    def versioned(self) -> bool:
        """Whether the loader sees version tables (``l_versyms`` is set)."""

    def defined(self, wanted: AbstractSet[str], /) -> AbstractSet[str]:
        """``names & wanted``, which a recorded object answers without reading all its names."""

    def beginning(self, prefixes: tuple[str, ...], /) -> Iterable[str]:
        """Those of ``names`` that begin so, which a recorded object answers in the same way."""

    def candidates(self, name: str, /) -> tuple[Definition, ...]:
        """Every definition of ``name`` that a hash walk meets, in that order."""

    def simple(self, wanted: Mapping[str, str | None], /) -> AbstractSet[str]:
        """Those of ``wanted`` that have one simple definition, for a reference of that version.

        All names in ``wanted`` must be exported. A simple definition is the only one of its
        name, has an address, is visible, global or weak, of a type that is matched, and of the
        base version or the wanted one. glibc's lookup gives it to every simple reference
        (:class:`collide.elf.references.ReferenceTable`). The result may lack some such names.
        """


ANY_VERSION = "*"
"""In place of the version of a base definition, which serves every reference."""


def simple_names(
    wanted: Mapping[str, str | None], offered: Mapping[str, str | None]
) -> AbstractSet[str]:
    """The names offered in the wanted version or as base; None for what is not simple."""
    return {
        name
        for name, version in wanted.items()
        if (offer := offered[name]) == version is not None or offer is ANY_VERSION
    }


class NoExports:
    """The exports of an object without a symbol hash table: none."""

    names: AbstractSet[str] = frozenset()
    count = 0
    versioned = False

    def defined(self, _wanted: AbstractSet[str]) -> AbstractSet[str]:
        """None."""
        return frozenset()

    def beginning(self, _prefixes: tuple[str, ...]) -> Iterable[str]:
        """None."""
        return ()

    def candidates(self, _name: str) -> tuple[Definition, ...]:
        """None."""
        return ()

    def simple(self, _wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        """None."""
        return frozenset()


class UnreadExports(NoExports):
    """The exports of an object whose symbols were not read.

    ``has_unique`` says whether any of them is STB_GNU_UNIQUE.
    """

    def __init__(self, has_unique: bool) -> None:
        self.has_unique = has_unique
