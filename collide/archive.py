"""Wheel archives: reading ELF members and writing wheels, over the ``wheel`` library.

``wheel`` has no public Python interface, so this is the only module that
touches ``wheel.wheelfile``; ``tests/test_archive.py`` holds the contract. It
parses the archive and RECORD; members are inflated here, with isal where it
is installed, and checked against both the archive's CRC and RECORD's hash.
"""

from __future__ import annotations

import csv
import hashlib
import mmap
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, NamedTuple

from collide.dynamic import is_elf
from collide.errors import InputError

if TYPE_CHECKING:
    from wheel.wheelfile import WheelFile

inflater: ModuleType = zlib
try:
    from isal import isal_zlib
except ImportError:  # isal has no build for this platform
    pass
else:
    inflater = isal_zlib
InflateErrors: tuple[type[Exception], ...] = (zlib.error, struct.error, inflater.error)

# What zipfile and csv raise for a RECORD that is damaged, encrypted or oddly compressed.
_UnreadableErrors = (
    zipfile.BadZipFile,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    zlib.error,
    csv.Error,
)
_DEFLATE_LIMIT = 1032  # no deflate stream expands further
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_SOURCE_DATE = (1980, 1, 1, 0, 0, 0)


class Member(NamedTuple):
    """A file to write into a wheel; ``mode`` are its permission bits."""

    name: str
    data: bytes
    mode: int = 0o644


class Archive:
    """A wheel opened for reading; use it as a context manager.

    Raises InputError when the file is missing, no archive, truncated, not
    named like a wheel, or without RECORD.
    """

    def __init__(self, path: Path) -> None:
        from wheel.wheelfile import WheelError, WheelFile

        self._path = path
        try:
            self._wheel: WheelFile = WheelFile(path)
            with path.open("rb") as stream:
                self._data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError:
            raise InputError(str(path), "no such file") from None
        except (*_UnreadableErrors, WheelError) as e:
            raise InputError(str(path), f"not a readable wheel ({e})") from e

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._wheel.close()
        self._data.close()

    @property
    def distribution(self) -> str:
        """``name-version`` of the file name, as the names inside the archive begin."""
        return str(self._wheel.parsed_filename["namever"])

    @property
    def tags(self) -> frozenset[str]:
        """The compatibility tags of the file name, expanded (PEP 425)."""
        parts = (self._wheel.parsed_filename[part].split(".") for part in ("pyver", "abi", "plat"))
        return frozenset(map("-".join, product(*parts)))

    def elf_members(self) -> Iterator[zipfile.ZipInfo]:
        """The members that start with the ELF magic, in archive order."""
        for info in self._wheel.infolist():
            if info.file_size >= 4 and is_elf(self._head(info)):
                yield info

    def read(self, info: zipfile.ZipInfo) -> bytes:
        """One member, inflated and verified.

        Raises InputError when it cannot be inflated, or its CRC or its hash
        in RECORD is wrong.
        """
        name = f"{self._path}: {info.filename}"
        try:
            data = self._inflate(info)
        except InflateErrors as e:
            raise InputError(name, f"cannot be inflated ({e})") from e
        if len(data) != info.file_size or inflater.crc32(data) != info.CRC:
            raise InputError(name, "its contents do not match the archive's CRC")
        algorithm, digest = self._recorded_hash(info.filename)
        if algorithm is None:
            raise InputError(name, "has no hash in RECORD")
        digest_size = hashlib.new(algorithm).digest_size
        if not digest_size or hashlib.new(algorithm, data).digest() != digest:
            raise InputError(name, "its contents do not match the hash in RECORD")
        return data

    def _recorded_hash(self, name: str) -> tuple[str | None, bytes | None]:
        hashes: dict[str, tuple[str | None, bytes | None]] = self._wheel._file_hashes
        return hashes.get(name, (None, None))

    def _compressed(self, info: zipfile.ZipInfo) -> memoryview:
        magic, name_size, extra_size = _LOCAL_HEADER.unpack_from(self._data, info.header_offset)
        start = info.header_offset + 30 + name_size + extra_size
        if magic != b"PK\3\4" or start + info.compress_size > len(self._data):
            raise struct.error("bad local header")
        return memoryview(self._data)[start : start + info.compress_size]

    def _head(self, info: zipfile.ZipInfo) -> bytes:
        try:
            with self._compressed(info) as raw:
                if info.compress_type == zipfile.ZIP_STORED:
                    return bytes(raw[:4])
                if info.compress_type == zipfile.ZIP_DEFLATED:
                    return bytes(zlib.decompressobj(-15).decompress(raw[:256], 4))
        except InflateErrors as e:
            raise InputError(f"{self._path}: {info.filename}", f"cannot be inflated ({e})") from e
        raise InputError(
            f"{self._path}: {info.filename}", f"compression method {info.compress_type} is not read"
        )

    def _inflate(self, info: zipfile.ZipInfo) -> bytes:
        with self._compressed(info) as raw:
            if info.compress_type == zipfile.ZIP_STORED:
                return bytes(raw)
            if info.file_size > _DEFLATE_LIMIT * info.compress_size:
                raise struct.error("impossible size")
            return bytes(inflater.decompress(raw, wbits=-15, bufsize=max(info.file_size, 1)))


def write_wheel(path: Path, members: Iterable[Member]) -> None:
    """Write a wheel with its RECORD; equal members give equal bytes.

    ``members`` come without RECORD. The file appears whole or not at all.
    """
    from wheel.wheelfile import WheelFile

    class Undated(WheelFile):  # type: ignore[misc]
        """Dates RECORD, which close() writes by name, like every member."""

        def writestr(
            self,
            entry: str | zipfile.ZipInfo,
            data: bytes | str,
            compress_type: int | None = None,
        ) -> None:
            if isinstance(entry, str):
                entry = _entry(entry, 0o644)
            super().writestr(entry, data, compress_type)

    partial = path.with_name(f".{path.name}.partial") / path.name
    partial.parent.mkdir()
    try:
        with Undated(partial, "w") as archive:
            for member in members:
                archive.writestr(_entry(member.name, member.mode), member.data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
        partial.parent.rmdir()


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _SOURCE_DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (0o100000 | mode) << 16
    return info
