"""Names the disadvantages of a change that was tried: who loses what by it.

They are read from the facts and bindings before and after the change. Sources:
gABI "Symbol Visibility"; ld(1) ``-Bsymbolic``; psABI "Function Addresses"
(canonical PLT entries, copy relocations); Itanium C++ ABI 2.9.1 and 5.2 (type
identity, vague linkage); ld.so(8) LD_PRELOAD.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from collide.analysis.analysis import Analysis
from collide.analysis.libpython import is_libpython, python_release
from collide.analysis.start_up import START_UP_MODULE, knows_references
from collide.binding.binding import Binding
from collide.elf.constants import STB_GLOBAL, STT_COMMON, STT_OBJECT, STT_TLS
from collide.elf.machines import CLASS_COPY, CLASS_DATA
from collide.elf.object import ElfObject
from collide.elf.symbols import Reference
from collide.loader.model import Dso
from collide.support.records import NamedTuple
from collide.support.text import first_names, plural
from collide.whatif.deepbind import ALLOCATORS, OPERATORS, splits
from collide.whatif.edits import (
    DEEPBIND,
    DIRECT,
    EXPORT,
    HIDE,
    HOST_ONLY,
    LOCAL,
    OF_PLACE,
    PROTECT,
    RENAME,
    SONAME,
    SYMBOLIC,
    VERSION,
    Edit,
)
from collide.whatif.relink import own_definition
from collide.whatif.whatif import WhatIf, bindings_of

_SHOWN = 4
_DATA = frozenset((STT_OBJECT, STT_COMMON, STT_TLS))


class Cost(NamedTuple):
    """One disadvantage of a change: its ``kind`` (a word of the JSON) and a sentence."""

    kind: str
    text: str


def costs(
    tried: WhatIf, edits: Sequence[Edit], host_edits: Sequence[Edit] = ()
) -> tuple[Cost, ...]:
    """The costs of the change that was tried, the most general first.

    ``edits`` and ``host_edits`` are those that made ``tried``.
    """
    found: list[Cost] = []
    names = tried.before.target.names
    after = {f.path: f.elf for f in tried.after.target.members.values()}
    for dso in tried.before.target.members.values():
        mine = [e.change.option for e in edits if e.matches(names[dso.path])]
        mine = [option for option in mine if option != DEEPBIND]
        if mine:
            found += _of_member(tried, _ChangedMember(dso, after[dso.path], names[dso.path]), mine)
    if any(e.change.option == DEEPBIND for e in edits):
        found += _of_deepbind(tried)
    if host_edits and not knows_references(tried.before.host):
        unknown = "what the host's own objects refer to is not in its profile: name the binary"
        return (*dict.fromkeys(found), Cost("unknown", unknown))
    for edit in host_edits:
        if edit.change.option in OF_PLACE:
            found += _of_unlinking(tried, edit)
        if edit.change.option not in HOST_ONLY:
            found += _of_host_library(tried, edit)
    if any(e.change.option in (DIRECT, DEEPBIND) for e in host_edits):
        found += _of_splits(tried)
    return tuple(dict.fromkeys(found))


_SPLIT = {
    "allocator": "the allocator is split: what one allocates the other cannot free",
    "cpp-allocator": "operator new is split: what one allocates the other cannot free",
    "cpp-runtime": "the C++ runtime is split: exceptions, type information and streams of two",
    "freed-elsewhere": "memory of one allocator is freed by another",
    "variables": "variables are there twice, each with a value of its own",
}


def _of_splits(tried: WhatIf) -> Iterator[Cost]:
    for split in splits(tried.before, tried.after):
        yield Cost(
            split.kind,
            f"{_SPLIT[split.kind]}: {_some(split.names)} of {split.second} beside {split.first}",
        )


def _of_deepbind(tried: WhatIf) -> Iterator[Cost]:
    yield from _of_splits(tried)
    yield Cost(
        "preload",
        "a library in LD_PRELOAD no longer replaces what the modules' own libraries, and the "
        "C library, define",
    )


def _of_host_library(tried: WhatIf, edit: Edit) -> Iterator[Cost]:
    """The costs of another linking of libraries of the host, as those of members.

    What becomes of LD_PRELOAD is told apart (:mod:`collide.whatif.preloading`).
    """
    after = {m.dso.path: m.dso.elf for m in tried.after.host.process.maps}
    for m in tried.before.host.process.global_scope:
        path = m.dso.path
        if edit.matches(path) and path in after:
            changed = _ChangedMember(m.dso, after[path], path)
            found = _of_member(tried, changed, [edit.change.option])
            yield from (cost for cost in found if cost.kind != "preload")


class _ChangedMember(NamedTuple):
    """A member before and after the change."""

    dso: Dso
    after: ElfObject
    name: str


def _of_member(tried: WhatIf, changed: _ChangedMember, options: Sequence[str]) -> Iterator[Cost]:
    bound = _settled(tried, changed, options)
    kinds = {r: own.type for r in bound if (own := own_definition(changed.dso.elf, r))}
    functions = {r.name for r, kind in kinds.items() if kind not in _DATA}
    data = {r.name for r, kind in kinds.items() if kind in _DATA}
    # The loader gives a protected function the address that the executable has for it.
    kept = bound if PROTECT in options else set()
    fate = tried.fates.get(changed.dso.path, {})
    addresses = {
        r.name
        for r in kinds
        if r.lookup_class == CLASS_DATA and not (r in kept and fate[r] is not None)
    } & functions
    if data and _KEEPS_VARIABLES & set(options) and _is_second_python(tried, changed.dso):
        yield Cost(
            "runtime",
            f"{changed.name} becomes a second Python in the process, which nobody initialises: "
            "its types, its locks and its memory are not the interpreter's",
        )
    if _BINDS & set(options):
        yield from _pointers(tried, changed, addresses, data)
        yield from _cpp(tried, changed, functions | data)
        yield from _preload(changed, functions, data)
    if {"-Bsymbolic-functions", "-Bsymbolic-non-weak-functions"} & set(options):
        yield from _left(changed, bound)
    if "-Bsymbolic-non-weak-functions" in options:
        yield Cost("linker", f"{changed.name} must be linked with lld: GNU ld has no such option")
    gone = changed.dso.elf.exports.names - changed.after.exports.names
    if {HIDE, EXPORT} & set(options) and gone:
        yield Cost(
            "exports",
            f"{changed.name} no longer exports {_some(gone)}: whoever links it or asks dlsym "
            "for them does not find them",
        )
    if RENAME in options:
        yield from _cpp(tried, changed, gone)
        yield from _rename(tried, changed, gone)
    if VERSION in options:
        yield from _version(tried, changed)
    if SONAME in options:
        yield Cost(
            "soname",
            f"objects outside the wheel that need {changed.dso.elf.soname} get another file",
        )


def _is_second_python(tried: WhatIf, libpython: Dso) -> bool:
    """Whether it is CPython's library, in a process that has another one or the interpreter."""
    return is_libpython(libpython.elf.soname or "") and any(
        python_release(dso) and dso.path != libpython.path for dso in _loaded(tried.after)
    )


