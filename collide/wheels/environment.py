"""Lists the packages that are installed in an environment, each as a target of its own.

Layout: the ``site-packages`` of a virtual environment (venv, "How venvs
work"), and the RECORD of each distribution in it (PEP 376).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from collide.filesystems.root import Root
from collide.support.errors import InputError
from collide.support.faults import problem_of
from collide.wheels.target import Target, read_files


def interpreter(prefix: Path) -> Path:
    """The binary that runs an environment; raises InputError when there is none."""
    binary = prefix / "bin" / "python"
    if not binary.exists():
        raise InputError(str(prefix), "is no virtual environment (it has no bin/python)")
    return binary.resolve()


def site_packages(prefix: Path) -> list[Path]:
    """The directories that packages are installed in, each once; raises InputError without any."""
    found = {p.resolve(): None for p in sorted(prefix.glob("lib*/*/site-packages")) if p.is_dir()}
    if not found:
        raise InputError(str(prefix), "is no virtual environment (it has no site-packages)")
    return list(found)


def installed(prefix: Path) -> Iterator[Target]:
    """One target for each installed distribution that has files, by name.

    Files in site-packages that are in no RECORD come last, as one target a
    directory.
    """
    root, top = Root(), prefix.resolve()
    for directory in site_packages(prefix):
        recorded: set[Path] = set()
        found = sorted(distributions(path=[str(directory)]), key=lambda d: d.name.lower())
        for distribution in found:
            files = _files(distribution, directory, top) - recorded
            recorded |= files
            name = f"{distribution.name} {distribution.version}"
            try:
                yield read_files(name, directory, files, root)
            except Exception as e:
                yield Target(name, None, {}, {}, problems=(problem_of(name, e),))
        others = {p for p in directory.rglob("*") if p.is_file()} - recorded
        unowned = read_files(f"{directory} (in no RECORD)", directory, others, root)
        if unowned.members or unowned.problems:
            yield unowned


def _files(distribution: Distribution, directory: Path, prefix: Path) -> set[Path]:
    """The files of a distribution in ``directory``, and elsewhere below ``prefix``.

    Data of a wheel goes to the prefix itself: RECORD has libraries of mpich and mkl as
    ``../../../lib/libmpi.so.12``.
    """
    places = (Path(os.path.normpath(directory / str(file))) for file in distribution.files or ())
    return {place for place in places if place.is_relative_to(prefix) and place.is_file()}
