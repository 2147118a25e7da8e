"""COL109: variables that are structures, of a library whose layouts have changed."""

from __future__ import annotations

import pytest

from judging import functions, judged, many, module, of, only_x86_64
from scenario import Scenario

STRUCTURE = """
struct lib_s {{ int first, {more} second, third; }};
int lib_sum(struct lib_s *s) {{ return s->first * s->second + s->third; }}
"""


@only_x86_64
@pytest.mark.parametrize(
    ("data", "more", "code"),
    [
        (4, "more,", "COL109"),
        (2, "more,", "COL102"),
        (0, "more,", "COL102"),
        # The code of both copies tells that structures lie alike.
        (4, "", "COL102"),
    ],
)
def test_wide_interface_is_one_with_structures(
    s: Scenario, data: int, more: str, code: str
) -> None:
    names = many("lib_f", 9)
    library = functions(*names) + (f"int lib_data[{data}];" if data else "")
    s.lib("libhost.so", library + STRUCTURE.format(more=""))
    s.lib("w/liblib.so", library + STRUCTURE.format(more=more))
    names = (*names, "lib_sum")
    use = "extern int lib_data[]; int lib_read(void) { return lib_data[1]; }" if data else ""
    s.lib("w/m.so", use + module(*names, *(["lib_read"] if data else [])), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so")[0] == code


@only_x86_64
@pytest.mark.parametrize(("user", "code"), [("lib_data[1]", "COL109"), ("1", "COL102")])
def test_structure_that_only_the_library_itself_refers_to_has_no_layout_for_others(
    s: Scenario, user: str, code: str
) -> None:
    names = many("lib_f", 9)
    first, last = functions(*names[:5]), functions(*names[5:])
    own = "__attribute__((constructor)) static void lib_start(void) { lib_data[2] = 3; }"
    data = "int lib_data[4];"
    s.lib("libhost.so", data + first + last + STRUCTURE.format(more=""))
    library = data + first + own + last + STRUCTURE.format(more="more,")
    calls = "".join(f" + {name}()" for name in names)
    use = f"long PyInit_m(void) {{ return {user} + lib_sum(0){calls}; }}"
    s.lib("w/m.so", library + use)
    assert of(judged(s, "libhost.so"), "m.so")[0] == code


@only_x86_64
@pytest.mark.parametrize(
    ("count", "theirs", "code"),
    [(9, "1.3.1", "COL102"), (150, "1.3.1", "COL109"), (150, "1.2.9", "COL102")],
)
def test_where_code_does_not_tell_many_symbols_of_another_series_do(
    s: Scenario, count: int, theirs: str, code: str
) -> None:
    """A function of the host uses one field more: nothing of what both use has moved."""
    names = many("lib_f", count)
    library = functions(*names) + "int lib_data[4];"
    told = 'const char *lib_{}_told(void) {{ return "libhost {} of today"; }}'
    host = STRUCTURE.format(more="").replace("second, third", "second, third, fourth")
    host = host.replace("s->third;", "s->third + s->fourth;")
    s.lib("libhost.so", library + host + told.format("a", theirs))
    s.lib("w/liblib.so", library + STRUCTURE.format(more="") + told.format("b", "1.2.3"))
    use = "extern int lib_data[]; int lib_read(void) { return lib_data[1]; }"
    s.lib("w/m.so", use + module(*names, "lib_sum", "lib_read"), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so")[0] == code
