"""Symbols changed in memory, held to objects that were really changed and read again."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from collide.elf.changed_exports import ChangedExports, SymbolChange
from collide.elf.constants import STV_DEFAULT, STV_HIDDEN, STV_INTERNAL, STV_PROTECTED
from collide.elf.machines import CLASS_PLT
from collide.elf.object import ElfObject, read_object
from collide.elf.symbols import Definition, Reference
from collide.loader.glibc.lookup import GlibcLookup
from collide.repair.old_names import keep_old_names
from collide.repair.patch import close_symbols, find_patchelf, rename_symbols
from collide.support.errors import FormatError
from compiler import compile_so

RELEASES = ((2, 27), (2, 36), (2, 42))
"""Releases of glibc before and after each change of its rules."""
SECTIONS = {
    "function": ".text",
    "object": ".data",
    "tls_object": '.section .tdata,"awT",@progbits',
    "notype": ".data",
    "gnu_unique_object": ".data",
}
Nodes = Mapping[str | None, str | None]
"""What version nodes are called; None is the base version."""
NODES: Nodes = {None: None, "V1": "V1", "V2": "V2"}


class Library:
    """A random library: definitions of all kinds, some of two versions, that it refers to."""

    def __init__(self, draw: random.Random, *, versioned: bool) -> None:
        names = [f"symbol_{i}" for i in range(draw.randint(3, 20))]
        self.node_of = {n: draw.choice(list(NODES)) if versioned else None for n in names}
        if versioned:  # the linker leaves a node out that has no symbol
            self.node_of |= {f"first_of_{node}": node for node in NODES}
        self.twice = {n for n in names if versioned and draw.random() < 0.2}
        self.style = f"-Wl,--hash-style={draw.choice(('gnu', 'gnu', 'sysv', 'both'))}"
        self._seed = draw.random()

    def build(self, path: Path, nodes: Nodes = NODES, local: Iterable[str] = ()) -> bytes:
        """The library, with its nodes called so and some symbols local."""
        draw, assembly = random.Random(self._seed), path.with_suffix(".s")
        assembly.write_text("".join(self._defined(n, nodes, draw) for n in self.node_of))
        hidden = "local: " + "".join(f"{name}; " for name in ("old_*", "new_*", *local))
        text = ""
        for old, new in nodes.items():
            members = [n for n, node in self.node_of.items() if node == old and n not in self.twice]
            if new is not None and members:
                listed = "".join(f"{n}; " for n in members if n not in local)
                text += f"{new} {{ global: {listed}{hidden}}};\n"
                hidden = ""
        script = path.with_suffix(".map")
        script.write_text(text or f"{{ {hidden}}};\n")
        flags = (str(assembly), self.style, f"-Wl,--version-script={script}")
        return compile_so(path.parent, path.name, "", *flags).read_bytes()

    def _defined(self, name: str, nodes: Nodes, draw: random.Random) -> str:
        """The definitions of one name, and a reference to it."""
        kind = draw.choice(list(SECTIONS))
        labels = [(name, "")]
        if name in self.twice:
            labels = [(f"old_{name}", f"@{nodes['V1']}"), (f"new_{name}", f"@@{nodes['V2']}")]
        lines = []
        for label, version in labels:
            weak = kind != "gnu_unique_object" and draw.random() < 0.4
            size = draw.choice((1, 4))
            lines += [SECTIONS[kind], f"{label}: .fill {size}", f".size {label},{size}"]
            lines += [f".type {label},@{kind}", f"{'.weak' if weak else '.globl'} {label}"]
            lines += [f".symver {label},{name}{version}"] if version else []
            lines += [f".protected {label}"] if not version and draw.random() < 0.2 else []
        if kind != "tls_object" and name not in self.twice:
            lines += [".data", ".balign 8", f".quad {name}"]
        return "\n".join(lines) + "\n"


@pytest.fixture(params=range(10))
def draw(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(request.param)


@pytest.fixture
def library(draw: random.Random) -> Library:
    return Library(draw, versioned=draw.random() < 0.7)


def answers(
    obj: ElfObject, names: Iterable[str], versions: Iterable[str | None], *, linked: bool
) -> dict[str, object]:
    """All that the exports of ``obj`` say of some names, and what lookups find with them.

    Several definitions of one name are sorted: their order is that of a hash
    table, which is written anew. Where an object is ``linked`` anew, addresses
    are, too, and do not count.
    """
    exports = obj.exports

    def comparable(d: Definition | None) -> Definition | None:
        return d._replace(value=None) if d and linked else d

    found = {
        name: sorted(map(comparable, exports.candidates(name)), key=str) for name in sorted(names)
    }
    defined = {name for name, ds in found.items() if ds}
    return {
        "versioned": exports.versioned,
        # DT_HASH lists undefined symbols as well.
        "defined": exports.defined(set(names)) & defined,
        "candidates": found,
        "simple": {v: exports.simple(dict.fromkeys(names, v)) for v in versions},
        "matches": {
            (name, version, release): comparable(
                GlibcLookup(release).match(call(name, version), obj)
            )
            for name in names
            for version in versions
            for release in RELEASES
        },
    }


def versions_of(obj: ElfObject) -> set[str]:
    exports = obj.exports
    return {d.version for n in exports.names for d in exports.candidates(n) if d.version}


def call(name: str, version: str | None) -> Reference:
    return Reference(name, version, False, CLASS_PLT, False, STV_DEFAULT, False)


def hold(
    before: ElfObject, change: SymbolChange, after: ElfObject, *, linked: bool = False
) -> None:
    """``before`` with ``change`` in memory must answer as ``after`` does, which was changed."""
    changed = before._replace(exports=ChangedExports(before.exports, change))
    names = changed.exports.names | after.exports.names | before.exports.names | {"no_such_symbol"}
    if linked:  # GNU ld defines a symbol for each node
        names -= {*(before.version_definitions or ()), *(after.version_definitions or ())}
    asked = (None, "NO_SUCH", *versions_of(before), *versions_of(after))
    assert answers(changed, names, asked, linked=linked) == answers(
        after, names, asked, linked=linked
    )
    assert changed.exports.names & names
    assert changed.exports.defined(names) == changed.exports.names & names
    hold_fast_answers(changed)


def hold_fast_answers(obj: ElfObject) -> None:
    """A simple name is what a lookup finds, in whatever release."""
    exports = obj.exports
    found = {name: ds for name in exports.names if (ds := exports.candidates(name))}
    for version in (None, *versions_of(obj)):
        simple = exports.simple(dict.fromkeys(found, version))
        for name in simple:
            for release in RELEASES:
                assert (GlibcLookup(release).match(call(name, version), obj),) == found[name]


def some(draw: random.Random, names: Iterable[str]) -> list[str]:
    ordered = sorted(names)
    return draw.sample(ordered, draw.randint(1, len(ordered)))


def test_renamed_as_by_patchelf(tmp_path: Path, draw: random.Random, library: Library) -> None:
    data = library.build(tmp_path / "x.so")
    names = some(draw, library.node_of)
    # To a name of its own, or to that of the next one, which has another then.
    new = {n: f"{n}.c0ffee00" for n in names}
    if draw.random() < 0.5:
        new = dict(zip(names, [*names[1:], names[0]], strict=True))
    before, after = read_object(data), read_object(rename_symbols(data, new, find_patchelf()))
    change = SymbolChange(renamed=new)
    hold(before, change, after)
    assert set(map(change.of_reference, before.references)) == set(after.references)


def test_closed_as_by_a_changed_byte(tmp_path: Path, draw: random.Random, library: Library) -> None:
    data = library.build(tmp_path / "x.so")
    narrower = (STV_PROTECTED, STV_HIDDEN, STV_INTERNAL)
    closed = {n: draw.choice(narrower) for n in some(draw, library.node_of)}
    before, after = read_object(data), read_object(close_symbols(data, closed))
    change = SymbolChange(visibility=closed)
    hold(before, change, after)
    assert set(map(change.of_reference, before.references)) == set(after.references)


def test_renamed_and_closed(tmp_path: Path, draw: random.Random, library: Library) -> None:
    data = library.build(tmp_path / "x.so")
    new = {n: f"{n}.c0ffee00" for n in some(draw, library.node_of)}
    closed = {n: draw.choice((STV_PROTECTED, STV_HIDDEN)) for n in some(draw, library.node_of)}
    made = close_symbols(data, closed)
    made = rename_symbols(made, new, find_patchelf())
    hold(read_object(data), SymbolChange(renamed=new, visibility=closed), read_object(made))


def test_renamed_with_the_old_names_as_well(
    tmp_path: Path, draw: random.Random, library: Library
) -> None:
    data = library.build(tmp_path / "x.so")
    new = {n: f"{n}.c0ffee00" for n in some(draw, library.node_of)}
    closed = {n: draw.choice((STV_PROTECTED, STV_HIDDEN)) for n in some(draw, library.node_of)}
    made = rename_symbols(data, new, find_patchelf())
    made = close_symbols(made, {new.get(n, n): visibility for n, visibility in closed.items()})
    change = SymbolChange(renamed=new, doubled=True, visibility=closed)
    hold(read_object(data), change, read_object(keep_old_names(made, new)))


def test_removed_as_by_a_version_script(
    tmp_path: Path, draw: random.Random, library: Library
) -> None:
    gone = some(draw, (n for n in library.node_of if n.startswith("symbol_")))[1:]
    gone = [n for n in gone if n not in library.twice]
    before = read_object(library.build(tmp_path / "x.so"))
    after = read_object(library.build(tmp_path / "y.so", local=gone))
    hold(before, SymbolChange(removed=set(gone)), after, linked=True)


def test_version_nodes_as_by_a_new_link(
    tmp_path: Path, draw: random.Random, library: Library
) -> None:
    before = read_object(library.build(tmp_path / "x.so"))
    new: dict[str | None, str] = {}
    if before.exports.versioned:
        new |= {n: f"NEW_{n}" for n in some(draw, ["V1", "V2"])}
    base = not new or draw.random() < 0.5
    # The node of the base is the last one of the script, and so has the last index.
    nodes = {"V1": new.get("V1", "V1"), "V2": new.get("V2", "V2"), None: "BASE" if base else None}
    after = read_object(library.build(tmp_path / "y.so", nodes))
    versions = new | {None: "BASE"} if base else new
    index = 2 + len(before.version_definitions or ())
    change = SymbolChange(versions=versions, base_index=index if base else None)
    hold(before, change, after, linked=True)


def test_version_tables_appear_with_a_need(tmp_path: Path, draw: random.Random) -> None:
    library = Library(draw, versioned=False)
    before = read_object(library.build(tmp_path / "x.so"))
    script = tmp_path / "needed.map"
    script.write_text("Y { global: *; };")
    needed = ("-Wl,-soname,needed.so", f"-Wl,--version-script={script}")
    compile_so(tmp_path, "needed.so", "int needed;", *needed)
    source = tmp_path / "x.s"
    source.write_text(f"{source.read_text()}.data\n.quad needed\n")
    flags = (str(source), library.style, f"-L{tmp_path}", "-l:needed.so")
    after = read_object(compile_so(tmp_path, "y.so", "", *flags).read_bytes())
    assert after.version_needs
    hold(before, SymbolChange(base_index=1), after, linked=True)


def test_one_change_after_another(tmp_path: Path, draw: random.Random, library: Library) -> None:
    """Each is made of what the one before it has left."""
    data = library.build(tmp_path / "x.so")
    first = {n: f"{n}.one" for n in some(draw, library.node_of)}
    second = {new: f"{old}.two" for old, new in first.items()}
    closed = {draw.choice(list(second.values())): STV_HIDDEN}
    obj = read_object(data)
    for change in (
        SymbolChange(renamed=first),
        SymbolChange(renamed=second),
        SymbolChange(visibility=closed),
    ):
        obj = obj._replace(exports=ChangedExports(obj.exports, change))
    final = {old: second[new] for old, new in first.items()}
    made = close_symbols(rename_symbols(data, final, find_patchelf()), closed)
    hold(obj, SymbolChange(), read_object(made))


def test_only_some_names(tmp_path: Path, draw: random.Random, library: Library) -> None:
    obj = read_object(library.build(tmp_path / "x.so"))
    new = {n: f"{n}.c0ffee00" for n in some(draw, library.node_of)}
    chosen = {*some(draw, library.node_of), "no_such_symbol"}
    change = SymbolChange(renamed=new)
    exports, whole = (
        ChangedExports(obj.exports, change, chosen),
        ChangedExports(obj.exports, change),
    )
    names = {new.get(n, n) for n in chosen & obj.exports.names}
    assert exports.names == names
    given, expected = (
        answers(obj._replace(exports=e), names, (None, *versions_of(obj)), linked=False)
        for e in (exports, whole)
    )
    assert given == expected
    assert all(exports.candidates(name) == () for name in whole.names - names)


def test_what_is_only_referred_to_is_not_closed(tmp_path: Path) -> None:
    """A canonical PLT entry is no definition, and the reference to it is another object's."""
    compile_so(tmp_path, "f.so", "int f(void) { return 1; }")
    source = "int f(void); int (*address)(void) = f; int _start(void) { return f != address; }"
    flags = ("-no-pie", "-fno-pic", "-rdynamic", str(tmp_path / "f.so"))
    data = compile_so(tmp_path, "program", source, *flags).read_bytes()
    before = read_object(data)
    (entry,) = before.exports.candidates("f")
    assert entry.undefined
    with pytest.raises(FormatError, match="does not define f"):
        close_symbols(data, {"f": STV_HIDDEN})
    change = SymbolChange(visibility={"f": STV_HIDDEN})
    assert ChangedExports(before.exports, change).candidates("f") == (entry,)
    assert tuple(map(change.of_reference, before.references)) == tuple(before.references)
    assert {r.name for r in before.references} >= {"f"}
