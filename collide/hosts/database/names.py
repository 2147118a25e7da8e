"""Looks names up in the exports of all shipped objects at once; each name is kept once.

A host exports tens of thousands of names, and a wheel refers to some hundreds of
them. So nothing is kept by object. A name has a *class*: the tables that hold
it, with the kind that it has in each; some thousand classes serve all names. The
names are sorted and cut into blocks. A look-up reads the blocks that the names
asked for would be in, for all tables together. The names that a wheel refers to have
few beginnings: 12,000 names of numpy are in a tenth of the blocks. One host by itself
has few classes: as long as there is no second one, the others are passed over.
``tests/tools/packing_names.py`` writes what is read here:

- The *directory*: as 32-bit integers the number of blocks, then how many runs
  each has, then the class of each run, then how many names each has; then the
  name that each block begins with, a line each. The blocks follow it.
- A *block*: for each name the number of its sizes (16 bits each), then the
  names, a line each. The names of one run are sorted.
- The *classes*: a line each, ``" table:kind"`` for each table. The *tables*: the same
  the other way round, a line each, ``" class:kind"`` for each class.
- The *kinds*: a line each, JSON, the definitions of one name in one object.
- The *sizes*: a line each, the sizes of a name in each table of its class, or one
  number that is the size of all of them. Those of several definitions of one
  object have a comma between them.

All integers are little-endian.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise

from collide.elf import native
from collide.elf.hash_tables import integers
from collide.hosts.profile_file.symbols import Attributes, Kind
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

STAND_IN = "\1"
"""Replaces in names the release of their library, as ICU puts ``_72`` into every name."""
_MANY = 50
"""Names for each block from which on nearly all blocks have one: then all blocks are read."""

_BLOCKS = 128
"""How many blocks stay in memory, of some 500 names each."""


class Place(NamedTuple):
    """The place of names in a database: numbers of blobs, and the release of some tables."""

    directory: int
    classes: int
    tables: int
    kinds: int
    sizes: int
    releases: Mapping[str, str]


class NameTable:
    """The names in one database; ``blob`` gives the text of a number."""

    def __init__(self, blob: Callable[[int], bytes], place: Place) -> None:
        self._blob = blob
        self._place = place
        self.releases = {int(table): release for table, release in place.releases.items()}
        # The names that have been looked up, and what was found, by table.
        self._asked: set[str] = set()
        self._last: AbstractSet[str] = frozenset()
        self._last_size = 0
        self._batches: dict[int, list[tuple[int, AbstractSet[str]]]] = {}
        # The classes that are looked through, None for all; the tables that are, and those
        # whose classes are not yet.
        self._narrow: set[int] | None = set()
        self._included: set[int] = set()
        self._tables: set[int] = set()
        self._known_held: dict[int, dict[int, int]] = {}
        # What was found of each class, as long as not all tables are looked through.
        self._hits: dict[int, list[AbstractSet[str]]] = {}
        self._kinds: dict[int, Kind] = {}
        # The class and sizes of the names read so far, where they are not 0.
        self._sizes: dict[str, tuple[int, int]] = {}
        # Hosts and libraries ask for names in the same ones.
        self._block = lru_cache(maxsize=_BLOCKS)(self._read_block)

    # -- what is read once ------------------------------------------------------------------------

    @cached_property
    def _directory(self) -> _Directory:
        return _Directory(self._blob(self._place.directory))

    @cached_property
    def _classes(self) -> list[bytes]:
        return self._blob(self._place.classes).split(b"\n")

    @cached_property
    def _kind_lines(self) -> list[bytes]:
        return self._blob(self._place.kinds).split(b"\n")

    @cached_property
    def _size_lines(self) -> list[str]:
        return self._blob(self._place.sizes).decode("ascii").split("\n")

    def kind(self, number: int) -> Kind:
        """The kind of that number."""
        if number not in self._kinds:
            rows = json.loads(self._kind_lines[number])
            self._kinds[number] = tuple(Attributes(*row) for row in rows)
        return self._kinds[number]

    def _members(self, number: int) -> Iterable[tuple[int, int]]:
        """The tables of a class, and the kind in each."""
        return _pairs(self._classes[number])

    @cached_property
    def _table_lines(self) -> list[bytes]:
        return self._blob(self._place.tables).split(b"\n")

    def _held(self, table: int) -> dict[int, int]:
        """The classes whose names a table has, and the kind of each."""
        found = self._known_held.get(table)
        if found is None:
            lines = self._table_lines
            found = dict(_pairs(lines[table])) if table < len(lines) else {}
            self._known_held[table] = found
        return found

    # -- looking up -------------------------------------------------------------------------------

    def include(self, table: int) -> None:
        """Look for names in this table, too."""
        if self._narrow is not None:
            self._tables.add(table)

    def widen(self) -> None:
        """Look for names in all tables from now on."""
        seen = self._narrow
        if seen is not None:
            for class_ in self._hits:
                self._give(class_, [m for m in self._members(class_) if m[0] not in self._included])
            self._narrow = None
            self._hits.clear()
            self._tables.clear()
            self._release(self.releases.keys(), seen)
            self._find(self._asked, set(range(len(self._classes))) - seen)

    def look_up(self, wanted: AbstractSet[str]) -> None:
        """Find ``wanted`` in the tables; names that were looked up before cost nothing."""
        if self._narrow is not None and self._tables:
            self._include_tables(self._narrow)
        if wanted is self._last and len(wanted) == self._last_size:
            return
        asked = self._asked
        missing = wanted - asked if asked else wanted
        if missing:
            self._find(missing, self._narrow)
            asked.update(missing)
        self._last, self._last_size = wanted, len(wanted)

    def _include_tables(self, seen: set[int]) -> None:
        classes: set[int] = set()
        for table in self._tables - self._included:
            held = self._held(table)
            classes.update(held)
            for class_ in held.keys() & self._hits.keys():
                self._give(class_, [(table, held[class_])])
        self._release(self._tables, seen)
        self._find(self._asked, classes - seen)
        self._tables.clear()
        seen |= classes

    def _release(self, tables: AbstractSet[int], seen: AbstractSet[int]) -> None:
        """Look in classes ``seen`` before for names that have these tables' releases in them.

        Tables of several releases have the classes of their names in common.
        """
        before = {self.releases[n] for n in self._included & self.releases.keys()}
        self._included |= tables
        new = {self.releases[n] for n in self._included & self.releases.keys()} - before
        if new:
            named = _with_releases(self._asked, new)
            self._find(set().union(*named.values()), seen)

    def _give(self, class_: int, members: Iterable[tuple[int, int]]) -> None:
        """Add to tables the names of a class that were found before the tables were included."""
        for table, kind in members:
            found = self._batches.setdefault(table, [])
            found += [(kind, names) for names in self._hits[class_]]

    def found(self, table: int, start: int = 0) -> Sequence[tuple[int, AbstractSet[str]]]:
        """The names of one table among all looked up, by kind, from the ``start``-th such set on.

        Releases in them are replaced by the stand-in, and there may be more names than were
        asked for.
        """
        return self._batches.get(table, [])[start:]

    def _find(self, wanted: AbstractSet[str], classes: AbstractSet[int] | None) -> None:
        """Find ``wanted`` in the runs of these classes, None for all."""
        if not wanted or classes == set():
            return
        forms = set(wanted)
        releases = {self.releases[n] for n in self._included & self.releases.keys()}
        for release, names in _with_releases(wanted, releases).items():
            forms |= {name.replace(release, STAND_IN) for name in names}
        directory = self._directory
        found: dict[int, set[str]] = {}
        for number in directory.blocks_of(forms, classes):
            for run in self._runs(number, classes):
                hits = forms.intersection(run.names)
                if hits:
                    found.setdefault(run.number, set()).update(hits)
                    self._sizes.update(run.sizes_of(hits))
        for class_ in sorted(found):
            if self._narrow is None:
                members = self._members(class_)
            else:
                self._hits.setdefault(class_, []).append(found[class_])
                held = ((table, self._held(table)) for table in sorted(self._included))
                members = ((table, kinds[class_]) for table, kinds in held if class_ in kinds)
            for table, kind in members:
                self._batches.setdefault(table, []).append((kind, found[class_]))

    def _read_block(self, number: int) -> tuple[bytes, bytes]:
        """The names of a block, and the column of their sizes."""
        data = self._blob(self._place.directory + 1 + number)
        count = self._directory.count(number)
        return data[2 * count :], data[: 2 * count]

    def _runs(self, number: int, classes: Container[int] | None) -> Iterator[_Run]:
        text, sizes = self._block(number)
        numbers, counts = self._directory.runs(number)
        wanted = bytes(classes is None or class_ in classes for class_ in numbers)
        end = 0
        for class_, count, names in zip(
            numbers, counts, split_runs(text, counts, wanted), strict=True
        ):
            start, end = end, end + count
            if names is not None:
                yield _Run(class_, names, sizes[2 * start : 2 * end])

    def names(self, table: int, prefixes: Iterable[str] = ("",)) -> dict[str, int]:
        """All names of one table, with the stand-in, and the kind of each.

        With ``prefixes`` of names only those, and others beside them.
        """
        kinds = self._held(table)
        names: dict[str, int] = {}
        within = self._directory.blocks_beginning(prefixes)
        for number in self._directory.blocks_with(kinds.keys(), within):
            for run in self._runs(number, kinds):
                names.update(dict.fromkeys(run.names, kinds[run.number]))
                self._sizes.update(run.sizes_of(names.keys()))
        return names

    def count(self, table: int) -> int:
        """How many names one table has."""
        return sum(map(self._directory.sizes.__getitem__, self._held(table)))

    def sizes(self, table: int, name: str, count: int) -> Sequence[int]:
        """The sizes of the ``count`` definitions of a name of one table, with the stand-in.

        The name must be one that was looked up, or that :meth:`names` gave.
        """
        class_, number = self._sizes.get(name, (0, 0))
        line = self._size_lines[number]
        if line.isdigit():
            return (int(line),) * count
        tables = [member for member, _ in self._members(class_)]
        return tuple(map(int, line.split()[tables.index(table)].split(",")))


def _with_releases(names: Iterable[str], releases: Iterable[str]) -> dict[str, set[str]]:
    """Those of ``names`` that have each of ``releases`` in them.

    Few wheels refer to any, so one text of all names is searched.
    """
    text = "\0".join(names)
    found: dict[str, set[str]] = {}
    for release in releases:
        at = text.find(release)
        while at >= 0:
            end = text.find("\0", at)
            end = len(text) if end < 0 else end
            found.setdefault(release, set()).add(text[text.rfind("\0", 0, at) + 1 : end])
            at = text.find(release, end)
    return found


def _pairs(line: bytes) -> Iterable[tuple[int, int]]:
    """``" 3:1 14:15"`` as numbers."""
    numbers = map(int, line.replace(b":", b" ").split())
    return zip(numbers, numbers, strict=True)


def split_runs(
    text: bytes | memoryview, counts: array[int], wanted: bytes
) -> Sequence[list[str] | None]:
    """The lines of ``text`` in runs of so many each; None for those that are not ``wanted``.

    One host has few of the names in a block. Raises ValueError for another number of lines.
    """
    if native.compiled:
        return native.compiled.runs(text, counts, wanted)
    count = sum(counts)
    names = str(text, "utf-8", "surrogateescape").split("\n") if text or count else []
    if len(names) != count:
        raise ValueError("a block of names that is cut off")
    ends = list(accumulate(counts, initial=0))
    return [names[a:b] if one else None for (a, b), one in zip(pairwise(ends), wanted, strict=True)]


class _Run(NamedTuple):
    """Names of one block and one class, the number of that, and the column of the sizes."""

    number: int
    names: Sequence[str]
    sizes: bytes

    def sizes_of(self, names: AbstractSet[str]) -> Iterable[tuple[str, tuple[int, int]]]:
        """The class and sizes of those of these names that have any."""
        if not self.sizes.strip(b"\0"):
            return ()
        column = zip(self.names, integers(self.sizes, "H", big_endian=False), strict=True)
        return [(name, (self.number, n)) for name, n in column if n and name in names]


class _Directory:
    """Which block begins with which name, and how many names of which class each has."""

    def __init__(self, data: bytes) -> None:
        blocks = int.from_bytes(data[:4], "little")
        text = 4 + 4 * blocks
        self._starts = list(accumulate(integers(data[4:text], "I", big_endian=False), initial=0))
        runs = self._starts[-1]
        numbers = integers(data[text : text + 8 * runs], "I", big_endian=False)
        self._classes, self._counts = numbers[:runs], numbers[runs:]
        self._firsts = data[text + 8 * runs :].decode("utf-8", "surrogateescape").split("\n")
        if not len(self._firsts) == blocks or not len(self._counts) == runs:
            raise ValueError("a directory that is cut off")

    def runs(self, block: int) -> tuple[array[int], array[int]]:
        """The class of each run of a block, and the number of its names."""
        run = slice(self._starts[block], self._starts[block + 1])
        return self._classes[run], self._counts[run]

    def count(self, block: int) -> int:
        """How many names a block has."""
        return sum(self._counts[self._starts[block] : self._starts[block + 1]])

    @cached_property
    def sizes(self) -> Mapping[int, int]:
        """How many names each class has."""
        found: dict[int, int] = {}
        for class_, count in zip(self._classes, self._counts, strict=True):
            found[class_] = found.get(class_, 0) + count
        return found

    def blocks_of(self, names: AbstractSet[str], classes: AbstractSet[int] | None) -> Iterable[int]:
        """The blocks in which ``names`` are in runs of ``classes``, if they are in any."""
        held = range(len(self._firsts)) if classes is None else list(self.blocks_with(classes))
        if len(names) > _MANY * len(held):
            return held
        firsts = self._firsts
        behind = {max(bisect_right(firsts, name) - 1, 0) for name in names}
        return sorted(behind.intersection(held))

    def blocks_beginning(self, prefixes: Iterable[str]) -> Sequence[int]:
        """The blocks that may have names which begin with one of ``prefixes``."""
        found = set[int]()
        for prefix in prefixes:
            first = max(bisect_right(self._firsts, prefix) - 1, 0)
            end = bisect_right(self._firsts, prefix, key=lambda name: name[: len(prefix)])
            found.update(range(first, end))
        return sorted(found)

    def blocks_with(
        self, classes: AbstractSet[int], within: Iterable[int] | None = None
    ) -> Iterator[int]:
        """The blocks, of all or ``within`` some, that have a run of one of these classes."""
        for block in range(len(self._firsts)) if within is None else within:
            if not classes.isdisjoint(self._classes[self._starts[block] : self._starts[block + 1]]):
                yield block
