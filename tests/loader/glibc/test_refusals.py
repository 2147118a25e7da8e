"""What the loader maps and then refuses, judged by the loaders of several releases."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from chrooted import ChrootScenario, agrees
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.support.errors import InputError
from conformance import loader_was_asked
from scenario import Scenario, patch_bytes, patch_segment

NOT_GRANTED = "cannot enable executable stack as shared object requires: Invalid argument"
STACK = pytest.mark.rule("6.4", "executable stack")
LATER = pytest.mark.parametrize("suite", ["trixie", "sid"])
LOAD = pytest.mark.rule("6.4", "load command")
HEADER = pytest.mark.rule("6.4", "ELF header")
PT_NULL, PT_LOAD, PT_DYNAMIC, PT_GNU_STACK = 0, 1, 2, 0x6474E551


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    """A scenario judged by this machine's loader."""
    return Scenario(tmp_path)


def without_stack_header(path: Path) -> None:
    """Make the loader overlook PT_GNU_STACK."""
    patch_segment(path, PT_GNU_STACK, kind=PT_NULL)


@STACK
@LATER
def test_executable_stack_is_refused_since_2_41(tmp_path: Path, suite: str) -> None:
    s = ChrootScenario(tmp_path, suite)
    s.module("plain.so")
    s.module("asks.so", "", "-Wl,-z,execstack")
    without_stack_header(s.module("none.so"))
    s.module("needs.so", "", needed=["asks.so"])
    said = s.agree(s.host(), "plain.so", "asks.so", "none.so", "needs.so")
    assert said == [
        "ok",
        f"/asks.so: {NOT_GRANTED}",
        f"/none.so: {NOT_GRANTED}",
        f"asks.so: {NOT_GRANTED}",
    ]


@STACK
@LATER
@pytest.mark.parametrize("by", ["executable", "library", "preload", "missing header"])
def test_executable_stack_that_start_up_has_granted(tmp_path: Path, suite: str, by: str) -> None:
    s = ChrootScenario(tmp_path, suite)
    s.module("asks.so", "", "-Wl,-z,execstack")
    s.lib("early.so", "", "-Wl,-z,execstack")
    flags = ["-Wl,-z,execstack"] if by == "executable" else []
    needed = ["early.so"] if by == "library" else []
    # Without /proc the executable has no $ORIGIN.
    host = s.host("", *flags, needed=needed, runpath="/")
    if by == "missing header":
        without_stack_header(host)
    assert s.agree(host, "asks.so", preload=["early.so"] if by == "preload" else ()) == ["ok"]


@STACK
def test_executable_stack_before_2_41(tmp_path: Path) -> None:
    s = ChrootScenario(tmp_path, "bookworm")
    s.module("asks.so", "", "-Wl,-z,execstack")
    without_stack_header(s.module("none.so"))
    assert s.agree(s.host(), "asks.so", "none.so") == ["ok", "ok"]


def misaligned(s: Scenario) -> None:
    """Modules whose last PT_LOAD is not as linkers make it."""
    changes = {
        "plain.so": (0, 0x1000),
        "offset.so": (8, 0x1000),
        "align.so": (0, 0x1800),
        "small.so": (0, 8),
        "none.so": (0, 0),
        "large.so": (0, 0x200000),
        "large_offset.so": (8, 0x200000),
    }
    for name, (offset, align) in changes.items():
        path = s.module(name, "int counter = 7; int get(void) { return counter; }")
        with path.open("rb") as stream:
            last = list(ELFFile(stream).iter_segments("PT_LOAD"))[-1]
        patch_segment(path, PT_LOAD, last=True, offset=last["p_offset"] + offset, align=align)
    s.module("needs.so", "", needed=["offset.so"])


NAMES = ("plain", "offset", "align", "small", "none", "large", "large_offset", "needs")
NOT_PAGE = "ELF load command address/offset not page-aligned"


@LOAD
@pytest.mark.parametrize("suite", ["bookworm", "trixie", "sid"])
def test_load_commands_are_congruent_modulo_the_page(tmp_path: Path, suite: str) -> None:
    s = ChrootScenario(tmp_path, suite)
    misaligned(s)
    said = s.agree(s.host(), *(f"{name}.so" for name in NAMES))
    assert dict(zip(NAMES, said, strict=True)) == dict.fromkeys(NAMES, "ok") | {
        "offset": f"/offset.so: {NOT_PAGE}",
        "large_offset": f"/large_offset.so: {NOT_PAGE}",
        "needs": f"offset.so: {NOT_PAGE}",
    }


