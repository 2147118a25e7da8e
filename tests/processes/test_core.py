"""Core files: what is in them, and what a hostile one may claim."""

from __future__ import annotations

import gzip
import lzma
import random
import struct
from pathlib import Path
from types import ModuleType

import pytest

from collide.processes.core import NT_AUXV, NT_FILE, NT_PRSTATUS, open_core
from collide.processes.image import AT_ENTRY, AT_PHDR, MemoryGapError
from collide.support import limits
from collide.support.errors import CollideError, InputError
from core_writer import core_file, note
from cores import crash
from scenario import Scenario

CRASH = "int main(void) { return *(volatile int *)8; }"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Scenario(tmp_path_factory.mktemp("program")).exe(CRASH)


@pytest.fixture(scope="module")
def core(program: Path) -> Path:
    return crash([program], program.with_name("core"))


def test_core_says_what_the_process_was(program: Path, core: Path) -> None:
    image = open_core(str(core))
    (thread,) = image.threads
    assert image.fault is not None
    assert (image.fault.signal, image.fault.address) == (11, 8)
    assert thread.pc == thread.registers[16]
    assert thread.sp == thread.registers[7]
    assert image.executable == str(program)
    assert image.auxv.keys() >= {AT_PHDR, AT_ENTRY}
    assert image.read(image.auxv[AT_PHDR] & ~0xFFF, 4) == b"\x7fELF"
    with pytest.raises(MemoryGapError):
        image.read(8, 1)
    image.close()


def test_other_files_are_no_core(program: Path, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("nothing")
    for path, why in (
        (program, "is no core file"), (text, "it ends before byte 64"),
        (tmp_path / "gone", "No such file"), (tmp_path, "directory"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=why):
            open_core(str(path))


def test_core_that_is_cut_off_says_so(core: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    cut.write_bytes(core.read_bytes()[: core.stat().st_size // 2])
    image = open_core(str(cut))
    assert "cut off" in image.notes[0]
    image.close()


def test_damaged_core_is_an_error_of_one_line(core: Path, tmp_path: Path) -> None:
    data, chance = core.read_bytes(), random.Random(7)
    damaged = tmp_path / "damaged"
    # The headers and the notes: behind them is memory, in which every byte is allowed.
    size = 64 + 56 * struct.unpack_from("<H", data, 56)[0] + 3000
    seen = set()
    for number in range(150):
        changed = bytearray(data)
        for _ in range(1 + number % 4):
            changed[chance.randrange(size)] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
        damaged.write_bytes(changed[: chance.randrange(size)] if number % 5 == 0 else changed)
        try:
            open_core(str(damaged)).close()
            seen.add("read")
        except CollideError as e:
            assert "\n" not in str(e)
            seen.add("refused")
    assert seen == {"read", "refused"}


def file_note(count: int, names: bytes) -> bytes:
    return note(NT_FILE, struct.pack("<QQ", count, 4096) + names)


@pytest.mark.parametrize(
    ("notes", "why"),
    [
        (file_note(1 << 60, bytes(100)), "NT_FILE says"),
        (file_note(2, bytes(48) + b"one name only"), "lacks names"),
        (note(NT_PRSTATUS, b"short"), "damaged core file"),
        (struct.pack("<3I", 5, 1 << 31, NT_AUXV) + b"CORE\0\0\0\0", "goes beyond its segment"),
    ],
)
def test_notes_that_lie(tmp_path: Path, notes: bytes, why: str) -> None:
    path = tmp_path / "core"
    path.write_bytes(core_file(notes, []))
    with pytest.raises(InputError, match=why):
        open_core(str(path))


def test_segment_beyond_all_addresses(tmp_path: Path) -> None:
    path = tmp_path / "core"
    path.write_bytes(core_file(b"", [((1 << 64) - 2, b"four")]))
    with pytest.raises(InputError, match="beyond all addresses"):
        open_core(str(path))


def test_memory_ends_where_the_core_has_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "core"
    path.write_bytes(core_file(b"", [(0x1000, b"abcd"), (0x1004, b"efgh"), (0x1009, b"z")]))
    image = open_core(str(path))
    assert image.read(0x1002, 5) == b"cdefg"
    assert image.read(0x1009, 1) == b"z"
    for address, size in ((0x1007, 2), (0xFFF, 2), ((1 << 64) - 1, 8)):
        with pytest.raises(MemoryGapError):
            image.read(address, size)
    image.close()


@pytest.mark.parametrize("packer", [gzip, lzma])
def test_compressed_core(core: Path, tmp_path: Path, packer: ModuleType) -> None:
    packed = tmp_path / "core.packed"
    packed.write_bytes(packer.compress(core.read_bytes()))
    image = open_core(str(packed))
    assert image.fault == open_core(str(core)).fault
    image.close()
    packed.write_bytes(packed.read_bytes()[:100])
    with pytest.raises(InputError, match=r"damaged|truncated"):
        open_core(str(packed))


def test_limits_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "core"
    path.write_bytes(core_file(bytes(64), [(0x1000, b"a"), (0x2000, b"b")]))
    for name, value in (("core-segments", 2), ("core-notes", 63)):
        monkeypatch.setitem(limits._values, name, value)
        with pytest.raises(limits.LimitError, match=f"{path}: beyond the limit {name}"):
            open_core(str(path))
        monkeypatch.setitem(limits._values, name, 1000)
