"""Opens compressed files as seekable streams; nothing is unpacked to disk."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import BinaryIO

from collide.filesystems.tree import Positioned
from collide.support import limits
from collide.support.errors import FormatError
from collide.support.records import NamedTuple

_MAGICS = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\0": "xz",
    b"BZh": "bz2",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_IN, _OUT = 1 << 16, 1 << 18
_BETWEEN_MARKS = 4 << 20


class Inflated:
    """What the compressed archives of one root come to; raises LimitError for too much.

    Each place of an archive counts once, however often it is entered there.
    """

    def __init__(self) -> None:
        self.total = 0
        self.held = 0

    def add(self, size: int) -> None:
        """Count ``size`` more bytes of output."""
        self.total += size
        limits.hold("root-size", self.total)

    def hold(self, size: int) -> None:
        """Count ``size`` more bytes that stay in memory."""
        self.held += size
        limits.hold("held-size", self.held)


def seekable(stream: BinaryIO, inflated: Inflated | None = None) -> BinaryIO:
    """The contents of ``stream``, decompressed where its first bytes say that it is compressed.

    ``inflated`` counts them together with those of other archives. Raises FormatError for a
    compression that cannot be read here, also when it is read; LimitError for too many bytes.
    """
    inflated = inflated or Inflated()
    stream.seek(0)
    head = stream.read(8)
    stream.seek(0)
    kind = next((name for magic, name in _MAGICS.items() if head.startswith(magic)), None)
    if kind is None:
        return stream
    if kind == "gzip":
        return io.BufferedReader(Gzip(stream, inflated), _OUT)
    if kind == "zstd":
        module = _zstd()
        return _in_memory(module.open(stream), stream, kind, module.ZstdError, inflated)
    module = import_module({"xz": "lzma"}.get(kind, kind))
    error = getattr(module, "LZMAError", OSError)
    return _in_memory(module.open(stream), stream, kind, error, inflated)


def _zstd() -> ModuleType:
    for name in ("compression.zstd", "backports.zstd", "zstandard"):
        try:
            return import_module(name)
        except ImportError:
            continue
    raise FormatError(
        "compressed with zstd: it needs Python 3.14 or the package zstandard, or unzstd first"
    )


def _in_memory(
    stream: BinaryIO, packed: BinaryIO, kind: str, error: type[Exception], inflated: Inflated
) -> BinaryIO:
    """All of ``stream``: these formats cannot be entered in the middle, where a tar is read."""
    held = io.BytesIO()
    try:
        while block := stream.read(_OUT):
            held.write(block)
            inflated.add(len(block))
            inflated.hold(len(block))
            # What is read ahead counts as read.
            limits.hold_ratio("root-ratio", held.tell(), packed.tell())
    except (EOFError, OSError, ValueError, error) as e:
        raise FormatError(f"damaged {kind} data ({e})") from e
    held.seek(0)
    return held


class _Mark(NamedTuple):
    """A place to go on from: positions in output and source, and the state there."""

    at: int
    source: int
    state: zlib._Decompress


class Gzip(Positioned):
    """Gzip data, entered in the middle at the states that an earlier pass has left.

    A state is 40 KiB of memory for every 4 MiB of output.
    """

    def __init__(self, raw: BinaryIO, inflated: Inflated | None = None) -> None:
        super().__init__(None)
        self._raw = raw
        self._inflated = inflated or Inflated()
        self._counted = 0
        self._marks = [_Mark(0, 0, zlib.decompressobj(wbits=31))]
        self._block, self._begin = b"", 0
        self._blocks = self._decode(self._marks[0])

    def _at(self, position: int, size: int) -> bytes:
        self._go(position)
        start = position - self._begin
        return self._block[start : start + size] if start >= 0 else b""

    def _go(self, position: int) -> None:
        """Make the block that holds ``position`` the current one; an empty one at the end."""
        nearest = next(m for m in reversed(self._marks) if m.at <= position)
        if position < self._begin or nearest.at > self._begin + len(self._block):
            self._blocks = self._decode(nearest)
            self._block, self._begin = b"", nearest.at
        while position >= self._begin + len(self._block):
            self._begin += len(self._block)
            self._block = next(self._blocks, b"")
            if not self._block:
                return

    def _count(self, written: int, read: int) -> None:
        limits.hold_ratio("root-ratio", written, read)
        if written > self._counted:
            self._inflated.add(written - self._counted)
            self._counted = written

    def _decode(self, mark: _Mark) -> Iterator[bytes]:
        """The blocks of output behind ``mark``, which leave marks of their own."""
        at, state = mark.at, mark.state.copy()
        self._raw.seek(mark.source)
        pending = self._raw.read(_IN)
        read = mark.source + len(pending)
        while True:
            try:
                block = state.decompress(pending, _OUT)
            except zlib.error as e:
                raise FormatError(f"damaged gzip data ({e})") from e
            ended = not pending
            pending = state.unused_data if state.eof else state.unconsumed_tail
            if not pending:
                pending = self._raw.read(_IN)
                read += len(pending)
            if block:
                at += len(block)
                self._count(at, read)
                if at >= self._marks[-1].at + _BETWEEN_MARKS and not state.eof:
                    self._marks.append(_Mark(at, read - len(pending), state.copy()))
                yield block
            if state.eof:
                # Members may follow each other (RFC 1952 2.2); padding is none.
                if len(pending) < 2:
                    more = self._raw.read(_IN)
                    pending, read = pending + more, read + len(more)
                if not pending.startswith(b"\x1f\x8b"):
                    return
                state = zlib.decompressobj(wbits=31)
            elif ended and not block:
                raise FormatError("truncated gzip data")
