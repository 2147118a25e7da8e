"""When a reference is shadowed: bound to another definition than it was meant to get.

It is when an actual and an intended provider exist and differ, with the
exceptions of DESIGN: what the host alone provides, C++ vague linkage, and one
library in two files (the C library).
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Set as AbstractSet

from collide.binding.binding import Hit
from collide.elf.symbols import STB_GLOBAL, Definition
from collide.loader.model import File


def is_shadowed(actual: Hit | None, intended: Hit | None, host: AbstractSet[File]) -> bool:
    """Whether ``actual`` is somebody else's definition in place of ``intended``.

    ``host`` are the objects of the global scope. Where the intended one is
    among them, the host has ordered its own libraries so, and all that it
    loads agrees: the executable's copy of ``stderr``, a canonical PLT entry, an
    allocator that it exports.
    """
    if actual is None or intended is None or actual[0] is intended[0]:
        return False
    if intended[0] in host:
        return False
    return not (_same_vague_definition(actual[1], intended[1]) or _one_c_library(actual, intended))


def shadowed_names(
    actual: File, intended: File, names: Collection[str], host: AbstractSet[File]
) -> list[str]:
    """Those of ``names`` that are shadowed; each has one plain definition in both objects.

    The same as :func:`is_shadowed`, for many at once.
    """
    if intended in host:
        return []
    if _is_of_glibc(actual) and _is_of_glibc(intended):
        gives, offers = actual.object.exports.candidates, intended.object.exports.candidates
        return [
            name
            for name in names
            if is_shadowed((actual, gives(name)[0]), (intended, offers(name)[0]), host)
        ]
    mangled = [name for name in names if name.startswith("_Z")]
    if not mangled:
        return list(names)
    weak, meant = actual.object.exports.weak(mangled), intended.object.exports.weak(mangled)
    return [name for name in names if name not in weak or weak[name] != meant.get(name)]


def _one_c_library(one: Hit, other: Hit) -> bool:
    """Some functions are in libc.so.6 as well as in libm.so.6, in one version."""
    return (
        one[1].version is not None
        and one[1].version == other[1].version
        and _is_of_glibc(one[0])
        and _is_of_glibc(other[0])
    )


def _is_of_glibc(file: File) -> bool:
    """Whether an object is one of glibc's own: only these define or need GLIBC_PRIVATE."""
    needs = (need.version for need in file.object.version_needs)
    return "GLIBC_PRIVATE" in (*(file.object.version_definitions or ()), *needs)


def _same_vague_definition(one: Definition, other: Definition) -> bool:
    """C++ vague linkage: one inline function or template emitted by two compilations.

    Itanium C++ ABI 5.2 emits them weak (or unique) under a mangled name and
    expects that any copy serves; equal type and size is what a symbol table
    can tell of their being the same.
    """
    return (
        one.name.startswith("_Z")
        and one.binding != STB_GLOBAL
        and other.binding != STB_GLOBAL
        and (one.type, one.size) == (other.type, other.size)
    )
