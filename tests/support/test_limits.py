"""The limits: their table, how they are set, and what happens to an input beyond one."""

from __future__ import annotations

import re

import pytest

from checkout import PACKAGE
from collide.cli.options import set_limits
from collide.support import limits
from collide.support.errors import UsageError

PAGE = PACKAGE / "docs/security.md"


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_values", dict(limits._values))


def _rows() -> list[str]:
    return [
        "| name | default | what is limited |",
        "|---|---|---|",
        *(f"| `{o.name}` | {limits.show(o.default, o.unit)} | {o.what} |" for o in limits.LIMITS),
    ]


def test_page_has_the_table_of_limits() -> None:
    found = re.search(r"<!-- limits -->\n(.*?)<!-- end", PAGE.read_text(), re.DOTALL)
    assert found is not None
    assert found[1].splitlines() == _rows()


def test_names_are_unique_and_fit_a_variable() -> None:
    names = [limit.name for limit in limits.LIMITS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)


@pytest.mark.parametrize(
    ("text", "number"), [("7", 7), ("2K", 2048), ("64M", 64 << 20), ("3g", 3 << 30), ("0", 0)]
)
def test_option_sets_a_limit(text: str, number: int) -> None:
    set_limits({}, [f"record-size={text}"])
    assert limits.value("record-size") == number


def test_option_comes_before_the_environment() -> None:
    set_limits({"COLLIDE_LIMIT_WHEEL_RATIO": "3", "COLLIDE_LIMIT_TIME": "9"}, ["time=5"])
    assert (limits.value("wheel-ratio"), limits.value("time")) == (3, 5)


@pytest.mark.parametrize(
    ("environment", "option", "why"),
    [
        ({}, "recrd-size=1", "no limit is called recrd-size"),
        ({"COLLIDE_LIMIT_X": "1"}, "time=1", "no limit is called x"),
        ({}, "time", "--limit time: write NAME=VALUE"),
        ({}, "time=", "'' is no value of the limit time"),
        ({}, "time=-1", "'-1' is no value"),
        ({}, "time=1.5", "'1.5' is no value"),
        ({}, "time=M", "'M' is no value"),
        ({}, "time=99999999999999999999", "is no value"),
    ],
)
def test_what_is_no_limit_is_usage(environment: dict[str, str], option: str, why: str) -> None:
    before = dict(limits._values)
    with pytest.raises(UsageError, match=re.escape(why)):
        set_limits(environment, [option])
    assert limits._values == before


def test_error_names_the_limit_and_the_input() -> None:
    with pytest.raises(limits.LimitError) as found:
        limits.hold("record-size", (16 << 20) + 1)
    assert str(found.value.inside("a.whl")) == (
        "a.whl: beyond the limit record-size (RECORD of a wheel: at most 16 MiB)"
    )


def test_ratio_counts_from_a_size_on() -> None:
    limits.hold_ratio("wheel-ratio", 64 << 20, 1)
    limits.hold_ratio("wheel-ratio", 50 << 30, 1 << 30)
    with pytest.raises(limits.LimitError, match="beyond the limit wheel-ratio"):
        limits.hold_ratio("wheel-ratio", (50 << 30) + 1, 1 << 30)
