"""COL109: very many symbols in use, with structures and without."""

from __future__ import annotations

import pytest

from judging import functions, judged, many, module, of
from scenario import Scenario


@pytest.mark.parametrize(
    ("count", "data", "code"),
    [(160, 4, "COL109"), (160, 2, "COL102"), (160, 0, "COL102"), (90, 4, "COL102")],
)
def test_wide_interface_is_one_with_structures(
    s: Scenario, count: int, data: int, code: str
) -> None:
    names = many("lib_f", count)
    library = functions(*names) + (f"int lib_data[{data}];" if data else "")
    s.lib("libhost.so", library)
    s.lib("w/liblib.so", library)
    use = "extern int lib_data[]; int lib_read(void) { return lib_data[1]; }" if data else ""
    s.lib("w/m.so", use + module(*names, *(["lib_read"] if data else [])), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so")[0] == code
