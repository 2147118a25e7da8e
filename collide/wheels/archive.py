"""Reads the ELF members of wheel archives, and writes wheels.

Writing is done by the ``wheel`` library. It has no public Python interface, so this
is the only module that uses ``wheel.wheelfile``, and ``tests/wheels/test_archive.py``
holds what is expected of it. Reading is done here: WheelFile asks OpenSSL for a hash
object for each line of RECORD, which on a wheel of a thousand files takes longer than
all of the binding. Members are verified by both the archive's CRC and RECORD's hash;
the tests compare the outcome with WheelFile's.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from types import TracebackType

from collide.elf.headers import is_elf
from collide.support import limits
from collide.support.errors import InputError, MissingPackageError, UnverifiedError
from collide.support.faults import problem_of
from collide.support.file_bytes import FileBytes, require_regular
from collide.support.inflate import HEAD, Contents, InflateErrors, crc32, inflate, inflate_head
from collide.support.records import NamedTuple
from collide.support.system import usable_cpus
from collide.wheels.plain import is_plain
from collide.wheels.record import read_record, record_digest
from collide.wheels.zip_directory import (
    DEFLATED,
    STORED,
    Entry,
    contents,
    entries,
    hold_limits,
    hold_member_limits,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import zipfile
    from pathlib import Path
    from threading import Thread
    from typing import Any

    from collide.wheels.irregular import Irregularity

_UnreadableErrors: tuple[type[Exception], ...] = (OSError, *InflateErrors)
_SOURCE_DATE = (1980, 1, 1, 0, 0, 0)


class Member(NamedTuple):
    """A file to write into a wheel; ``mode`` are its permission bits."""

    name: str
    data: bytes
    mode: int = 0o644


class WheelChanges(NamedTuple):
    """The differences between a wheel and the one it is rewritten to.

    ``contents`` are new contents and ``moved`` new names, by member name;
    ``added`` come last, dated like RECORD.
    """

    contents: Mapping[str, bytes]
    moved: Mapping[str, str]
    added: tuple[Member, ...] = ()


class Archive:
    """A wheel opened for reading; use it as a context manager.

    ``distribution`` is ``name-version`` of the file name, as the names inside
    the archive begin, ``tags`` are its compatibility tags, expanded (PEP 425).
    ``entries`` are all members in archive order, ``record`` is RECORD's name.
    Raises InputError when the file is missing, no archive, truncated, not
    named like a wheel, or without a readable RECORD. What the ``cache`` keeps is not inflated
    again, and what is inflated it may keep.
    """

    def __init__(self, path: str | os.PathLike[str], cache: MemberCache | None = None) -> None:
        self.path = os.fspath(path)
        self._cache = cache
        require_regular(self.path)
        self.distribution, self.tags = _parse_name(self.path)
        try:
            self._data = FileBytes(path)
            if cache is not None and cache.directory is not None:
                self.entries, self.record, self._record = cache.directory
            else:
                self.entries = entries(self._data)
                hold_limits(self.entries, len(self._data))
                self.record, self._record = self._read_record()
            self._size = sum(entry.size for entry in self.entries)
            if cache is not None and cache.keeps:
                cache.directory = self.entries, self.record, self._record
        except FileNotFoundError:
            raise InputError(str(path), "no such file") from None
        except limits.LimitError as e:
            raise e.inside(self.path) from None
        except _UnreadableErrors as e:
            raise InputError(str(path), f"not a readable wheel ({e})") from e

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._data.close()

    def _read_record(self) -> tuple[str, dict[str, str]]:
        """The name of RECORD, and ``algorithm=digest`` by member name (PEP 376, PEP 427)."""
        found = [
            entry
            for entry in self.entries
            if entry.name.count("/") == 1 and entry.name.lower().endswith(".dist-info/record")
        ]
        if not found:
            raise ValueError("missing .dist-info/RECORD")
        # Of several, which no installer takes, the one that is named like the wheel.
        named = f"{self.distribution}.dist-info/record".lower()
        found.sort(key=lambda entry: entry.name.lower() != named)
        limits.hold("record-size", found[0].size)
        raw = self._inflate(found[0])
        if len(raw) != found[0].size or crc32(raw) != found[0].crc:
            raise ValueError("RECORD does not match the archive's CRC")
        return found[0].name, read_record(raw, {entry.name for entry in self.entries})

    def irregularities(self) -> tuple[Irregularity, ...]:
        """What pip or the package index refuse of the archive; see :class:`Irregularity`."""
        if is_plain(self._data, self.entries):
            return ()
        from collide.wheels.irregular import irregularities  # late: few archives are

        return irregularities(self._data, self.entries, self.distribution)

    def elf_members(self) -> Iterator[Entry]:
        """The members that start with the ELF magic, in archive order.

        Of several with one name it is the last, which zipfile reads and pip installs.
        One that cannot be looked into is among them: to read it says why.
        """
        last = {entry.name: entry for entry in self.entries}
        for entry in last.values() if len(last) < len(self.entries) else self.entries:
            if entry.size >= 4 and self._may_be_elf(entry):
                yield entry

    def read(self, entry: Entry) -> Contents:
        """One member, inflated and verified.

        Raises InputError when it cannot be inflated, or its CRC or its hash
        in RECORD is wrong.
        """
        data = self.inflated(entry)
        if problem := self.unverified(entry, data):
            raise problem
        return data

    def inflated(self, entry: Entry) -> Contents:
        """One member, whatever RECORD says of it.

        Raises InputError when it cannot be inflated, or its CRC is wrong.
        """
        kept = self._cache.kept(entry) if self._cache else None
        if kept is not None:
            return kept
        name = f"{self.path}: {entry.name}"
        try:
            hold_member_limits(entry)
            data = self._inflate(entry)
        except limits.LimitError as e:
            raise e.inside(name) from None
        except InflateErrors as e:
            raise InputError(name, f"cannot be inflated ({e})") from e
        if len(data) != entry.size or crc32(data) != entry.crc:
            raise InputError(name, "its contents do not match the archive's CRC")
        if self._cache:
            self._cache.add(entry, data)
        return data

    def unverified(self, entry: Entry, data: Contents) -> UnverifiedError | None:
        """Why RECORD does not vouch for the contents of a member; None if it does."""
        name = f"{self.path}: {entry.name}"
        recorded = self._record.get(entry.name)
        if not recorded:
            return UnverifiedError(name, "has no hash in RECORD")
        algorithm = recorded.partition("=")[0]
        try:
            matches = record_digest(algorithm, data, self._size) == recorded.rstrip("=")
        except ValueError as e:
            return UnverifiedError(name, f"its hash in RECORD cannot be checked ({e})")
        if not matches:
            return UnverifiedError(name, "its contents do not match the hash in RECORD")
        return None

    def _may_be_elf(self, entry: Entry) -> bool:
        try:
            with contents(self._data, entry, HEAD) as raw:
                if entry.method == STORED:
                    return is_elf(bytes(raw[:4]))
                return entry.method != DEFLATED or is_elf(inflate_head(raw, 4))
        except InflateErrors:
            return True

    def _inflate(self, entry: Entry) -> Contents:
        with contents(self._data, entry) as raw:
            return _inflated(raw, entry)


_KEPT = 32 << 20
"""Bytes of members that are kept beside the largest; the libraries of most wheels are fewer."""
_LONG = 1 << 20
"""Bytes from which on a hash takes longer than to start a thread for it."""


class RecordCheck:
    """Compares members with RECORD, large ones while the next is read where there is a second core.

    hashlib and libdeflate let other threads run. What is hashed stays in memory: no more than
    ``_KEPT`` bytes above the size of the largest member. ``found`` has the member's number and
    what RECORD says against it.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._room = _KEPT + max((entry.size for entry in archive.entries), default=0)
        self._beside = usable_cpus() > 1
        self._running: tuple[Thread, int] | None = None
        self.found: list[tuple[int, InputError]] = []

    def inflated(self, number: int, entry: Entry) -> Contents:
        """See :meth:`Archive.inflated`."""
        if self._running is not None and self._running[1] + entry.size > self._room:
            self.wait()
        data = self._archive.inflated(entry)
        self.wait()
        if entry.size < _LONG or not self._beside:
            self._compare(number, entry, data)
            return data
        from threading import Thread  # late: for large members only

        thread = Thread(target=self._compare, args=(number, entry, data))
        self._running = thread, entry.size
        thread.start()
        return data

    def wait(self) -> None:
        """Until all of the members that were read are compared."""
        if self._running is not None:
            self._running[0].join()
            self._running = None

    def _compare(self, number: int, entry: Entry, data: Contents) -> None:
        try:
            problem: InputError | None = self._archive.unverified(entry, data)
        except Exception as e:
            problem = problem_of(f"{self._archive.path}: {entry.name}", e)
        if problem is not None:
            self.found.append((number, problem))


