"""What of a stopped process is needed to judge it, copied, so that it can go on at once.

That is the first page and the writable segments of each object, as far as their files go (slots,
the loader's own variables), the records of the link map, the stacks of the threads that are asked
for, and nothing of the heap besides. Sources: gABI "Program Header", glibc ``elf/link.h``.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator

from collide.elf.constants import PT_DYNAMIC, PT_LOAD, PT_NOTE
from collide.elf.headers import is_elf
from collide.processes.image import (
    AT_PHDR,
    AT_PHENT,
    AT_PHNUM,
    Fault,
    MemoryGapError,
    ProcessImage,
    Thread,
)
from collide.processes.link_map import MappedObject, executable_base, read_link_maps
from collide.processes.maps import range_at
from collide.support import limits
from collide.support.errors import FormatError
from collide.support.records import NamedTuple

_PAGE = 4096
_STACK = 8 << 20
_GUARD = 16
_PF_W = 2


def capture(
    image: ProcessImage, threads: tuple[Thread, ...] = (), fault: Fault | None = None
) -> ProcessImage:
    """The image of a process at a stop, which needs the process no more.

    ``threads`` are those whose stacks are kept, ``fault`` is what ends it. ``image`` is closed.
    What is beyond the limit ``snapshot-size`` is left out, and told.
    """
    kept = _Kept(image)
    notes = list(image.notes)
    try:
        for thread in threads:
            kept.stack(thread.sp)
        kept.objects()
    except (MemoryGapError, FormatError, struct.error):
        # Whoever reads the image meets the same, and says it.
        pass
    if kept.left_out:
        notes.append(f"{kept.left_out} bytes are beyond the limit snapshot-size")
    image.close()
    return ProcessImage(
        image.source,
        kept.reader(),
        bits=image.bits,
        big_endian=image.big_endian,
        e_machine=image.e_machine,
        maps=image.maps,
        auxv=image.auxv,
        threads=threads,
        fault=fault,
        executable=image.executable,
        notes=tuple(notes),
    )


class _Header(NamedTuple):
    kind: int
    flags: int
    address: int
    size: int


class _Kept:
    """Copied pages by address."""

    def __init__(self, image: ProcessImage) -> None:
        self._image = image
        self._pages: dict[int, bytes] = {}
        self._most = limits.value("snapshot-size") // _PAGE
        self.left_out = 0

    def add(self, address: int, size: int) -> None:
        """Copy the pages of a range that are there."""
        start = address - address % _PAGE
        end = address + size + -(address + size) % _PAGE
        if (end - start) // _PAGE + len(self._pages) > self._most:
            self.left_out += end - start
            return
        found = self._image.available(start, end - start)
        for at in range(0, len(found) - _PAGE + 1, _PAGE):
            self._pages[start + at] = found[at : at + _PAGE]

    def stack(self, sp: int) -> None:
        """The stack above a stack pointer, which may be in a guard page by now."""
        page = sp - sp % _PAGE
        for number in range(_GUARD):
            at = page + number * _PAGE
            if self._image.available(at, 1):
                self.add(at, _STACK)
                break
        # A handler may have a stack of its own (sigaltstack(2)): what it interrupts is on this.
        own = next((m for m in self._image.maps if m.path == "[stack]"), None)
        if own is not None and range_at(self._image.maps, sp) != own:
            start = max(own.start, own.end - _STACK)
            self.add(start, own.end - start)

    def objects(self) -> None:
        """The link map and what is changed in memory of each object in it."""
        image = self._image
        self.add(image.auxv.get(AT_PHDR, 0), 1)
        place = executable_base(image)
        if place is None:
            return
        base, dynamic = place
        headers = self._table(image.auxv[AT_PHDR], image.auxv[AT_PHENT], image.auxv[AT_PHNUM])
        self._segments(base, headers)
        self.add(dynamic, _PAGE)
        found = read_link_maps(image, place)
        for mapped in found.objects:
            self._record(mapped)
            if mapped.base and mapped.base != base:
                self._segments(mapped.base, self._headers(mapped.base))
        self._scope(found.objects, found.loader_base)

    def _record(self, mapped: MappedObject) -> None:
        word = self._image.word
        self.add(mapped.record, 5 * word)
        name = self._image.pointer(mapped.record + word)
        if name:
            self.add(name, 1)
            self.add(name, len(mapped.name.encode("utf-8", "surrogateescape")) + 1)
        self.add(mapped.dynamic, _PAGE)

    def _headers(self, base: int) -> Iterator[_Header]:
        """The program headers of an object whose first page is at its base."""
        order = ">" if self._image.big_endian else "<"
        head = self._image.available(base, 64)
        if len(head) < 64 or not is_elf(head):
            return iter(())
        wide = self._image.bits == 64
        (phoff,) = struct.unpack_from(f"{order}{'Q' if wide else 'I'}", head, 32 if wide else 28)
        size, count = struct.unpack_from(f"{order}HH", head, 54 if wide else 42)
        return self._table(base + phoff, size, count)

    def _table(self, address: int, size: int, count: int) -> Iterator[_Header]:
        limits.hold("segments", count)
        order = ">" if self._image.big_endian else "<"
        for number in range(count):
            entry = self._image.read(address + number * size, size)
            if self._image.bits == 64:
                kind, flags, _, at, _, length = struct.unpack_from(f"{order}IIQQQQ", entry)
            else:
                kind, _, at, _, length, _, flags = struct.unpack_from(f"{order}7I", entry)
            yield _Header(kind, flags, at, length)

    def _segments(self, base: int, headers: Iterator[_Header]) -> None:
        first = True
        for h in headers:
            if h.kind == PT_LOAD and first:
                self.add(base + h.address, _PAGE)
                first = False
            if h.kind in (PT_NOTE, PT_DYNAMIC) or (h.kind == PT_LOAD and h.flags & _PF_W):
                self.add(base + h.address, h.size)

    def _scope(self, objects: tuple[MappedObject, ...], loader_base: int) -> None:
        """What the loader's variables lead to beside its link map: the global searchlist.

        Where they are is known from the symbols of its file, which are not read here.
        """
        image, word = self._image, self._image.word
        layout = f"{'>' if image.big_endian else '<'}{'Q' if word == 8 else 'I'}"
        first = objects[0].record
        for h in self._headers(loader_base):
            if h.kind == PT_LOAD and h.flags & _PF_W:
                data = image.available(loader_base + h.address, h.size)
                whole = data[: len(data) - len(data) % word]
                words = [w for (w,) in struct.iter_unpack(layout, whole)]
                for number, value in enumerate(words[:-2]):
                    if value == first:
                        self._list(words[number + 2])

    def _list(self, scope: int) -> None:
        """A searchlist (``struct r_scope_elem``): the address of its pointers, and their count."""
        try:
            listed = self._image.pointer(scope)
            count = self._image.integer(scope + self._image.word, 4)
        except MemoryGapError:
            return
        if 0 < count <= limits.value("loaded-objects"):
            self.add(scope, 2 * self._image.word)
            self.add(listed, count * self._image.word)

    def reader(self) -> _Reader:
        """What reads the copied pages."""
        return _Reader(self._pages)


class _Reader:
    """Reads pages that were copied, joined where they follow each other."""

    def __init__(self, pages: dict[int, bytes]) -> None:
        runs: list[tuple[int, list[bytes]]] = []
        end = -1
        for start in sorted(pages):
            if start != end:
                runs.append((start, []))
            runs[-1][1].append(pages[start])
            end = start + _PAGE
        self._runs = [(start, b"".join(found)) for start, found in runs]
        self._starts = [start for start, _ in self._runs]

    def __call__(self, address: int, size: int) -> bytes:
        """The bytes at an address, fewer where no more follow without a gap."""
        number = bisect_right(self._starts, address) - 1
        if number < 0:
            return b""
        start, found = self._runs[number]
        return found[address - start : address - start + size]
