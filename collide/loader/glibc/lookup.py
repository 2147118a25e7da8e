"""glibc's rules for matching a reference with the definitions of one object.

Source: glibc ``elf/dl-lookup.c`` (``check_match``, ``do_lookup_x``, ``_dl_lookup_symbol_x``).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from collections.abc import Set as AbstractSet

from collide.elf.constants import STV_HIDDEN, STV_INTERNAL, STV_PROTECTED
from collide.elf.machines import CLASS_PLT
from collide.elf.object import ElfObject
from collide.elf.symbols import MATCHING_TYPES, Definition, Exports, Reference
from collide.loader.lookup import MATCHING_BINDINGS, Candidate, MatchRule
from collide.loader.opening import Mode
from collide.support.records import NamedTuple

_FIRST_VERSION_INDEX = 2


class GlibcLookup(NamedTuple):
    """The rules of one release of glibc, (2, 36); see :class:`LookupRules`.

    Those that have changed: absolute symbols of value 0 (accepted since 2.28),
    the assertion on lost version tables (gone in 2.41), base against exact
    version (2.42, bug 29190).
    """

    version: tuple[int, ...]

    @property
    def shares_unique(self) -> bool:
        """See :class:`LookupRules`."""
        return True

    @property
    def asserts_version_tables(self) -> bool:
        """See :class:`LookupRules`."""
        return self.version <= (2, 40)

    @property
    def accepts_absolute_zero(self) -> bool:
        """Whether an absolute symbol of value 0 is a definition."""
        return self.version >= (2, 28)

    @property
    def prefers_exact_version(self) -> bool:
        """Whether an exact version beats an earlier base definition in one object."""
        return self.version >= (2, 42)

    @property
    def signature(self) -> Hashable:
        """See :class:`LookupRules`."""
        return self.accepts_absolute_zero, self.prefers_exact_version

    @property
    def calls_late(self) -> bool:
        """See :class:`LookupRules` (``elf/dl-runtime.c``)."""
        return True

    def leads(self, obj: ElfObject, mode: Mode) -> bool:
        """See :class:`LookupRules` (Rule 2).

        RTLD_DEEPBIND voids DT_SYMBOLIC (``_dl_map_object_from_fd``).
        """
        return obj.symbolic and not mode.deepbind

    def is_looked_up(self, reference: Reference) -> bool:
        """See :class:`LookupRules`; hidden ones bind to self (2.24 and later; Rule 3.3)."""
        return reference.visibility not in (STV_HIDDEN, STV_INTERNAL)

    def keeps(self, reference: Reference) -> bool:
        """See :class:`LookupRules`: protected ones do (``_dl_lookup_symbol_x``; Rule 3.3)."""
        return reference.visibility == STV_PROTECTED

    def defers(self, reference: Reference) -> bool:
        """See :class:`LookupRules`: calls only (``elf_dynamic_do_Rel``; Rule 2 "lazy")."""
        return reference.lookup_class == CLASS_PLT

    def demands(self, reference: Reference) -> bool:
        """See :class:`LookupRules`: weak ones may stay empty."""
        return not reference.weak

    def match(self, reference: Reference, obj: ElfObject) -> Definition | None:
        """See :class:`LookupRules` (``do_lookup_x``, one object)."""
        exports = obj.exports
        found = exports.candidates(reference.name)
        if not found:
            return None
        if len(found) == 1:
            rule = _judge(reference, found[0], exports.versioned, self)
            chosen = found[0] if rule.accepted else None
        else:
            judged = [(d, _judge(reference, d, exports.versioned, self)) for d in found]
            chosen = _choose(judged, self)
        # A chosen but invisible definition ends the walk of this object: no second choice.
        return chosen if chosen is not None and _visible(chosen) else None

    def explain(self, reference: Reference, obj: ElfObject) -> tuple[Candidate, ...]:
        """See :class:`LookupRules`."""
        judged = [
            (d, _judge(reference, d, obj.exports.versioned, self))
            for d in obj.exports.candidates(reference.name)
        ]
        chosen = _choose(judged, self)
        explained = []
        for definition, rule in judged:
            if definition is chosen and definition.visibility in (STV_HIDDEN, STV_INTERNAL):
                rule = MatchRule.HIDDEN_VISIBILITY
            elif definition is chosen and definition.binding not in MATCHING_BINDINGS:
                rule = MatchRule.LOCAL_BINDING
            elif definition is not chosen and rule.accepted:
                rule = (
                    MatchRule.AMBIGUOUS_DEFAULT
                    if rule is MatchRule.ONLY_DEFAULT
                    else MatchRule.LATER
                )
            explained.append((definition, rule))
        return tuple(explained)

    def simple(self, exports: Exports, wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        """See :class:`LookupRules`."""
        return exports.simple(wanted)

    def substitute(self, _name: str) -> None:
        """None: glibc has no second name. See :class:`LookupRules`."""
        return


def _judge(
    reference: Reference, definition: Definition, versioned: bool, rules: GlibcLookup
) -> MatchRule:
    """``check_match`` for one candidate; ONLY_DEFAULT still depends on its siblings.

    What it must be is Rule 3.1, of which an indirect function is no exception (Rule 3.5); how a
    versioned reference compares is Rule 4.2.
    """
    if definition.zero and not rules.accepts_absolute_zero:
        return MatchRule.NO_ADDRESS
    if definition.undefined and reference.lookup_class == CLASS_PLT:
        return MatchRule.CANONICAL_PLT
    if definition.type not in MATCHING_TYPES:
        return MatchRule.WRONG_TYPE
    if not versioned:
        return MatchRule.UNVERSIONED_OBJECT
    if reference.version is None:
        return _judge_unversioned(definition)
    if definition.version == reference.version:
        return MatchRule.SAME_VERSION
    if definition.version is not None:
        return MatchRule.OTHER_VERSION
    if reference.exact:
        return MatchRule.EXACT_ONLY
    return MatchRule.HIDDEN_BASE if definition.hidden_version else MatchRule.BASE_VERSION


def _judge_unversioned(definition: Definition) -> MatchRule:
    """How an unversioned reference compares with an object that has versions (Rule 4.3)."""
    if definition.version_index < _FIRST_VERSION_INDEX:
        return MatchRule.UNVERSIONED_REFERENCE
    if definition.version_index == _FIRST_VERSION_INDEX:
        return MatchRule.FIRST_VERSION
    return MatchRule.HIDDEN_VERSION if definition.hidden_version else MatchRule.ONLY_DEFAULT


def _choose(judged: list[tuple[Definition, MatchRule]], rules: GlibcLookup) -> Definition | None:
    """The candidate of one object that the hash walk ends with (Rule 4.2, Rule 4.3)."""
    if rules.prefers_exact_version:
        for definition, rule in judged:
            if rule is MatchRule.SAME_VERSION:
                return definition
        base = [d for d, rule in judged if rule is MatchRule.BASE_VERSION]
        if base:
            return base[0] if len(base) == 1 else None
    for definition, rule in judged:
        if rule.accepted and rule is not MatchRule.ONLY_DEFAULT:
            return definition
    defaults = [d for d, rule in judged if rule is MatchRule.ONLY_DEFAULT]
    return defaults[0] if len(defaults) == 1 else None


def _visible(definition: Definition) -> bool:
    """Whether other objects may use a definition (``do_lookup_x``; Rule 3.2)."""
    return (
        definition.visibility not in (STV_HIDDEN, STV_INTERNAL)
        and definition.binding in MATCHING_BINDINGS
    )
