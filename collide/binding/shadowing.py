"""Whether a reference is shadowed: bound to another definition than the intended one.

It is where both exist and are of different objects. There are three exceptions: the intended
object is one of the host's own, whose order the host has chosen; both are equal definitions of
C++ vague linkage; or it is a function that glibc has in two of its files.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from collide.elf.constants import STB_GLOBAL
from collide.elf.symbols import Definition
from collide.loader.lookup import Match
from collide.loader.model import Dso


def is_shadowed(actual: Match | None, intended: Match | None, host: AbstractSet[Dso]) -> bool:
    """Whether ``actual`` is another object's definition in place of ``intended``.

    ``host`` are the objects of the global scope. Where the intended one is
    among them, the host has ordered its own libraries so, and all that it
    loads agrees: the executable's copy of ``stderr``, a canonical PLT entry, an
    allocator that it exports.
    """
    if actual is None or intended is None or actual.dso is intended.dso:
        return False
    if intended.dso in host:
        return False
    return not (
        _same_vague_definition(actual.definition, intended.definition)
        or _one_c_library(actual, intended)
    )


def _one_c_library(one: Match, other: Match) -> bool:
    """Some functions are in libc.so.6 as well as in libm.so.6, in one version."""
    return (
        one.definition.version is not None
        and one.definition.version == other.definition.version
        and _is_of_glibc(one.dso)
        and _is_of_glibc(other.dso)
    )


def _is_of_glibc(dso: Dso) -> bool:
    """Whether an object is one of glibc's own: only these define or need GLIBC_PRIVATE."""
    needs = (need.version for need in dso.elf.version_needs)
    return "GLIBC_PRIVATE" in (*(dso.elf.version_definitions or ()), *needs)


def _same_vague_definition(one: Definition, other: Definition) -> bool:
    """C++ vague linkage: one inline function or template emitted by two compilations.

    Itanium C++ ABI 5.2 emits them weak (or unique) under a mangled name and
    expects that any copy serves. Equal type and size is all that a symbol table
    shows of two being the same.
    """
    return (
        one.name.startswith("_Z")
        and one.binding != STB_GLOBAL
        and other.binding != STB_GLOBAL
        and (one.type, one.size) == (other.type, other.size)
    )
