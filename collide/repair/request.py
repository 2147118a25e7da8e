"""Puts together what a repair must respect: the user's options, and names that must stay.

The second is read from the wheel's own files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property

from collide.analysis.analysis import Analysis
from collide.elf.constants import DT_STRSZ, DT_STRTAB, PF_W, PF_X, PT_LOAD
from collide.elf.headers import Image
from collide.elf.object import read_object
from collide.elf.references import references_to
from collide.loader.libc import libc_of
from collide.loader.model import Dso
from collide.repair.entry_points import (
    DLOPEN_FUNCTIONS,
    DLSYM_FUNCTIONS,
    begins_file_name,
    file_names_in,
    is_documented_entry_point,
    opens_by_made_up_names,
    opens_libraries,
    stem,
)
from collide.repair.patch import file_offset
from collide.repair.plan import RepairRequest
from collide.support.errors import FormatError
from collide.support.records import NamedTuple
from collide.wheels.archive import Archive
from collide.wheels.grafted import HASH, is_grafted
from collide.wheels.openings import NEVER_IMPORTED
from collide.wheels.tags import oldest_glibc
from collide.wheels.target import Target, is_extension_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.repair.plan import Method


_TEXTS = (
    *(".py", ".pth", ".json", ".txt", ".cfg", ".ini", ".toml", ".yaml", ".yml", ".xml"),
    *(".cmake", ".pc", ".la"),
)
"""Ends of the names of files that may name a library for code, or for a linker."""


class RepairOptions(NamedTuple):
    """The user's options.

    ``method`` is how names are kept from hosts, ``everything`` whether all that a host could
    take is changed. ``glibc`` is the oldest release to run on; None for what the tags allow.
    ``left_alone`` are names that stay as they are, with the reason.
    """

    method: Method = "auto"
    everything: bool = False
    glibc: tuple[int, ...] | None = None
    left_alone: Mapping[str, str] = {}


def make_request(
    targets: Sequence[Target],
    analyses: Sequence[Analysis],
    found: RunTimeUse,
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
        asked_for=found.asked_for,
        opened=found.opened,
        fixed={**found.fixed, **options.left_alone},
        tag=tag,
        closed_world=len(targets) > 1,
    )


def contents_tag(wheels: Iterable[str | os.PathLike[str]]) -> str:
    """The end of new names in some wheels: ``c`` and eight digits of a hash of their objects."""
    import hashlib  # late: start-up

    digest = hashlib.sha256()
    for path in wheels:
        with Archive(path) as archive:
            for entry in archive.elf_members():
                digest.update(hashlib.sha256(archive.read(entry)).digest())
    return f"c{digest.hexdigest()[:8]}"


class RunTimeUse:
    """What the files of some wheels may open or ask for at run time; read when first asked for."""

    def __init__(self, target: Target, wheels: Sequence[str | os.PathLike[str]]) -> None:
        """``target`` are the ``wheels``, joined."""
        self._target = target
        self._wheels = wheels
        self._known: dict[str, str | None] = {}

    @cached_property
    def texts(self) -> Mapping[str, bytes]:
        """Python files, and others that may name libraries, by member.

        RECORD is asked about them when the wheel is written again, which reads all members.
        """
        return {**self._imported, **self._read(lambda name: bool(NEVER_IMPORTED.search(name)))}

    @cached_property
    def _imported(self) -> Mapping[str, bytes]:
        """Those of them that are no tests or examples."""
        return self._read(lambda name: not NEVER_IMPORTED.search(name))

    def _read(self, chosen: Callable[[str], bool]) -> Mapping[str, bytes]:
        texts = {}
        for path in self._wheels:
            with Archive(path, self._target.cache) as archive:
                info = archive.record.rpartition("/")[0] + "/"
                for entry in archive.entries:
                    name = entry.name
                    if name.endswith(_TEXTS) and chosen(name) and not name.startswith(info):
                        texts[name] = bytes(archive.inflated(entry))
        return texts

    @cached_property
    def openers(self) -> Mapping[str, str]:
        """The source of each Python file that opens libraries."""
        sources = {
            name: text.decode("utf-8", "replace")
            for name, text in sorted(self.texts.items())
            if name.endswith(".py")
        }
        return {name: source for name, source in sources.items() if opens_libraries(source)}

    @cached_property
    def asks(self) -> bool:
        """Whether code of the wheels asks for names at run time, whichever these are."""
        # The objects first: their names are known, and the files have to be searched.
        return any(
            references_to(dso.elf.references, DLSYM_FUNCTIONS)
            for dso in self._target.members.values()
        ) or bool(self.openers)

    def asked_for(self, name: str) -> bool:
        """Whether a name may be asked for at run time, by the wheels' code or a documented user."""
        return is_documented_entry_point(name) or self.asks

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

    def opened(self, names: AbstractSet[str]) -> dict[str, str]:
        """Those file names of libraries under which code may open them, with the reason.

        A name with a hash that stands nowhere is no name that code could make up.
        """
        unknown = names - self._known.keys()
        if unknown:
            # Found first: a wheel that cannot be read must not leave an answer behind.
            found = self._find(unknown)
            self._known.update({name: found.get(name) for name in unknown})
        return {name: reason for name in names if (reason := self._known[name]) is not None}

    def _find(self, names: AbstractSet[str]) -> dict[str, str]:
        found = self._in_texts(names)
        plain = {name for name in names - found.keys() if not is_grafted(name)}
        for member, source in self.openers.items() if plain else ():
            if opens_by_made_up_names(source):
                reason = f"may be opened by {member}, which makes up the names of libraries"
                found |= dict.fromkeys(plain, reason)
                break
        for dso in self._target.members.values() if names - found.keys() else ():
            found |= self._in_object(dso, names - found.keys())
        return found

    def _in_texts(self, names: AbstractSet[str]) -> dict[str, str]:
        """Those of ``names`` that stand in some text, or whose hash does, each with the reason.

        A hash is younger than the tests of a wheel, and stands in none.
        """
        grafted = {name for name in names if is_grafted(name)}
        found = _standing_in(self._imported, grafted)
        return found | _standing_in(self.texts, names - grafted) if names - grafted else found

    def _in_object(self, dso: Dso, names: AbstractSet[str]) -> dict[str, str]:
        """Those of ``names`` that an object which can open libraries has as text.

        An extension module can have Python do it. Of a name without a hash, the part before
        ``.so`` is enough where the object calls dlopen and is not the library itself.
        """
        opens = bool(references_to(dso.elf.references, DLOPEN_FUNCTIONS))
        if not opens and not is_extension_module(dso):
            return {}
        member = self._target.names[dso.path]
        data = dso.read()
        spans = tuple(_loaded(data))
        found = file_names_in(data, names, spans)
        own = stem(dso.path.rpartition("/")[2])
        made_up = {n for n in names if not is_grafted(n) and stem(n) != own} if opens else ()
        if made_up:
            text = b"\0".join(bytes(data[start:end]) for start, end in spans)
            found |= {n for n in made_up if begins_file_name(text, stem(n))}
        return dict.fromkeys(found, f"stands as text in {member}, which may open it")


