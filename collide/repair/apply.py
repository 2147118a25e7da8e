"""Carries out a plan in memory, so that its result can be bound before anything is written."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from collide.elf.changed_exports import ChangedExports
from collide.elf.object import ElfObject
from collide.elf.references import references_to
from collide.elf.symbols import Exports
from collide.loader.model import Dso
from collide.repair.plan import ObjectChange, Plan
from collide.wheels.target import Target


def apply_plan(target: Target, plan: Plan) -> Target:
    """``target`` with the changes of ``plan``; the original is not changed.

    What its Python code opens it opens under the new names: a library whose name or hash stands
    in the code is not moved, so the code finds it in a list of files.
    """
    members: dict[str, Dso] = {}
    names: dict[str, str] = {}
    places: dict[str, str] = {}
    for path, dso in target.members.items():
        name = target.names[dso.path]
        moved = plan.moved.get(name, name)
        change = plan.objects.get(name)
        place = dso.path
        if moved != name:
            place = f"{path.rpartition('/')[0]}/{moved.rpartition('/')[2]}"
        new = dso if change is None else Dso(place, place, changed_object(dso.elf, change))
        if moved != name:
            places[path] = place
        members[places.get(path, path)] = new
        names[new.path] = moved
    opened = target.plan.moved(places) if places else target.plan
    return target._replace(members=members, names=names, plan=opened)


def changed_object(obj: ElfObject, change: ObjectChange) -> ElfObject:
    """The facts of one object after ``change``."""
    needs = tuple(
        need._replace(file=change.needed.get(need.file, need.file)) for need in obj.version_needs
    )
    symbols = change.symbols
    return obj._replace(
        soname=obj.soname if change.soname is None else change.soname,
        needed=tuple(change.needed.get(name, name) for name in obj.needed),
        rpath=change.search_path(obj.rpath) if obj.runpath is None else obj.rpath,
        runpath=None if obj.runpath is None else change.search_path(obj.runpath),
        version_needs=needs,
        exports=ChangedExports(obj.exports, symbols),
        references=tuple(map(symbols.of_reference, obj.references)),
    )


def touched_object(obj: ElfObject, change: ObjectChange, names: AbstractSet[str]) -> ElfObject:
    """An object after ``change``, with its definitions of and references to ``names`` alone.

    ``names`` are as they were before the change.
    """
    symbols = change.symbols
    exports: Exports = obj.exports
    if change.closed or change.renamed:
        exports = ChangedExports(exports, symbols, names)
    references = references_to(obj.references, names)
    return obj._replace(exports=exports, references=tuple(map(symbols.of_reference, references)))
