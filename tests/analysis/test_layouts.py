"""Layouts of structures compared by the code of two copies of a library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collide.analysis.layouts import Layouts, Moved, compare_layouts
from collide.binding.binding import Binding
from collide.elf.object import read_object
from collide.elf.symbols import Reference
from collide.loader.lookup import Match
from collide.loader.model import Dso
from compiler import AARCH64, compile_so

_SOURCE = """
struct frob { long id; %s int state; long total; struct frob *next; };
long frob_sum(struct frob *f) { return f->total + f->state + (f->next ? f->next->id : 0); }
void frob_reset(long how, struct frob *f) { f->total = how; f->state = 0; f->next = 0; }
long frob_id(struct frob *f) { return f->id; }
long frob_length(const char *text) { long n = 0; while (text[n]) n++; return n; }
"""
_NAMES = ("frob_id", "frob_length", "frob_reset", "frob_sum")


def copy(path: Path, field: str, program: str) -> Dso:
    """A copy of the library that is compiled with one field more."""
    path.mkdir()
    data = compile_so(path, "libfrob.so", _SOURCE % field, program=program).read_bytes()
    return Dso(str(path / "libfrob.so"), None, read_object(data), lambda: data)


def taken(ours: Dso, theirs: Dso) -> Iterator[Binding]:
    """All functions of one copy that are taken from the other."""
    for name in _NAMES:
        (own,), (other,) = ours.elf.exports.candidates(name), theirs.elf.exports.candidates(name)
        reference = Reference(name, None, False, 0, False, 0, True)
        yield Binding(reference, Match(theirs, other), Match(ours, own), shadowed=True)


@pytest.mark.parametrize("program", ["gcc", AARCH64])
def test_a_new_field_moves_those_behind_it(tmp_path: Path, program: str) -> None:
    ours = copy(tmp_path / "wheel", "long added;", program)
    theirs = copy(tmp_path / "host", "", program)
    found = compare_layouts(taken(ours, theirs), ours)
    moved = Moved("frob_reset", 32, 24), Moved("frob_sum", 32, 24)
    later, earlier = frozenset((16, 24, 32)), frozenset((8, 16, 24))
    assert found == Layouts(2, 0, moved, ours=later, theirs=earlier)
    assert compare_layouts(taken(ours, ours), ours) == Layouts(2, 2, (), ours=later, theirs=later)


def test_without_the_code_of_one_side_nothing_is_compared(tmp_path: Path) -> None:
    ours = copy(tmp_path / "wheel", "long added;", "gcc")
    theirs = copy(tmp_path / "host", "", "gcc")
    recorded = Dso(theirs.path, None, theirs.elf)
    assert compare_layouts(taken(ours, recorded), ours) is None
    assert compare_layouts([], ours) is None
