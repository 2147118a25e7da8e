"""Bytes of objects changed, and what tells a right change from a wrong one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from collide.elf.constants import STV_HIDDEN, STV_PROTECTED
from collide.elf.object import read_object
from collide.repair.integrity import difference
from collide.repair.old_names import keep_old_names
from collide.repair.patch import close_symbols, find_patchelf, rename_libraries, rename_symbols
from collide.repair.plan import ObjectChange
from collide.support.errors import FormatError
from compiler import compile_so

SOURCE = """
int f(void) { return 1; }
int *of_data(void);
int data = 3;
int *pointer = &data;
int other(void);
int g(void) { return f() + other() + *of_data(); }
"""
VERSIONS = "V1 { f; g; }; V2 { data; } V1;"
NAMES = {"f": "f.c0ffee00", "data": "data.c0ffee00", "other": "other.c0ffee00"}
STYLES = [(), ("-Wl,--hash-style=sysv",), ("-Wl,--hash-style=both",)]


def build(tmp_path: Path, *flags: str, versions: bool = True) -> bytes:
    script = tmp_path / "versions"
    script.write_text(VERSIONS)
    if versions:
        flags = (*flags, f"-Wl,--version-script={script}")
    return compile_so(tmp_path, "x.so", SOURCE, "-O0", *flags).read_bytes()


@pytest.mark.parametrize("style", STYLES, ids=["gnu", "sysv", "both"])
@pytest.mark.parametrize("versions", [True, False])
def test_every_table_follows_a_new_name(
    tmp_path: Path, style: tuple[str, ...], versions: bool
) -> None:
    data = build(tmp_path, *style, versions=versions)
    before = read_object(data)
    after = read_object(rename_symbols(data, NAMES, find_patchelf()))

    assert after.exports.names == {NAMES.get(n, n) for n in before.exports.names}
    for name in before.exports.names:
        new = NAMES.get(name, name)
        expected = tuple(d._replace(name=new) for d in before.exports.candidates(name))
        assert after.exports.candidates(new) == expected
    assert sorted(r.name for r in after.references) == sorted(
        NAMES.get(r.name, r.name) for r in before.references
    )


def test_closing_changes_one_byte_a_symbol(tmp_path: Path) -> None:
    data = build(tmp_path)
    closed = {"f": STV_HIDDEN, "data": STV_PROTECTED}
    changed = close_symbols(data, closed)
    assert sum(a != b for a, b in zip(data, changed, strict=True)) == 2
    assert difference(data, changed, ObjectChange(closed=closed)) is None
    for name, visibility in closed.items():
        (definition,) = read_object(changed).exports.candidates(name)
        assert definition.visibility == visibility


def test_what_is_not_defined_cannot_be_closed(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="does not define other"):
        close_symbols(build(tmp_path), {"other": STV_HIDDEN})


def test_names_with_blanks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be told the name"):
        rename_symbols(build(tmp_path), {"f": "a b"}, find_patchelf())


@pytest.mark.parametrize(
    ("soname", "needed"),
    [("@names", {}), (None, {"@names": "x.so"}), (None, {"liby.so.1": "@names"})],
)
def test_names_that_patchelf_would_read_a_file_for_are_refused(
    tmp_path: Path, soname: str | None, needed: dict[str, str]
) -> None:
    """``patchelf --set-soname @names`` takes what is in the file ``names``."""
    with pytest.raises(FormatError, match="cannot be told the name '@names'"):
        rename_libraries(build(tmp_path), soname, needed, "/nonexistent/patchelf")


def test_library_names_change_with_their_versions(tmp_path: Path) -> None:
    compile_so(
        tmp_path, "liby.so.1", "int other(void) { return 1; }", "-Wl,-soname,liby.so.1",
        f"-Wl,--version-script={_script(tmp_path)}",
    )  # fmt: skip
    flags = (f"-L{tmp_path}", "-l:liby.so.1", "-Wl,-soname,x.so")
    data = build(tmp_path, *flags)
    needed = {"liby.so.1": "liby-0a1b2c3d.so.1"}
    changed = rename_libraries(data, "x-0a1b2c3d.so", needed, find_patchelf())
    after = read_object(changed)
    assert after.soname == "x-0a1b2c3d.so"
    assert after.needed == ("liby-0a1b2c3d.so.1",)
    assert [need.file for need in after.version_needs] == ["liby-0a1b2c3d.so.1"]
    change = ObjectChange(soname="x-0a1b2c3d.so", needed=needed)
    assert difference(data, changed, change) is None


def _script(tmp_path: Path) -> Path:
    script = tmp_path / "y.map"
    script.write_text("Y1 { other; };")
    return script


def test_an_object_that_patchelf_cannot_change_is_told(tmp_path: Path) -> None:
    data = bytearray(build(tmp_path))
    data[40:48] = bytes(8)  # e_shoff: patchelf works by section headers
    data[60:62] = bytes(2)
    with pytest.raises(FormatError, match="patchelf failed"):
        rename_symbols(bytes(data), NAMES, find_patchelf())


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (ObjectChange(), "symbols"),
        (ObjectChange(renamed={**NAMES, "g": "h"}), "symbols"),
        (ObjectChange(renamed=NAMES, closed={"f": STV_HIDDEN}), "symbols"),
        (ObjectChange(renamed=NAMES, soname="other"), "dynamic section"),
    ],
)
def test_another_change_is_a_difference(tmp_path: Path, change: ObjectChange, what: str) -> None:
    data = build(tmp_path, "-Wl,-soname,x.so")
    renamed = keep_old_names(rename_symbols(data, NAMES, find_patchelf()), NAMES)
    assert difference(data, renamed, change) == f"its {what} would not be the same"


def test_a_changed_byte_in_what_is_loaded_is_a_difference(tmp_path: Path) -> None:
    """Every byte that differs in a section the loader or the program uses is noticed."""
    from elftools.elf.elffile import ELFFile

    data = build(tmp_path, "-Wl,--hash-style=both")
    path = tmp_path / "renamed.so"
    path.write_bytes(keep_old_names(rename_symbols(data, NAMES, find_patchelf()), NAMES))
    with path.open("rb") as stream:
        sections = [
            (s["sh_offset"], s["sh_size"])
            for s in ELFFile(stream).iter_sections()
            if s.name in (".text", ".rela.dyn", ".rela.plt", ".gnu.version", ".data", ".got.plt")
        ]
    whole = path.read_bytes()
    draw = random.Random(6)
    places = [at for start, size in sections for at in range(start, start + size)]
    assert len(places) > 200
    for at in draw.sample(places, 200):
        broken = bytearray(whole)
        broken[at] ^= 1 << draw.randrange(8)
        assert difference(data, bytes(broken), ObjectChange(renamed=NAMES)) is not None, hex(at)


@pytest.mark.parametrize("section", [".gnu.hash", ".hash"])
def test_a_broken_hash_table_is_a_difference(tmp_path: Path, section: str) -> None:
    from elftools.elf.elffile import ELFFile

    data = build(tmp_path, "-Wl,--hash-style=both")
    path = tmp_path / "renamed.so"
    path.write_bytes(keep_old_names(rename_symbols(data, NAMES, find_patchelf()), NAMES))
    with path.open("rb") as stream:
        found = ELFFile(stream).get_section_by_name(section)
        assert found is not None
        start, size = found["sh_offset"], found["sh_size"]
    broken = bytearray(path.read_bytes())
    broken[start + 16 : start + size] = bytes(size - 16)
    assert difference(data, bytes(broken), ObjectChange(renamed=NAMES)) is not None
