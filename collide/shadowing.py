"""When a reference is shadowed: bound to another definition than it was meant to get.

It is when an actual and an intended provider exist and differ, with the
exceptions of DESIGN: the executable standing in for a library, C++ vague
linkage, and one library in two files (the C library).
"""

from __future__ import annotations

from collide.bindings import Hit
from collide.linkmap import Process
from collide.lookup import LookupRules, search_scope
from collide.search import File
from collide.symbols import STB_GLOBAL, Definition, Reference


class Shadowing:
    """Tells, for one host, which bindings are shadowed."""

    def __init__(self, host: Process, rules: LookupRules) -> None:
        self._rules = rules
        self._executable = host.executable.file
        self._scope = tuple(m.file for m in host.global_scope)
        self._copies = frozenset(self._executable.object.copies)

    def shadows(self, reference: Reference, actual: Hit | None, intended: Hit | None) -> bool:
        """Whether ``actual`` is somebody else's definition in place of ``intended``."""
        if actual is None or intended is None or actual[0] is intended[0]:
            return False
        if actual[0] is self._executable and self._stands_for(reference, actual, intended[0]):
            return False
        if _is_of_glibc(actual[0]) and _is_of_glibc(intended[0]):
            # Some functions are in libc.so.6 as well as in libm.so.6, in one version.
            return False
        return not _same_vague_definition(actual[1], intended[1])

    def _stands_for(self, reference: Reference, actual: Hit, intended: File) -> bool:
        """Whether the executable's symbol is only a stand-in for ``intended``'s.

        A copy relocation or a canonical PLT entry makes the executable the
        provider of what really comes from the library it was linked with.
        """
        if not actual[1].undefined and reference.name not in self._copies:
            return False
        libraries = (f for f in self._scope if f is not self._executable)
        real = search_scope(reference, libraries, self._executable, self._rules)
        return real is not None and real[0] is intended


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
