"""COL106: variables of another size or kind."""

from __future__ import annotations

import pytest

from judging import judged, module, of
from scenario import Scenario


@pytest.mark.parametrize(
    ("ours", "theirs", "code"),
    [
        ("int lib_data[4];", "int lib_data[2];", "COL106"),
        ("int lib_data[2];", "int lib_data[4];", "COL102"),
        ("int lib_data[2];", "int lib_data[2];", "COL102"),
        ("int lib_data[2];", "int lib_data(void) { return 1; }", "COL106"),
        ('const char lib_data[] = "-O2 -g -fPIC";', 'const char lib_data[] = "-O2";', "COL102"),
        ('const char lib_data[13] = "-O2 -g";', 'const char lib_data[] = "-O2";', "COL106"),
        ('char lib_data[] = "-O2 -g -fPIC";', 'char lib_data[] = "-O2";', "COL106"),
    ],
)
def test_variable_that_is_smaller_or_code_is_an_error(
    s: Scenario, ours: str, theirs: str, code: str
) -> None:
    s.lib("libhost.so", theirs)
    s.lib("w/liblib.so", ours)
    use = "extern int lib_data[]; int lib_read(void) { return lib_data[1]; }"
    s.lib("w/m.so", use + module("lib_read"), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so")[0] == code
