"""The shipped hosts: each is what its name says, and the pack loses nothing that binds."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from checkout import WHEELS
from collide.analysis.analysis import analyse
from collide.elf.constants import STB_GNU_UNIQUE
from collide.elf.machines import CLASS_NAMES
from collide.filesystems.root import Root
from collide.hosts.database import (
    DATABASE_FILE,
    database,
    load_shipped,
    shipped_names,
    shipped_summary,
)
from collide.hosts.database.reader import Database, Summary, apply_delta
from collide.hosts.extract import extract
from collide.loader.host import Host
from collide.loader.libc import GLIBC
from collide.report import bindings
from collide.support.errors import InputError
from collide.wheels.target import read_target
from packing import make_delta, pack, shipped_file, squeezed, summary_of, unpack, with_offers
from shipped import SHIPPED

SPECIMENS = sorted((WHEELS / "dist").glob("*.whl"))
each_host = pytest.mark.parametrize("shipped", SHIPPED, ids=[s.name for s in SHIPPED])
LIMIT = 4_700_000
"""Bytes of 113 hosts of seven architectures; what functions use takes 1.3 MB of them (issue 20)."""


def summary(host: Host) -> Summary:
    """The entry of a host of a test."""
    return summary_of(host, ("test",), "a test")


@pytest.fixture(scope="module")
def recorded(recorded_host: bytes) -> tuple[Host, dict[str, Any]]:
    """The specimens' host, and its profile."""
    host = extract(str(WHEELS / "host/host"), Root(), name="one")
    return host, {**json.loads(recorded_host), "name": "one"}