def _left(changed: _ChangedMember, bound: AbstractSet[Reference]) -> Iterator[Cost]:
    """The variables of the changed object that are still looked up by name."""
    own = ((r, own_definition(changed.dso.elf, r)) for r in changed.dso.elf.references)
    left = {r.name for r, found in own if found and found.type in _DATA and r not in bound}
    if left and not changed.dso.elf.is_executable:
        functions = "" if bound else "looks up no function of its own by name, and "
        yield Cost(
            "left",
            f"{changed.name} {functions}goes on looking up {plural(len(left), 'variable')} of its "
            f"own: {_some(left)}",
        )


_BINDS = frozenset((*SYMBOLIC, HIDE, EXPORT, PROTECT, DIRECT, DEEPBIND))
_KEEPS_VARIABLES = frozenset(("-Bsymbolic", PROTECT, DIRECT, DEEPBIND))


def _settled(tried: WhatIf, changed: _ChangedMember, options: Sequence[str]) -> set[Reference]:
    """The references of a changed object that its own definitions serve for certain."""
    fate = tried.fates.get(changed.dso.path, {})
    if DIRECT in options or DEEPBIND in options:
        return set(changed.dso.elf.references)
    return {r for r, now in fate.items() if now is None or PROTECT in options}


def _pointers(
    tried: WhatIf, changed: _ChangedMember, addresses: AbstractSet[str], data: AbstractSet[str]
) -> Iterator[Cost]:
    """Objects that still get another definition where they were meant to get the changed object's.

    An address that both take then differs between them, and of a variable there are two.
    """
    functions: dict[tuple[str, str], set[str]] = {}
    variables: dict[tuple[str, str], set[str]] = {}
    others: dict[tuple[str, str], set[str]] = {}
    for path, b in _others(tried.after, changed.dso):
        name = b.reference.name
        if b.intended is None or b.intended.dso.path != changed.dso.path:
            continue
        if b.provider is None or b.provider is b.intended.dso:
            continue
        key = tried.after.target.names.get(path, path), tried.after.name_of(b.provider)
        if name in addresses and b.reference.lookup_class == CLASS_DATA:
            functions.setdefault(key, set()).add(name)
        elif name in data:
            variables.setdefault(key, set()).add(name)
        else:
            others.setdefault(key, set()).add(name)
    for (holder, provider), names in functions.items():
        yield Cost(
            "function-pointers",
            f"the address of {_some(names)} in {changed.name} is not the one of {provider}, "
            f"which {holder} takes",
        )
    for (holder, provider), names in variables.items():
        yield Cost(
            "data-pointers",
            f"{changed.name} uses its own {_some(names)}, {holder} those of {provider}",
        )
    for (holder, provider), names in others.items():
        yield Cost("users", f"{holder} still takes {_some(names)} from {provider}")
    yield from _of_executable(tried, changed, addresses, data)


