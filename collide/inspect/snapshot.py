"""A process as a host: the objects of its link map, their files, and the global scope.

The link map and, for glibc, the global scope are those in memory. The files are read from the
disk, and believed only where their notes are those in memory. Nothing is searched: a DT_NEEDED
name is answered by what is loaded, in the loader's order (glibc ``_dl_map_object``).
"""

from __future__ import annotations

import posixpath
import struct
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from collide.elf.constants import PT_DYNAMIC, PT_NOTE
from collide.elf.headers import Image
from collide.filesystems.root import Root
from collide.hosts.extract import find_python, loader_of
from collide.loader.host import Host
from collide.loader.libc import libc_of
from collide.loader.link_map import LinkMap, closure
from collide.loader.model import Dso, FoundVia, LoadError
from collide.loader.process import Process
from collide.processes.image import (
    AT_ENTRY,
    AT_SYSINFO_EHDR,
    MemoryGapError,
    ProcessImage,
)
from collide.processes.link_map import (
    MappedObject,
    executable_base,
    main_scope,
    program_name,
    read_link_maps,
)
from collide.processes.maps import DELETED, range_at
from collide.support.errors import FormatError, InputError
from collide.support.records import NamedTuple
from collide.verify.got_slots import SlotTable, read_slots

_MOST_NOTES = 64 << 10


class Loaded(NamedTuple):
    """One object of the process whose file is known: its base in memory, and its slots."""

    map: LinkMap
    base: int
    table: SlotTable

    @property
    def end(self) -> int:
        """The address behind its last segment."""
        return self.base + self.table.end


class Snapshot(NamedTuple):
    """A process and its objects, as far as their files are known.

    ``loaded`` are in the order of the loader, ``host`` has them as link maps. ``scope_read`` is
    whether the global scope is that in memory; else it is the closure of the executable.
    ``problems`` are what could not be read, ``notes`` what is uncertain, ``elsewhere`` the names
    of objects in other namespaces. ``objects`` counts all of the link map.
    """

    image: ProcessImage
    host: Host
    loaded: tuple[Loaded, ...]
    scope_read: bool
    problems: tuple[InputError, ...]
    notes: tuple[str, ...]
    elsewhere: tuple[str, ...]
    objects: int


class Places:
    """Which object of a snapshot holds an address."""

    def __init__(self, loaded: Iterable[Loaded]) -> None:
        self._spans = sorted((one.base, one.end, number) for number, one in enumerate(loaded))
        self._loaded = tuple(loaded)

    def at(self, address: int) -> Loaded | None:
        """The object; None for none."""
        number = bisect_right(self._spans, address, key=lambda span: span[0]) - 1
        if number >= 0:
            _, end, index = self._spans[number]
            if address < end:
                return self._loaded[index]
        return None


def take(image: ProcessImage, root: Root, name: str | None = None) -> Snapshot:
    """The process behind an image, whose files are in ``root``.

    Raises InputError where its program or its link map cannot be read.
    """
    return _Taker(image, root).snapshot(name)


