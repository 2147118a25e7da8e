"""One object as another link would have made it: its facts changed in memory.

What a linker option does to references and definitions, and nothing else; the
bytes of the file are not touched. Sources: ld(1) ``-Bsymbolic``,
``-Bsymbolic-functions``, ``--exclude-libs``, ``--version-script``; binutils
``bfd/elflink.c`` (``_bfd_elf_symbol_refs_local_p``,
``bfd_elf_link_mark_dynamic_symbol``); ld.lld(1)
``-Bsymbolic-non-weak-functions``; patchelf(1) ``--rename-dynamic-symbols``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from fnmatch import translate

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
)
from collide.elf.machines import CLASS_COPY
from collide.elf.object import ElfObject, VersionNeed
from collide.elf.symbols import Definition, Exports, Reference
from collide.support.records import NamedTuple

_FIRST_NODE = 2
"""The version index of the first node that is not the base (gABI "Symbol Versioning")."""


class Relinked(NamedTuple):
    """A changed object, and what became of the references that changed.

    ``fate`` maps an old reference to the new one, or to None where the link
    has bound it and left no relocation that needs a lookup.
    """

    object: ElfObject
    fate: Mapping[Reference, Reference | None]


class Names:
    """Symbol names chosen by names and shell patterns; none at all chooses every name."""

    def __init__(self, patterns: Iterable[str]) -> None:
        chosen = tuple(patterns)
        self._every = not chosen
        self._plain = frozenset(p for p in chosen if not set(p) & set("*?["))
        globs = [translate(p) for p in chosen if p not in self._plain]
        self._globs = re.compile("|".join(globs)) if globs else None

    def __contains__(self, name: str) -> bool:
        return (
            self._every
            or name in self._plain
            or (self._globs is not None and self._globs.match(name) is not None)
        )


# -- what the linker binds ------------------------------------------------------------------------


_LOOKED_UP_STILL = frozenset((STT_TLS, STT_GNU_IFUNC))
"""GNU ld leaves the relocations of these types their symbol, whatever it binds."""


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
    """``-Bsymbolic-functions``: what is not data is bound, and no flag is set.

    Addresses of functions are bound like calls. Thread-local variables and
    STT_GNU_IFUNC functions stay looked up, as with :func:`bind_symbolic`.
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
    """The object's own definition that a reference names and would be looked up for."""
    if not reference.defined or reference.visibility in (STV_HIDDEN, STV_INTERNAL):
        return None
    found = obj.exports.candidates(reference.name)
    same = (d for d in found if d.version == reference.version)
    return next(same, found[0] if found else None)


def _with_fate(obj: ElfObject, fate: Mapping[Reference, Reference | None]) -> Relinked:
    kept = (fate.get(r, r) for r in obj.references)
    # Equal relocations are one reference.
    references = tuple(dict.fromkeys(r for r in kept if r is not None))
    return Relinked(obj._replace(references=references), fate)


# -- visibility -----------------------------------------------------------------------------------


