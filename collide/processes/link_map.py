"""The link map of a process as its loader has it in memory, and its global scope.

``r_debug`` is the interface for debuggers: the executable's DT_DEBUG leads to it, in glibc and in
musl. What glibc searches for all is in ``_rtld_global``: of its first member, ``_dl_ns[0]``, the
first three fields are the link map, the number of its objects and the main searchlist, since
glibc 2.4. They are believed only where they agree with ``r_debug``. Sources: glibc
``elf/link.h``, ``sysdeps/generic/ldsodefs.h``, musl ``include/link.h``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from collide.elf.constants import DT_DEBUG, PT_DYNAMIC, PT_PHDR
from collide.processes.image import (
    AT_EXECFN,
    AT_PHDR,
    AT_PHENT,
    AT_PHNUM,
    MemoryGapError,
    ProcessImage,
)
from collide.support import limits
from collide.support.errors import FormatError
from collide.support.records import NamedTuple

_RT_CONSISTENT = 0


class MappedObject(NamedTuple):
    """One object of a link map: where its record is, its base, its name and dynamic section.

    ``name`` is what the loader has opened it as, empty for the executable, and where the core file
    does not have it. ``namespace`` is 0 but for what dlmopen(3) has loaded.
    """

    record: int
    base: int
    name: str
    dynamic: int
    namespace: int


class LinkMaps(NamedTuple):
    """All objects of a process, in the loader's order, the executable first.

    ``loader_base`` is that of the dynamic loader. ``notes`` are sentences on what is uncertain.
    """

    objects: tuple[MappedObject, ...]
    loader_base: int
    notes: tuple[str, ...]


def executable_base(image: ProcessImage) -> tuple[int, int] | None:
    """What is added to the addresses of the executable, and that of its dynamic section.

    None where its program headers are not in memory; raises FormatError where there is no
    dynamic section: a static program.
    """
    headers = image.auxv.get(AT_PHDR, 0)
    size, count = image.auxv.get(AT_PHENT, 0), image.auxv.get(AT_PHNUM, 0)
    limits.hold("segments", count)
    word = image.word
    address_at = 16 if word == 8 else 8
    base, dynamic = 0, None
    try:
        for number in range(count):
            at = headers + number * size
            kind = image.integer(at, 4)
            if kind == PT_PHDR:
                base = headers - image.pointer(at + address_at)
            elif kind == PT_DYNAMIC:
                dynamic = image.pointer(at + address_at)
    except MemoryGapError:
        return None
    if dynamic is None:
        raise FormatError("its program has no dynamic section: no loader has bound anything")
    return base, base + dynamic


def read_link_maps(image: ProcessImage, place: tuple[int, int] | None = None) -> LinkMaps:
    """The link maps of all namespaces.

    ``place`` is the result of :func:`executable_base`, where that is known from the file. Raises
    FormatError where the process has none, or not yet, MemoryGapError for memory that is missing.
    """
    found = place or executable_base(image)
    if found is None:
        raise MemoryGapError("the program headers of its executable are not in its memory")
    _, dynamic = found
    debug = _debug(image, dynamic)
    notes, objects, seen = [], list[MappedObject](), set[int]()
    loader_base, namespace = 0, 0
    while debug and debug not in seen:
        seen.add(debug)
        version = image.integer(debug, 4)
        first, base = image.pointer(debug + image.word), image.pointer(debug + 4 * image.word)
        if image.integer(debug + 3 * image.word, 4) != _RT_CONSISTENT:
            notes.append("its loader was about to change the link map: it may not be whole")
        loader_base = loader_base or base
        objects += _chain(image, first, namespace)
        debug = image.pointer(debug + 5 * image.word) if version > 1 else 0
        namespace += 1
        limits.hold("namespaces", namespace)
    if not objects:
        raise FormatError("its loader has not yet loaded anything")
    return LinkMaps(tuple(objects), loader_base, tuple(notes))


def _debug(image: ProcessImage, dynamic: int) -> int:
    """The address of r_debug."""
    for number in range(limits.value("segments")):
        tag, value = image.pointers(dynamic + 2 * number * image.word, 2)
        if tag == DT_DEBUG:
            if value:
                return value
            break
        if not tag:
            break
    raise FormatError("its loader has not yet started, or keeps no DT_DEBUG")


def _chain(image: ProcessImage, first: int, namespace: int) -> Iterator[MappedObject]:
    record, seen = first, set[int]()
    while record:
        if record in seen:
            raise FormatError("its link map goes round in a circle")
        seen.add(record)
        limits.hold("loaded-objects", len(seen))
        base, name, dynamic, following = image.pointers(record, 4)
        yield MappedObject(record, base, _name(image, name), dynamic, namespace)
        record = following


def _name(image: ProcessImage, address: int) -> str:
    """The name of an object; empty where it is in a page of a file, which no core file has."""
    try:
        return image.string(address) if address else ""
    except MemoryGapError:
        return ""


def main_scope(
    image: ProcessImage, maps: Sequence[MappedObject], rtld_global: int
) -> tuple[MappedObject, ...] | None:
    """The global scope of a glibc; None where its memory does not say it as it is understood.

    ``rtld_global`` is the address of ``_rtld_global``.
    """
    own = {m.record: m for m in maps if not m.namespace}
    word = image.word
    try:
        first, _, scope = image.pointers(rtld_global, 3)
        loaded = image.integer(rtld_global + word, 4)
        if loaded != len(own) or first not in own or first != maps[0].record:
            return None
        listed = image.pointer(scope)
        count = image.integer(scope + word, 4)
        if not 0 < count <= len(own):
            return None
        found = image.pointers(listed, count)
    except MemoryGapError:
        return None
    if found[0] != first or len(set(found)) != count or not own.keys() >= set(found):
        return None
    return tuple(own[record] for record in found)


def program_name(image: ProcessImage) -> str | None:
    """The path of the program: that of its mapping, or the one that execve(2) was given."""
    if image.executable:
        return image.executable
    try:
        return image.string(image.auxv[AT_EXECFN])
    except (KeyError, MemoryGapError):
        return None
