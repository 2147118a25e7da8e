"""Who exports what, of all objects at once: what is packed is found again, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

import packing_names
from collide.hosts.database import names as nametable
from collide.hosts.database.names import STAND_IN, NameTable, Place
from collide.hosts.profile_file.symbols import ERRORS, Attributes
from packing_names import pack_names

FUNC = ["FUNC", "GLOBAL", "DEFAULT", None, 1, True, False, False]
OLD = ["FUNC", "GLOBAL", "DEFAULT", "V_1", 2, False, False, False]
DATA = ["OBJECT", "GLOBAL", "DEFAULT", None, 1, True, False, False]
INLINE = ["FUNC", "WEAK", "DEFAULT", None, 1, True, False, False]


def exports(*definitions: tuple[str, list[Any], int]) -> dict[str, Any]:
    """The exports of a profile."""
    rows = [FUNC, OLD, DATA, INLINE]
    return {
        "attributes": rows,
        "attribute": [rows.index(row) for _, row, _ in definitions],
        "sizes": [size for _, _, size in definitions],
        "names": [name for name, _, _ in definitions],
    }


TABLES = (
    exports(("alpha", FUNC, 4), ("beta", DATA, 8), ("gamma", FUNC, 4)),
    exports(("alpha", FUNC, 5), ("beta", DATA, 8), ("beta_two", DATA, 16)),
    exports(("_ZN1aEv", INLINE, 12), ("beta", OLD, 9), ("beta", FUNC, 9), ("delta", FUNC, 1)),
    exports(("beta", DATA, 4), ("data", DATA, 24), ("data", OLD, 3)),
    exports(),
    exports(*((f"u_fun{i}_72", FUNC, 1) for i in range(200))),
    exports(*((f"u_fun{i}_67", FUNC, 1) for i in range(100)), ("udata_67", DATA, 2)),
)


class Blobs:
    """The blobs of a name table, and how often each was read."""

    def __init__(self, tables: Sequence[Mapping[str, Any]]) -> None:
        packed = pack_names(tables)
        self.texts = [packed.directory, *packed.blocks, packed.classes, packed.tables]
        self.texts += [packed.kinds, packed.sizes]
        last = len(self.texts)
        self.place = Place(0, last - 4, last - 3, last - 2, last - 1, packed.releases)
        self.read: Counter[int] = Counter()

    def __call__(self, number: int) -> bytes:
        self.read[number] += 1
        return self.texts[number]

    def table(self, *included: int) -> NameTable:
        """What is in them, or in the tables that are named."""
        table = NameTable(self, self.place)
        for number in included:
            table.include(number)
        if not included:
            table.widen()
        return table


@pytest.fixture(params=[1, 40, 100_000], ids=["many blocks", "some blocks", "one block"])
def blobs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Blobs:
    """The tables, in blocks of different sizes."""
    monkeypatch.setattr(packing_names, "_BLOCK", request.param)
    return Blobs(TABLES)


def held(table: NameTable, number: int) -> dict[str, int]:
    """What of all looked up one table has."""
    return {name: kind for kind, names in table.found(number) for name in names}


def kept(number: int, name: str) -> str:
    """The name as it is kept."""
    release = {5: "_72", 6: "_67"}.get(number)
    return name.replace(release, STAND_IN) if release else name


def expected(number: int, name: str) -> tuple[list[list[Any]], list[int]]:
    """The attributes and sizes of all definitions, where a size is kept."""
    columns = TABLES[number]
    rows, sizes = [], []
    for known, row, size in zip(
        columns["names"], columns["attribute"], columns["sizes"], strict=True
    ):
        if known == name:
            rows.append(columns["attributes"][row][3:])
            has_size = columns["attributes"][row] in (DATA, INLINE)
            sizes.append(size if has_size else 0)
    return rows, sizes


def assert_has(table: NameTable, number: int, names: Mapping[str, int]) -> None:
    """Kinds and sizes are those that were packed."""
    for name in set(TABLES[number]["names"]):
        kind = table.kind(names[kept(number, name)])
        rows, sizes = expected(number, name)
        assert [list(row[3:]) for row in kind] == rows
        assert list(table.sizes(number, kept(number, name), len(kind))) == sizes


def test_all_that_is_looked_up_is_found(blobs: Blobs) -> None:
    table = blobs.table()
    table.look_up({name for t in TABLES for name in t["names"]})
    for number, columns in enumerate(TABLES):
        names = held(table, number)
        assert {kept(number, name) for name in columns["names"]} == names.keys()
        assert table.count(number) == len(names)
        assert_has(table, number, names)


def test_all_names_of_a_table_are_listed(blobs: Blobs) -> None:
    for number, columns in enumerate(TABLES):
        table = blobs.table()
        names = table.names(number)
        assert {kept(number, name) for name in columns["names"]} == names.keys()
        assert_has(table, number, names)


@pytest.mark.parametrize("name", ["alpha", "beta", "beta_two", "_ZN1aEv", "delta", "u_fun7_67"])
def test_one_name_is_found_in_all_its_tables(blobs: Blobs, name: str) -> None:
    table = blobs.table()
    table.look_up({name})
    for number, columns in enumerate(TABLES):
        forms = {name, name.replace("_67", STAND_IN)}
        assert held(table, number).keys() == forms & {kept(number, n) for n in columns["names"]}


@pytest.mark.parametrize("name", ["", "a", "alphabet", "zeta", "u_fun7", "beta_", "\udcff", "~"])
def test_name_that_nobody_has_is_in_no_table(blobs: Blobs, name: str) -> None:
    table = blobs.table()
    table.look_up({name})
    assert not any(held(table, number) for number in range(len(TABLES)))


def test_later_names_are_added_to_the_earlier(blobs: Blobs) -> None:
    table = blobs.table()
    table.look_up({"alpha"})
    before = len(table.found(0))
    table.look_up({"alpha", "gamma"})
    assert held(table, 0).keys() == {"alpha", "gamma"}
    assert [set(names) for _, names in table.found(0, before)] == [{"gamma"}]


def test_asking_again_reads_nothing(blobs: Blobs) -> None:
    table = blobs.table()
    wanted = {"alpha", "nobody"}
    table.look_up(wanted)
    read = blobs.read.total()
    for again in (wanted, {"nobody"}, wanted.copy(), {"alpha": 1}.keys()):
        table.look_up(again)
    assert blobs.read.total() == read
    assert held(table, 0).keys() == {"alpha"}


def test_set_that_has_grown_is_looked_up_again(blobs: Blobs) -> None:
    table = blobs.table()
    wanted = {"alpha"}
    table.look_up(wanted)
    wanted.add("beta")
    table.look_up(wanted)
    assert held(table, 0).keys() == {"alpha", "beta"}


def test_only_the_blocks_of_the_names_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing_names, "_BLOCK", 40)
    blobs = Blobs(TABLES)
    blobs.table().look_up({"alpha", "alpine"})
    blocks = range(1, blobs.place.classes)
    assert len(blocks) > 20
    assert [number for number in blocks if blobs.read[number]] == [
        next(number for number in blocks if b"alpha" in blobs.texts[number])
    ]


def test_only_included_tables_are_looked_through(blobs: Blobs) -> None:
    table = blobs.table(2)
    table.look_up({"alpha", "beta"})
    assert held(table, 2).keys() == {"beta"}
    assert "alpha" not in held(table, 0)


def test_blocks_without_a_name_of_an_included_table_are_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packing_names, "_BLOCK", 40)
    blobs = Blobs(TABLES)
    blobs.table(2).look_up({f"u_fun{i}_72" for i in range(200)})
    names = (b"_ZN1aEv", b"beta", b"delta")
    for number in range(1, blobs.place.classes):
        assert not blobs.read[number] or any(name in blobs.texts[number] for name in names)


def test_table_that_is_included_later_has_what_was_asked_before(blobs: Blobs) -> None:
    table = blobs.table(2)
    wanted = {"alpha", "beta", "gamma"}
    table.look_up(wanted)
    table.include(0)
    table.look_up(wanted)
    assert held(table, 0).keys() == wanted
    assert held(table, 2).keys() == {"beta"}


def test_table_that_has_a_class_in_common_with_an_earlier_one_has_its_names(
    blobs: Blobs,
) -> None:
    table = blobs.table(0)
    wanted = {"alpha", "beta"}
    table.look_up(wanted)
    table.include(1)
    table.look_up(wanted)
    assert held(table, 1).keys() == wanted
    assert_has(table, 1, {**held(table, 1), **table.names(1)})


@pytest.mark.parametrize("widened", [True, False], ids=["all tables", "one table more"])
def test_release_that_comes_later_has_what_was_asked_before(blobs: Blobs, widened: bool) -> None:
    table = blobs.table(6)
    wanted = {"u_fun7_72"}
    table.look_up(wanted)
    table.widen() if widened else table.include(5)
    table.look_up(wanted)
    assert held(table, 5).keys() == {kept(5, "u_fun7_72")}


def test_all_tables_have_what_was_asked_before_they_were_looked_through(blobs: Blobs) -> None:
    table = blobs.table(2)
    table.look_up({"alpha", "beta", "gamma"})
    table.widen()
    assert held(table, 0).keys() == {"alpha", "beta", "gamma"}
    assert held(table, 2).keys() == {"beta"}
    table.look_up({"u_fun7_72"})
    assert held(table, 5).keys() == {kept(5, "u_fun7_72")}


def test_very_many_names_are_looked_up_in_all_blocks(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nametable, "_MANY", 2)
    table = blobs.table()
    table.look_up({"alpha", "gamma", "beta"})
    assert held(table, 0).keys() == {"alpha", "beta", "gamma"}
    assert held(table, 2).keys() == {"beta"}


def test_release_of_a_library_is_one_name_with_that_of_another() -> None:
    packed = pack_names(TABLES)
    assert packed.releases == {"5": "_72", "6": "_67"}
    assert sum(block.count(b"u_fun") for block in packed.blocks) == 200


def test_no_tables_at_all() -> None:
    table = Blobs([]).table()
    table.look_up({"alpha"})
    assert not table.found(0)
    assert table.names(0) == {}


def test_names_of_any_bytes_survive() -> None:
    names = ["caf\udce9", "na\u00efve", "\U0001f40d", "x" * 1000, "x" * 999 + "y"]
    table = Blobs([exports(*((name, FUNC, 0) for name in sorted(names)))]).table()
    table.look_up(set(names))
    assert held(table, 0).keys() == set(names)


def test_control_character_is_refused() -> None:
    for name in ("a\nb", f"a{STAND_IN}b"):
        with pytest.raises(ValueError, match="control character"):
            pack_names([exports((name, FUNC, 0))])


def test_kinds_are_rows_of_attributes() -> None:
    table = Blobs(TABLES).table()
    names = table.names(2)
    kind = table.kind(names["beta"])
    assert all(isinstance(row, Attributes) for row in kind)
    assert [row.version for row in kind] == ["V_1", None]


def _cut(text: bytes) -> bytes:
    return text[:-1]


def _emptied(_: bytes) -> bytes:
    return b""


def _garbled(text: bytes) -> bytes:
    return bytes(255 - byte for byte in text)


@pytest.mark.parametrize("damage", [_cut, _emptied, _garbled])
@pytest.mark.parametrize("part", range(5), ids=["directory", "block", "classes", "kinds", "sizes"])
def test_damage_raises_nothing_unforeseen(damage: Callable[[bytes], bytes], part: int) -> None:
    blobs = Blobs(TABLES)
    blobs.texts[part] = damage(blobs.texts[part])
    try:
        table = blobs.table()
        table.look_up({"alpha", "beta", "data", "u_fun7_67"})
        for number in range(len(TABLES)):
            for name, kind in {**table.names(number), **held(table, number)}.items():
                table.sizes(number, name, len(table.kind(kind)))
    except ERRORS:
        pass
