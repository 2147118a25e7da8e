"""Two copies of a library compared: names, numbers, versions, widths, pairs."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.analysis.library_copies import (
    Overlap,
    Soname,
    carried_library,
    other_major,
    overlap,
    parse_soname,
    release_difference,
    releases,
    same_library,
    same_series,
    wide_integers,
)
from collide.elf.names import split_pairs
from collide.elf.object import read_object
from collide.elf.strings import different_versions, read_refusals, read_version_strings
from collide.loader.model import Dso
from compiler import compile_so


def library(
    tmp_path: Path, name: str, *, exports: str = "one", text: str = "", soname: str = ""
) -> Dso:
    """A shared object of that file name, which exports functions and holds a text."""
    functions = "".join(f"int {e}(void) {{ return 1; }}" for e in exports.split())
    source = f'{functions} const char *told(void) {{ return "{text}"; }}'
    path = compile_so(tmp_path, "built.so", source, f"-Wl,-soname,{soname or name}")
    data = path.rename(tmp_path / name).read_bytes()
    return Dso(str(tmp_path / name), None, read_object(data), lambda: data)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("libz.so.1", Soname("libz", (1,))),
        ("libpng16.so.16.40.0", Soname("libpng16", (16, 40, 0))),
        ("/usr/lib/libssl.so.3", Soname("libssl", (3,))),
        ("libssl-8bd944e8.so.3", Soname("libssl", (3,))),
        ("libldap_r-2-f56d324d.4.so.2.11.7", Soname("libldap_r-2.4", (2, 11, 7))),
        ("libcrypto-34813f62.so.1.0.2l", Soname("libcrypto", (1, 0, 2))),
        ("libLLVM-15.so.1", Soname("libLLVM-15", (1,))),
        ("libplain.so", Soname("libplain", ())),
        ("m.cpython-311-x86_64-linux-gnu.so", Soname("m.cpython-311-x86_64-linux-gnu", ())),
        ("program", None),
        (None, None),
    ],
)
def test_name_of_a_library_is_taken_apart(name: str | None, parts: Soname | None) -> None:
    assert parse_soname(name) == parts


@pytest.mark.parametrize(
    ("ours", "theirs", "majors"),
    [
        ("libffi.so.6", "libffi.so.8", (6, 8)),
        ("libffi.so.8", "libffi.so.8", None),
        ("libfoo.so.1", "libbar.so.2", None),
        ("libhdf5.so.310", "libhdf5_serial.so.103", (310, 103)),
        ("libplain.so", "libplain.so.2", None),
    ],
)
def test_abi_number_is_compared_in_one_library_only(
    tmp_path: Path, ours: str, theirs: str, majors: tuple[int, int] | None
) -> None:
    (tmp_path / "host").mkdir()
    pair = library(tmp_path, ours), library(tmp_path / "host", theirs)
    assert other_major(*pair) == majors


def test_renamed_library_is_compared_by_its_file(tmp_path: Path) -> None:
    """auditwheel names a library after its file, whose numbers are not those of its DT_SONAME."""
    (tmp_path / "host").mkdir()
    ours = library(tmp_path, "libopenjp2-fca9bf24.so.2.5.0")
    theirs = library(tmp_path / "host", "libopenjp2.so.2.5.3", soname="libopenjp2.so.7")
    assert other_major(ours, theirs) is None


def test_texts_tell_releases_apart(tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    ours = library(tmp_path, "liba.so.1", text="Frob 3.5.8 of today")
    theirs = library(tmp_path / "host", "liba.so.1", text="Frob 3.0.19 of old")
    told = release_difference([ours], theirs)
    assert told == 'the wheel\'s says "Frob 3.5.8", the host\'s "Frob 3.0.19"'
    assert release_difference([ours], ours) is None


def test_releases_are_told_for_both_sides_even_where_they_are_one(tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    ours = library(tmp_path, "liba.so.1", text="Frob 3.5.8 of today")
    theirs = library(tmp_path / "host", "liba.so.1", text="Frob 3.0.19 of old")
    assert releases([ours], theirs) == ("3.5.8", "3.0.19")
    assert releases([library(tmp_path, "libb.so.1")], theirs) is None
    # A version node, or the text of a library inside: no release of this one.
    assert releases([ours], ours) is None
    path = compile_so(tmp_path, "c.so", 'const char *c_version(void) { return "2.14"; }')
    data = path.read_bytes()
    told = Dso(str(path), None, read_object(data), lambda: data)
    assert releases([told], told) == ("2.14", "2.14")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("FROB_VERSION=", True),
        ("Something else", True),
        # What the library links, and what it has inside.
        ("KNOB_VERSION=", False),
        ("fr_inside_version", False),
        # Most of its names begin so.
        ("fr_version", True),
    ],
)
def test_release_is_that_of_the_library_itself(tmp_path: Path, text: str, *, told: bool) -> None:
    (tmp_path / "host").mkdir()
    names = "fr_a fr_b fr_c fr_inside_d"
    ours = library(tmp_path, "libfrob.so.1", exports=names, text=f"{text} 1.21.6")
    theirs = library(tmp_path / "host", "libfrob.so.1", exports=names, text=f"{text} 1.21.3")
    theirs.elf = theirs.elf._replace(needed=("libknob.so.2",))
    assert releases([ours], theirs) == (("1.21.6", "1.21.3") if told else None)


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("liba-3.5.8", "made by liba 3.5.1", True),
        ("liba-3.5.8", "liba-3.5.8", True),
        ("liba-3.5.8", "liba-3.6.0", False),
        ("Frob 3.5.8", "Frob 3.5.8", False),
        ("", "", False),
    ],
)
def test_series_is_told_under_the_librarys_own_name(
    tmp_path: Path, ours: str, theirs: str, same: bool
) -> None:
    (tmp_path / "host").mkdir()
    intended = library(tmp_path, "liba_x86_64.so", text=ours)
    assert same_series([intended], library(tmp_path / "host", "liba.so.1", text=theirs)) is same


def test_series_is_told_by_a_function_that_is_called_after_the_library(tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    ours, theirs = (
        library(place, "libfrob.so.1", text=f"frob_version() 3.5.{release}")
        for place, release in ((tmp_path, 8), (tmp_path / "host", 1))
    )
    assert same_series([ours], theirs)


def test_libraries_are_the_same_by_the_beginning_of_their_names(tmp_path: Path) -> None:
    provider = library(tmp_path, "libfrob.so.1")
    assert same_library(library(tmp_path, "libfrob_x86_64.so"), provider)
    assert same_library(provider, library(tmp_path, "libfrob-0f8b79dc.so.2"))
    assert not same_library(library(tmp_path, "libknob.so.1"), provider)
    assert not same_library(library(tmp_path, "plugin.so"), provider)


def test_numbers_of_files_tell_releases_apart_where_no_text_does(tmp_path: Path) -> None:
    ours, theirs = library(tmp_path, "liba-01234567.so.1.2.3"), library(tmp_path, "liba.so.1.2.4")
    assert release_difference([ours], theirs) == (
        "the files are liba-01234567.so.1.2.3 and liba.so.1.2.4"
    )
    assert release_difference([ours], library(tmp_path, "liba.so.1")) is None


def test_texts_of_a_file_are_read_once_for_each_kind(tmp_path: Path) -> None:
    text = "Frob 3.5.8\\0libfrob mismatch\\0libfrob compile-time older"
    dso = library(tmp_path, "liba.so.1", text=text)
    reads: list[bytes | bytearray] = []

    def contents() -> bytes | bytearray:
        reads.append(dso.read())
        return reads[-1]

    counted = Dso(dso.path, None, dso.elf, contents)
    for _ in range(3):
        assert counted.version_strings == ("Frob 3.5.8",)
        assert counted.refusals == ("libfrob compile-time older", "libfrob mismatch")
    assert len(reads) == 2


def test_version_strings_are_texts_with_three_numbers(tmp_path: Path) -> None:
    def strings(text: str) -> tuple[str, ...]:
        return library(tmp_path, "liba.so", text=text).version_strings

    assert strings(" deflate 1.2.13 Copyright ") == ("deflate 1.2.13 Copyright",)
    assert strings("OpenSSL 1.0.2l  25 May") == ("OpenSSL 1.0.2l  25 May",)
    assert strings("only 1.2 of them") == ()
    assert strings("1.2.3") == ()
    assert strings("/build/frob-1.2.3/x.c") == ()
    assert strings("address 127.0.0.1 of four") == ()
    assert strings("Frob " + "x" * 200 + " 1.2.3") == ()


def test_no_elf_file_has_no_version_strings() -> None:
    for data in (b"Frob 1.2.3\0libfrob mismatch\0", b""):
        assert read_version_strings(data) == read_refusals(data) == ()


def test_versions_are_compared_behind_one_text_only() -> None:
    assert different_versions(["Frob 1.2.3"], ["Frob 1.2.4 x"]) == {"Frob": ("1.2.3", "1.2.4")}
    assert different_versions(["Frob 1.2.3"], ["Knob 1.2.4"]) == {}
    assert different_versions(["Frob 1.2.3", "Frob 1.2.4"], ["Frob 1.2.4"]) == {}


def test_overlap_counts_names(tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    ours = library(tmp_path, "liba.so", exports="one two three")
    theirs = library(tmp_path / "host", "libb.so", exports="one two five six seven")
    counted = overlap([ours], theirs)
    assert counted == Overlap(common=3, ours=4, theirs=6)  # told() is in both
    assert (counted.share, counted.of_theirs) == (0.75, 0.5)


@pytest.mark.parametrize(
    ("name", "text", "sign"),
    [
        ("libopenblas64_.so.0", "", "libopenblas64_"),
        ("libmkl_intel_ilp64.so.2", "", "libmkl_intel_ilp64"),
        ("libblas.so.3", "", None),
        ("libblas_x86_64.so.3", "", None),
        ("libblas-aarch64.so.3", "", None),
        ("libopenblas.so.0", "Frob 0.3.21 USE64BITINT DYNAMIC", "Frob 0.3.21 USE64BITINT DYNAMIC"),
    ],
)
def test_wide_integers_are_told_by_name_or_build_options(
    tmp_path: Path, name: str, text: str, sign: str | None
) -> None:
    assert wide_integers([library(tmp_path, name, text=text)]) == sign


def test_pairs_are_functions_that_make_and_unmake_one_thing() -> None:
    assert split_pairs(["foo_new", "bar_open"], ["foo_free", "bar_reopen_all"]) == (
        ("foo_new", "foo_free"),
    )
    assert split_pairs(["BIO_free"], ["BIO_new"]) == (("BIO_free", "BIO_new"),)
    assert split_pairs(["a_new"], ["b_free"]) == ()
    assert split_pairs(["a_new"], ["a_create"]) == ()


@pytest.mark.parametrize(
    ("name", "theirs", "called"),
    [
        # The library itself, by most of its names or by most of what it offers.
        ("libonig.so.5", "onig_new onig_free onig_end", ""),
        ("libonig.so.5", "onig_new onig_free re_a re_b", ""),
        # Another library that has few of them, and a program.
        ("libruby.so.3", " ".join(["onig_new", *(f"rb_{n}" for n in range(40))]), "onig"),
        ("gdb", "onig_new onig_free onig_end", "onig"),
    ],
)
def test_library_that_a_host_carries_is_called_by_the_names_of_the_copy(
    tmp_path: Path, name: str, theirs: str, called: str
) -> None:
    victim = library(tmp_path, "m.so", exports="onig_new onig_free Onig_x onig_version jv_a jv_b")
    provider = library(tmp_path, name, exports=theirs)
    assert carried_library(victim, provider, ["onig_new", "onig_free", "Onig_x"]) == called
