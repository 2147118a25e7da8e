"""Reads RECORD, the list of a wheel's members and their hashes, and makes such hashes.

Source: PEP 376, PEP 427.
"""

from __future__ import annotations

import sys
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from io import BytesIO, TextIOWrapper

_SMALL = 1 << 20
"""Bytes that are split at once; of a larger file one line is in memory at a time."""


def read_record(raw: bytes | bytearray, wanted: AbstractSet[str]) -> dict[str, str]:
    """``algorithm=digest`` by name, of the members that are ``wanted``; the last line counts.

    Raises ValueError for a line that has not three fields.
    """
    found: dict[str, str] = {}
    for row in _rows(raw):
        if len(row) != 3:
            raise ValueError("malformed RECORD")
        if row[0] in wanted:
            found[row[0]] = row[1]
    return found


def recorded_files(raw: bytes) -> list[str]:
    """The names of all files that a RECORD lists; raises ValueError for what is none."""
    return [row[0] for row in _rows(raw)]


def _rows(raw: bytes | bytearray) -> Iterator[list[str]]:
    if b'"' not in raw:
        # As csv does: other line ends of Unicode may be part of a name.
        return (line.rsplit(",", 2) for line in _lines(raw) if line)
    return _quoted(raw)


def _quoted(raw: bytes | bytearray) -> Iterator[list[str]]:
    import csv  # late: start-up

    try:
        yield from (row for row in csv.reader(_lines(raw, ends=True), strict=True) if row)
    except csv.Error as e:
        raise ValueError(f"malformed RECORD: {e}") from e


def _lines(raw: bytes | bytearray, *, ends: bool = False) -> Iterable[str]:
    """The lines of a text in UTF-8, with their ends on request; raises ValueError for another."""
    if len(raw) <= _SMALL and not ends:
        return raw.decode("utf-8").replace("\r", "\n").split("\n")
    return _long(raw, ends)


def _long(raw: bytes | bytearray, ends: bool) -> Iterator[str]:
    for line in TextIOWrapper(BytesIO(raw), "utf-8", newline="" if ends else None):
        yield line if ends else line.rstrip("\n")


# -- hashes ---------------------------------------------------------------------------------------

_SHORT = 1 << 20
"""Total bytes up to which CPython's own SHA-256 takes less time than loading OpenSSL."""
_URL_SAFE = str.maketrans("+/", "-_")  # RFC 4648 5; base64 itself is slow to import


def record_digest(algorithm: str, data: bytes | bytearray, total: int) -> str:
    """``algorithm=digest`` of ``data``, where ``total`` bytes at most will be hashed.

    Raises ValueError for an algorithm that PEP 427 does not allow.
    """
    if algorithm == "sha256" and total <= _SHORT and (digest := _own_sha256(data)):
        return _base64_digest(algorithm, digest)
    import hashlib  # late: start-up

    if algorithm in ("md5", "sha1") or algorithm not in hashlib.algorithms_guaranteed:
        raise ValueError(f"{algorithm or 'no algorithm'}: not allowed in a wheel")
    # By its name a hash takes longer to be found than a small member to be hashed.
    hashed = hashlib.sha256(data) if algorithm == "sha256" else hashlib.new(algorithm, data)
    if not hashed.digest_size:
        raise ValueError(f"{algorithm}: has no fixed size")
    return _base64_digest(algorithm, hashed.digest())


def _own_sha256(data: bytes | bytearray) -> bytes | None:
    """A hash by the module that hashlib falls back on; None in an interpreter built without it."""
    try:
        own = __import__("_sha2" if sys.version_info >= (3, 12) else "_sha256")
        digest: bytes = own.sha256(data).digest()
    except (ImportError, AttributeError):
        return None
    return digest


def _base64_digest(algorithm: str, digest: bytes) -> str:
    text = b2a_base64(digest, newline=False).decode("ascii").rstrip("=")
    return f"{algorithm}={text.translate(_URL_SAFE)}"
