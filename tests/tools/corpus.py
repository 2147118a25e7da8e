"""Real wheels from the package index, downloaded once and kept outside the repository."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import pytest

from roots import RootError, root

_PLATFORMS = {
    "x86_64": (
        *("manylinux1", "manylinux2010", "manylinux2014", "manylinux_2_17", "manylinux_2_28"),
        *("manylinux_2_27", "manylinux_2_34"),
    ),
    "i686": ("manylinux1", "manylinux2010", "manylinux2014", "manylinux_2_17", "manylinux_2_28"),
    "armv7l": ("manylinux2014", "manylinux_2_17", "manylinux_2_31", "manylinux_2_34"),
    "riscv64": ("manylinux_2_31", "manylinux_2_35", "manylinux_2_38", "manylinux_2_39"),
}
_OTHERS = ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34")
_MUSL = ("musllinux_1_1", "musllinux_1_2")


def download(
    spec: str,
    python: str = "311",
    machine: str = "x86_64",
    *,
    musl: bool = False,
    abi: str | None = None,
) -> Path:
    """The wheel of ``spec`` (``lxml==6.1.3``) for one Python and one architecture.

    ``abi`` is ``cp311`` and the like by default; that of PyPy begins with its name.
    Skips the calling test when the index cannot be asked; fails it when ``CI``
    is ``true``.
    """
    abi = abi or f"cp{python}"
    slug = f"{spec}-{'' if abi == f'cp{python}' else f'{abi}-'}cp{python}-{machine}"
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", f"{slug}{'-musl' * musl}")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = cache / "collide-tests" / "wheels" / slug
    if not (found := sorted(directory.glob("*.whl"))):
        directory.mkdir(parents=True, exist_ok=True)
        # Parallel workers may ask for the same wheel: a rename is all or nothing.
        with TemporaryDirectory(dir=directory) as partial:
            platforms = _MUSL if musl else _PLATFORMS.get(machine, _OTHERS)
            tags = [f"{platform}_{machine}" for platform in platforms]
            _pip_download(spec, python, abi, tags, partial)
            for wheel in Path(partial).glob("*.whl"):
                wheel.replace(directory / wheel.name)
        found = sorted(directory.glob("*.whl"))
    return found[0]


def _pip_download(spec: str, python: str, abi: str, platforms: Sequence[str], into: str) -> None:
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary=:all:", "--python-version", python),
        *("--implementation", "pp" if abi.startswith("pypy") else "cp"),
        *("--abi", abi, "--abi", "abi3"),
    ]
    for platform in platforms:
        command += ["--platform", platform]
    done = subprocess.run(
        [*command, "--dest", into, spec], capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = (done.stderr.strip() or "pip failed").splitlines()[-1]
        unavailable(
            f"cannot download {spec} for {platforms[-1]}: {reason}; it needs pip for "
            f"{sys.executable} and a package index (PIP_INDEX_URL)"
        )


def unpacked(suite: str, architecture: str, *packages: str) -> Path:
    """:func:`roots.root`, skipping or failing as :func:`download` does."""
    try:
        return root(suite, architecture, packages)
    except RootError as e:
        unavailable(str(e))


def unavailable(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
