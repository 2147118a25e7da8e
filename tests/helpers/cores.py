"""Core files of small programs, made by :mod:`core_writer`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import core_writer
from scenario import require_loader


def crash(
    command: Sequence[str | Path],
    core: Path,
    env: Mapping[str, str] | None = None,
    *,
    passed: int = 0,
) -> Path:
    """Run ``command`` until a fatal signal reaches it, and write ``core``.

    So many signals before that one are ``passed`` on to its handlers.
    """
    require_loader()
    writer = [sys.executable, core_writer.__file__, core, str(passed), *command]
    ran = subprocess.run(writer, env=env, check=False)
    if ran.returncode == core_writer.REFUSED:
        pytest.skip("this system does not let a process trace its child (ptrace)")
    assert ran.returncode == 0, f"{command} was not ended by a fault"
    return core