def hide(obj: ElfObject, names: Names) -> Relinked:
    """Definitions leave the dynamic symbol table, references to them are bound.

    What ``-fvisibility=hidden``, ``local:`` of a version script and
    ``--exclude-libs`` come to. What a module is entered by is never hidden,
    nor what an executable has copied into itself.
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
    relinked = _with_fate(obj, bound)
    exports = _Without(obj.exports, hidden)
    return relinked._replace(object=relinked.object._replace(exports=exports))


_ENTRY = ("PyInit_", "PyInitU_", "_cffi_pypyinit_")
"""What an extension module is entered by (PEP 489; cffi modules in PyPy)."""


class _Without:
    """Exports without some names."""

    def __init__(self, exports: Exports, hidden: AbstractSet[str]) -> None:
        self._exports = exports
        self._hidden = hidden
        self.names: AbstractSet[str] = exports.names - hidden
        self.versioned = exports.versioned

    def defined(self, wanted: AbstractSet[str]) -> AbstractSet[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        return self._exports.defined(wanted) - self._hidden

    def candidates(self, name: str) -> tuple[Definition, ...]:
        """See :class:`collide.elf.symbols.Exports`."""
        return () if name in self._hidden else self._exports.candidates(name)

    def simple(self, wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        return self._exports.simple({n: v for n, v in wanted.items() if n not in self._hidden})


# -- names and versions ---------------------------------------------------------------------------


def rename(obj: ElfObject, new: Mapping[str, str]) -> Relinked:
    """Every dynamic symbol of a name in ``new``, defined or not, gets the other name."""
    fate: dict[Reference, Reference | None] = {
        r: r._replace(name=new[r.name]) for r in obj.references if r.name in new
    }
    relinked = _with_fate(obj, fate)
    exports = _Renamed(obj.exports, new)
    return relinked._replace(object=relinked.object._replace(exports=exports))


class _Renamed:
    """Exports of which some have new names."""

    def __init__(self, exports: Exports, new: Mapping[str, str]) -> None:
        self._exports = exports
        self._old = {after: before for before, after in new.items() if before in exports.names}
        self._gone = frozenset(self._old.values())
        self.names: AbstractSet[str] = (exports.names - self._gone) | self._old.keys()
        self.versioned = exports.versioned

    def defined(self, wanted: AbstractSet[str]) -> AbstractSet[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        return self.names & wanted

    def candidates(self, name: str) -> tuple[Definition, ...]:
        """See :class:`collide.elf.symbols.Exports`."""
        if name in self._old:
            found = self._exports.candidates(self._old[name])
            return tuple(d._replace(name=name) for d in found)
        return () if name in self._gone else self._exports.candidates(name)

    def simple(self, wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        untouched = {n: v for n, v in wanted.items() if n not in self._old and n not in self._gone}
        return self._exports.simple(untouched)


def add_version(obj: ElfObject, node: str) -> Relinked:
    """All definitions get a version node of their own (``--version-script``, ``NODE {...};``).

    Where there are nodes already, each becomes one that begins with ``node``
    (OpenSSL's shlib_variant does that). References to own definitions follow.
    """
    fate: dict[Reference, Reference | None] = {
        r: r._replace(version=new_version(node, r.version))
        for r in obj.references
        if own_definition(obj, r) is not None
    }
    relinked = _with_fate(obj, fate)
    old = obj.version_definitions or ()
    exports = _Versioned(obj.exports, node, _FIRST_NODE + len(old))
    base = any(d.version is None for n in obj.exports.names for d in obj.exports.candidates(n))
    nodes = (*(new_version(node, v) for v in old), *((node,) if base or not old else ()))
    changed = relinked.object._replace(exports=exports, version_definitions=nodes)
    return relinked._replace(object=changed)


def new_version(node: str, version: str | None) -> str:
    """The version a definition of ``version`` has after :func:`add_version`."""
    return node if version is None else f"{node}_{version}"


class _Versioned:
    """Exports with version nodes of their own; ``index`` is that of former base definitions."""

    versioned = True

    def __init__(self, exports: Exports, node: str, index: int) -> None:
        self._exports = exports
        self._node = node
        self._index = index
        self.names: AbstractSet[str] = exports.names

    def defined(self, wanted: AbstractSet[str]) -> AbstractSet[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        return self._exports.defined(wanted)

    def candidates(self, name: str) -> tuple[Definition, ...]:
        """See :class:`collide.elf.symbols.Exports`."""
        return tuple(
            d._replace(
                version=new_version(self._node, d.version),
                version_index=self._index if d.version is None else d.version_index,
            )
            for d in self._exports.candidates(name)
        )

    def simple(self, _wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        """None: each is looked at."""
        return frozenset()


def need_version(obj: ElfObject, file: str, node: str, intended: AbstractSet[str]) -> Relinked:
    """A user of the library ``file``, linked again after :func:`add_version`.

    ``intended`` are the names that it gets from there.
    """
    fate: dict[Reference, Reference | None] = {
        r: r._replace(version=new_version(node, r.version), exact=False)
        for r in obj.references
        if r.name in intended and not r.defined
    }
    relinked = _with_fate(obj, fate)
    new = {str(r.version): r for r in fate.values() if r is not None}
    needs = [n for n in obj.version_needs if n.file != file]
    needs += [VersionNeed(file, version, _all_weak(fate, version)) for version in sorted(new)]
    exports = _Tables(obj.exports) if new and not obj.exports.versioned else obj.exports
    changed = relinked.object._replace(version_needs=tuple(needs), exports=exports)
    return relinked._replace(object=changed)


class _Tables:
    """Exports of an object that had no version tables and now has: all of the base version."""

    versioned = True

    def __init__(self, exports: Exports) -> None:
        self._exports = exports
        self.names: AbstractSet[str] = exports.names

    def defined(self, wanted: AbstractSet[str]) -> AbstractSet[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        return self._exports.defined(wanted)

    def candidates(self, name: str) -> tuple[Definition, ...]:
        """See :class:`collide.elf.symbols.Exports`."""
        return tuple(d._replace(version_index=1) for d in self._exports.candidates(name))

    def simple(self, wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        return self._exports.simple(wanted)


def _all_weak(fate: Mapping[Reference, Reference | None], version: str) -> bool:
    """Whether only weak references need a version: ld sets VER_FLG_WEAK then."""
    return all(r.weak for r in fate.values() if r is not None and r.version == version)


# -- the library's name ---------------------------------------------------------------------------


def set_soname(obj: ElfObject, soname: str) -> Relinked:
    """``-soname``: the name that users will need."""
    return Relinked(obj._replace(soname=soname), {})


def replace_needed(obj: ElfObject, new: Mapping[str, str]) -> Relinked:
    """A user linked again after :func:`set_soname` (``patchelf --replace-needed``)."""
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
    """A user linked without the libraries ``names``; references to them stay."""
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
    """A user that asks dlsym for what it referred to, and has no copies of it any more."""
    copied = frozenset(r.name for r in asked if r.lookup_class == CLASS_COPY)
    relinked = _with_fate(obj, dict.fromkeys(asked))
    exports = _Without(obj.exports, copied) if copied else obj.exports
    return relinked._replace(object=relinked.object._replace(exports=exports))
