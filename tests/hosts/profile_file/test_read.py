"""Profile files back to hosts: what is read, what is refused, and that nothing is lost."""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checkout import WHEELS
from collide.analysis.analysis import analyse
from collide.elf.object import ElfObject
from collide.filesystems.root import Root
from collide.hosts.database import load_shipped
from collide.hosts.extract import extract
from collide.hosts.profile_file.read import SCHEMA_FILE, load
from collide.loader.host import Host
from collide.report import bindings
from collide.support.errors import InputError
from collide.wheels.target import read_target

SPECIMENS = sorted((WHEELS / "dist").glob("*.whl"))
Profile = dict[str, Any]


def written(tmp_path: Path, data: bytes | Profile) -> Path:
    """A profile file."""
    path = tmp_path / "profile.json"
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    return path


def refusal(path: Path) -> str:
    """Why a file is no profile, when it is loaded or as soon as it is used."""
    with pytest.raises(InputError) as raised:
        use(load(path))
    assert raised.value.path == str(path)
    assert "\n" not in raised.value.reason
    return raised.value.reason


def use(host: Host) -> list[str]:
    """Everything that one specimen can ask of a host."""
    (wheel,) = (w for w in SPECIMENS if "bundled_mangled" in w.name)
    return list(bindings.render(analyse(read_target(wheel), host)))


def plain_facts(obj: ElfObject) -> dict[str, object]:
    """What an object says about itself, without its tables and what is never recorded."""
    left_out = ("exports", "references", "noopen", "relr", "code_size", "bind_now", "isa_needed")
    return {k: v for k, v in obj._asdict().items() if k not in left_out}


# -- what is lost ---------------------------------------------------------------------------------


def test_recording_a_loaded_profile_again_gives_the_facts_it_had(
    tmp_path: Path, recorded_host: bytes
) -> None:
    root = Root()
    live = extract(str(WHEELS / "host/host"), root)
    host = load(written(tmp_path, recorded_host))
    assert (host.name, host.path, host.architecture, host.python) == (
        *(live.name, live.path, live.architecture, live.python),
    )
    assert host.loader == live.loader
    assert host.failures == live.failures
    assert [m.dso.path for m in host.process.maps] == [m.dso.path for m in live.process.maps]
    assert [m.name for m in host.process.global_scope] == [
        m.name for m in live.process.global_scope
    ]
    for one, other in zip(host.process.maps, live.process.maps, strict=True):
        assert plain_facts(one.elf) == plain_facts(other.elf)
        assert (one.found, one.origin) == (other.found, other.origin)
        assert host.process.aliases()[one] == live.process.aliases()[other]


def test_exports_and_references_of_every_object_survive(
    tmp_path: Path, recorded_host: bytes
) -> None:
    live = extract(str(WHEELS / "host/host"), Root())
    host = load(written(tmp_path, recorded_host))
    for one, other in zip(host.process.maps, live.process.maps, strict=True):
        exports, real = one.elf.exports, other.elf.exports
        assert exports.versioned == real.versioned
        findable = {name for name in real.names if real.candidates(name)}
        assert set(exports.names) == findable
        for name in findable:
            assert exports.candidates(name) == tuple(
                d._replace(value=None) for d in real.candidates(name)
            )
        assert set(one.elf.references) == set(other.elf.references)
        assert len(one.elf.references) == len(other.elf.references)


def test_simple_names_are_those_of_the_object(tmp_path: Path, recorded_host: bytes) -> None:
    live = extract(str(WHEELS / "host/host"), Root())
    host = load(written(tmp_path, recorded_host))
    for one, other in zip(host.process.maps, live.process.maps, strict=True):
        findable = [n for n in other.elf.exports.names if other.elf.exports.candidates(n)]
        for version in (None, "GLIBC_2.2.5", "NONE"):
            wanted = dict.fromkeys(findable, version)
            simple = set(one.elf.exports.simple(wanted))
            # An optimisation may leave out what must then be looked at one by one.
            assert set(other.elf.exports.simple(wanted)) <= simple


def test_defined_names_are_those_wanted_that_are_exported(
    tmp_path: Path, recorded_host: bytes
) -> None:
    hosts = load(written(tmp_path, recorded_host)), load_shipped("debian-12-python3")
    for exports in (m.elf.exports for host in hosts for m in host.process.maps):
        wanted = {"malloc", "vault_open", "no_such_name", "PyList_New", "stdout"}
        before = exports.defined(wanted)
        alone = {name for name in wanted if exports.candidates(name)}
        assert before == alone == exports.names & wanted == exports.defined(wanted)


def test_name_that_is_not_exported_has_no_candidates() -> None:
    exports = load_shipped("debian-12-python3").process.executable.elf.exports
    assert exports.candidates("no_such_name") == ()


@pytest.mark.parametrize("wheel", SPECIMENS, ids=[w.name.partition("-")[0] for w in SPECIMENS])
def test_recorded_host_binds_as_the_host_itself(
    tmp_path: Path, recorded_host: bytes, wheel: Path
) -> None:
    live = extract(str(WHEELS / "host/host"), Root())
    target = read_target(wheel)
    host = load(written(tmp_path, recorded_host))
    expected = list(bindings.render(analyse(target, live)))
    assert expected
    assert list(bindings.render(analyse(target, host))) == expected


# -- forms ----------------------------------------------------------------------------------------


def test_compressed_and_plain_are_told_by_their_contents(
    tmp_path: Path, recorded_host: bytes
) -> None:
    plain = use(load(written(tmp_path, recorded_host)))
    assert use(load(written(tmp_path, lzma.compress(recorded_host)))) == plain


