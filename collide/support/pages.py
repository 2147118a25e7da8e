"""The address of the documentation."""

from __future__ import annotations

DOCUMENTATION = "https://collide-wheels.readthedocs.io/en/latest/"
"""Where ``.readthedocs.yaml`` has the site built; ``pyproject.toml`` gives the same address."""


def page_of(code_id: str) -> str:
    """The page about one code: what it means, an example, and what to write where."""
    return f"{DOCUMENTATION}codes/{code_id}/"
