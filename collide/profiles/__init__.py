"""The shipped host profiles, by name."""

from __future__ import annotations

from pathlib import Path

from collide.host import Host
from collide.recorded import load

_SUFFIX = ".json.xz"
_DIRECTORY = Path(__file__).parent


def shipped_names() -> tuple[str, ...]:
    """The names of the shipped profiles, sorted."""
    return tuple(sorted(p.name.removesuffix(_SUFFIX) for p in _DIRECTORY.glob(f"*{_SUFFIX}")))


def load_shipped(name: str) -> Host:
    """The shipped profile ``name``, one of :func:`shipped_names`."""
    return load(_DIRECTORY / f"{name}{_SUFFIX}")