def test_any_layout_of_the_json_is_a_profile(tmp_path: Path, recorded_host: bytes) -> None:
    profile = json.loads(recorded_host)
    backwards = dict(reversed(profile.items()))
    plain = use(load(written(tmp_path, recorded_host)))
    assert use(load(written(tmp_path, json.dumps(backwards, indent=2).encode()))) == plain


def test_tables_are_read_only_when_they_are_needed(tmp_path: Path, recorded_host: bytes) -> None:
    head, _, _ = recorded_host.partition(b',\n"tables":[\n')
    count = len(json.loads(recorded_host)["tables"])
    path = written(tmp_path, head + b',\n"tables":[\n' + b",\n".join([b"?"] * count) + b"\n]}\n")
    host = load(path)
    assert host.path == str(WHEELS / "host/host")
    with pytest.raises(InputError, match="not a valid profile"):
        use(host)


# -- what is refused ------------------------------------------------------------------------------


def test_missing_file_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "missing.json") == "no such file"


def test_directory_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).startswith("not a readable profile")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text",
        b"{",
        b"\xff\xfe\0",
        b"[" * 100_000,
        b"\xfd7zXZ\0",
        lzma.compress(b"text"),
        lzma.compress(bytes(1000))[:-8],
    ],
    ids=["empty", "text", "cut off", "binary", "deep", "xz magic", "xz text", "xz cut off"],
)
def test_garbage_is_refused(tmp_path: Path, data: bytes) -> None:
    assert refusal(written(tmp_path, data)).startswith("not a readable profile")


@pytest.mark.parametrize(
    ("data", "schema"),
    [
        (b"[]", "None"),
        (b"null", "None"),
        (b"{}", "None"),
        (b'{"schema":"collide-profile/2"}', "'collide-profile/2'"),
        (b'{"schema":1}', "1"),
    ],
)
def test_other_schema_is_refused_and_named(tmp_path: Path, data: bytes, schema: str) -> None:
    reason = refusal(written(tmp_path, data))
    assert reason.startswith("not a profile of schema collide-profile/1")
    assert f"(its schema is {schema})" in reason


# "system" is for a reader of the file: its objects are found by their paths.
REQUIRED = set(json.loads(Path(SCHEMA_FILE).read_text())["required"]) - {"schema", "system"}


@pytest.mark.parametrize("key", sorted(REQUIRED))
def test_missing_part_is_refused(tmp_path: Path, recorded_host: bytes, key: str) -> None:
    profile = json.loads(recorded_host)
    del profile[key]
    assert "not a valid profile" in refusal(written(tmp_path, profile))


def spoil(profile: Profile, *path: str | int, value: object) -> Profile:
    """The profile with another value at one place."""
    at: Any = profile
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return profile


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("name",), []),
        (("architecture",), "vax"),
        (("libc", "name"), "uclibc"),
        (("libc", "version"), "x"),
        (("libc", "version"), [None, 36]),
        (("loader", "cwd"), None),
        (("loader", "path"), 1),
        (("loader", "hwcaps"), None),
        (("loader", "platform"), ["x86_64"]),
        (("loader", "unknown"), 1),
        (("scope",), []),
        (("scope",), [0, 999]),
        (("objects",), []),
        (("objects", 0), None),
        (("objects", 0, "needed"), None),
        (("objects", 1, "found"), {"how": "x", "why": "y"}),
        (("objects", 1, "needs"), [999]),
        (("tables",), []),
        (("tables",), {}),
        (("missing",), [{"kind": "x"}]),
        (("objects", 1, "needed_by"), -1),
        (("objects", 1, "needed"), [["x"]]),
        (("objects", 1, "path"), 5),
        (("objects", 1, "soname"), 5),
        (("objects", 1, "version_needs"), [["libc.so.6", 5, False]]),
        (("cache", "libc.so.6"), 5),
    ],
)
def test_wrong_value_is_refused_at_once(
    tmp_path: Path, recorded_host: bytes, path: tuple[str | int, ...], value: object
) -> None:
    profile = written(tmp_path, spoil(json.loads(recorded_host), *path, value=value))
    with pytest.raises(InputError, match="not a valid profile of schema"):
        load(profile)


def test_wrong_name_is_refused_however_often_it_is_asked_for(
    tmp_path: Path, recorded_host: bytes
) -> None:
    at = recorded_host.index(b'"names":["') + len('"names":[')
    host = load(written(tmp_path, recorded_host[:at] + b"5," + recorded_host[at:]))
    for _ in range(2):
        with pytest.raises(InputError, match=r"\(exports\.names\[0\] is no string\)"):
            use(host)


def _cut(column: str) -> Callable[[Profile], None]:
    return lambda exports: exports[column].pop()


def _row_out_of_range(exports: Profile) -> None:
    exports["attribute"][0] = len(exports["attributes"])


def _negative_row(exports: Profile) -> None:
    exports["attribute"][0] = -1000


def _short_row(exports: Profile) -> None:
    exports["attributes"][0].pop()


def _unknown_type(exports: Profile) -> None:
    exports["attributes"][0][0] = "STRANGE"


@pytest.mark.parametrize(
    "damage",
    [
        *(_cut("names"), _cut("sizes"), _cut("attribute"), dict.clear),
        *(_row_out_of_range, _negative_row, _short_row, _unknown_type),
    ],
    ids=[
        *("names cut", "sizes cut", "column cut", "empty"),
        *("row out of range", "negative row", "short row", "unknown type"),
    ],
)
def test_damaged_exports_are_refused_when_they_are_needed(
    tmp_path: Path, recorded_host: bytes, damage: Callable[[Profile], None]
) -> None:
    profile = json.loads(recorded_host)
    number = next(i for i, o in enumerate(profile["objects"]) if o["soname"] == "libvault.so.1")
    damage(profile["tables"][number]["exports"])
    assert "not a valid profile" in refusal(written(tmp_path, profile))
