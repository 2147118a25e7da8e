"""Puts together what a repair must respect: the user's options, and names that must stay.

The second is read from the wheel's own files.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache, cached_property

from collide.analysis.analysis import Analysis
from collide.elf.constants import DT_STRSZ, DT_STRTAB
from collide.elf.headers import Image
from collide.elf.object import read_object
from collide.elf.references import references_to
from collide.loader.libc import libc_of
from collide.loader.model import Dso
from collide.repair.entry_points import (
    DLSYM_FUNCTIONS,
    beginnings_in_text,
    is_documented_entry_point,
    names_in_python,
    names_in_text,
)
from collide.repair.patch import file_offset
from collide.repair.plan import RepairRequest
from collide.support.errors import FormatError
from collide.support.records import NamedTuple
from collide.wheels.archive import Archive
from collide.wheels.tags import oldest_glibc
from collide.wheels.target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.repair.plan import Method


class RepairOptions(NamedTuple):
    """The user's options.

    ``method`` is how names are kept from hosts, ``everything`` whether all that a host could
    take is changed. ``glibc`` is the oldest release to run on; None for what the tags allow.
    """

    method: Method = "auto"
    everything: bool = False
    glibc: tuple[int, ...] | None = None


def make_request(
    targets: Sequence[Target],
    analyses: Sequence[Analysis],
    found: RuntimeNames,
    options: RepairOptions,
    tag: str,
) -> RepairRequest:
    """The request for a plan for ``targets``, whose files are ``found``.

    ``tag`` is the end of new names (:func:`contents_tag`).
    """
    oldest = max(oldest_glibc(t.tags or ()) for t in targets)
    return RepairRequest(
        method=options.method,
        everything=options.everything,
        glibc=oldest if options.glibc is None else options.glibc,
        musl=not all(libc_of(a.host.loader).heeds_visibility for a in analyses),
        reachable=found.reachable,
        fixed=found.fixed,
        tag=tag,
        closed_world=len(targets) > 1,
    )


def contents_tag(wheels: Iterable[str | os.PathLike[str]]) -> str:
    """The end of new names in some wheels: ``c`` and eight digits of a hash of their objects."""
    digest = hashlib.sha256()
    for path in wheels:
        with Archive(path) as archive:
            for entry in archive.elf_members():
                digest.update(hashlib.sha256(archive.read(entry)).digest())
    return f"c{digest.hexdigest()[:8]}"


_Read = Callable[[], bytes | bytearray]


class _Text:
    """Searches the text of one object that calls dlsym; ``read`` gives its bytes."""

    def __init__(self, at_once: bool) -> None:
        self._at_once = at_once
        self._asked: AbstractSet[str] = frozenset()
        self._found: AbstractSet[str] = frozenset()
        self._begun: AbstractSet[str] | None = None

    def begun(self, beginnings: AbstractSet[str], read: _Read) -> AbstractSet[str]:
        """Those of ``beginnings``, the same each time, that some string begins with."""
        if self._begun is None:
            self._begun = beginnings_in_text(_loaded(read()), beginnings)
        return self._begun

    def among(
        self, names: AbstractSet[str], all_names: Callable[[], AbstractSet[str]], read: _Read
    ) -> AbstractSet[str]:
        """Those of ``names`` that are strings in it; a second search is one for ``all_names``."""
        if not names <= self._asked:
            self._asked = all_names() if self._asked or self._at_once else names
            self._found = names_in_text(_loaded(read()), self._asked)
        return names & self._found


class RuntimeNames:
    """The names that the files of some wheels may look up at run time; read when first asked for.

    A string that is a name of the object's own is no sign: ``__func__`` leaves it
    there, and nobody asks dlsym for what he can call.
    """

    def __init__(
        self, target: Target, wheels: Sequence[str | os.PathLike[str]], *, repeatedly: bool = False
    ) -> None:
        """``target`` are the ``wheels``, joined; ``repeatedly``: for several hosts."""
        self._target = target
        self._wheels = wheels
        self._repeatedly = repeatedly
        self._asking = {
            target.names[dso.path]: dso
            for dso in target.members.values()
            if references_to(dso.elf.references, DLSYM_FUNCTIONS)
        }
        self._texts: dict[str, _Text] = {}
        self._known: dict[str, str | None] = {}

    @cached_property
    def python(self) -> Mapping[str, frozenset[str]]:
        """See :func:`collide.repair.entry_points.names_in_python`."""
        sources = {}
        for path in self._wheels:
            with Archive(path) as archive:
                for entry in archive.entries:
                    if entry.name.endswith(".py"):
                        sources[entry.name] = bytes(archive.read(entry))
        return names_in_python(sources)

    @cached_property
    def fixed(self) -> Mapping[str, str]:
        """The names that executables of the wheels use, with a reason: they may be copied data."""
        members = {self._target.names[dso.path] for dso in self._target.members.values()}
        others = set(self._target.names.values()) - members
        fixed: dict[str, str] = {}
        for path in self._wheels if others else ():
            with Archive(path) as archive:
                for entry in archive.entries:
                    if entry.name in others:
                        fixed |= _names_of_executable(entry.name, archive.read(entry))
        return fixed

    def reachable(self, names: AbstractSet[str]) -> dict[str, str]:
        """Those of ``names`` that may be looked up at run time, with the reason."""
        unknown = names - self._known.keys()
        if unknown:
            # Found first: a wheel that cannot be read must not leave an answer behind.
            found = self._find(unknown)
            self._known.update({name: found.get(name) for name in unknown})
        return {name: reason for name in names if (reason := self._known[name]) is not None}

    def _find(self, names: AbstractSet[str]) -> dict[str, str]:
        found = {
            name: "is a documented entry point"
            for name in names
            if name in self._plugin_names and is_documented_entry_point(name)
        }
        for member, words in sorted(self.python.items()):
            for name in names & words:
                found.setdefault(name, f"stands in {member}, which may use a library it opened")
        for member, dso in sorted(self._asking.items()):
            rest = {
                name
                for name in names - found.keys()
                if any(name in f.elf.exports.names for f in self._target.members.values())
            }
            for name in self._asked_for(member, dso, rest - dso.elf.exports.names):
                found[name] = f"stands as text in {member}, which calls dlsym"
        return found

    def _asked_for(self, member: str, dso: Dso, names: AbstractSet[str]) -> AbstractSet[str]:
        """Those of ``names`` that an object may give to dlsym, to find them in others.

        It is given a library opened under a name, which then is in its
        text, or a plugin, or asks for what it has linked itself. That it asks
        the whole process for what others have brought is not foreseen.
        """
        text = self._texts.get(member)
        if text is None:
            text = self._texts[member] = _Text(self._repeatedly)
        read = cache(dso.read)
        near = _linked(dso, self._by_name)
        sure = {n for n in names if n in self._plugin_names or _is_exported(n, near)}
        if sure != names:
            opened = [
                f
                for name, f in self._by_name.items()
                if _stem(name) in text.begun(self._stems, read)
            ]
            sure |= {n for n in names if _is_exported(n, opened)}
        if not sure:
            return sure
        # A second question comes with another host, and each host has other names.
        return text.among(sure, lambda: self._exported - dso.elf.exports.names, read)

    @cached_property
    def _by_name(self) -> dict[str, Dso]:
        return {path.rpartition("/")[2]: f for path, f in self._target.members.items()}

    @cached_property
    def _stems(self) -> AbstractSet[str]:
        return set(map(_stem, self._by_name))

    @cached_property
    def _exported(self) -> AbstractSet[str]:
        return {n for dso in self._target.members.values() for n in dso.elf.exports.names}

    @cached_property
    def _plugin_names(self) -> AbstractSet[str]:
        """The names defined by objects that no other object of the target needs.

        Whoever opens these knows what to look up.
        """
        members = self._target.members
        needed = {name for dso in members.values() for name in dso.elf.needed}
        return {
            name
            for path, dso in members.items()
            if not {dso.elf.soname, path.rpartition("/")[2]} & needed
            for name in dso.elf.exports.names
        }


def _linked(dso: Dso, by_name: Mapping[str, Dso]) -> list[Dso]:
    """An object of the target with all others of it that it links, directly or not."""
    linked = [dso]
    for each in linked:
        found = (by_name.get(name) for name in each.elf.needed)
        linked += [f for f in dict.fromkeys(found) if f is not None and f not in linked]
    return linked


def _stem(name: str) -> str:
    """The file name of a library without hash and version."""
    return re.split(r"-[0-9a-f]{8,}\.|\.so", name)[0]


def _is_exported(name: str, dsos: Iterable[Dso]) -> bool:
    return any(name in dso.elf.exports.names for dso in dsos)


def _names_of_executable(member: str, data: bytes | bytearray) -> dict[str, str]:
    """The names that an executable of the wheel refers to or exports, with a reason."""
    try:
        obj = read_object(data)
    except FormatError:
        return {}
    names = {*obj.exports.names, *(r.name for r in obj.references)}
    return dict.fromkeys(names, f"is used by {member}, an executable of the wheel")


def _loaded(data: bytes | bytearray) -> Iterator[memoryview]:
    """The contents of the segments but for ``.dynstr``; no debug information, no ``.strtab``."""
    view = memoryview(data)
    image = Image(view)
    start = file_offset(image, image.one(DT_STRTAB))
    end = start + image.one(DT_STRSZ)
    for _, offset, size in image.loads:
        yield view[offset : max(offset, min(start, offset + size))]
        yield view[min(max(end, offset), offset + size) : offset + size]
