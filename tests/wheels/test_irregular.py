"""What pip or the package index refuse of an archive, and that good archives have none of it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from checkout import WHEELS
from collide.support.errors import InputError
from collide.wheels import archive
from collide.wheels.archive import Archive
from collide.wheels.irregular import INDEX, PIP, Irregularity, irregularities
from collide.wheels.plain import refused_place
from collide.wheels.target import read_target
from hostile_zips import ATTACKS, INFO, MODULE, Stored, make, wheel_of, written

SAYS = {
    "none": {},
    "a directory entry": {},
    "a comment of the archive": {},
    "upwards": {PIP: "trying to install outside the target directory"},
    "upwards from inside": {PIP: "trying to install outside the target directory"},
    "absolute": {PIP: "trying to install outside the target directory"},
    "out of .data": {PIP: "Unknown scheme key"},
    "unknown scheme": {PIP: "Unknown scheme key"},
    "no scheme": {PIP: "Unexpected file"},
    "two of one name": {INDEX: "Duplicate filename in local headers"},
    "two modules of one name": {INDEX: "Mis-matched data size"},
    "two .dist-info": {PIP: "multiple .dist-info directories found"},
    "another name in the header": {INDEX: "Filename not in central directory"},
    "another size in the header": {INDEX: "Mis-matched file size"},
    "in no directory": {INDEX: "Filename not in central directory"},
    "one header for two": {INDEX: "Missing filename in local headers"},
    "malformed extra field": {INDEX: "Malformed zip file"},
    "bytes before": {INDEX: "Unknown record signature"},
    "bytes between": {INDEX: "Unknown record signature"},
    "bytes behind": {INDEX: "Trailing data"},
    "an archive before": {INDEX: "Filename not in central directory"},
    "an archive in the comment": {INDEX: "Mis-matched data size"},
    "comment of a member": {INDEX: "Comment in central directory"},
    "control in a name": {INDEX: "Invalid character in filename"},
    "end of line in a name": {INDEX: "Invalid character in filename"},
    "NUL in a name": {INDEX: "Invalid character in filename"},
    "name that is not UTF-8": {INDEX: "Filename not unicode"},
    "bzip2": {INDEX: "File does not use a supported compression type"},
    "encrypted": {PIP: "is encrypted, password required for extraction"},
    "data descriptor": {INDEX: "ZIP contains a data descriptor"},
    "two names for one file": {},
    "scheme over root": {},
    "backslash": {},
    "empty part": {},
    "drive": {},
    "another checksum in the header": {},
    "another Unicode path in the header": {},
    "another Unicode path": {},
    "extra field cut off": {PIP: "Corrupt extra field 0001 (size=65535)"},
    "symbolic link": {},
}
"""What pip 26.3 and the index's ``validate_zipfile`` said of these very files; neither where {}."""


def found(path: str | Path) -> tuple[Irregularity, ...]:
    with Archive(path) as archive:
        return archive.irregularities()


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_is_refused_in_the_words_of_pip_or_the_index(attack: str, tmp_path: Path) -> None:
    said = [(one.by, one.said) for one in found(make(attack, tmp_path)) if one.refused]
    assert set(SAYS[attack].items()) <= set(said)
    assert bool(said) == bool(SAYS[attack])


@pytest.mark.parametrize("attack", [a for a in ATTACKS if ATTACKS[a][1] == "COL608"])
def test_what_both_take_but_install_as_something_else_is_irregular(
    attack: str, tmp_path: Path
) -> None:
    kinds = {(one.kind, one.refused) for one in found(make(attack, tmp_path))}
    assert kinds == {("link" if attack == "symbolic link" else "ambiguous", False)}


@pytest.mark.parametrize("path", sorted(WHEELS.glob("dist/*.whl")), ids=lambda p: p.name[9:-35])
def test_specimens_are_regular(path: Path) -> None:
    assert found(path) == ()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("wide", [False, True], ids=["small", "zip64"])
def test_archives_of_zipfile_are_regular(tmp_path: Path, method: int, wide: bool) -> None:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("pkg/", b"")
        for name in ("pkg/é☃.txt", f"{INFO}/RECORD"):
            with archive.open(name, "w", force_zip64=wide) as member:
                member.write(b"text" * 99 if "pkg" in name else b"")
    assert found(path) == ()


