"""Finds texts in the read-only data of an object: its version, and refusals of other versions.

Nearly every library has a text such as ``OpenSSL 3.0.19 27 Jan 2026`` or
``deflate 1.2.13 Copyright``, whether it is linked statically or not. Two copies
are of different versions where one text stands before different numbers.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from mmap import mmap

from collide.elf.constants import PF_W, PT_LOAD
from collide.elf.headers import Image, Segment
from collide.support.errors import FormatError

# A literal prefix is found far faster than a class: the first digit is looked for behind it.
_NUMBER = re.compile(rb"\.\d{1,4}\.\d{1,5}[a-z]?(?![\d.])")
_MAJOR = re.compile(rb"(?<![\d.])\d{1,4}\Z")
_VERSION = re.compile(r"(?<![\d.])\d{1,4}\.\d{1,4}\.\d{1,5}[a-z]?(?![\d.])")
# The version of a compiler is not that of the library.
_TOOL = re.compile(r"\b(?:gcc|g\+\+|clang|compiler)\b", re.IGNORECASE)
# What a function or variable of a name gives (collide.elf.code.told_versions).
_TOLD = re.compile(r"(\w*(?:version|vernum|_release)\w*(?:\(\))?) (\d[\w.+-]*)", re.IGNORECASE)
_LONGEST = 100
_MOST = 64

_Searched = bytes | bytearray | mmap


def read_version_strings(data: _Searched) -> tuple[str, ...]:
    """The strings with a version of three numbers, sorted; at most 64, none longer than 100."""
    return tuple(sorted({t for part in _read_only(data) for t in _strings(data, *part)})[:_MOST])


def read_refusals(data: _Searched) -> tuple[str, ...]:
    """The texts with which an object refuses a library that is not what it was compiled for.

    They name the library, and say that the times or the versions differ; sorted.
    """
    parts = _read_only(data)
    return tuple(
        sorted({t for part in parts for words in _COMPARING for t in _around(data, words, *part)})
    )


_ENDS = (b"\0", b"\n")
_COMPARING = (b"-time", b" time", b"mismatch", b"requires lib", b"linked to")
_REFUSAL = re.compile(
    r"(?:compile|build|link|run)[- ]time .*(?:older|newer|differ|mismatch|not the same)"
    r"|downgrade.*compiled with .*linked to"
    # What one function requires is no refusal of the library: that asks for a release and later.
    r"|\blib[\w.-]+ .*mismatch|mismatch.* lib|requires lib\S+ v?\d.* (?:later|newer)",
    re.IGNORECASE,
)


def _read_only(data: _Searched) -> list[tuple[int, int]]:
    """Where read-only segments begin and end in the file; none in what is no object."""
    # Texts are found where they are: to copy a segment takes as long as to look through it.
    found: list[tuple[int, int]] = []
    for first, last in sorted((s.offset, s.offset + s.size) for s in _segments(data)):
        # Each byte once, however many segments have it.
        first = max(first, found[-1][1]) if found else first
        if first < min(last, len(data)):
            found.append((first, min(last, len(data))))
    return found


def _segments(data: _Searched) -> list[Segment]:
    try:
        segments = Image(memoryview(data)).segments
    except (FormatError, struct.error, IndexError, ValueError):
        return []
    return [s for s in segments if s.kind == PT_LOAD and not s.flags & PF_W]


def _around(data: _Searched, words: bytes, first: int, last: int) -> Iterable[str]:
    """The lines that have ``words`` and refuse; looked for as plain bytes, which is fastest."""
    at = data.find(words, first, last)
    while at >= 0:
        before = max(data.rfind(c, max(first, at - 2 * _LONGEST), at) for c in _ENDS)
        ends = (data.find(c, at, min(at + 2 * _LONGEST, last)) for c in _ENDS)
        end = min((e for e in ends if e >= 0), default=-1)
        if (before >= 0 or at - first <= 2 * _LONGEST) and end >= 0:
            text = data[max(before + 1, first) : end].decode("ascii", "replace")
            if text.isprintable() and _REFUSAL.search(text):
                yield text
            at = end - len(words)  # All others before it are in the same text.
        at = data.find(words, at + len(words), last)


def is_text(data: _Searched, address: int, size: int) -> bool:
    """Whether ``size`` bytes at an address are one printable text, and the zero that ends it."""
    for segment in _segments(data):
        at = address - segment.address
        if 0 <= at < segment.size:
            text = bytes(data[segment.offset + at : segment.offset + at + size])
            return text.isascii() and text.endswith(b"\0") and text[:-1].decode().isprintable()
    return False


def _strings(data: _Searched, first: int, last: int) -> Iterable[str]:
    for found in _NUMBER.finditer(data, first, last):
        start, end = found.span()
        if not _MAJOR.search(data[max(first, start - 5) : start]):
            continue
        before = data.rfind(b"\0", max(first, start - _LONGEST), start)
        end = data.find(b"\0", end, min(end + _LONGEST, last))
        if (before < 0 and start - first > _LONGEST) or end < 0:
            continue
        raw = data[max(before + 1, first) : end]
        if len(raw) <= _LONGEST and raw.isascii():
            text = raw.decode("ascii").strip()
            # Names of files are about how something was built.
            if text.isprintable() and "/" not in text and _key(text) is not None:
                yield text


def _key(text: str) -> tuple[str, str] | None:
    """What stands before the version, and the version; None where that is no word."""
    told = _TOLD.fullmatch(text)
    if told is not None:
        return told[1], told[2]
    found = _VERSION.search(text)
    if found is None:
        return None
    before = text[: found.start()].strip(" :=-v\"'(")
    if _TOOL.search(before):
        return None
    return (before, found[0]) if re.search(r"[A-Za-z]{3}", before) else None


def named_by(text: str) -> str:
    """What a text has before a version: the name of a library, or of what tells it."""
    key = _key(text)
    return "" if key is None else key[0]


def different_versions(ours: Iterable[str], theirs: Iterable[str]) -> Mapping[str, tuple[str, str]]:
    """Texts that both have before different versions, with ours and theirs.

    Those before versions with points come first, and those before plain numbers last.
    """
    here, there = _by_key(tuple(ours)), _by_key(tuple(theirs))
    found = {
        key: (min(here[key]), min(there[key]))
        for key in sorted(here.keys() & there.keys())
        if here[key].isdisjoint(there[key])
    }
    return dict(sorted(found.items(), key=lambda item: "." not in item[1][0]))


def common_versions(ours: Iterable[str], theirs: Iterable[str]) -> tuple[str, ...]:
    """The versions with points that a function or variable tells in both, in the order of names.

    Equal texts do not count: they may be of a version node, or of a library inside this one.
    """
    told = (set(filter(_TOLD.fullmatch, texts)) for texts in (ours, theirs))
    versions = (
        found[2] for text in sorted(set.intersection(*told)) if (found := _TOLD.fullmatch(text))
    )
    return tuple(version for version in versions if "." in version)


def series_of(texts: Iterable[str], name: str) -> frozenset[str]:
    """The first two numbers (``1.2``) of the versions before which ``name`` stands."""
    return frozenset(
        ".".join(version.split(".")[:2])
        for key, versions in _by_key(tuple(texts)).items()
        if name.lower() in key.lower()
        for version in versions
    )


@lru_cache(maxsize=256)  # hosts have most libraries in common
def _by_key(texts: tuple[str, ...]) -> Mapping[str, AbstractSet[str]]:
    found: dict[str, set[str]] = {}
    for text in texts:
        key = _key(text)
        if key is not None:
            found.setdefault(key[0], set()).add(key[1])
    return found
