"""A core file as an image (core(5)): ELF notes, and the pages that were written.

The file is read by offset, never as a whole, and believed in nothing: counts are held against
what is there and against the limits. Sources: gABI "Program Header", Linux ``fs/binfmt_elf.c``
(``elf_core_dump``, ``fill_files_note``), ``include/uapi/linux/elfcore.h``, the psABIs.
"""

from __future__ import annotations

import os
import shutil
import struct
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

from collide.elf.constants import PT_LOAD, PT_NOTE
from collide.elf.headers import is_elf
from collide.filesystems.compressed import seekable
from collide.processes.image import AT_PHDR, Fault, ProcessImage, Thread
from collide.processes.maps import MemoryRange, range_at
from collide.processes.registers import fault_of, thread_of
from collide.support import limits
from collide.support.errors import FormatError, InputError
from collide.support.file_bytes import require_regular
from collide.support.records import NamedTuple

ET_CORE = 4
NT_PRSTATUS, NT_AUXV, NT_FILE, NT_SIGINFO = 1, 6, 0x46494C45, 0x53494749
_PN_XNUM = 0xFFFF
_PR_REG = 112
"""Where ``pr_reg`` is in ``struct elf_prstatus`` of a 64-bit machine."""


class _Segment(NamedTuple):
    address: int
    offset: int
    size: int


def open_core(path: str) -> ProcessImage:
    """The image in a core file, which may be compressed.

    Raises InputError for what is none, is damaged, or cannot be inflated here.
    """
    try:
        require_regular(path)
        stream = _opened(path)
    except OSError as e:
        raise InputError(path, e.strerror or str(e)) from e
    except FormatError as e:
        raise InputError(path, str(e)) from e
    except limits.LimitError as e:
        raise e.inside(path) from None
    try:
        return _Core(path, stream).image()
    except (struct.error, OverflowError, ValueError, FormatError) as e:
        os.close(stream)
        reason = str(e) if isinstance(e, FormatError) else f"damaged core file ({e})"
        raise InputError(path, reason) from e
    except limits.LimitError as e:
        os.close(stream)
        raise e.inside(path) from None
    except OSError as e:
        os.close(stream)
        raise InputError(path, e.strerror or str(e)) from e
    except BaseException:
        os.close(stream)
        raise


def _opened(path: str) -> int:
    """A descriptor of a core file, or of what a compressed one inflates to."""
    with Path(path).open("rb") as packed:
        stream = seekable(packed)
        if stream is packed:
            return os.dup(packed.fileno())
        with TemporaryFile() as inflated:
            shutil.copyfileobj(stream, inflated)
            inflated.flush()
            return os.dup(inflated.fileno())