_NO_DIGITS = bytes(set(range(256)) - set(b"0123456789"))


def _standing_in(texts: Mapping[str, bytes], names: AbstractSet[str]) -> dict[str, str]:
    whole = b"\0".join(texts.values())
    # Texts have few digits: where those of a hash do not stand, it need not be searched for.
    digits = whole.translate(None, _NO_DIGITS)
    parts: dict[str, str] = {}
    for name in sorted(names):
        hashes = [m[0][1:] for m in re.finditer(rf"{HASH}(?=\.)", name)]
        raw = [part.encode() for part in hashes or [name]]
        if any(part.translate(None, _NO_DIGITS) in digits and part in whole for part in raw):
            parts |= dict.fromkeys((name, *hashes), name)
    found: dict[str, str] = {}
    for member, text in sorted(texts.items()) if parts else ():
        for part in file_names_in(text, parts.keys()):
            reason = f"stands in {member}: code may open it under this name"
            found.setdefault(parts[part], reason)
    return found


def _names_of_executable(member: str, data: bytes | bytearray) -> dict[str, str]:
    """The names that an executable of the wheel refers to or exports, with a reason."""
    try:
        obj = read_object(data)
    except FormatError:
        return {}
    names = {*obj.exports.names, *(r.name for r in obj.references)}
    return dict.fromkeys(names, f"is used by {member}, an executable of the wheel")


def _loaded(data: bytes | bytearray) -> Iterator[tuple[int, int]]:
    """Where texts may be: the segments but for ``.dynstr``; no debug information, no ``.strtab``.

    Where constants have a segment of their own, there are none in that of the code.
    """
    image = Image(memoryview(data))
    start = file_offset(image, image.one(DT_STRTAB))
    end = start + image.one(DT_STRSZ)
    loads = [s for s in image.segments if s.kind == PT_LOAD]
    apart = any(not s.flags & (PF_W | PF_X) for s in loads)
    for segment in loads:
        if apart and segment.flags & PF_X:
            continue
        offset, size = segment.mapped_offset, segment.size
        yield offset, max(offset, min(start, offset + size))
        yield min(max(end, offset), offset + size), offset + size