@LOAD
def test_load_commands_are_congruent_modulo_their_alignment_up_to_2_34(tmp_path: Path) -> None:
    s = ChrootScenario(tmp_path, "bullseye")
    misaligned(s)
    said = s.agree(s.host(), *(f"{name}.so" for name in NAMES))
    alignment = "ELF load command alignment not page-aligned"
    apart = "ELF load command address/offset not properly aligned"
    assert dict(zip(NAMES, said, strict=True)) == {
        "plain": "ok",
        "offset": f"/offset.so: {apart}",
        "align": f"/align.so: {alignment}",
        "small": f"/small.so: {alignment}",
        "none": f"/none.so: {apart}",
        "large": f"/large.so: {apart}",
        "large_offset": f"/large_offset.so: {apart}",
        "needs": f"offset.so: {apart}",
    }


@LOAD
def test_misaligned_object_is_not_bound(s: Scenario) -> None:
    misaligned(s)
    outcome = s.compare(s.host("int get(void) { return 0; }"), "offset.so", "needs.so")
    assert [(f.kind, f.name, f.detail) for f in outcome.failures] == [
        ("load-command", "offset.so", NOT_PAGE)
    ] * 2
    bound = [o.dso.path for b in outcome.bound for o in b.objects]
    assert str(s.directory / "offset.so") not in bound


@LOAD
def test_misaligned_library_fails_start_up(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    misaligned(s)
    host = s.host(needed=["offset.so"])
    loader_was_asked("glibc")
    ran = subprocess.run([host], capture_output=True, text=True, check=False)
    (failure,) = extract(str(host), Root()).failures
    assert agrees(ran.stderr, [failure]), ran.stderr
    with pytest.raises(InputError, match=f"offset.so: cannot be opened: .*{NOT_PAGE}"):
        extract(str(s.host()), Root(), preload=[str(s.directory / "offset.so")])


HEADERS = {
    "ident": (6, 2, "ELF file version ident does not match current one"),
    "sysv": (8, 1, "ELF file ABI version invalid"),
    "padding": (12, 1, "nonzero padding in e_ident"),
    "version": (20, 2, "ELF file version does not match current one"),
    "phentsize": (54, 64, "ELF file's phentsize not the expected size"),
    "few": (54, 32, "ELF file's phentsize not the expected size"),
}


@HEADER
@pytest.mark.parametrize("suite", ["bullseye", "bookworm", "sid"])
def test_headers_that_the_loader_does_not_take(tmp_path: Path, suite: str) -> None:
    s = ChrootScenario(tmp_path, suite)
    for name, (at, value, _) in HEADERS.items():
        patch_bytes(s.module(f"{name}.so"), at, value)
    for version in (0, 3, 4):
        patch_bytes(s.module(f"gnu{version}.so"), 7, 3, version)
    s.module("needs.so", "", needed=["version.so"])
    opened = [*HEADERS, "needs", "gnu0", "gnu3", "gnu4"]
    assert s.agree(s.host(), *(f"{name}.so" for name in opened)) == [
        *(f"/{name}.so: {why}" for name, (*_, why) in HEADERS.items()),
        f"/version.so: {HEADERS['version'][2]}",
        "ok",
        "ok",
        "/gnu4.so: ELF file ABI version invalid",
    ]


@HEADER
def test_objects_without_what_is_mapped(tmp_path: Path) -> None:
    s = ChrootScenario(tmp_path, "bookworm")
    bare = s.module("bare.so")
    with bare.open("rb") as stream:
        count = sum(1 for _ in ELFFile(stream).iter_segments("PT_LOAD"))
    for _ in range(count):
        patch_segment(bare, PT_LOAD, kind=PT_NULL)
    patch_segment(s.module("static.so"), PT_DYNAMIC, kind=PT_NULL)
    patch_segment(s.module("debug.so"), PT_DYNAMIC, size=0)
    patch_bytes(s.module("object.so"), 16, 1)
    patch_bytes(s.module("executable.so"), 16, 2)
    s.exe("int main(void) { return 0; }", name="pie.so")
    opened = ("bare", "static", "debug", "object", "executable", "pie")
    assert s.agree(s.host(), *(f"{name}.so" for name in opened)) == [
        "/bare.so: object file has no loadable segments",
        "/static.so: object file has no dynamic section",
        "/debug.so: object file has no dynamic section",
        "/object.so: only ET_DYN and ET_EXEC can be loaded",
        "/executable.so: cannot dynamically load executable",
        "/pie.so: cannot dynamically load position-independent executable",
    ]
