"""Decompression of deflate streams whose size is known, and CRC-32.

libdeflate inflates a whole stream at once, in a third to a half of zlib's time;
where it has no build zlib does the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

Contents = bytes | bytearray
"""What a member holds; libdeflate fills a buffer of its own."""

HEAD = 256
"""Bytes of a deflate stream that :func:`inflate_head` looks at."""
_DEFLATE_LIMIT = 1032  # no deflate stream expands further

try:
    import deflate
except ImportError:  # deflate has no build for this platform
    _decompress: Callable[[memoryview, int], Contents] | None = None
    _decompress_zlib: Callable[[bytes, int], Contents] | None = None
    crc32: Callable[[Contents], int] = zlib.crc32
    InflateErrors: tuple[type[Exception], ...] = (zlib.error, ValueError)
else:
    _decompress, crc32 = deflate.deflate_decompress, deflate.crc32
    _decompress_zlib = deflate.zlib_decompress
    InflateErrors = (zlib.error, ValueError, deflate.DeflateError)


def inflate(raw: memoryview, size: int) -> Contents:
    """The contents of a raw deflate stream (RFC 1951) that is said to hold ``size`` bytes.

    Raises one of ``InflateErrors`` when it is damaged or cannot hold as many.
    What comes out may still be shorter than ``size``.
    """
    if size > _DEFLATE_LIMIT * len(raw):
        raise ValueError("impossible size")
    if _decompress is not None:
        return _decompress(raw, size)
    # One byte of room more shows that there is more, which is not inflated.
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    found = stream.decompress(raw, size + 1)
    if not stream.eof and len(found) <= size:
        raise ValueError("incomplete stream")
    return found


def inflate_zlib(data: bytes, size: int) -> bytes:
    """The ``size`` bytes of a stream in zlib's format (RFC 1950), their checksum verified.

    Raises one of ``InflateErrors`` when it is damaged or has another number.
    """
    if size > _DEFLATE_LIMIT * len(data):
        raise ValueError("impossible size")
    if _decompress_zlib is not None:
        found = bytes(_decompress_zlib(data, size))
    else:
        found = zlib.decompress(data, bufsize=size + 1)
    if len(found) != size:
        raise ValueError(f"{len(found)} bytes in place of {size}")
    return found


def inflate_head(raw: memoryview, size: int) -> bytes:
    """The first ``size`` bytes, few, of a raw deflate stream; fewer where it ends or is damaged."""
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw[:HEAD], size)
