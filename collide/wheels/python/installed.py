"""The distributions that are installed in directories, by their RECORD and METADATA.

Source: the packaging specifications, "Recording installed projects", "Core metadata".
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from collide.support.errors import InputError
from collide.support.file_bytes import read_bytes
from collide.wheels.python.imports import Distribution, is_record_of
from collide.wheels.record import recorded_files
from collide.wheels.requirements import required


class Installed:
    """What is installed in ``roots``, directories of packages."""

    def __init__(self, roots: Sequence[str]) -> None:
        self._roots = roots
        self._required: dict[Path, frozenset[str]] = {}

    @cached_property
    def _records(self) -> list[Path]:
        return [path for root in self._roots for path in sorted(Path(root).glob("*.dist-info"))]

    def distribution(self, name: str) -> Distribution | None:
        """The distribution of a name; None where it cannot be told what it has installed."""
        found = (path for path in self._records if is_record_of(path.name, name))
        return next((_recorded(path) for path in found), None)

    @cached_property
    def _owners(self) -> dict[str, Path]:
        """Where the distribution is recorded that has installed a file."""
        found = ((path, _recorded(path)) for path in self._records)
        return {f"{one.site}/{file}": path for path, one in found if one for file in one.files}

    def required_by(self, path: str) -> frozenset[str]:
        """The names of modules and packages that those distributions have installed which the
        distribution of a file requires.
        """
        owner = self._owners.get(path)
        if owner is None:
            return frozenset()
        if owner not in self._required:
            metadata = b""
            with suppress(InputError):
                metadata = read_bytes(owner / "METADATA", "python-size")
            found = map(self.distribution, required(metadata))
            files = (file for one in found if one is not None for file in one.files)
            tops = frozenset(file.partition("/")[0].partition(".")[0] for file in files)
            self._required[owner] = tops
        return self._required[owner]


def _recorded(directory: Path) -> Distribution | None:
    try:
        files = recorded_files(read_bytes(directory / "RECORD", "python-size"))
    except (InputError, ValueError):
        return None
    return Distribution(str(directory.parent), tuple(files))
