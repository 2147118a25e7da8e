"""What tests of findings start with: a directory for a wheel's tree and a host."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenario import Scenario


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    """A scenario whose ``w`` is the tree to judge."""
    return Scenario(tmp_path)