def test_glance_sees_what_the_walk_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [*sorted(WHEELS.glob("dist/*.whl"))]
    for number, attack in enumerate(ATTACKS):
        (tmp_path / str(number)).mkdir()
        paths.append(Path(make(attack, tmp_path / str(number))))
    at_a_glance = [found(path) for path in paths]
    monkeypatch.setattr(archive, "is_plain", lambda *_: False)
    assert [found(path) for path in paths] == at_a_glance


def test_headers_behind_a_data_descriptor_are_read(tmp_path: Path) -> None:
    path = Path(make("data descriptor", tmp_path))
    (one,) = found(path)
    assert (one.kind, one.members) == ("storage", ("one.txt",))
    text = Stored(b"two.txt", b"two", descriptor=True)
    path.write_bytes(written(wheel_of(text, Stored(b"three.txt", b"three", local_crc=1))))
    differing, stored = found(path)
    assert (differing.kind, differing.members) == ("ambiguous", ("three.txt",))
    assert (stored.kind, stored.members) == ("storage", ("two.txt",))


def test_members_are_named(tmp_path: Path) -> None:
    (one,) = found(make("out of .data", tmp_path))
    assert one.members == (
        "demo-1.0.data/scripts/../../../../../usr/lib/x86_64-linux-gnu/libz.so.1",
    )
    assert one.sentence == 'pip: "Unknown scheme key"'


# -- how such archives are read -------------------------------------------------------------------


def test_member_that_is_installed_nowhere_stands_in_for_no_library(tmp_path: Path) -> None:
    target = read_target(make("out of .data", tmp_path))
    assert list(target.names.values()) == [MODULE]
    ((skipped, reason),) = target.skipped
    assert skipped.endswith("/libz.so.1")
    assert reason == 'is installed nowhere: pip says "Unknown scheme key"'


def test_last_of_several_is_read_as_zipfile_and_pip_do(tmp_path: Path) -> None:
    path = Path(make("none", tmp_path))
    good = wheel_of()[0]
    path.write_bytes(written([Stored(good.name, b"\x7fELF harmless"), *wheel_of()]))
    target = read_target(path)
    assert (list(target.names.values()), target.problems) == ([MODULE], ())


def test_record_is_that_of_the_file_name(tmp_path: Path) -> None:
    path = Path(make("none", tmp_path))
    other = Stored(b"another-2.0.dist-info/RECORD", b"nothing,,\n")
    path.write_bytes(written([other, *wheel_of()]))
    with Archive(path) as archive:
        assert archive.record == f"{INFO}/RECORD"
    assert read_target(path).problems == ()


@pytest.mark.parametrize("attack", ["bzip2", "encrypted"])
def test_member_that_cannot_be_looked_into_is_a_problem_beside_the_others(
    attack: str, tmp_path: Path
) -> None:
    target = read_target(make(attack, tmp_path))
    assert list(target.names.values()) == [MODULE]
    assert [type(problem) for problem in target.problems] == [InputError]
    assert "one.txt: cannot be inflated" in str(target.problems[0])


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("pkg/..x/y.so", False),
        ("pkg/x..so", False),
        ("demo-1.0.data/purelib/x.so", False),
        ("demo-1.0.data/data/lib/x.so", False),
        ("demo-1.0.data/scripts/../purelib/x.so", False),
        ("demo-1.0.data/", False),
        ("pkg/demo.data/x/y", False),
        ("pkg/../x.so", False),
        ("..", True),
        ("x/../../y", True),
        ("demo-1.0.data", True),
        ("demo-1.0.data/scripts", True),
        ("demo-1.0.data/../x/y", True),
    ],
)
def test_places_are_those_that_pip_takes(name: str, refused: bool) -> None:
    assert (refused_place(name) is not None) == refused


def test_records_that_are_cut_off_end_the_walk_and_raise_nothing(tmp_path: Path) -> None:
    path = Path(make("none", tmp_path))
    data = path.read_bytes()
    with Archive(path) as archive, memoryview(data) as raw:
        for length in range(0, len(data), 3):
            assert irregularities(raw[:length], archive.entries, "demo-1.0")
        assert not irregularities(raw, archive.entries, "demo-1.0")