class _Taker:
    """Reads one process."""

    def __init__(self, image: ProcessImage, root: Root) -> None:
        self._image = image
        self._root = root
        self._problems: list[InputError] = []
        self._notes = list(image.notes)
        self._tables: dict[Dso, SlotTable] = {}
        self._names: dict[int, str] = {}

    def snapshot(self, name: str | None) -> Snapshot:
        image = self._image
        path = program_name(image)
        if path is None:
            raise InputError(image.source, "does not say which program it ran")
        executable = self._executable(path)
        try:
            place = executable_base(image) or _place_in_file(image, executable)
            found = read_link_maps(image, place)
        except (FormatError, MemoryGapError) as e:
            raise InputError(image.source, str(e)) from e
        self._notes += found.notes
        own = [m for m in found.objects if not m.namespace]
        vdso = image.auxv.get(AT_SYSINFO_EHDR, 0)
        own = [m for m in own if not vdso or m.base != vdso]
        # The loader has its own name in a page of its file.
        self._names[found.loader_base] = executable.elf.interpreter or ""
        files = {own[0]: executable}
        for mapped in own[1:]:
            if (dso := self._file(mapped)) is not None:
                files[mapped] = dso
        return self._built(name, own, files, found.loader_base, found.objects)

    def _executable(self, path: str) -> Dso:
        """The program; without its file nothing can be said."""
        source = self._image.source
        if path.endswith(DELETED):
            raise InputError(source, f"its program {path.removesuffix(DELETED)} has been deleted")
        problem = InputError(source, f"its program {path} is not there: name its root, --root DIR")
        try:
            found = self._root.open(path)
        except LoadError as e:
            raise InputError(source, str(e)) from e
        if found is None:
            raise problem
        if found.elf.interpreter is None:
            raise InputError(source, f"its program {path} is static: no loader has bound anything")
        try:
            self._tables[found] = read_slots(found.read())
        except FormatError as e:
            raise InputError(path, str(e)) from e
        return found

    def _file(self, mapped: MappedObject) -> Dso | None:
        """The file of an object; what is wrong with it is a problem."""
        known = range_at(self._image.maps, mapped.dynamic)
        path = known.path if known else mapped.name or self._names.get(mapped.base, "")
        if not path:
            where = f"the object at {mapped.base:#x}, whose name is not in its memory"
            self._problem(self._image.source, where)
            return None
        if path.endswith(DELETED):
            path = path.removesuffix(DELETED)
            self._problem(path, "has been deleted or replaced since it was loaded")
            return None
        try:
            found = self._root.open(path)
        except LoadError as e:
            self._problem(path, str(e).removeprefix(f"{path}: "))
            return None
        if found is None:
            self._problem(path, f"is loaded, and its file is not there{self._build_id(mapped)}")
            return None
        try:
            data = found.read()
            self._tables[found] = read_slots(data)
            same = self._is_same(mapped, Image(memoryview(data)))
        except FormatError as e:
            self._problem(path, str(e))
            return None
        if not same:
            why = f"is another file than the one that was loaded{self._build_id(mapped)}"
            self._problem(path, why)
            return None
        return found

    def _problem(self, path: str, reason: str) -> None:
        self._problems.append(InputError(path, f"not analysed: {reason}"))

    def _is_same(self, mapped: MappedObject, file: Image) -> bool:
        """Whether the notes of a file, its build id among them, are those in memory."""
        for s in file.segments:
            if s.kind == PT_NOTE and s.size <= _MOST_NOTES:
                try:
                    present = self._image.read(mapped.base + s.address, s.size)
                except MemoryGapError:
                    continue
                if present != bytes(file.data[s.offset : s.offset + s.size]):
                    return False
        return True

    def _build_id(self, mapped: MappedObject) -> str:
        """The build id in memory, as a clause; empty where it cannot be found."""
        found = build_id_in_memory(self._image, mapped.base)
        return f" (build id {found})" if found else ""

    # -- as a host -------------------------------------------------------------------------------

    def _built(
        self,
        name: str | None,
        own: Sequence[MappedObject],
        files: Mapping[MappedObject, Dso],
        loader_base: int,
        everything: Sequence[MappedObject],
    ) -> Snapshot:
        image, executable = self._image, files[own[0]]
        interpreter = executable.elf.interpreter
        assert interpreter is not None
        loader = loader_of(self._root, interpreter, executable)
        process = libc_of(loader).new_process(executable, executable.path, loader, self._root)
        maps = {own[0]: process.executable}
        for mapped in own[1:]:
            if mapped in files:
                dso, opened_as = files[mapped], mapped.name or files[mapped].path
                if dso in {m.dso for m in maps.values()}:
                    continue
                maps[mapped] = LinkMap(
                    opened_as, dso, FoundVia("opened"), None, posixpath.dirname(dso.path)
                )
                process.adopt(maps[mapped], ())
        link(process)
        scope = self._scope(everything, maps, loader_base)
        process.global_scope = tuple(closure(process.executable)) if scope is None else scope
        base = posixpath.basename(executable.path)
        host = Host(
            name=name or f"{base} ({posixpath.basename(image.source)})",
            path=executable.path,
            architecture=executable.elf.architecture,
            python=find_python(m.dso for m in process.global_scope),
            process=process,
            failures=(),
        )
        loaded = tuple(Loaded(m, mapped.base, self._tables[m.dso]) for mapped, m in maps.items())
        return Snapshot(
            image,
            host,
            loaded,
            scope is not None,
            tuple(self._problems),
            tuple(self._notes),
            tuple(m.name for m in everything if m.namespace),
            len(own),
        )

    def _scope(
        self,
        everything: Sequence[MappedObject],
        maps: Mapping[MappedObject, LinkMap],
        loader_base: int,
    ) -> tuple[LinkMap, ...] | None:
        """The global scope in memory."""
        loader = next((m for m in maps if m.base == loader_base), None)
        if loader is None:
            return None
        known = maps[loader].elf.exports.candidates("_rtld_global")
        values = [d.value for d in known if d.value]
        found = values and main_scope(self._image, everything, loader.base + values[0])
        return tuple(maps[m] for m in found if m in maps) if found else None


def _place_in_file(image: ProcessImage, executable: Dso) -> tuple[int, int] | None:
    """As :func:`collide.processes.link_map.executable_base`, by the headers of the file."""
    data = executable.read()
    headers = Image(memoryview(data))
    (entry,) = struct.unpack_from(f"{headers.order}{headers.address}", data, 24)
    base = image.auxv.get(AT_ENTRY, entry) - entry
    return next((base, base + s.address) for s in headers.segments if s.kind == PT_DYNAMIC)


def build_id_in_memory(image: ProcessImage, base: int) -> str | None:
    """NT_GNU_BUILD_ID of the object at a base, from its first page; None where it is not there."""
    try:
        page = image.read(base, 4096)
    except MemoryGapError:
        return None
    order = ">" if image.big_endian else "<"
    # A note of type 3 whose owner is GNU.
    head = struct.pack(f"{order}I", 3) + b"GNU\0"
    at = page.find(head)
    if at < 8:
        return None
    (size,) = struct.unpack_from(f"{order}I", page, at - 4)
    return page[at + 8 : at + 8 + size].hex() if size <= 64 else None


def link(process: Process) -> None:
    """Answer all DT_NEEDED names of a process by what is loaded; others are left out."""
    by_name: dict[str, LinkMap] = {}
    for m in process.maps:
        for name in (m.name, m.dso.path, m.elf.soname, posixpath.basename(m.name)):
            if name:
                by_name.setdefault(name, m)
    for m in process.maps:
        found = [(name, by_name[name]) for name in m.elf.needed if name in by_name]
        m.needed = tuple(needed for _, needed in found)
        m.resolutions = tuple((name, FoundVia("already-loaded", n.name)) for name, n in found)
