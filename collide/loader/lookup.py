"""Symbol lookup: the interface of a C library's rules, and the search through a scope.

:mod:`collide.loader.glibc.lookup` and :mod:`collide.loader.musl.lookup` have the rules,
:mod:`collide.loader.libc` says whose a host follows. Binding and ``collide explain`` use the same
implementation: each decision is a :class:`MatchRule` with the sentence that is printed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from enum import Enum

from collide.elf.constants import STB_GLOBAL, STB_GNU_UNIQUE, STB_WEAK
from collide.elf.machines import CLASS_COPY
from collide.elf.object import ElfObject
from collide.elf.symbols import Definition, Exports, Reference
from collide.loader.model import Dso
from collide.loader.opening import Mode
from collide.support.records import NamedTuple, Protocol

MATCHING_BINDINGS = frozenset((STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE))
"""The bindings of a definition that others may use."""


class MatchRule(Enum):
    """Why a definition serves a reference or does not, with the sentence for a reader."""

    UNVERSIONED_OBJECT = True, "accepted: the object has no symbol versions"
    SAME_VERSION = True, "accepted: the same version"
    BASE_VERSION = True, "accepted: a base (unversioned) definition serves any version"
    UNVERSIONED_REFERENCE = True, "accepted: an unversioned reference takes a base definition"
    FIRST_VERSION = True, "accepted: an unversioned reference takes the object's first version node"
    ONLY_DEFAULT = True, "accepted: the only default version of the object"
    SAME_NAME = True, "accepted: musl compares names only"
    NOT_DEFAULT_VERSION = False, "rejected: musl does not see a version that is not the default"
    NO_ADDRESS = False, "rejected: the symbol has no address"
    CANONICAL_PLT = (
        False,
        "rejected: undefined here (a canonical PLT entry or TLS) and the reference is a call",
    )
    WRONG_TYPE = False, "rejected: a symbol of this type is never matched"
    OTHER_VERSION = False, "rejected: another version"
    HIDDEN_BASE = False, "rejected: a hidden base definition does not serve a versioned reference"
    EXACT_ONLY = False, "rejected: the reference demands its exact version"
    HIDDEN_VERSION = False, "rejected: a hidden (not default) version, and the reference names none"
    AMBIGUOUS_DEFAULT = False, "rejected: the object has several default versions of it"
    HIDDEN_VISIBILITY = False, "rejected: hidden or internal visibility"
    LOCAL_BINDING = False, "rejected: a binding that is not global, weak or unique"
    COPY_SKIPS_EXECUTABLE = False, "skipped: a copy relocation does not look into the executable"
    LATER = False, "not reached: an earlier candidate of this object was taken"

    def __init__(self, accepted: bool, text: str) -> None:
        self.accepted = accepted
        self.text = text

    def __str__(self) -> str:
        return self.text


Candidate = tuple[Definition, MatchRule]
"""A candidate and the rule that decided it."""


class Match(NamedTuple):
    """The definition that a search through a scope ends with, and the object that has it."""

    dso: Dso
    definition: Definition


class LookupRules(Protocol):
    """The lookup rules of one release of a C library.

    Kept by :class:`collide.loader.glibc.lookup.GlibcLookup` and
    :class:`collide.loader.musl.lookup.MuslLookup`.
    """

    @property
    def shares_unique(self) -> bool:
        """Whether STB_GNU_UNIQUE symbols are one for the whole process."""

    @property
    def asserts_version_tables(self) -> bool:
        """Whether a versioned reference to its own file, now without versions, aborts."""

    @property
    def signature(self) -> Hashable:
        """Equal for hosts that bind alike what only objects of a wheel define.

        None where the host's libc can serve such a reference as well.
        """

    @property
    def calls_late(self) -> bool:
        """Whether RTLD_LAZY leaves the search for a function to the first call of it."""

    def leads(self, obj: ElfObject, mode: Mode, /) -> bool:
        """Whether an object comes before all others in its own scope (DT_SYMBOLIC).

        ``mode`` are the flags of the dlopen that has brought it.
        """

    def is_looked_up(self, reference: Reference, /) -> bool:
        """Whether the reference is searched for at all; others bind to their own object."""

    def keeps(self, reference: Reference, /) -> bool:
        """Whether the reference goes back to its own object, wherever the search ended."""

    def defers(self, reference: Reference, /) -> bool:
        """Whether RTLD_LAZY leaves an undefined reference of this class for later.

        That is so where all its relocations are jump slots or, for data, entries of the
        global offset table.
        """

    def demands(self, reference: Reference, /) -> bool:
        """Whether loading fails where nothing defines what is referred to."""

    def match(self, reference: Reference, obj: ElfObject, /) -> Definition | None:
        """The definition that ``obj`` offers for ``reference``; None when it has none."""

    def explain(self, reference: Reference, obj: ElfObject, /) -> tuple[Candidate, ...]:
        """Every candidate in ``obj`` with the rule that decided it, in hash-walk order."""

    def simple(self, exports: Exports, wanted: Mapping[str, str | None], /) -> AbstractSet[str]:
        """Names whose only definition is what :meth:`match` gives; see :meth:`Exports.simple`."""

    def substitute(self, name: str, /) -> str | None:
        """The name that libc is asked for where nothing defines ``name``; None for no other."""


def search_scope(
    reference: Reference, scope: Iterable[Dso], executable: Dso, rules: LookupRules
) -> Match | None:
    """First match in ``scope``, which may hold an object twice; None when there is none.

    A copy relocation passes the executable over (Rule 3.4).
    """
    for dso in scope:
        if reference.lookup_class == CLASS_COPY and dso is executable:
            continue
        definition = rules.match(reference, dso.elf)
        if definition is not None:
            return Match(dso, definition)
    return None


def walk_scope(
    reference: Reference, scope: Iterable[Dso], executable: Dso, rules: LookupRules
) -> Iterator[tuple[Dso, tuple[Candidate, ...], Definition | None]]:
    """The same search step by step: each object with its candidates and what it gives.

    Ends after the object that gives a definition.
    """
    seen: set[int] = set()
    for dso in scope:
        if id(dso) in seen:
            continue
        seen.add(id(dso))
        judged = rules.explain(reference, dso.elf)
        if reference.lookup_class == CLASS_COPY and dso is executable:
            yield dso, tuple((d, MatchRule.COPY_SKIPS_EXECUTABLE) for d, _ in judged), None
            continue
        definition = rules.match(reference, dso.elf)
        yield dso, judged, definition
        if definition is not None:
            return