def _of_executable(
    tried: WhatIf, changed: _ChangedMember, addresses: AbstractSet[str], data: AbstractSet[str]
) -> Iterator[Cost]:
    """What the psABI gives to the executable: copies of variables, and addresses of functions."""
    executable = tried.before.host.process.executable
    copied = {r.name for r in executable.elf.references if r.lookup_class == CLASS_COPY} & data
    if copied:
        yield Cost(
            "copy-relocation",
            f"{executable.name} has copies of {_some(copied)}, which {changed.name} then "
            "neither reads nor writes",
        )
    exports = executable.elf.exports
    if plt := {name for name in addresses if any(d.undefined for d in exports.candidates(name))}:
        yield Cost(
            "function-pointers",
            f"{executable.name} has canonical addresses of {_some(plt)} (PLT entries), which "
            f"those taken in {changed.name} then do not equal",
        )


def _cpp(tried: WhatIf, changed: _ChangedMember, bound: AbstractSet[str]) -> Iterator[Cost]:
    """Definitions of C++ vague linkage that other objects have as well.

    The Itanium C++ ABI (5.2) expects one of them in the process, whichever object emitted it.
    """
    vague = {
        name
        for name in bound
        if name.startswith("_Z")
        and any(d.binding != STB_GLOBAL for d in changed.dso.elf.exports.candidates(name))
    }
    if not vague:
        return
    types: dict[str, set[str]] = {}
    state: dict[str, set[str]] = {}
    for dso in _loaded(tried.after):
        if dso.path == changed.dso.path:
            continue
        name = tried.after.name_of(dso)
        shared = vague & dso.elf.exports.names
        identity = {n for n in shared if n.startswith(("_ZTI", "_ZTS", "_ZTV"))}
        if identity:
            types[name] = identity
        if variables := {n for n in shared - identity if _is_data(changed.dso.elf, n)}:
            state[name] = variables
    for holder, names in types.items():
        yield Cost(
            "type-identity",
            f"{_some(names)} no longer shared with {holder}: exceptions and dynamic_cast across "
            "the two rest on comparing names of types, as libstdc++ does and libc++ need not",
        )
    for holder, names in state.items():
        yield Cost(
            "vague-linkage",
            f"inline variables and local statics {_some(names)} exist in {changed.name} and in "
            f"{holder}",
        )