class _Core:
    """The parts of one core file, read one after the other."""

    def __init__(self, path: str, stream: int) -> None:
        self._path = path
        self._stream = stream
        self._size = os.fstat(stream).st_size
        self._notes: list[str] = []
        head = self._bytes(0, 64)
        if not is_elf(head):
            raise FormatError("is no core file (it is not ELF)")
        bits = {1: 32, 2: 64}.get(head[4])
        order = {1: "<", 2: ">"}.get(head[5])
        if bits is None or order is None:
            raise FormatError("damaged core file (bad class or byte order)")
        self._bits, self._order = bits, order
        self._word = "Q" if bits == 64 else "I"
        words = self._word * 3
        kind, self._machine, _, _, phoff, shoff, _, _, phentsize, phnum = struct.unpack_from(
            f"{order}HHI{words}IHHH", head, 16
        )
        if kind != ET_CORE:
            raise FormatError("is no core file (its ELF type is another one)")
        if phnum == _PN_XNUM:
            # The count is in the sh_info of the first section header.
            at = shoff + (44 if bits == 64 else 28)
            (phnum,) = struct.unpack(f"{order}I", self._bytes(at, 4))
        limits.hold("core-segments", phnum)
        self._threads: list[Thread] = []
        self._fault: Fault | None = None
        self._auxv: dict[int, int] = {}
        self._maps: tuple[MemoryRange, ...] = ()
        self._segments = self._load(phoff, phentsize, phnum)

    def _bytes(self, offset: int, size: int) -> bytes:
        """Bytes of the file; ValueError where it ends before."""
        found = os.pread(self._stream, size, offset) if offset + size <= self._size else b""
        if len(found) != size:
            raise ValueError(f"it ends before byte {offset + size}")
        return found

    def _load(self, phoff: int, phentsize: int, phnum: int) -> list[_Segment]:
        wide = self._bits == 64
        header = struct.Struct(f"{self._order}{'IIQQQQQQ' if wide else '8I'}")
        if phnum and phentsize < header.size:
            raise FormatError(f"damaged core file (program headers of {phentsize} bytes)")
        table = self._bytes(phoff, phentsize * phnum)
        segments, notes, cut = [], [], 0
        for number in range(phnum):
            fields = header.unpack_from(table, number * phentsize)
            if wide:
                kind, _, offset, address, _, size = fields[:6]
            else:
                kind, offset, address, _, size = fields[:5]
            if kind == PT_NOTE:
                notes.append((offset, size))
            elif kind == PT_LOAD and size:
                if address + size > 1 << self._bits:
                    raise FormatError("damaged core file (a segment goes beyond all addresses)")
                present = max(min(size, self._size - offset), 0)
                cut += present < size
                segments.append(_Segment(address, offset, present))
        if cut:
            self._notes.append(
                f"the core file is cut off: the memory of {cut} of {len(segments)} segments is "
                "not whole"
            )
        limits.hold("core-notes", sum(size for _, size in notes))
        for offset, size in notes:
            self._read_notes(self._bytes(offset, size))
        return sorted(segments)

    # -- notes -----------------------------------------------------------------------------------

    def _read_notes(self, data: bytes) -> None:
        for kind, owner, desc in self._split(data):
            if owner == b"CORE" or owner == b"LINUX":
                if kind == NT_PRSTATUS:
                    self._read_status(desc)
                elif kind == NT_AUXV:
                    pair = f"{self._order}{2 * self._word}"
                    whole = len(desc) - len(desc) % struct.calcsize(pair)
                    self._auxv = dict(struct.iter_unpack(pair, desc[:whole]))
                elif kind == NT_FILE:
                    self._maps = tuple(sorted(self._files(desc)))
                elif kind == NT_SIGINFO and self._fault is None:
                    self._read_signal(desc)

    def _split(self, data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
        at = 0
        while at + 12 <= len(data):
            name_size, desc_size, kind = struct.unpack_from(f"{self._order}3I", data, at)
            desc_at = at + 12 + (name_size + 3 & ~3)
            end = desc_at + desc_size
            if end > len(data):
                raise FormatError("damaged core file (a note goes beyond its segment)")
            yield kind, data[at + 12 : at + 12 + name_size].rstrip(b"\0"), data[desc_at:end]
            at = desc_at + (desc_size + 3 & ~3)

    def _read_status(self, desc: bytes) -> None:
        (signal,) = struct.unpack_from(f"{self._order}h", desc, 12)
        (number,) = struct.unpack_from(f"{self._order}i", desc, 32)
        held = desc[_PR_REG:] if self._bits == 64 else b""
        if (thread := thread_of(self._machine, self._order, held, number, signal)) is not None:
            self._threads.append(thread)

    def _read_signal(self, desc: bytes) -> None:
        signal, _, code = struct.unpack_from(f"{self._order}3i", desc, 0)
        place = 16 if self._bits == 64 else 12
        (address,) = struct.unpack_from(f"{self._order}{self._word}", desc, place)
        self._fault = fault_of(signal, code, address)

    def _files(self, desc: bytes) -> Iterator[MemoryRange]:
        """NT_FILE: a count, the size of a page, three words a mapping, then all their names."""
        word = self._bits // 8
        count, page = struct.unpack_from(f"{self._order}{2 * self._word}", desc, 0)
        first = 2 * word
        if count > (len(desc) - first) // (3 * word + 1):
            raise FormatError(f"damaged core file (NT_FILE says {count} mappings)")
        names = desc[first + 3 * word * count :].split(b"\0")
        if len(names) <= count:
            raise FormatError("damaged core file (NT_FILE lacks names)")
        layout = f"{self._order}{3 * self._word}"
        for number, name in zip(range(count), names, strict=False):
            start, end, offset = struct.unpack_from(layout, desc, first + 3 * word * number)
            path = name.decode("utf-8", "surrogateescape")
            # A core file does not say what is executable.
            yield MemoryRange(start, end, True, offset * page, path)

    # -- the image -------------------------------------------------------------------------------

    def image(self) -> ProcessImage:
        """All of it as an image."""
        starts = [s.address for s in self._segments]
        stream, segments = self._stream, self._segments

        def read(address: int, size: int) -> bytes:
            found = b""
            while len(found) < size:
                at = address + len(found)
                number = bisect_right(starts, at) - 1
                if number < 0:
                    break
                s = segments[number]
                length = min(size - len(found), s.address + s.size - at)
                if length <= 0:
                    break
                piece = os.pread(stream, length, s.offset + at - s.address)
                if not piece:
                    break
                found += piece
            return found

        program = range_at(self._maps, self._auxv.get(AT_PHDR, 0))
        fault = self._fault
        if fault is None and self._threads and self._threads[0].signal:
            fault = Fault(self._threads[0].signal, None)
        return ProcessImage(
            self._path,
            read,
            bits=self._bits,
            big_endian=self._order == ">",
            e_machine=self._machine,
            maps=self._maps,
            auxv=self._auxv,
            threads=tuple(self._threads),
            fault=fault,
            executable=program.path if program else None,
            notes=tuple(self._notes),
            close=lambda: os.close(stream),
        )
