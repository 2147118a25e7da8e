"""Compressed archives, read in any order and nothing of them unpacked."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Callable

import pytest

from archives import tar, tree
from collide.filesystems import compressed as decompress
from collide.filesystems.compressed import seekable
from collide.support.errors import FormatError
from collide.support.limits import LimitError

COMPRESSORS = {"gzip": ["gzip", "-c"], "xz": ["xz", "-c"], "bz2": ["bzip2", "-c"]}


def compress(kind: str, data: bytes) -> bytes:
    command = COMPRESSORS[kind]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed: apt install gzip xz-utils bzip2")
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


CONTENTS = {f"d/{i}": os.urandom(1000 * (1 + 197 * i)) for i in range(12)}


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_compressed_archive_is_read_in_any_order(kind: str) -> None:
    # Enough for several marks of gzip; the others take seconds for as much.
    contents = CONTENTS if kind == "gzip" else dict(list(CONTENTS.items())[:3])
    made = tree(compress(kind, tar(*contents.items())))
    for name in (*reversed(contents), *contents, *sorted(contents)):
        assert made.contents(f"/{name}") == contents[name]


def test_gzip_members_one_after_the_other_are_one_file() -> None:
    data = tar(*CONTENTS.items())
    half = len(data) // 2
    made = tree(compress("gzip", data[:half]) + compress("gzip", data[half:]) + bytes(100))
    assert {name: made.contents(f"/{name}") for name in CONTENTS} == CONTENTS


@pytest.mark.parametrize("kind", COMPRESSORS)
@pytest.mark.parametrize("damage", [lambda d: d[: len(d) // 2], lambda d: d[:-300] + bytes(300)])
def test_damaged_compression_is_told(kind: str, damage: Callable[[bytes], bytes]) -> None:
    # Random contents are where the damage hits; zeros at the end would be read as padding.
    data = tar(("a", os.urandom(100_000)), ("b", os.urandom(100_000)))
    with pytest.raises(FormatError):
        tree(damage(compress(kind, data)))


def test_zstd_needs_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(decompress, "import_module", missing)
    with pytest.raises(FormatError, match=r"needs Python 3\.14 or the package zstandard"):
        tree(b"\x28\xb5\x2f\xfd" + bytes(100))


def test_zstd_is_read_where_there_is_one() -> None:
    zstandard = pytest.importorskip("zstandard", reason="pip install zstandard")
    made = tree(zstandard.compress(tar(*CONTENTS.items())))
    assert {name: made.contents(f"/{name}") for name in CONTENTS} == CONTENTS
    with pytest.raises(FormatError, match="damaged zstd data"):
        tree(b"\x28\xb5\x2f\xfd" + b"z" * 100)


def test_plain_data_is_the_stream_itself() -> None:
    stream = io.BytesIO(b"plain")
    assert seekable(stream) is stream


SetLimit = Callable[[str, int], None]


@pytest.mark.parametrize("kind", ["gzip", "xz", "bz2"])
def test_bomb_is_told_before_it_has_gone_off(kind: str, set_limit: SetLimit) -> None:
    set_limit("ratio-from", 1 << 20)
    data = compress(kind, bytes(64 << 20))
    with pytest.raises(LimitError, match=r"limit root-ratio \(.*: at most 200 times\)"):
        stream = seekable(io.BytesIO(data))
        stream.seek(60 << 20)
        stream.read(1)


def test_what_must_be_held_in_memory_has_a_limit(set_limit: SetLimit) -> None:
    set_limit("held-size", 1 << 20)
    data = compress("xz", os.urandom(3 << 20))
    with pytest.raises(LimitError, match="limit held-size"):
        seekable(io.BytesIO(data))


@pytest.mark.parametrize("kind", ["gzip", "xz"])
def test_layers_inflate_to_one_sum(kind: str, set_limit: SetLimit) -> None:
    set_limit("root-size", 1 << 20)
    layer = compress(kind, tar(("a", os.urandom(400 << 10))))
    tree(layer, layer)
    with pytest.raises(LimitError, match="limit root-size"):
        tree(layer, layer, layer)