def _is_data(obj: ElfObject, name: str) -> bool:
    return any(d.type in _DATA for d in obj.exports.candidates(name))


def _preload(
    changed: _ChangedMember, functions: AbstractSet[str], data: AbstractSet[str]
) -> Iterator[Cost]:
    allocators = {n for n in functions if n in ALLOCATORS or n.startswith(OPERATORS)}
    if allocators:
        yield Cost(
            "preload",
            f"an allocator in LD_PRELOAD no longer replaces {_some(allocators)} of {changed.name}",
        )
    if calls := functions - allocators:
        yield Cost(
            "preload",
            f"a tracer or wrapper in LD_PRELOAD no longer sees {changed.name} call its own "
            f"{_some(calls)}",
        )
    if data:
        yield Cost(
            "preload",
            f"a library in LD_PRELOAD no longer replaces variables of {changed.name}: "
            f"{_some(data)}",
        )


def _rename(tried: WhatIf, changed: _ChangedMember, gone: AbstractSet[str]) -> Iterator[Cost]:
    if gone:
        yield Cost(
            "exports",
            f"{changed.name} has {_some(gone)} under other names: ctypes, dlsym and objects "
            "outside the wheel do not find them",
        )
    asking = sorted(
        tried.before.target.names[f.path]
        for f in tried.before.target.members.values()
        if any(r.name in ("dlsym", "dlvsym") for r in f.elf.references)
    )
    if asking and gone:
        yield Cost(
            "dlsym", f"looked for by name at run time, perhaps: dlsym is used by {_some(asking)}"
        )


def _version(tried: WhatIf, changed: _ChangedMember) -> Iterator[Cost]:
    users = sorted(
        tried.before.target.names.get(path, path)
        for path, fate in tried.fates.items()
        if path != changed.dso.path and fate
    )
    if users:
        yield Cost("relink", f"its users must be linked again: {_some(users)}")
    yield Cost(
        "unversioned-hosts",
        "a host that exports the same names without versions takes them still",
    )


def _of_unlinking(tried: WhatIf, edit: Edit) -> Iterator[Cost]:
    """Who in the host has used the library through the global scope."""
    (start_up,) = (m for m in tried.before.modules if m.name == START_UP_MODULE)
    stays = {m.dso.path for m in tried.after.host.process.global_scope}
    wanted: dict[tuple[str, str], set[str]] = {}
    for path, bindings in bindings_of(start_up.bound).items():
        for b in bindings if path in stays else ():
            if b.provider is not None and b.provider.path not in stays:
                wanted.setdefault((path, b.provider.path), set()).add(b.reference.name)
    how = "must ask dlsym for" if edit.change.option in (LOCAL, DEEPBIND) else "loses"
    # What another edit takes out of the scope is listed with that one.
    wanted = {key: found for key, found in wanted.items() if edit.matches(key[1])}
    for (holder, provider), names in sorted(wanted.items()):
        yield Cost("host", f"{holder} {how} {_some(names)} of {provider}")
    if not wanted:
        yield Cost("host", f"nothing of the host refers to what {edit.pattern} alone defines")


def _others(analysis: Analysis, changed: Dso) -> Iterator[tuple[str, Binding]]:
    """Bindings of other objects whose closure has the changed one, with the path of each object."""
    for module in analysis.modules:
        for bound in module.objects:
            if bound.map.dso.path != changed.path:
                for group in bound.groups:
                    if any(dso.path == changed.path for dso in group.closure):
                        for b in group.bindings:
                            yield bound.map.dso.path, b


def _loaded(analysis: Analysis) -> Iterable[Dso]:
    host = [m.dso for m in analysis.host.process.global_scope]
    opened = [o.map.dso for m in analysis.modules for o in m.objects]
    return dict.fromkeys([*host, *opened])


def _some(names: Iterable[str]) -> str:
    return first_names(sorted(names), _SHOWN)
