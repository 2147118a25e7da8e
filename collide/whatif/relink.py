"""Changes the facts of one object in memory as a linker option would change the object.

References and definitions are changed, and nothing else; the bytes of the file are
not touched. Sources: ld(1) ``-Bsymbolic``, ``-Bsymbolic-functions``,
``--exclude-libs``, ``--version-script``; binutils ``bfd/elflink.c``
(``_bfd_elf_symbol_refs_local_p``, ``bfd_elf_link_mark_dynamic_symbol``); ld.lld(1)
``-Bsymbolic-non-weak-functions``; patchelf(1) ``--rename-dynamic-symbols``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from fnmatch import translate

from collide.elf.changed_exports import ChangedExports, SymbolChange
from collide.elf.constants import (
    STB_GNU_UNIQUE,
    STB_WEAK,
    STT_COMMON,
    STT_FUNC,
    STT_GNU_IFUNC,
    STT_OBJECT,
    STT_TLS,
    STV_HIDDEN,
    STV_INTERNAL,
    STV_PROTECTED,
)
from collide.elf.machines import CLASS_COPY, CLASS_PLT
from collide.elf.object import ElfObject, VersionNeed
from collide.elf.symbols import Definition, Reference
from collide.support.records import NamedTuple

_BASE, _FIRST_NODE = 1, 2
"""Version indexes: VER_NDX_GLOBAL, and the first node behind it (gABI "Symbol Versioning")."""


class Relinked(NamedTuple):
    """A changed object, and what became of the references that changed.

    ``fate`` maps an old reference to the new one, or to None where the link editor has
    bound it and left no relocation that needs a lookup.
    """

    object: ElfObject
    fate: Mapping[Reference, Reference | None]


class NamePatterns:
    """A set of symbol names, given by names and shell patterns; without any it has every name.

    With ``others`` it has those that are not given.
    """

    def __init__(self, patterns: Iterable[str], *, others: bool = False) -> None:
        chosen = tuple(patterns)
        self._others = others
        self._every = not chosen
        self._plain = frozenset(p for p in chosen if not set(p) & set("*?["))
        globs = [translate(p) for p in chosen if p not in self._plain]
        self._globs = re.compile("|".join(globs)) if globs else None

    def __contains__(self, name: str) -> bool:
        given = (
            self._every
            or name in self._plain
            or (self._globs is not None and self._globs.match(name) is not None)
        )
        return given != self._others


# -- what the linker binds ------------------------------------------------------------------------


_LOOKED_UP_STILL = frozenset((STT_TLS, STT_GNU_IFUNC))
"""Types whose relocations keep their symbol with GNU ld, even where it could bind them."""


def bind_symbolic(obj: ElfObject) -> Relinked:
    """``-Bsymbolic``: references to own definitions are bound, and DT_SYMBOLIC is set.

    For thread-local, STT_GNU_IFUNC and STB_GNU_UNIQUE symbols GNU ld leaves a
    relocation; DT_SYMBOLIC makes the loader look for these in the object first.
    """
    relinked = _bind(
        obj,
        lambda own: own.type not in _LOOKED_UP_STILL and own.binding != STB_GNU_UNIQUE,
    )
    return relinked._replace(object=relinked.object._replace(symbolic=not obj.is_executable))


def bind_functions(obj: ElfObject) -> Relinked:
    """``-Bsymbolic-functions``: references to own functions are bound, and no flag is set.

    The addresses of functions are bound as calls are. Thread-local variables and
    STT_GNU_IFUNC functions are still looked up, as with :func:`bind_symbolic`.
    """
    kept = _LOOKED_UP_STILL | {STT_OBJECT, STT_COMMON}
    return _bind(obj, lambda own: own.type not in kept and own.binding != STB_GNU_UNIQUE)


def bind_strong_functions(obj: ElfObject) -> Relinked:
    """``-Bsymbolic-non-weak-functions`` (lld only): functions that are not weak are bound.

    C++ inline functions, which other objects define as well, are looked up as before.
    """
    return _bind(obj, lambda own: own.type == STT_FUNC and own.binding != STB_WEAK)


def _bind(obj: ElfObject, binds: Callable[[Definition], bool]) -> Relinked:
    """Drop the references to those own definitions; an executable has none to drop."""
    bound: dict[Reference, None] = {}
    if not obj.is_executable:
        for reference in obj.references:
            own = own_definition(obj, reference)
            if own is not None and binds(own):
                bound[reference] = None
    return _with_fate(obj, bound)


def own_definition(obj: ElfObject, reference: Reference) -> Definition | None:
    """The object's own definition of what a reference names; None where it is not looked up."""
    if not reference.defined or reference.visibility in (STV_HIDDEN, STV_INTERNAL):
        return None
    found = obj.exports.candidates(reference.name)
    same = (d for d in found if d.version == reference.version)
    return next(same, found[0] if found else None)


