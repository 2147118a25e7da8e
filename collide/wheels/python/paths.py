"""``pathlib`` paths, as far as their text tells what they answer.

Source: the documentation of ``pathlib``. What asks the file system is in
:mod:`collide.wheels.python.disk`.
"""

from __future__ import annotations

import posixpath
from pathlib import PurePosixPath

from collide.wheels.python.values import UNKNOWN, PathValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from collide.wheels.python.values import Value

LONGEST = 4096
"""The characters of a text (PATH_MAX), or the elements of a container, that are kept."""
_TEXTS = frozenset(("name", "stem", "suffix"))
_SAME = frozenset(("resolve", "absolute", "expanduser"))
_OF_TEXTS = frozenset(("joinpath", "with_name", "with_suffix", "with_stem", "is_relative_to"))


def path_text(value: Value) -> str | None:
    """The text of a string or of a path; None of other values."""
    if isinstance(value, PathValue):
        return value.text
    return value if isinstance(value, str) else None


def path_texts(values: Sequence[Value]) -> list[str] | None:
    """The texts of strings and paths; None where there are other values, or they are too long.

    What joins a path with itself doubles it with each line.
    """
    texts = [text for v in values if (text := path_text(v)) is not None]
    return texts if len(texts) == len(values) and sum(map(len, texts)) <= LONGEST else None


def path_of(values: Sequence[Value]) -> Value:
    """``Path(*values)``."""
    texts = path_texts(values)
    return UNKNOWN if texts is None else PathValue(str(PurePosixPath(*texts)))


def path_attribute(path: PathValue, name: str) -> Value:
    """``path.name``, for each attribute."""
    pure = PurePosixPath(path.text)
    if name in _TEXTS:
        return getattr(pure, name)
    if name == "parent":
        return path._replace(text=str(pure.parent))
    if name == "parents":
        return tuple(path._replace(text=str(parent)) for parent in pure.parents)
    if name == "suffixes":
        return list(pure.suffixes)
    return pure.parts if name == "parts" else UNKNOWN


def path_method(path: PathValue, name: str, values: Sequence[Value]) -> Value:
    """``path.name(*values)``, for each method that asks nothing of the file system."""
    if name in _SAME:
        return PathValue(posixpath.normpath(path.text))
    if name == "locate":
        return PathValue(posixpath.join(path.base, path.text)) if path.base else UNKNOWN
    if name in ("as_posix", "__str__", "__fspath__"):
        return path.text
    if name == "__enter__":
        return path  # importlib.resources.as_file
    if name == "is_absolute":
        return path.text.startswith("/")
    texts = path_texts((path, *values))
    if name not in _OF_TEXTS or texts is None:
        return UNKNOWN
    try:
        found = getattr(PurePosixPath(texts[0]), name)(*texts[1:])
    except (TypeError, ValueError):
        return UNKNOWN
    return PathValue(str(found)) if isinstance(found, PurePosixPath) else found
