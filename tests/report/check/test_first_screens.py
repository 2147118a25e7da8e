"""The first screens of real wheels are short, and as long as the page about reports says."""

from __future__ import annotations

import re

import pytest

from first_screens import WHEELS, shown, table


@pytest.mark.corpus
def test_table_of_the_page_is_today_s() -> None:
    """Write it again with ``python tests/tools/first_screens.py``."""
    assert shown() == table()


def test_a_wheel_has_few_lines_and_six_have_below_sixty() -> None:
    *alone, together = map(int, re.findall(r"\| (\d+) \|", shown()))
    assert len(alone) == len(WHEELS) == 6
    assert max(alone) <= 13
    assert together < 60
