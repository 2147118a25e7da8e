"""References that nothing satisfies: those that end a dlopen, and those that RTLD_LAZY puts off.

Sources: glibc ``elf/dl-reloc.c`` (``_dl_relocate_object``), ``sysdeps/<arch>/dl-machine.h``
(``elf_machine_lazy_rel``); musl ``ldso/dynlink.c`` (``prepare_lazy``, ``do_relocs``).
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from collide.binding.binding import BoundObject
from collide.elf.object import ElfObject
from collide.elf.references import eager_references
from collide.elf.symbols import Reference
from collide.loader.link_map import LoadFailure
from collide.loader.lookup import LookupRules
from collide.loader.opening import Mode
from collide.support.records import NamedTuple


class Undefined(NamedTuple):
    """The undefined symbols of one object, in the order of relocation.

    With any in ``failing`` dlopen fails; of the ``deferred`` a call would fail.
    """

    failing: tuple[LoadFailure, ...] = ()
    deferred: tuple[LoadFailure, ...] = ()


def binds_late(obj: ElfObject, mode: Mode) -> bool:
    """Whether an object is relocated lazily (Rule 2 "lazy").

    DT_BIND_NOW, DF_BIND_NOW and DF_1_NOW count for the object that has them, not for what it
    needs. What is relocated already stays as it is, whatever a later dlopen says.
    """
    return mode.lazy and not obj.bind_now


def undefined_symbols(
    bound: BoundObject, mode: Mode, rules: LookupRules, assumed: tuple[str, ...] = ()
) -> Undefined:
    """What nothing satisfies of the references of one object that a dlopen has brought.

    Names that begin with one of ``assumed`` are taken to be defined.
    """
    missing = {b.reference for group in bound.groups for b in group.undefined}
    if assumed:
        missing = {r for r in missing if not r.name.startswith(assumed)}
    if not missing:
        return Undefined()
    late = binds_late(bound.map.elf, mode)
    waits = deferred(bound.map.elf, missing, rules) if late else frozenset()
    failures: tuple[list[LoadFailure], list[LoadFailure]] = ([], [])
    for r in bound.map.elf.references:
        if r in missing:
            failure = LoadFailure("undefined-symbol", bound.dso.path, r.name, r.version or "")
            failures[r in waits].append(failure)
    return Undefined(*map(tuple, failures))


def deferred(
    obj: ElfObject, references: AbstractSet[Reference], rules: LookupRules
) -> AbstractSet[Reference]:
    """Those of ``references`` of a lazily relocated object for which dlopen does not fail."""
    eager = eager_references(obj.references, {r.name for r in references})
    return {r for r in references if rules.defers(r) and r not in eager}
