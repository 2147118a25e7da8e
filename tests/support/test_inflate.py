"""Inflating: by libdeflate and by zlib alike."""

from __future__ import annotations

import random
import zlib

import pytest

from collide.support import inflate
from collide.support.inflate import InflateErrors

TEXT = random.Random(3).randbytes(2000) + bytes(3000) + b"the end"


def deflated(data: bytes) -> memoryview:
    """A raw stream (RFC 1951)."""
    made = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return memoryview(made.compress(data) + made.flush())


@pytest.fixture(params=["libdeflate", "zlib"], autouse=True)
def _library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "zlib":
        monkeypatch.setattr(inflate, "_decompress", None)
        monkeypatch.setattr(inflate, "_decompress_zlib", None)
    elif inflate._decompress is None:
        pytest.skip("deflate has no build for this platform: pip install deflate")


@pytest.mark.parametrize("data", [b"", b"x", TEXT], ids=["empty", "one byte", "more"])
def test_what_was_deflated_comes_out(data: bytes) -> None:
    assert inflate.inflate(deflated(data), len(data)) == data


def test_damaged_stream_is_refused() -> None:
    raw = bytearray(deflated(TEXT))
    raw[20:60] = bytes(40)
    with pytest.raises(InflateErrors):
        inflate.inflate(memoryview(raw), len(TEXT))


def test_stream_that_is_cut_off_is_refused() -> None:
    with pytest.raises(InflateErrors):
        inflate.inflate(deflated(TEXT)[:-20], len(TEXT))


def test_size_that_no_stream_can_have_is_refused_before_memory_is_asked_for() -> None:
    with pytest.raises(ValueError, match="impossible size"):
        inflate.inflate(deflated(TEXT), 2**62)


def test_head_is_read_without_the_rest() -> None:
    assert inflate.inflate_head(deflated(TEXT)[:300], 4) == TEXT[:4]


def test_checksum_is_that_of_the_archive() -> None:
    assert inflate.crc32(TEXT) == zlib.crc32(TEXT)


def test_stream_with_a_checksum_is_inflated_and_verified() -> None:
    packed = zlib.compress(TEXT)
    assert inflate.inflate_zlib(packed, len(TEXT)) == TEXT
    for size in (len(TEXT) - 1, len(TEXT) + 1):
        with pytest.raises(InflateErrors):
            inflate.inflate_zlib(packed, size)
    for damaged in (packed[:-1], packed[:-4] + bytes(4), b"\0" + packed[1:]):
        with pytest.raises(InflateErrors):
            inflate.inflate_zlib(damaged, len(TEXT))
