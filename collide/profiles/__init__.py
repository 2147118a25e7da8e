"""The shipped host profiles, by name."""

from __future__ import annotations

from pathlib import Path

from collide.host import Host
from collide.recorded import load

_SUFFIX = ".json"
_DIRECTORY = Path(__file__).parent
SCHEMA_FILE = _DIRECTORY / "profile.schema.json"
"""The JSON Schema of a profile file."""


def shipped_names() -> tuple[str, ...]:
    """The names of the shipped profiles, sorted."""
    files = _DIRECTORY.glob(f"*{_SUFFIX}")
    return tuple(sorted(f.name.removesuffix(_SUFFIX) for f in files if f != SCHEMA_FILE))


def load_shipped(name: str) -> Host:
    """The shipped profile ``name``, one of :func:`shipped_names`."""
    return load(_DIRECTORY / f"{name}{_SUFFIX}")
