"""The dynamic symbols of an object after a change that no file has yet.

A symbol can be removed from the table, get another name (patchelf(1)
``--rename-dynamic-symbols``), a narrower visibility (``st_other``, gABI "Symbol
Table") or another version node (gABI "Symbol Versioning"). The object itself is
not touched: :class:`ChangedExports` answers as the changed object would, were it
written and read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from collide.elf.constants import STV_HIDDEN, STV_INTERNAL
from collide.elf.symbols import Definition, Exports, Reference
from collide.support.records import NamedTuple

_INVISIBLE = (STV_HIDDEN, STV_INTERNAL)


class SymbolChange(NamedTuple):
    """What becomes of the dynamic symbols of one object.

    All names and versions are those from before the change. ``removed`` are
    names that are defined no longer. ``renamed`` are new names by old ones, of
    definitions and references alike; no two symbols may end with one name. With
    ``doubled``, each renamed definition is found under its old name as well.
    ``visibility`` are the new ``STV_*`` of what is defined, by name, none of
    them wider than the old one. ``versions`` are new version names by old ones,
    None for the base version; ``base_index`` is the version index that
    definitions of the base version get, None where they keep theirs.
    """

    removed: AbstractSet[str] = frozenset()
    renamed: Mapping[str, str] = {}
    doubled: bool = False
    visibility: Mapping[str, int] = {}
    versions: Mapping[str | None, str] = {}
    base_index: int | None = None

    def of_reference(self, reference: Reference) -> Reference:
        """The same relocation after the change: its name, and its visibility if defined here.

        Its version stays, since it is that of whatever defines the symbol.
        """
        name, version, exact, lookup_class, weak, visibility, defined = reference
        if defined:
            visibility = self.visibility.get(name, visibility)
        name = self.renamed.get(name, name)
        return Reference(name, version, exact, lookup_class, weak, visibility, defined)


class ChangedExports:
    """Exports after a change; see :class:`collide.elf.symbols.Exports`."""

    __slots__ = ("_change", "_exports", "_originals", "names", "versioned")

    def __init__(
        self, exports: Exports, change: SymbolChange, only: AbstractSet[str] | None = None
    ) -> None:
        """``exports`` after ``change``; with ``only`` (old names), the others are left out."""
        self._exports = exports
        self._change = change
        self._originals = {new: old for old, new in change.renamed.items()}
        names = exports.names if only is None else exports.defined(only)
        if change.removed:
            names = names - change.removed
        if change.renamed:
            old = frozenset(filter(self._is_doubled, names)) if change.doubled else frozenset()
            names = old.union(change.renamed.get(name, name) for name in names)
        self.names: AbstractSet[str] = names
        self.versioned = exports.versioned or change.base_index is not None

    @property
    def count(self) -> int:
        """See :class:`collide.elf.symbols.Exports`."""
        return len(self.names)

    def _is_doubled(self, name: str) -> bool:
        defined = (not d.undefined for d in self._exports.candidates(name))
        return name in self._change.renamed and any(defined)

    def defined(self, wanted: AbstractSet[str]) -> AbstractSet[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        return self.names & wanted

    def beginning(self, prefixes: tuple[str, ...]) -> Iterable[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        return [name for name in self.names if name.startswith(prefixes)]

    def candidates(self, name: str) -> tuple[Definition, ...]:
        """See :class:`collide.elf.symbols.Exports`."""
        if name not in self.names:
            return ()
        original = self._originals.get(name, name)
        found = self._exports.candidates(original)
        visibility = self._change.visibility.get(original)
        versions, base_index = self._change.versions, self._change.base_index
        if name == original and visibility is None and not versions and base_index is None:
            return found
        if name in self._change.renamed and name == original:
            found = tuple(d for d in found if not d.undefined)
        return tuple(
            d._replace(
                name=name,
                visibility=d.visibility if visibility is None or d.undefined else visibility,
                version=versions.get(d.version, d.version),
                version_index=d.version_index
                if d.version is not None or base_index is None
                else base_index,
            )
            for d in found
        )

    def simple(self, wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        renamed = self._change.renamed
        if self._change.doubled and (old := renamed.keys() & wanted.keys()):
            by_new = {n: v for n, v in wanted.items() if n not in old}
            by_old = {n: wanted[n] for n in old}
            return self._simple(by_new) | self._simple(by_old)
        return self._simple(wanted)

    def _simple(self, wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        """The same where no name is wanted both as it was and as it is."""
        originals, visibility = self._originals, self._change.visibility
        asked = {
            original: version
            for name, version in wanted.items()
            if name in self.names
            and visibility.get(original := originals.get(name, name)) not in _INVISIBLE
        }
        found = self._simple_before(asked) if self._change.versions else self._exports.simple(asked)
        if not originals:
            return found
        return frozenset(n for n in wanted if n in self.names and originals.get(n, n) in found)

    def _simple_before(self, asked: Mapping[str, str | None]) -> AbstractSet[str]:
        """Those of the old names whose single definition now has the version asked for."""
        versions = self._change.versions
        old: dict[str | None, str | None] = {new: before for before, new in versions.items()}
        of_base = self._exports.simple(dict.fromkeys(asked))
        of_nodes = {
            name: before
            for name, version in asked.items()
            if name not in of_base
            and (before := old.get(version, None if version in versions else version)) is not None
        }
        served = {n for n in of_base if None not in versions or asked[n] == versions[None]}
        return served | self._exports.simple(of_nodes)
