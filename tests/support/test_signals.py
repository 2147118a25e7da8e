"""Names of signals."""

from __future__ import annotations

import pytest

from collide.support.signals import signal_name


@pytest.mark.parametrize(
    ("number", "name"), [(11, "SIGSEGV"), (40, "signal 40"), (0, "signal 0"), (999, "signal 999")]
)
def test_signal_without_a_name_has_its_number(number: int, name: str) -> None:
    assert signal_name(number) == name