def read_again(path: str | os.PathLike[str], entry: Entry) -> Contents:
    """The contents of a member that :meth:`Archive.read` has verified, read once more.

    The directory is not read for it. Raises InputError when it is not there any more.
    """
    try:
        with FileBytes(path) as data, contents(data, entry) as raw:
            found = _inflated(raw, entry)
    except _UnreadableErrors as e:
        raise InputError(f"{path}: {entry.name}", f"cannot be read again ({e})") from e
    if len(found) != entry.size or crc32(found) != entry.crc:
        raise InputError(f"{path}: {entry.name}", "has changed since it was read")
    return found


class MemberCache:
    """Keeps members of one wheel in memory from their reading until the wheel is judged.

    Each is needed several times, on every host: for calls, texts and names. The oldest are
    dropped before another one is read again, so that no more than ``_KEPT`` bytes are in memory
    beside the largest that was. ``directory`` is what :class:`Archive` has read of it: the
    members, the name of RECORD, and what that holds. Without ``keeps`` nothing is kept before
    :meth:`keeping`.
    """

    def __init__(self, path: str, *, keeps: bool = False) -> None:
        self._path = path
        self.keeps = keeps
        self._metadata: bytes | None = None
        self._clear()

    def _clear(self) -> None:
        self.directory: tuple[Sequence[Entry], str, dict[str, str]] | None = None
        self._kept: dict[Entry, Contents] = {}
        self._size = self._largest = 0

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep members as long as this lasts; after it, none is."""
        self.keeps = True
        try:
            yield
        finally:
            self.keeps = False
            self._clear()

    def kept(self, entry: Entry) -> Contents | None:
        """The contents of a member, where they are in memory."""
        return self._kept.get(entry)

    def add(self, entry: Entry, data: Contents) -> None:
        """Keep what was just read, where there is room."""
        if self.keeps and self._has_room(entry):
            self._keep(entry, data)

    def read(self, entry: Entry) -> Contents:
        """See :func:`read_again`."""
        found = self._drop(entry) if entry in self._kept else None
        if found is None:
            while self._kept and not self._has_room(entry):
                self._drop(next(iter(self._kept)))
            found = read_again(self._path, entry)
        if self.keeps:
            self._keep(entry, found)
        return found

    def _has_room(self, entry: Entry) -> bool:
        return self._size + entry.size - max(self._largest, entry.size) <= _KEPT

    def _keep(self, entry: Entry, data: Contents) -> None:
        self._kept[entry] = data
        self._size += entry.size
        self._largest = max(self._largest, entry.size)

    def _drop(self, entry: Entry) -> Contents:
        self._size -= entry.size
        return self._kept.pop(entry)

    def metadata(self) -> bytes:
        """METADATA of the wheel, read once; empty where it has none that can be read.

        What is wrong with the wheel is told when it is read as a whole.
        """
        if self._metadata is None:
            self._metadata = self._read_metadata()
        return self._metadata

    def _read_metadata(self) -> bytes:
        try:
            with Archive(self._path, self) as archive:
                name = f"{archive.record.rpartition('/')[0]}/METADATA"
                found = [entry for entry in archive.entries if entry.name == name]
                limits.hold("python-size", found[-1].size if found else 0)
                return bytes(archive.inflated(found[-1])) if found else b""
        except InputError:
            return b""

    def __reduce__(self) -> tuple[type[MemberCache], tuple[str]]:
        return MemberCache, (self._path,)


def _inflated(raw: memoryview, entry: Entry) -> Contents:
    if entry.method == STORED:
        return bytes(raw)
    if entry.method != DEFLATED:
        raise ValueError(f"compression method {entry.method} is not read")
    return inflate(raw, entry.size)


def _parse_name(path: str) -> tuple[str, frozenset[str]]:
    """Distribution and tags of ``name-version[-build]-python-abi-platform.whl`` (PEP 427)."""
    stem, suffix = posixpath.splitext(posixpath.basename(path))
    parts = stem.split("-")
    with_build = len(parts) == 6 and parts[2][:1].isdigit()
    if (len(parts) != 5 and not with_build) or not all(parts) or suffix != ".whl":
        raise InputError(path, "not a wheel's file name (name-version-python-abi-platform)")
    tags = product(*(part.split(".") for part in parts[-3:]))
    return "-".join(parts[:2]), frozenset(map("-".join, tags))


def write_wheel(path: Path, members: Iterable[Member]) -> None:
    """Write a wheel with its RECORD; equal members give equal bytes.

    ``members`` come without RECORD. The file appears whole or not at all.
    """
    from shutil import copyfileobj  # late: start-up

    from collide.support.files import new_file, working_directory  # late: start-up

    with working_directory() as directory:
        made = os.path.join(directory, path.name)
        with _writing(made) as archive:
            for member in members:
                archive.writestr(_entry(member.name, member.mode), member.data)
        with open(made, "rb") as whole, new_file(path) as file:
            copyfileobj(whole, file)


def signatures(archive: Archive) -> tuple[str, ...]:
    """The members that sign RECORD (PEP 427), which are not valid for a changed wheel."""
    signed = (f"{archive.record}.jws", f"{archive.record}.p7s")
    return tuple(entry.name for entry in archive.entries if entry.name in signed)


def rewrite_wheel(archive: Archive, path: Path, changes: WheelChanges) -> None:
    """Write ``archive`` again with ``changes``; order, modes and dates stay, RECORD is made anew.

    Signatures of RECORD are left out. ``path`` is in a working directory: an error may
    leave half a file. zipfile must read the archive as :class:`Archive` does.
    """
    import zipfile  # late: start-up

    with zipfile.ZipFile(archive.path) as old:
        infos = old.infolist()
    (record,) = (info for info in infos if info.filename == archive.record)
    left_out = {archive.record, *signatures(archive)}
    with _writing(path, record) as made:
        for entry, info in zip(archive.entries, infos, strict=True):
            if info.is_dir():
                zipfile.ZipFile.writestr(made, _same_entry(info, entry.name), b"")
            elif entry.name not in left_out:
                data = changes.contents.get(entry.name)
                data = bytes(archive.read(entry)) if data is None else data
                moved = changes.moved.get(entry.name, entry.name)
                made.writestr(_same_entry(info, moved), data)
        for member in changes.added:
            new = _entry(member.name, member.mode)
            new.date_time = record.date_time
            made.writestr(new, member.data)


@contextmanager
def _writing(path: str | Path, record: zipfile.ZipInfo | None = None) -> Iterator[Any]:
    """A WheelFile at ``path``; ``record`` is RECORD's old entry."""
    try:
        from wheel.wheelfile import WheelFile  # late: start-up
    except ImportError:
        raise MissingPackageError("wheel", "repair") from None

    class Dated(WheelFile):  # type: ignore[misc]
        """Dates RECORD, which close() writes by name, like every member."""

        def writestr(
            self,
            entry: str | zipfile.ZipInfo,
            data: bytes | str,
            compress_type: int | None = None,
        ) -> None:
            if isinstance(entry, str):
                entry = _same_entry(record, entry) if record else _entry(entry, 0o644)
            super().writestr(entry, data, compress_type)

    with Dated(path, "w") as archive:
        if record is not None:
            archive.record_path = record.filename
        yield archive


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    import zipfile  # late: start-up

    info = zipfile.ZipInfo(name, _SOURCE_DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (0o100000 | mode) << 16
    info.create_system = 3  # Unix, whose modes these are (APPNOTE.TXT 4.4.2); Windows writes 0
    return info


def _same_entry(old: zipfile.ZipInfo, name: str) -> zipfile.ZipInfo:
    """A directory entry like ``old`` for other contents."""
    import zipfile  # late: start-up

    info = zipfile.ZipInfo(name, old.date_time)
    info.compress_type = old.compress_type
    info.external_attr = old.external_attr
    info.create_system = old.create_system
    return info
