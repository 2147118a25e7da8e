"""COL116: structures that the victim lays out and the host's copy uses at other offsets."""

from __future__ import annotations

import pytest

from judging import ERROR, WARNING, judged, of, only_x86_64
from scenario import Scenario

_STRUCT = "struct frob {{ long id; {} int state; long total; struct frob *next; }};"
_LIBRARY = """
long frob_sum(struct frob *f) { return f->total + f->state + (f->next ? f->next->id : 0); }
void frob_reset(struct frob *f) { f->id = 0; f->total = 0; f->state = 0; f->next = 0; }
struct frob *frob_next(struct frob *f) { f->state++; f->total++; return f->next; }
"""
_MADE = """
#include <stdlib.h>
struct frob *frob_new(void) { return calloc(1, sizeof(struct frob)); }
"""
_DECLARED = """
long frob_sum(struct frob *); void frob_reset(struct frob *); struct frob *frob_next(struct frob *);
struct frob *frob_new(void);
"""
_USERS = {
    "stack": "struct frob f; frob_reset(&f); frob_next(&f); return frob_sum(&f);",
    "variable": "frob_reset(&own); frob_next(&own); return frob_sum(&own);",
    "inside": "frob_reset(&w->inner); frob_next(&w->inner); return frob_sum(&w->inner);",
    "opaque": "struct frob *f = frob_new(); frob_reset(f); frob_next(f); return frob_sum(f);",
    "one": "struct frob f; frob_reset(&f); return 0;",
}


def user(body: str, struct: str) -> str:
    """A module that works on a structure of the library."""
    wrapped = "struct wrapped { long count; struct frob inner; }; static struct frob own;"
    inner = f"static long work(struct wrapped *w) {{ {body} }}"
    return f"{struct}{_DECLARED}{wrapped}{inner} long PyInit_m(void *w) {{ return work(w); }}"


@only_x86_64
@pytest.mark.parametrize(
    ("kind", "flag", "code"),
    [
        ("stack", "-O0", ("COL116", ERROR)),
        ("stack", "-O2", ("COL116", ERROR)),
        ("variable", "-O2", ("COL116", ERROR)),
        ("inside", "-O2", ("COL116", ERROR)),
        ("opaque", "-O0", ("COL102", WARNING)),
        ("opaque", "-O2", ("COL102", WARNING)),
        ("one", "-O2", ("COL102", WARNING)),
    ],
)
def test_it_is_an_error_where_the_memory_is_the_victims(
    s: Scenario, kind: str, flag: str, code: tuple[str, object]
) -> None:
    theirs, ours = _STRUCT.format(""), _STRUCT.format("long added;")
    s.lib("libhost.so", theirs + _LIBRARY + _MADE, flag)
    s.lib("w/liblib.so", ours + _LIBRARY + _MADE, flag)
    s.lib("w/m.so", user(_USERS[kind], ours), flag, needed=["w/liblib.so"])
    found = judged(s, "libhost.so")
    assert of(found, "m.so") == code
    evidence = " ".join(next(f for f in found if f.victim == "m.so").evidence)
    line = (
        "functions that use it at other offsets: frob_next up to 32 in the wheel's copy, 24 in the"
    )
    assert (line in evidence) == (code[0] == "COL116")


@only_x86_64
def test_it_is_none_where_both_copies_have_one_layout(s: Scenario) -> None:
    struct = _STRUCT.format("")
    s.lib("libhost.so", struct + _LIBRARY + _MADE)
    s.lib("w/liblib.so", struct + _LIBRARY + _MADE)
    s.lib("w/m.so", user(_USERS["stack"], struct), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so") == ("COL102", WARNING)


@only_x86_64
@pytest.mark.parametrize("replaced", [True, False])
def test_a_static_library_may_lend_to_itself(s: Scenario, replaced: bool) -> None:
    """Its own functions that lend to others run only where the host's do not in their place."""
    theirs, ours = _STRUCT.format(""), _STRUCT.format("long added;")
    lending = """
    long frob_both(void) { struct frob f; frob_reset(&f); frob_next(&f); return frob_sum(&f); }
    """
    entry = "long PyInit_m(void) { frob_next(frob_new()); return frob_both(); }"
    s.lib("libhost.so", theirs + _LIBRARY + _MADE + (lending if replaced else ""))
    s.lib("w/m.so", ours + _LIBRARY + _MADE + lending + entry)
    (found,) = (f for f in judged(s, "libhost.so") if f.victim == "m.so")
    assert any("lends memory" in line for line in found.evidence) is not replaced


@only_x86_64
@pytest.mark.parametrize(("whole", "code"), [(True, "COL102"), (False, "COL116")])
def test_other_fields_are_not_the_same_ones_elsewhere(s: Scenario, whole: bool, code: str) -> None:
    """Functions that use other fields look as if these had moved; where one has all, they stay."""
    struct = "struct frob { long a; long b; long c; long d; };"
    some = """
    long frob_one(struct frob *f) { return f->a + f->%s + f->%s; }
    void frob_two(struct frob *f) { f->a = 0; f->%s = 0; f->%s = 0; }
    """
    every = "long frob_every(struct frob *f) { return f->a + f->b + f->c + f->d; }" if whole else ""
    body = "struct frob f; frob_two(&f); return frob_one(&f);"
    body = body.replace("return", "return frob_every(&f) +" if whole else "return")
    s.lib("libhost.so", struct + some % ("b", "c", "b", "c") + every)
    s.lib("w/liblib.so", struct + some % ("c", "d", "c", "d") + every)
    declared = "long frob_one(void *); void frob_two(void *); long frob_every(void *);"
    entry = f"long PyInit_m(void) {{ {body} }}"
    s.lib("w/m.so", struct + declared + entry, needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so")[0] == code
