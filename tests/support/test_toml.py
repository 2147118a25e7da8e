"""TOML of strangers: the line of each value, and one-line errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.support import limits, toml
from collide.support.errors import InputError
from collide.support.schema import Place

DOCUMENT = '''\
name = "x"
[tool.collide]
hosts = ["a",
  "b", # c
  3]
fail-on = """
two lines"""
tool.deep = 1

[[tool.collide.accept]]
code = "COL1"
[[tool.collide.accept]]
reason = "y"
[tool.collide.accept.more]
x = 1
[other]
accept = [
  {code = 1},
  {code = 2, reason = "z"},
]
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("name",), 1),
        (("tool", "collide"), 2),
        (("tool", "collide", "hosts"), 3),
        (("tool", "collide", "hosts", 1), 4),
        (("tool", "collide", "hosts", 2), 5),
        (("tool", "collide", "fail-on"), 7),
        (("tool", "collide", "tool", "deep"), 8),
        (("tool", "collide", "accept"), 10),
        (("tool", "collide", "accept", 0, "code"), 11),
        (("tool", "collide", "accept", 1), 12),
        (("tool", "collide", "accept", 1, "reason"), 13),
        (("tool", "collide", "accept", 1, "more", "x"), 15),
        (("other", "accept", 1, "reason"), 19),
        (("other", "accept", 1, "missing"), 19),
        (("tool", "collide", "none"), 2),
        (("none",), 1),
    ],
)
def test_line_is_that_of_the_value_or_of_what_it_is_in(place: Place, line: int) -> None:
    assert toml.parse(DOCUMENT, "x")["other"]["accept"][1] == {"code": 2, "reason": "z"}
    assert toml.line_of(DOCUMENT, place) == line


def test_many_lines_of_one_statement_end_the_search() -> None:
    many = "[a]\nb = [\n" + "1,\n" * 500 + "]\nc = 2\n"
    assert toml.line_of(many, ("a", "c")) == 1
    some = "[a]\nb = [\n" + "1,\n" * 99 + "]\nc = 2\n"
    assert toml.line_of(some, ("a", "c")) == 103


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\nb = \n", "x:2: is no TOML: Invalid value"),
        ("a = 1\na = 2\n", "x:2: is no TOML: Cannot overwrite a value"),
        ("a = [", "x:1: is no TOML: Invalid value"),
        ("a = " + "[" * 100_000, "x: is nested too deeply"),
        ("a = " + "1" * 5000, "x:1: is no TOML: "),
    ],
)
def test_what_is_no_toml_is_one_line(text: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        toml.parse(text, "x")
    assert str(raised.value).startswith(said)
    assert "\n" not in str(raised.value)


def test_file_of_other_bytes_or_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "collide.toml"
    path.write_bytes(b'a = 1\nb = "\xff"\n')
    with pytest.raises(InputError, match=r"collide.toml:2: is no UTF-8$"):
        toml.read(str(path))
    path.write_bytes(b"#" * 300)
    monkeypatch.setitem(limits._values, "configuration-size", 299)
    with pytest.raises(limits.LimitError, match="configuration-size"):
        toml.read(str(path))
