"""Version strings in the read-only data of an object: what a library says it is.

Nearly every library carries a sentence like ``OpenSSL 3.0.19 27 Jan 2026`` or
``deflate 1.2.13 Copyright``, whether it is linked statically or not. Two copies
are told apart where one text stands before different numbers.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping
from mmap import mmap

from collide.dynamic import PF_W, PT_LOAD, Image
from collide.errors import FormatError

# A literal prefix is found far faster than a class: the first digit is looked for behind it.
_NUMBER = re.compile(rb"\.\d{1,4}\.\d{1,5}[a-z]?(?![\d.])")
_MAJOR = re.compile(rb"(?<![\d.])\d{1,4}\Z")
_VERSION = re.compile(r"(?<![\d.])\d{1,4}\.\d{1,4}\.\d{1,5}[a-z]?(?![\d.])")
# With what it was built is not what it is.
_TOOL = re.compile(r"\b(?:gcc|g\+\+|clang|compiler)\b", re.IGNORECASE)
_LONGEST = 100
_MOST = 64


def read_version_strings(data: bytes | bytearray | memoryview | mmap) -> tuple[str, ...]:
    """The strings with a version of three numbers, sorted; at most 64, none longer than 100."""
    try:
        image = Image(memoryview(data))
        found = {text for segment in _read_only(image) for text in _strings(segment)}
    except (FormatError, struct.error, IndexError, ValueError):
        return ()
    return tuple(sorted(found)[:_MOST])


_COMPARING = (b"-time", b" time", b"mismatch", b"requires lib", b"linked to")
_REFUSAL = re.compile(
    r"(?:compile|build|link|run)[- ]time .*(?:older|newer|differ|mismatch|not the same)"
    r"|downgrade.*compiled with .*linked to"
    # What one function requires is no refusal of the library: that asks for a release and later.
    r"|\blib[\w.-]+ .*mismatch|mismatch.* lib|requires lib\S+ v?\d.* (?:later|newer)",
    re.IGNORECASE,
)


def read_refusals(data: bytes | bytearray | memoryview | mmap) -> tuple[str, ...]:
    """The texts with which an object refuses a library that is not what it was compiled for.

    They name the library, and say that the times or the versions differ; sorted.
    """
    try:
        image = Image(memoryview(data))
        found = {
            text
            for segment in _read_only(image)
            for words in _COMPARING
            for text in _around(segment, words)
        }
    except (FormatError, struct.error, IndexError, ValueError):
        return ()
    return tuple(sorted(found))


def _around(segment: bytes, words: bytes) -> Iterable[str]:
    """The texts that have ``words`` and refuse; looked for as plain bytes, which is fastest."""
    at = segment.find(words)
    while at >= 0:
        start = segment.rfind(b"\0", max(0, at - 2 * _LONGEST), at) + 1
        end = segment.find(b"\0", at, at + 2 * _LONGEST)
        whole = (start > 0 or at <= 2 * _LONGEST) and end > 0
        text = segment[start:end].decode("ascii", "replace") if whole else ""
        if text.isprintable() and _REFUSAL.search(text):
            yield text
        at = segment.find(words, at + len(words))


def is_text(data: bytes | bytearray | memoryview | mmap, address: int, size: int) -> bool:
    """Whether ``size`` bytes at an address are one printable text, and the zero that ends it."""
    try:
        image = Image(memoryview(data))
    except (FormatError, struct.error, IndexError, ValueError):
        return False
    for segment in image.segments:
        at = address - segment.address
        if segment.kind == PT_LOAD and not segment.flags & PF_W and 0 <= at < segment.size:
            text = bytes(image.data[segment.offset + at : segment.offset + at + size])
            return text.isascii() and text.endswith(b"\0") and text[:-1].decode().isprintable()
    return False


def _read_only(image: Image) -> Iterable[bytes]:
    for segment in image.segments:
        if segment.kind == PT_LOAD and not segment.flags & PF_W:
            yield bytes(image.data[segment.offset : segment.offset + segment.size])


def _strings(segment: bytes) -> Iterable[str]:
    for found in _NUMBER.finditer(segment):
        if not _MAJOR.search(segment[max(0, found.start() - 5) : found.start()]):
            continue
        start = segment.rfind(b"\0", max(0, found.start() - _LONGEST), found.start()) + 1
        end = segment.find(b"\0", found.end(), found.end() + _LONGEST)
        raw = segment[start:end]
        whole = (start > 0 or found.start() <= _LONGEST) and end > 0
        if whole and len(raw) <= _LONGEST and raw.isascii():
            text = raw.decode("ascii").strip()
            # Names of files tell how something was built, not what it is.
            if text.isprintable() and "/" not in text and _key(text) is not None:
                yield text


def _key(text: str) -> tuple[str, str] | None:
    """What stands before the version, and the version; None where that is no word."""
    found = _VERSION.search(text)
    if found is None:
        return None
    before = text[: found.start()].strip(" :=-v\"'(")
    if _TOOL.search(before):
        return None
    return (before, found[0]) if re.search(r"[A-Za-z]{3}", before) else None


def different_versions(ours: Iterable[str], theirs: Iterable[str]) -> Mapping[str, tuple[str, str]]:
    """Texts that both have before different versions, with ours and theirs."""
    here, there = _by_key(ours), _by_key(theirs)
    return {
        key: (min(here[key]), min(there[key]))
        for key in sorted(here.keys() & there.keys())
        if here[key].isdisjoint(there[key])
    }


def series_of(texts: Iterable[str], name: str) -> frozenset[str]:
    """The first two numbers (``1.2``) of the versions before which ``name`` stands."""
    return frozenset(
        ".".join(version.split(".")[:2])
        for key, versions in _by_key(texts).items()
        if name.lower() in key.lower()
        for version in versions
    )


def _by_key(texts: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for text in texts:
        key = _key(text)
        if key is not None:
            found.setdefault(key[0], set()).add(key[1])
    return found
