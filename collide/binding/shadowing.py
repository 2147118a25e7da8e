"""One reference bound by itself: its actual and intended definition, and whether it is shadowed.

*Actual* is the first match in the scope that the loader searches; *intended* the first match
when only the object and its own dependency closure are searched, the object first (direct
binding). A reference is *shadowed* where both exist and are of different objects, with three
exceptions: the intended object is one of the host's own, whose order the host has chosen; both
are equal definitions of C++ vague linkage, of objects that are not compiled for different classes
std::string; or it is a function that glibc has in two of its files.

:mod:`collide.binding.binder` does the same for many references at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial

from collide.binding.binding import Binding
from collide.elf.constants import STB_GLOBAL, STB_WEAK, STT_NOTYPE
from collide.elf.machines import CLASS_PLT
from collide.elf.symbols import Definition, Reference
from collide.loader.libc import libc_of
from collide.loader.lookup import Match, search_scope
from collide.loader.model import Dso
from collide.loader.process import Process

Shadowed = Callable[[Match | None, Match | None], bool]
"""Whether the first, the actual match, is another definition in place of the second."""


class ReferenceBinder:
    """Binds references one by one in one host.

    ``rules`` are those of its loader, ``host_files`` the objects of its global scope.
    """

    def __init__(self, host: Process, shadowed: Shadowed | None = None) -> None:
        """``shadowed`` decides in place of :func:`is_shadowed`."""
        self.rules = libc_of(host.loader).lookup_rules(host.loader.version)
        self.host_files = frozenset(m.dso for m in host.global_scope)
        self.is_shadowed = shadowed or partial(is_shadowed, host=self.host_files)
        self._executable = host.executable.dso
        interpreter = host.loaded(host.loader.path)
        self._libc = interpreter.dso if interpreter else None

    def bind(
        self, dso: Dso, reference: Reference, scope: Sequence[Dso], closure: Sequence[Dso]
    ) -> Binding:
        """The binding of a ``reference`` of ``dso``.

        ``scope`` and ``closure`` need to hold those objects only that define its name.
        """
        if not scope and not closure and not self.rules.substitute(reference.name):
            return Binding(reference, None, None, False)
        actual = self.first(reference, scope)
        if actual and actual.dso is not dso and self.rules.keeps(reference):
            actual = self._protected(dso, reference, actual, scope)
        if actual and closure and actual.dso is closure[0]:
            intended: Match | None = actual
        else:
            intended = self.first(reference, closure)
        return Binding(reference, actual, intended, self.is_shadowed(actual, intended))

    def first(self, reference: Reference, scope: Iterable[Dso]) -> Match | None:
        """The first match in ``scope``, or else the one of the name that libc knows it by."""
        hit = search_scope(reference, scope, self._executable, self.rules)
        if hit is None and self._libc and (other := self.rules.substitute(reference.name)):
            # Whatever the class of the reference, libc is asked for a definition.
            asked = reference._replace(name=other, lookup_class=CLASS_PLT)
            hit = search_scope(asked, (self._libc,), self._executable, self.rules)
        return hit

    def _protected(self, dso: Dso, reference: Reference, hit: Match, scope: Sequence[Dso]) -> Match:
        """A protected reference goes back to its own object (``_dl_lookup_symbol_x``; Rule 3.3).

        One exception: where a canonical PLT entry of the executable stands for
        this very function, an address taken elsewhere must equal it.
        """
        if hit.definition.undefined and reference.lookup_class != CLASS_PLT:
            real = self.first(reference._replace(lookup_class=CLASS_PLT), scope)
            if real is None or real.dso is dso:
                return hit
        return self.first(reference, (dso,)) or Match(dso, _own_symbol(reference))


def _own_symbol(reference: Reference) -> Definition:
    """The symbol a reference names in its own object, where no lookup finds it."""
    return Definition(
        name=reference.name,
        version=reference.version,
        version_index=0,
        hidden_version=False,
        type=STT_NOTYPE,
        binding=STB_WEAK if reference.weak else STB_GLOBAL,
        visibility=reference.visibility,
        size=0,
        undefined=not reference.defined,
        zero=False,
    )


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
    return not (_same_vague_definition(actual, intended) or is_one_c_library(actual, intended))


def is_one_c_library(one: Match, other: Match) -> bool:
    """Whether two definitions are of glibc's own files, which have some functions twice.

    Such are in libc.so.6 as well as in libm.so.6, in one version.
    """
    return (
        one.definition.version is not None
        and one.definition.version == other.definition.version
        and one.dso.is_of_glibc
        and other.dso.is_of_glibc
    )


def _same_vague_definition(actual: Match, intended: Match) -> bool:
    """C++ vague linkage: one inline function or template emitted by two compilations.

    Itanium C++ ABI 5.2 emits them weak (or unique) under a mangled name and
    expects that any copy serves. Equal type and size is all that a symbol table
    shows of two being the same, but that both objects are compiled for one class std::string.
    """
    one, other = actual.definition, intended.definition
    return (
        one.name.startswith("_Z")
        and one.binding != STB_GLOBAL
        and other.binding != STB_GLOBAL
        and (one.type, one.size) == (other.type, other.size)
        and not has_other_strings(actual.dso, intended.dso)
    )


def has_other_strings(one: Dso, other: Dso) -> bool:
    """Whether two objects are compiled for different classes std::string of libstdc++."""
    ours = other.string_abi
    return ours is not None and one.string_abi not in (None, ours)
