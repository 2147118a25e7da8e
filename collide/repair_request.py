"""What a repair must respect: what the user asks for, and what a wheel's own files say."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from collide.analysis import Analysis
from collide.archive import Archive
from collide.dynamic import DT_STRSZ, DT_STRTAB, Image
from collide.elf import read_object
from collide.entrypoints import asks_by_name, entry_points, names_in_python, names_in_text
from collide.errors import FormatError
from collide.mangling import file_names
from collide.patching import file_offset
from collide.repair_plan import Method, Request
from collide.tags import oldest_glibc
from collide.wheel import Target


class Options(NamedTuple):
    """What the user asks for; ``glibc`` None means what the wheels' tags allow."""

    method: Method = "auto"
    everything: bool = False
    glibc: tuple[int, ...] | None = None


class Names:
    """What the files of wheels say about names that must stay."""

    def __init__(self, target: Target) -> None:
        self.by_member = {target.names[f.path]: f.object for f in target.members.values()}
        self.sources: dict[str, bytes] = {}
        self.text: dict[str, frozenset[str]] = {}
        self.fixed: dict[str, str] = {}
        self.digest = hashlib.sha256()

    def read_target(self, target: Target, *, digest: bool = False) -> None:
        """Read one wheel; ``digest`` is for new names that are to be its own."""
        with Archive(Path(target.name)) as archive:
            for entry in archive.entries:
                if entry.name.endswith(".py"):
                    self.sources[entry.name] = bytes(archive.read(entry))
            for entry in archive.elf_members():
                obj = self.by_member.get(entry.name)
                asks = obj is not None and asks_by_name(r.name for r in obj.references)
                if not (digest or asks or obj is None):
                    continue
                data = bytes(archive.read(entry))
                self.digest.update(hashlib.sha256(data).digest())
                if obj is None:
                    self.fixed |= _names_of_executable(entry.name, data)
                elif asks:
                    self.text[entry.name] = names_in_text(_loaded(data))


def make_request(
    targets: Sequence[Target],
    joined: Target,
    analyses: Sequence[Analysis],
    found: Names,
    options: Options,
) -> Request:
    """What is asked of a plan for ``targets``, joined to ``joined``."""
    names = {n for f in joined.members.values() for n in f.object.exports.names}
    oldest = max(oldest_glibc(t.tags or ()) for t in targets)
    return Request(
        method=options.method,
        everything=options.everything,
        glibc=oldest if options.glibc is None else options.glibc,
        musl=any(a.host.loader.libc == "musl" for a in analyses),
        reachable=entry_points(
            names | file_names(joined),
            plugins=_plugin_names(joined),
            python=names_in_python(found.sources),
            text=found.text,
            reach={member: _reach(member, words, joined) for member, words in found.text.items()},
        ),
        fixed=found.fixed,
        tag=f"c{found.digest.hexdigest()[:8]}",
        closed_world=len(targets) > 1,
    )


def _plugin_names(target: Target) -> set[str]:
    """The names defined by objects that no other object of the target needs."""
    needed = {name for file in target.members.values() for name in file.object.needed}
    return {
        name
        for path, file in target.members.items()
        if not {file.object.soname, path.rpartition("/")[2]} & needed
        for name in file.object.exports.names
    }


def _reach(member: str, words: frozenset[str], target: Target) -> set[str]:
    """The names that a dlsym of one object could find in others.

    It is given a library opened under a name, which then stands in its text,
    or a plugin, or asks for what it has linked itself. That it asks the whole
    process for what others have brought is not foreseen.
    """
    files = {path.rpartition("/")[2]: f for path, f in target.members.items()}
    (own,) = (f for f in target.members.values() if target.names[f.path] == member)
    known = [own]
    for file in known:
        known += [
            found
            for name in file.object.needed
            if (found := files.get(name)) is not None and found not in known
        ]
    ordered = sorted(words)
    named = []
    for name, file in files.items():
        stem = re.split(r"-[0-9a-f]{8,}\.|\.so", name)[0]
        at = bisect_left(ordered, stem)
        if at < len(ordered) and ordered[at].startswith(stem):
            named.append(file)
    names = _plugin_names(target).union(*(f.object.exports.names for f in (*known, *named)))
    return names - own.object.exports.names


def _names_of_executable(member: str, data: bytes) -> dict[str, str]:
    """What an executable of the wheel refers to or exports: it may hold copies of data."""
    try:
        obj = read_object(data)
    except FormatError:
        return {}
    names = {*obj.exports.names, *(r.name for r in obj.references)}
    return dict.fromkeys(names, f"is used by {member}, an executable of the wheel")


def _loaded(data: bytes) -> Iterator[bytes]:
    """The contents of the segments but for ``.dynstr``; no debug information, no ``.strtab``."""
    image = Image(memoryview(data))
    start = file_offset(image, image.one(DT_STRTAB))
    end = start + image.one(DT_STRSZ)
    for _, offset, size in image.loads:
        yield data[offset : max(offset, min(start, offset + size))]
        yield data[min(max(end, offset), offset + size) : offset + size]
