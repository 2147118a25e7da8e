"""Reads changes of linking from the command line and applies them to a set of objects in memory.

A change of one object can concern the others: an object that needs a library must
learn its new SONAME, its new version node or the new names of its symbols.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from fnmatch import fnmatchcase
from hashlib import sha256

from collide.elf.object import ElfObject
from collide.elf.symbols import Reference
from collide.support.errors import UsageError
from collide.support.patterns import there_are
from collide.support.records import NamedTuple
from collide.whatif.relink import (
    NamePatterns,
    Relinked,
    add_version,
    bind_directly,
    bind_functions,
    bind_strong_functions,
    bind_symbolic,
    hide,
    need_version,
    protect,
    rename,
    replace_needed,
    set_soname,
)

SYMBOLIC: Mapping[str, Callable[[ElfObject], Relinked]] = {
    "-Bsymbolic-non-weak-functions": bind_strong_functions,
    "-Bsymbolic-functions": bind_functions,
    "-Bsymbolic": bind_symbolic,
}
"""Linker options that bind references to own definitions (ld(1), ld.lld(1))."""
HIDE, EXPORT, PROTECT = "hide", "export", "protect"
RENAME, VERSION, SONAME, DIRECT = "rename", "version", "soname", "direct"
LOCAL, WITHOUT = "local", "without"
DEEPBIND = "deepbind"
"""A change of how a module or a library is opened, not of how it is linked."""
HOST_ONLY = frozenset((LOCAL, WITHOUT))
"""Changes of the place of a library in a host, not of how it is linked."""
OF_PLACE = HOST_ONLY | {DEEPBIND}
_ALIASES = {
    "-fvisibility=hidden": HIDE,
    "-fvisibility=protected": PROTECT,
    "--exclude-libs,ALL": HIDE,
    "--exclude-libs=ALL": HIDE,
    "-Bdirect": DIRECT,
}
_WITH_NAMES = frozenset((HIDE, PROTECT, RENAME))
_WITH_VALUE = frozenset((VERSION, SONAME))


class LinkChange(NamedTuple):
    """One change of how one object is linked.

    ``option`` is a linker option of ``SYMBOLIC`` or one of the words ``HIDE`` to
    ``DEEPBIND``. ``names`` are the symbols to hide, to protect or to rename, or the only ones to
    export, as names and shell patterns; none stands for all. ``value`` is the version node or
    the SONAME.
    """

    option: str
    names: tuple[str, ...] = ()
    value: str = ""

    def __str__(self) -> str:
        argument = ",".join(self.names) or self.value
        return f"{self.option}={argument}" if argument else self.option


class Edit(NamedTuple):
    """A change of every object whose name or base name matches a shell pattern."""

    pattern: str
    change: LinkChange

    def __str__(self) -> str:
        return f"{self.pattern}={self.change}"

    def matches(self, name: str) -> bool:
        """Whether the object called ``name`` is to be changed."""
        return fnmatchcase(name, self.pattern) or fnmatchcase(
            posixpath.basename(name), self.pattern
        )


def parse_edit(text: str) -> Edit:
    """The edit that ``PATTERN=CHANGE`` stands for; raises UsageError for anything else."""
    pattern, equals, change = text.partition("=")
    if not pattern or not equals or not change:
        raise UsageError(f"{text!r} is not of the form MEMBER=CHANGE")
    return Edit(pattern, parse_change(change))


def parse_change(text: str) -> LinkChange:
    """The change that a linker option (with or without ``-Wl,``) or a word stands for.

    Raises UsageError for what is neither, with all that is allowed.
    """
    plain = text.removeprefix("-Wl,")
    if plain in SYMBOLIC or plain in _ALIASES:
        return LinkChange(_ALIASES.get(plain, plain))
    option, equals, argument = plain.partition("=")
    if option in _WITH_NAMES and bool(equals) == bool(argument):
        return LinkChange(option, names=tuple(filter(None, argument.split(","))))
    if option == EXPORT and argument:
        return LinkChange(option, names=tuple(filter(None, argument.split(","))))
    if option in _WITH_VALUE and (argument or (option == SONAME and not equals)):
        return LinkChange(option, value=argument)
    if option in (*OF_PLACE, DIRECT) and not equals:
        return LinkChange(option)
    known = [
        *SYMBOLIC,
        *_ALIASES,
        "hide[=NAMES]",
        "export=NAMES",
        "protect[=NAMES]",
        "rename[=NAMES]",
        "version=NODE",
        "soname[=NAME]",
        "direct",
        "deepbind",
    ]
    raise UsageError(f"{text!r} is no change: {', '.join(known)}; of a host also local, without")


class RelinkedObjects(NamedTuple):
    """Objects after some edits.

    ``objects`` are all of them by path. ``fates`` gives for each path what became of
    its references (see :class:`collide.whatif.relink.Relinked`). ``renamed`` are new
    symbol names by old ones, ``basenames`` new file names by path.
    """

    objects: Mapping[str, ElfObject]
    fates: Mapping[str, Mapping[Reference, Reference | None]]
    renamed: Mapping[str, str]
    basenames: Mapping[str, str]


def apply_edits(
    objects: Mapping[str, ElfObject], names: Mapping[str, str], edits: Iterable[Edit], tag: str
) -> RelinkedObjects:
    """Apply ``edits`` to ``objects`` in memory, in their order.

    ``names`` are what patterns are matched against, by path. ``tag`` is part of
    every new name. Raises UsageError for an edit that matches nothing, or that
    cannot be made.
    """
    work = _Work(objects, tag)
    for edit in edits:
        paths = [path for path in objects if edit.matches(names[path])]
        if not paths:
            there = there_are("objects", edit.pattern, (names[path] for path in objects))
            raise UsageError(f"{edit}: no object matches {edit.pattern}; {there}")
        for path in paths:
            work.change(path, edit.change)
    return RelinkedObjects(work.objects, work.fates, work.renamed, work.basenames)


class _Work:
    """The objects between two edits."""

    def __init__(self, objects: Mapping[str, ElfObject], tag: str) -> None:
        self.before = objects
        self.objects = dict(objects)
        self.fates: dict[str, dict[Reference, Reference | None]] = {}
        self.renamed: dict[str, str] = {}
        self.basenames: dict[str, str] = {}
        self._tag = tag

    def change(self, path: str, change: LinkChange) -> None:
        obj = self.objects[path]
        if change.option in SYMBOLIC:
            self._put(path, SYMBOLIC[change.option](obj))
        elif change.option == HIDE:
            self._put(path, hide(obj, NamePatterns(change.names)))
        elif change.option == EXPORT:
            self._put(path, hide(obj, NamePatterns(change.names, others=True)))
        elif change.option == PROTECT:
            self._put(path, protect(obj, NamePatterns(change.names)))
        elif change.option == DIRECT:
            self._put(path, bind_directly(obj))
        elif change.option == RENAME:
            self._rename(path, NamePatterns(change.names))
        elif change.option == VERSION:
            self._version(path, change.value)
        elif change.option == SONAME:
            self._soname(path, change.value or _hashed(_name(path, obj), self._tag))
        else:
            raise UsageError(f"{change.option} is for the libraries of a host")

    def _put(self, path: str, relinked: Relinked) -> None:
        self.objects[path] = relinked.object
        fate = self.fates.setdefault(path, {})
        known = set(self.before[path].references)
        later = dict(relinked.fate)
        for reference, now in fate.items():
            if now is not None:
                fate[reference] = later.get(now, now)
        for reference, now in later.items():
            if reference in known:
                fate.setdefault(reference, now)

    def _rename(self, path: str, names: NamePatterns) -> None:
        """Rename what is referred to by name, in the library and in its users."""
        library = self.objects[path]
        users = dict(self._users(path))
        wanted = set().union(*users.values())
        wanted |= {r.name for r in library.references if r.defined}
        new = {
            name: f"{name}_{self._tag}"
            for name in sorted(wanted & library.exports.names)
            if name in names
        }
        self.renamed.update(new)
        self._put(path, rename(library, new))
        for user, intended in users.items():
            own = {old: after for old, after in new.items() if old in intended}
            self._put(user, rename(self.objects[user], own))

    def _version(self, path: str, node: str) -> None:
        library = self.objects[path]
        users = dict(self._users(path))
        self._put(path, add_version(library, node))
        for user, intended in users.items():
            obj = self.objects[user]
            # An object learns the version only of what it is linked with (DT_NEEDED).
            file = next((n for n in obj.needed if n in _answers_to(path, library)), None)
            if file is not None:
                self._put(user, need_version(obj, file, node, intended))

    def _soname(self, path: str, soname: str) -> None:
        library = self.objects[path]
        new = dict.fromkeys(_answers_to(path, library), soname)
        for user, obj in self.objects.items():
            if not new.keys().isdisjoint(obj.needed):
                self._put(user, replace_needed(obj, new))
        self._put(path, set_soname(self.objects[path], soname))
        self.basenames[path] = soname

    def _users(self, library: str) -> Iterator[tuple[str, AbstractSet[str]]]:
        """Which objects get which names from ``library``, were references bound directly.

        The first object of the closure that defines a name is taken to provide it.
        """
        exported = self.objects[library].exports.names
        by_name = {
            name: path for path, obj in self.objects.items() for name in _answers_to(path, obj)
        }
        for path, obj in self.objects.items():
            closure = _closure(path, self.objects, by_name)
            if path == library or library not in closure:
                continue
            names = exported & {r.name for r in obj.references if not r.defined}
            for earlier in closure[: closure.index(library)]:
                names -= self.objects[earlier].exports.names
            if names:
                yield path, names


def _answers_to(path: str, obj: ElfObject) -> tuple[str, ...]:
    """The DT_NEEDED names that find an object: its SONAME, and the name of its file."""
    return tuple(filter(None, (obj.soname, posixpath.basename(path))))


def _name(path: str, obj: ElfObject) -> str:
    return obj.soname or posixpath.basename(path)


def _closure(root: str, objects: Mapping[str, ElfObject], by_name: Mapping[str, str]) -> list[str]:
    order, seen = [root], {root}
    for path in order:
        for name in objects[path].needed:
            found = by_name.get(name)
            if found is not None and found not in seen:
                seen.add(found)
                order.append(found)
    return order


def _hashed(soname: str, tag: str) -> str:
    """A file name with a hash, as ``auditwheel repair`` gives one: ``libz-1a2b3c4d.so.1``."""
    stem, dot, rest = soname.partition(".")
    return f"{stem}-{sha256(f'{tag}/{soname}'.encode()).hexdigest()[:8]}{dot}{rest}"


def distribution_tag(name: str) -> str:
    """The end of new symbol names in a wheel: the name of its distribution."""
    return re.sub(r"\W+", "_", posixpath.basename(name).partition("-")[0].partition(".")[0])