_UNCHANGED = SymbolChange()


def _with_fate(
    obj: ElfObject, fate: Mapping[Reference, Reference | None], change: SymbolChange = _UNCHANGED
) -> Relinked:
    """The object with other references, and with ``change`` in what it defines."""
    kept = (fate.get(r, r) for r in obj.references)
    # Equal relocations are one reference.
    references = tuple(dict.fromkeys(r for r in kept if r is not None))
    exports = obj.exports if change == _UNCHANGED else ChangedExports(obj.exports, change)
    return Relinked(obj._replace(references=references, exports=exports), fate)


# -- visibility -----------------------------------------------------------------------------------


def hide(obj: ElfObject, names: NamePatterns) -> Relinked:
    """Take definitions out of the dynamic symbol table, and bind the references to them.

    The effect of ``-fvisibility=hidden``, ``local:`` in a version script and
    ``--exclude-libs``. The initialisation functions of modules are never hidden, nor
    what an executable has copied.
    """
    copied = {r.name for r in obj.references if r.lookup_class == CLASS_COPY}
    hidden = frozenset(
        name
        for name in obj.exports.names
        if name in names and not name.startswith(_ENTRY) and name not in copied
    )
    bound = {
        r: None
        for r in obj.references
        if r.name in hidden and r.defined and r.visibility not in (STV_HIDDEN, STV_INTERNAL)
    }
    return _with_fate(obj, bound, SymbolChange(removed=hidden))


_ENTRY = ("PyInit_", "PyInitU_", "_cffi_pypyinit_")
"""Names by which the interpreter opens an extension module (PEP 489; cffi modules in PyPy)."""


def protect(obj: ElfObject, names: NamePatterns) -> Relinked:
    """Give definitions STV_PROTECTED: calls of own functions are bound, and others keep to itself.

    The effect of ``-fvisibility=protected``. GNU ld leaves a relocation where an address is
    data, which the loader binds to the object itself, unless the executable has a canonical PLT
    entry of the function; one of a variable in the global offset table, which a compiler then
    leaves out, is kept here. What an executable has is never looked up elsewhere.
    """
    chosen = frozenset(n for n in obj.exports.names if n in names)
    change = SymbolChange(visibility=dict.fromkeys(chosen, STV_PROTECTED))
    fate: dict[Reference, Reference | None] = {}
    for reference in () if obj.is_executable else obj.references:
        own = own_definition(obj, reference)
        if own is not None and reference.name in chosen:
            called = reference.lookup_class == CLASS_PLT and own.type not in _LOOKED_UP_STILL
            fate[reference] = None if called else change.of_reference(reference)
    return _with_fate(obj, fate, change)


def bind_directly(obj: ElfObject) -> Relinked:
    """Direct binding: every reference goes to the library that its link meant.

    The effect of Solaris' ``-Bdirect`` and of the two-level namespace of macOS. No loader for
    which collide has rules does it. A reference that nothing of the object's own closure
    defines is looked up as before.
    """
    return Relinked(obj._replace(direct=True), {})


# -- names and versions ---------------------------------------------------------------------------


