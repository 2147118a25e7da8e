"""COL117: files of the library's release in the wheel, and another release that runs."""

from __future__ import annotations

import pytest

from collide.wheels.target import read_target
from judging import ERROR, WARNING, judged, module, of
from scenario import Scenario

_LIBRARY = """
const char frob_version[] = "{release}";
const char *frob_directory(void) {{ return "{directory}"; }}
"""


@pytest.mark.parametrize(
    ("brought", "directory", "theirs", "code"),
    [
        ("share/frob/tables/one.def", "/usr/local/share/frob/tables", "1.1", ("COL117", ERROR)),
        ("p/share/frob/one.db", "/opt/share/frob", "1.1", ("COL117", ERROR)),
        ("p/share/frob/one.db", "/opt/share/frob", "1.2", ("COL102", WARNING)),
        ("p/share/frob/one.db", "/opt/lib/frob", "1.1", ("COL102", WARNING)),
        ("p/share/other/one.db", "/opt/share/frob", "1.1", ("COL102", WARNING)),
        ("p/share/frob", "/opt/share/frob", "1.1", ("COL102", WARNING)),
        ("p/myshare/frob/one.db", "/opt/share/frob", "1.1", ("COL102", WARNING)),
    ],
)
def test_it_is_an_error_where_the_wheel_brings_what_the_library_was_built_to_read(
    s: Scenario, brought: str, directory: str, theirs: str, code: tuple[str, object]
) -> None:
    s.lib("libfrob.so.1", _LIBRARY.format(release=theirs, directory="/usr/share/frob"))
    s.lib("w/libfrob-1234abcd.so.1", _LIBRARY.format(release="1.2", directory=directory))
    s.lib("w/m.so", module("frob_directory"), needed=["w/libfrob-1234abcd.so.1"])
    file = s.directory / "w" / brought
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("a table")
    found = judged(s, "libfrob.so.1")
    assert of(found, "m.so") == code
    (evidence,) = (f.evidence for f in found if f.victim == "m.so")
    line = f"{brought.partition('/frob')[0]}/frob has the files that libfrob-1234abcd.so.1 was"
    assert any(line in told for told in evidence) == (code[0] == "COL117")


def test_directories_of_files_are_those_of_a_tree_and_of_a_wheel(s: Scenario) -> None:
    s.lib("w/m.so", module())
    for name in ("a/share/frob/x/y.def", "share/one", "share/share/two/z"):
        (s.directory / "w" / name).parent.mkdir(parents=True, exist_ok=True)
        (s.directory / "w" / name).write_text("")
    assert read_target(s.directory / "w").data == {
        "frob": "a/share/frob",
        "two": "share/share/two",
    }
