"""A plan carried out in memory: the target as it will be, to be bound again before anything is
written.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from collide.elf.constants import STV_HIDDEN
from collide.elf.object import ElfObject
from collide.elf.references import references_to
from collide.elf.symbols import Definition, Exports, Reference
from collide.loader.model import Dso
from collide.repair.integrity import ObjectChange
from collide.repair.plan import Plan
from collide.wheels.target import Target


def apply(target: Target, plan: Plan) -> Target:
    """``target`` with the changes of ``plan``; nothing of the original is changed."""
    members: dict[str, Dso] = {}
    names: dict[str, str] = {}
    for path, dso in target.members.items():
        name = target.names[dso.path]
        moved = plan.moved.get(name, name)
        change = plan.objects.get(name)
        place = dso.path
        if moved != name:
            place = f"{path.rpartition('/')[0]}/{moved.rpartition('/')[2]}"
        new = dso if change is None else Dso(place, place, changed_object(dso.elf, change))
        members[path if moved == name else place] = new
        names[new.path] = moved
    return target._replace(members=members, names=names)


def changed_object(obj: ElfObject, change: ObjectChange) -> ElfObject:
    """The facts of one object after ``change``."""
    needs = tuple(
        need._replace(file=change.needed.get(need.file, need.file)) for need in obj.version_needs
    )
    return obj._replace(
        soname=obj.soname if change.soname is None else change.soname,
        needed=tuple(change.needed.get(name, name) for name in obj.needed),
        version_needs=needs,
        exports=_ChangedExports(obj.exports, change),
        references=tuple(_changed_reference(r, change) for r in obj.references),
    )


def touched_object(obj: ElfObject, change: ObjectChange, names: AbstractSet[str]) -> ElfObject:
    """What an object has to do with some ``names`` after ``change``, and with no others.

    ``names`` are as they were before it.
    """
    exports: Exports = obj.exports
    if change.closed or change.renamed:
        exports = _ChangedExports(exports, change, names)
    references = references_to(obj.references, names)
    return obj._replace(
        exports=exports, references=tuple(_changed_reference(r, change) for r in references)
    )


def _changed_reference(reference: Reference, change: ObjectChange) -> Reference:
    visibility = reference.visibility
    if reference.defined:
        visibility = change.closed.get(reference.name, visibility)
    name = change.renamed.get(reference.name, reference.name)
    return reference._replace(name=name, visibility=visibility)


class _ChangedExports:
    """Exports seen through a change; see :class:`collide.elf.symbols.Exports`."""

    __slots__ = ("_change", "_exports", "_names", "_originals")

    def __init__(
        self, exports: Exports, change: ObjectChange, only: AbstractSet[str] | None = None
    ) -> None:
        """With ``only`` some names of before, the others are not told."""
        self._exports = exports
        self._change = change
        self._originals = {new: old for old, new in change.renamed.items()}
        names = exports.names if only is None else exports.names & only
        self._names = frozenset(change.renamed.get(n, n) for n in names)

    @property
    def names(self) -> AbstractSet[str]:
        return self._names

    @property
    def versioned(self) -> bool:
        return self._exports.versioned

    def defined(self, wanted: AbstractSet[str]) -> AbstractSet[str]:
        return self._names & wanted

    def _original(self, name: str) -> str | None:
        if name in self._change.renamed and name not in self._originals:
            return None
        return self._originals.get(name, name)

    def candidates(self, name: str) -> tuple[Definition, ...]:
        original = self._original(name)
        if original is None:
            return ()
        visibility = self._change.closed.get(original)
        return tuple(
            d._replace(
                name=name,
                visibility=d.visibility if visibility is None or d.undefined else visibility,
            )
            for d in self._exports.candidates(original)
        )

    def simple(self, wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        asked = {
            original: version
            for name, version in wanted.items()
            if (original := self._original(name)) is not None
            and original in self._exports.names
            and self._change.closed.get(original) != STV_HIDDEN
        }
        found = self._exports.simple(asked)
        return frozenset(self._change.renamed.get(name, name) for name in found)