def rename(obj: ElfObject, new: Mapping[str, str]) -> Relinked:
    """Give dynamic symbols their names in ``new``, whether they are defined or referred to."""
    change = SymbolChange(renamed=new)
    fate = {r: change.of_reference(r) for r in obj.references if r.name in new}
    return _with_fate(obj, fate, change)


def add_version(obj: ElfObject, node: str) -> Relinked:
    """Give all definitions a version node of their own (``--version-script``, ``NODE {...};``).

    Where there are nodes already, each becomes one that begins with ``node``
    (OpenSSL's shlib_variant does that). References to own definitions follow.
    What an executable has copied keeps the version of the library that it is from.
    """
    old = obj.version_definitions or ()
    versions = (None, *old)
    fate = {
        r: r._replace(version=new_version(node, r.version))
        for r in obj.references
        if (own := own_definition(obj, r)) is not None and own.version in versions
    }
    change = SymbolChange(
        versions={v: new_version(node, v) for v in versions}, base_index=_FIRST_NODE + len(old)
    )
    base = any(d.version is None for n in obj.exports.names for d in obj.exports.candidates(n))
    nodes = (*(new_version(node, v) for v in old), *((node,) if base or not old else ()))
    relinked = _with_fate(obj, fate, change)
    return relinked._replace(object=relinked.object._replace(version_definitions=nodes))


def new_version(node: str, version: str | None) -> str:
    """The version that a definition of ``version`` has after :func:`add_version`."""
    return node if version is None else f"{node}_{version}"


def need_version(obj: ElfObject, file: str, node: str, intended: AbstractSet[str]) -> Relinked:
    """Link a user of the library ``file`` again after :func:`add_version`.

    ``intended`` are the names that it gets from there.
    """
    fate = {
        r: r._replace(version=new_version(node, r.version), exact=False)
        for r in obj.references
        if r.name in intended and not r.defined
    }
    new = {str(r.version) for r in fate.values()}
    needs = [n for n in obj.version_needs if n.file != file]
    needs += [VersionNeed(file, version, _all_weak(fate, version)) for version in sorted(new)]
    tables_appear = bool(new) and not obj.exports.versioned
    relinked = _with_fate(
        obj, fate, SymbolChange(base_index=_BASE) if tables_appear else _UNCHANGED
    )
    return relinked._replace(object=relinked.object._replace(version_needs=tuple(needs)))


def _all_weak(fate: Mapping[Reference, Reference], version: str) -> bool:
    """Whether only weak references need a version: ld sets VER_FLG_WEAK then."""
    return all(r.weak for r in fate.values() if r.version == version)


# -- the library's name ---------------------------------------------------------------------------


def set_soname(obj: ElfObject, soname: str) -> Relinked:
    """``-soname``: the name by which users will need the object."""
    return Relinked(obj._replace(soname=soname), {})


def replace_needed(obj: ElfObject, new: Mapping[str, str]) -> Relinked:
    """Link a user again after :func:`set_soname` (``patchelf --replace-needed``)."""
    return Relinked(
        obj._replace(
            needed=tuple(new.get(name, name) for name in obj.needed),
            version_needs=tuple(
                n._replace(file=new.get(n.file, n.file)) for n in obj.version_needs
            ),
        ),
        {},
    )


def drop_needed(obj: ElfObject, names: AbstractSet[str]) -> Relinked:
    """Link a user without the libraries ``names``; its references to them stay."""
    return Relinked(
        obj._replace(
            needed=tuple(n for n in obj.needed if n not in names),
            auxiliary=tuple(n for n in obj.auxiliary if n not in names),
            filter=tuple(n for n in obj.filter if n not in names),
            version_needs=tuple(n for n in obj.version_needs if n.file not in names),
        ),
        {},
    )


def ask_at_run_time(obj: ElfObject, asked: AbstractSet[Reference]) -> Relinked:
    """Replace the references ``asked`` by calls of dlsym; copies that they made are gone."""
    copied = frozenset(r.name for r in asked if r.lookup_class == CLASS_COPY)
    return _with_fate(obj, dict.fromkeys(asked), SymbolChange(removed=copied))
