"""Imports of a wheel's modules before and after its repair, each in a fresh process.

This executes code of the wheel. Only :mod:`collide.verify` does so, too.
"""

from __future__ import annotations

import signal
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from collide.support.errors import InputError
from collide.support.files import working_directory
from collide.support.records import NamedTuple
from collide.wheels.target import PREFIX, installed_path, is_extension_module, read_target

_SCRIPT = """\
import sys
sys.path[:0] = {paths!r}
import importlib
importlib.import_module({module!r})
print({done!r}, flush=True)
"""
_DONE = "collide: imported"
_LONGEST_IMPORT = 300


class ImportTrial(NamedTuple):
    """One module: why its import failed before and after; None where it did not."""

    module: str
    before: str | None
    after: str | None

    @property
    def is_worse(self) -> bool:
        """Whether the import fails after the repair only."""
        return self.before is None and self.after is not None


def compare_imports(
    before: Sequence[Path], after: Sequence[Path], command: Sequence[str]
) -> tuple[ImportTrial, ...]:
    """Import every extension module of wheels that are installed together.

    In the words of ``command`` ``{script}`` stands for the script to run. Packages that
    the wheels depend on must be importable for it. Raises InputError when it cannot be run.
    """
    with working_directory() as directory:
        trees = [Path(directory) / "before", Path(directory) / "after"]
        for wheels, tree in zip((before, after), trees, strict=True):
            for wheel in wheels:
                unpack_wheel(wheel, tree)
        return tuple(
            ImportTrial(module, *(_failure(module, tree, command) for tree in trees))
            for module in sorted({m for wheel in before for m in _modules(wheel)})
        )


def _modules(wheel: Path) -> Iterator[str]:
    """The import names of the extension modules."""
    for path, dso in read_target(wheel).members.items():
        name = path.partition("/site-packages/")[2]
        if name and is_extension_module(dso):
            parts = name.split("/")
            yield ".".join([*parts[:-1], parts[-1].partition(".")[0]])


def unpack_wheel(wheel: Path, tree: Path) -> None:
    """Unpack a wheel as an installer would, with ``tree`` as the prefix."""
    distribution = "-".join(wheel.name.split("-")[:2])
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                place = installed_path(info.filename, distribution).removeprefix(PREFIX)
                path = tree / place.lstrip("/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(info))


def _failure(module: str, tree: Path, command: Sequence[str]) -> str | None:
    script = tree / "collide-import.py"
    paths = [str(tree / "lib/python/site-packages")]
    script.write_text(_SCRIPT.format(paths=paths, module=module, done=_DONE))
    try:
        done = subprocess.run(
            [word.replace("{script}", str(script)) for word in command],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            check=False,
            timeout=_LONGEST_IMPORT,
            cwd=tree,
        )
    except OSError as e:
        raise InputError(command[0], f"cannot be run ({e.strerror or e})") from e
    except subprocess.TimeoutExpired:
        return f"did not end within {_LONGEST_IMPORT} seconds"
    if _DONE in done.stdout:
        return None
    if done.returncode < 0:
        return f"ended with {signal.Signals(-done.returncode).name}"
    said = done.stderr.strip().splitlines()
    return said[-1] if said else f"ended with status {done.returncode}"
