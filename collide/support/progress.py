"""Long work that can be looked at."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], object]
"""Called with what is counted (``input``, ``host``, ``pairs``), how many are done, of how many."""


def no_progress(_what: str, _done: int, _total: int) -> None:
    """Progress that nobody looks at."""