@pytest.fixture(scope="module")
def packed(
    recorded: tuple[Host, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Host, Database]:
    """The same host, and a database that holds it twice."""
    host, profile = recorded
    known = [host._replace(name=name) for name in ("one", "two")]
    file = tmp_path_factory.mktemp("database") / "hosts.db"
    file.write_bytes(pack((summary(one), {**profile, "name": one.name}) for one in known))
    return host, Database(file)


# -- what is shipped ------------------------------------------------------------------------------


def test_database_has_the_hosts_of_the_table_and_no_others() -> None:
    assert list(shipped_names()) == [s.name for s in SHIPPED]
    assert len(SHIPPED) >= 40


def test_database_stays_small() -> None:
    assert Path(DATABASE_FILE).stat().st_size < LIMIT


@each_host
def test_host_is_what_its_name_says(shipped: Any) -> None:
    host, known = load_shipped(shipped.name), shipped_summary(shipped.name)
    assert host.name == known.name == shipped.name
    assert known.groups == shipped.groups
    assert (known.architecture, known.python) == (host.architecture, host.python)
    assert (known.loader.libc, known.loader.version) == (host.loader.libc, host.loader.version)
    assert list(host.rtld_global) == list(shipped.rtld_global)
    assert host.process.executable in host.process.global_scope
    if shipped.wheel and shipped.wheel.requirement.startswith("ninja"):
        # It stands in for an interpreter that links the C library alone.
        assert host.python is None
        assert len(host.process.maps) == 2
        return
    assert host.python is not None
    assert host.python.implementation == ("pp" if "pypy" in shipped.groups else "cp")
    if shipped.python is not None:
        assert host.python == shipped.python
    # What makes a module loadable: an interpreter's functions in the global scope.
    assert any("PyList_New" in m.elf.exports.names or "PyPyList_New" in m.elf.exports.names
               for m in host.process.global_scope)  # fmt: skip


@each_host
def test_host_could_start(shipped: Any) -> None:
    assert load_shipped(shipped.name).failures == ()


@each_host
def test_packages_of_all_objects_are_known(shipped: Any) -> None:
    for recorded in database().head(shipped.name)["objects"]:
        assert recorded["package"], recorded["path"]
        assert recorded["package"]["version"]


@each_host
def test_cpu_is_a_baseline_one(shipped: Any) -> None:
    loader = load_shipped(shipped.name).loader
    assert loader.hwcaps == ()
    assert loader.platform != "haswell"


def test_equal_libraries_are_one_object() -> None:
    one, other = (load_shipped(n) for n in ("debian-12-python3", "debian-12-gdb"))
    libraries = [{m.elf.soname: m.elf for m in host.process.global_scope} for host in (one, other)]
    for name in ("libc.so.6", "libm.so.6", "libz.so.1"):
        assert libraries[0][name] is libraries[1][name]


def test_wheel_grows_by_no_more_than_the_database(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "w.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.write(DATABASE_FILE, "hosts.db")
    assert (tmp_path / "w.whl").stat().st_size < LIMIT


# -- what is packed -------------------------------------------------------------------------------


@pytest.mark.parametrize("wheel", SPECIMENS, ids=[w.name.partition("-")[0] for w in SPECIMENS])
def test_packed_host_binds_as_the_host_itself(packed: tuple[Host, Database], wheel: Path) -> None:
    live, hosts = packed
    target = read_target(wheel)
    expected = list(bindings.render(analyse(target, live)))
    assert expected
    for name in ("one", "two"):
        assert list(bindings.render(analyse(target, hosts.load(name)))) == expected


def test_packed_exports_are_those_of_the_file(packed: tuple[Host, Database]) -> None:
    live, hosts = packed
    for one, other in zip(hosts.load("one").process.maps, live.process.maps, strict=True):
        exports, real = one.elf.exports, other.elf.exports
        findable = {name for name in real.names if real.candidates(name)}
        begin = ("_", "vault_o")
        found = {name for name in findable if name.startswith(begin)}
        # Asked before all names are read, and afterwards.
        assert exports.count == len(findable)
        assert set(exports.beginning(begin)) == found
        assert set(exports.names) == findable
        assert set(exports.beginning(begin)) == found
        for name in findable:
            kept = [d._replace(value=None, size=0) for d in real.candidates(name)]
            assert [d._replace(size=0) for d in exports.candidates(name)] == kept
            for recorded, definition in zip(
                exports.candidates(name), real.candidates(name), strict=True
            ):
                # Of functions only what vague linkage compares.
                assert recorded.size in (0, definition.size)
                if definition.binding == STB_GNU_UNIQUE:
                    assert recorded.size == definition.size


def test_packing_again_gives_equal_bytes(packed: tuple[Host, Database]) -> None:
    _, hosts = packed
    profiles = [(hosts.summary(name), unpack(hosts, name)) for name in hosts.names]
    once = pack(profiles)
    assert pack(reversed(profiles)) == once


def test_references_to_what_is_opened_for_a_wheel_are_kept() -> None:
    host = load_shipped("debian-12-python3")
    opened = host.files.open("/usr/lib/x86_64-linux-gnu/libX11.so.6")
    assert opened is not None
    assert {CLASS_NAMES[r.lookup_class] for r in opened.elf.references} >= {"plt"}


def test_references_of_what_is_always_loaded_are_those_to_unique_symbols(
    recorded: tuple[Host, dict[str, Any]], tmp_path: Path
) -> None:
    host, profile = recorded[0], deepcopy(recorded[1])
    names = {r.name for r in host.process.executable.elf.references}
    (provider,) = (i for i, o in enumerate(profile["objects"]) if o["soname"] == "libvault.so.1")
    exports = profile["tables"][provider]["exports"]
    exports["attributes"] = [[row[0], "UNIQUE", *row[2:]] for row in exports["attributes"]]
    file = tmp_path / "hosts.db"
    file.write_bytes(pack([(summary(host), profile)]))
    kept = {r.name for r in Database(file).load(host.name).process.executable.elf.references}
    assert kept == names & set(exports["names"])
    assert kept < names


@pytest.mark.parametrize(
    ("base", "text"),
    [
        (b"", b""),
        (b"a\nb\n", b""),
        (b"", b"a\nb"),
        (b"a\nb\nc\nd", b"a\nb\nx\nc\nd"),
        (b"a\nb\nc\nd", b"d"),
        (b"a\na\nb\n", b"b\na\na\na\nb\nb"),
        (b"one\ntwo\n", b"\ntwo\none\r\none\n\x0b"),
    ],
)
def test_delta_restores_the_text(base: bytes, text: bytes) -> None:
    assert apply_delta(base, make_delta(base, text)) == text


# -- what cannot be read --------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"text", b"collide-hosts/2\n", b"collide-hosts/2\n" * 9])
def test_file_that_is_no_database_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "hosts.db"
    file.write_bytes(data)
    with pytest.raises(InputError, match=r"hosts\.db: not a database of hosts"):
        Database(file)


def test_missing_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.db: No such file"):
        Database(tmp_path / "none.db")


def use_all(hosts: Database) -> None:
    """Read whatever one host has."""
    for name in hosts.names[-1:]:
        hosts.head(name)
        for dso in hosts.load(name).files.by_path.values():  # type: ignore[attr-defined]
            dso.elf.exports.defined({"vault_open", "malloc"})
            for known in sorted(dso.elf.exports.names)[::10]:
                dso.elf.exports.candidates(known)
            dso.elf.exports.simple(dict.fromkeys(dso.elf.exports.names))
            assert len(dso.elf.references) >= 0


DAMAGES: tuple[Callable[[bytes], bytes], ...] = (
    lambda text: text[: len(text) // 2],
    lambda text: text[:-1] + b"\xff",
    lambda _: b"[]",
    lambda text: text.replace(b"1", b"77").replace(b"0", b"7"),
)


@pytest.fixture(scope="module")
def small(
    recorded: tuple[Host, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Database:
    """The host without the system libraries that it has not loaded itself."""
    host, profile = recorded
    loaded = slice(0, profile["loaded"])
    parts = {key: profile[key][loaded] for key in ("objects", "tables")}
    file = tmp_path_factory.mktemp("small") / "hosts.db"
    file.write_bytes(pack([(summary(host), {**profile, **parts, "system": {}})]))
    return Database(file)


@pytest.mark.parametrize("damage", DAMAGES, ids=["cut", "last byte", "other", "numbers"])
def test_damage_is_one_line(
    small: Database, damage: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small.path
    whole = Database.blob
    refused = 0
    for number in range(len(small._ends) - 1):
        monkeypatch.setattr(
            *(Database, "blob"),
            lambda self, n, number=number: (damage if n == number else bytes)(whole(self, n)),
        )
        try:
            use_all(Database(path))
        except InputError as e:
            assert "\n" not in str(e)
            refused += 1
    assert refused >= 3


def test_data_that_cannot_be_inflated_is_refused(
    packed: tuple[Host, Database], tmp_path: Path
) -> None:
    data = Path(packed[1].path).read_bytes()
    file = tmp_path / "hosts.db"
    for at in range(len(data) // 3, len(data), len(data) // 20):
        file.write_bytes(data[:at] + bytes(b ^ 0xFF for b in data[at : at + 40]) + data[at + 40 :])
        with pytest.raises(InputError):
            use_all(Database(file))


def test_shipped_file_has_the_whole_profile() -> None:
    profile = json.loads(shipped_file("debian-12-python3"))
    assert profile["name"] == "debian-12-python3"
    assert len(profile["tables"]) == len(profile["objects"])


def test_what_packages_bring_is_packed_beside_the_hosts(
    packed: tuple[Host, Database], tmp_path: Path
) -> None:
    _, database = packed
    assert dict(database.load("one").offered) == {}
    plain = Path(database.path).read_bytes()
    first = with_offers(plain, {"one": "liba1 liba.so.1\nlibb libb.so.2 liba.so.1\n", "two": ""})
    again = with_offers(first, {"two": "libc-one libc.so.9\n"})
    assert again == with_offers(plain, {"two": "libc-one libc.so.9\n"})
    for file, one, two in (
        (first, {"liba.so.1": "liba1", "libb.so.2": "libb"}, {}),
        (again, {}, {"libc.so.9": "libc-one"}),
    ):
        (tmp_path / "hosts.db").write_bytes(file)
        read = Database(tmp_path / "hosts.db")
        assert (dict(read.load("one").offered), dict(read.load("two").offered)) == (one, two)
        assert read.head("one") == database.head("one")


@pytest.mark.corpus
def test_squeezed_file_says_the_same(packed: tuple[Host, Database], tmp_path: Path) -> None:
    pytest.importorskip("zopfli", reason="only who records hosts has zopfli (pip install zopfli)")
    _, database = packed
    plain = with_offers(Path(database.path).read_bytes(), {"one": "liba1 liba.so.1\n"})
    (tmp_path / "hosts.db").write_bytes(squeezed(plain))
    read = Database(tmp_path / "hosts.db")
    assert (tmp_path / "hosts.db").stat().st_size < len(plain)
    assert {name: unpack(read, name) for name in read.names} == {
        name: unpack(database, name) for name in database.names
    }
    assert dict(read.load("one").offered) == {"liba.so.1": "liba1"}


def test_shipped_hosts_of_a_distribution_know_what_its_packages_bring() -> None:
    for name in shipped_names():
        host = load_shipped(name)
        if host.process.loader.libc == GLIBC.name:
            assert host.offered["libEGL.so.1"] == "libegl1", name
            assert host.offered["libpq.so.5"] == "libpq5", name
            assert "libLibraryName.so" not in host.offered
        else:
            assert not host.offered, name
