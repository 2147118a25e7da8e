"""The releases that functions and variables tell, in code of both machines that are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.elf.code.told_versions import told_versions
from collide.elf.object import read_object
from collide.elf.strings import common_versions, different_versions
from compiler import AARCH64, compile_so
from judging import only_x86_64

_SOURCE = """
const char frob_version[] = "3.40.1";
const int frob_api_version = 12;
long frob_get_api_version(void) { return 24401; }
const char *frob_api_version_text(void) { return "1.9"; }
int frob_vernum = 3040001;
const char *frobVersion(void) { return "1.2.13"; }
const char *frob_version_text(void) { return "Frob v2.14-beta of today"; }
const char *frob_version_of_fork(void) { return "0.29.0.gfm.13."; }
unsigned frob_version_number(void) { return 0x01020000; }
int frob_stored_version(void) { return frob_vernum; }
int frob_version_major(void) { return 4; }
int frob_check_version(int of) { return of == 325; }
const char *frob_version_of(int what) { return what ? "1.2.3" : "1.2.4"; }
const char *frob_name(void) { return "frob-7.8.9"; }
"""


@pytest.mark.parametrize("program", ["gcc", AARCH64])
@pytest.mark.parametrize("flag", ["-O1", "-O2"])
def test_a_release_is_what_a_function_does_nothing_but_return(
    tmp_path: Path, program: str, flag: str
) -> None:
    data = compile_so(tmp_path, "libfrob.so", _SOURCE, flag, program=program).read_bytes()
    told = set(told_versions(data, read_object(data).exports))
    assert told == {
        "frobVersion() 1.2.13",
        "frob_get_api_version() 24401",
        "frob_version 3.40.1",
        "frob_version_number() 16908288",
        "frob_version_of_fork() 0.29.0.gfm.13",
        "frob_version_text() 2.14-beta",
        "frob_vernum 3040001",
    }


def test_what_is_cut_off_tells_nothing(tmp_path: Path) -> None:
    data = compile_so(tmp_path, "libfrob.so", _SOURCE).read_bytes()
    exports = read_object(data).exports
    assert told_versions(data[:64], exports) == ()
    assert told_versions(b"", exports) == ()


def test_what_is_told_is_compared_by_name_and_texts_come_before_numbers() -> None:
    ours = ["a_version_number() 10507", "b_version 2.14", "c_version() 1.0.1"]
    theirs = ["a_version_number() 10504", "b_version 2.13", "c_version() 1.0.1"]
    assert list(different_versions(ours, theirs).items()) == [
        ("b_version", ("2.14", "2.13")),
        ("a_version_number()", ("10507", "10504")),
    ]
    assert common_versions(ours, theirs) == ("1.0.1",)


@only_x86_64
def test_a_function_may_store_the_number_besides(tmp_path: Path) -> None:
    """As ares_version of c-ares does."""
    source = """
    const char *frob_version(int *number) { if (number) *number = 0x11201; return "1.18.1"; }
    """
    data = compile_so(tmp_path, "libfrob.so", source, "-O2").read_bytes()
    assert told_versions(data, read_object(data).exports) == ("frob_version() 1.18.1",)
