"""Which names the Python files of a package have in their text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path

from collide.wheels.archive import Archive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.loader.model import Dso
    from collide.wheels.target import Target

_WORD = re.compile(rb"\w+")


def names_in_python(target: Target, module: Dso, names: Iterable[str]) -> AbstractSet[str]:
    """Those of ``names`` that are words in the Python files beside a ``module``.

    These are all of a wheel, and on a disk those of the package that the module is in. All names
    are given where none is found: they are for the code of others.
    """
    wanted = {name.encode(): name for name in names}
    found: set[bytes] = set()
    for _, text in texts_of(target, module):
        found |= wanted.keys() & set(_WORD.findall(text))
    return frozenset(wanted[word] for word in found or wanted)


def texts_of(target: Target, module: Dso) -> Iterator[tuple[str, bytes]]:
    """The Python files beside a module, with their names; on a disk those of its package."""
    return _of_package(module.path) if target.on_disk else _of_wheel(target)


def _of_wheel(target: Target) -> Iterator[tuple[str, bytes]]:
    if target.cache is None:
        return
    with Archive(target.name) as archive:
        for entry in archive.entries:
            if entry.name.endswith(".py"):
                yield entry.name, bytes(archive.inflated(entry))


def _of_package(path: str) -> Iterator[tuple[str, bytes]]:
    directory = Path(path).parent
    while (directory.parent / "__init__.py").is_file():
        directory = directory.parent
    if (directory / "__init__.py").is_file():
        for file in sorted(directory.rglob("*.py")):
            with suppress(OSError):
                yield str(file.relative_to(directory.parent)), file.read_bytes()
