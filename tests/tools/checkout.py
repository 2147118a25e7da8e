"""Where things are in this checkout."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The top of the repository."""
PACKAGE = ROOT / "collide"
TESTS = ROOT / "tests"
TOOLS = TESTS / "tools"
DATA = TESTS / "data"
"""What tests compare with: cases, recorded hosts, counts."""
CASE_HOSTS = DATA / "hosts.db"
"""The hosts of the measured cases; ``record_case_hosts.py`` writes them."""
WHEELS = ROOT / "wheels"
"""The specimen wheels with their host."""
