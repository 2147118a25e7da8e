"""What Python code asks the file system: which files and directories there are.

A relative path begins at the working directory, which counts as empty. Sources: the documentation
of ``os``, ``glob``, ``pathlib``, ``importlib.metadata``.
"""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase

from collide.wheels.python.paths import LONGEST, path_text
from collide.wheels.python.values import UNKNOWN, PathValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from collide.wheels.python.imports import Finder
    from collide.wheels.python.values import Value

_TESTS = frozenset(("exists", "lexists", "isfile", "is_file", "isdir", "is_dir"))


class _UncertainError(Exception):
    """Whether a directory is there, or what is in it, cannot be told."""


def is_question(name: str) -> bool:
    """Whether a function asks the file system, by its dotted name."""
    module, _, function = name.rpartition(".")
    if module == "os.path":
        return function in _TESTS
    return name in ("glob.glob", "glob.iglob", "os.listdir", "os.walk", "os.scandir")


def answer(
    finder: Finder, name: str, values: Sequence[Value], keywords: Mapping[str, Value]
) -> Value:
    """The value of a function that asks the file system, by its dotted name."""
    path = path_text(values[0]) if values else "." if name != "glob.glob" else None
    if path is None:
        return UNKNOWN
    function = name.rpartition(".")[2]
    if function in _TESTS:
        return _test(finder, function, path)
    ask = _QUESTIONS[function]
    return _listed(lambda: ask(finder, path, keywords.get("recursive") is True))


def answer_of_path(finder: Finder, path: PathValue, method: str, values: Sequence[Value]) -> Value:
    """The value of a method of a path that asks the file system."""
    if method in _TESTS:
        return _test(finder, method, path.text)
    if method == "iterdir":
        return _listed(lambda: map(PathValue, _children(finder, path.text)))
    if method in ("glob", "rglob") and len(values) == 1 and isinstance(values[0], str):
        pattern = f"**/{values[0]}" if method == "rglob" else values[0]
        return _listed(lambda: map(PathValue, _glob(finder, f"{path.text}/{pattern}", True)))
    return UNKNOWN


def _test(finder: Finder, question: str, path: str) -> Value:
    path = posixpath.normpath(path) if path else path
    if not path.startswith("/"):
        is_file, is_directory = False, path in (".", "..")
    else:
        is_file, is_directory = finder.is_file(path), finder.is_directory(path)
        if not (is_file or is_directory):
            return False if finder.is_missing(path) else UNKNOWN
    if question in ("isfile", "is_file"):
        return is_file
    return is_directory if question in ("isdir", "is_dir") else is_file or is_directory


def _listed(ask: Callable[[], Iterable[Value]]) -> Value:
    found: list[Value] = []
    try:
        for one in ask():
            found.append(one)
            if len(found) > LONGEST:
                return UNKNOWN
    except _UncertainError:
        return UNKNOWN
    return found


def _children(finder: Finder, directory: str) -> Sequence[str]:
    """The paths of what is in a directory, sorted; none where it surely is not there."""
    directory = posixpath.normpath(directory)
    if directory.startswith("/") and finder.is_directory(directory):
        return [posixpath.join(directory, name) for name in finder.children(directory)]
    if not directory.startswith("/") or finder.is_file(directory) or finder.is_missing(directory):
        return ()
    raise _UncertainError


def _names(finder: Finder, directory: str, _recursive: bool) -> Iterable[Value]:
    return map(posixpath.basename, _children(finder, directory))


def _entries(finder: Finder, directory: str, _recursive: bool) -> Iterable[Value]:
    """What os.scandir gives: entries have a name, and the tests of a path."""
    return map(PathValue, _children(finder, directory))


def _walk(finder: Finder, directory: str, _recursive: bool) -> Iterator[Value]:
    inside = _children(finder, directory)
    directories = [path for path in inside if finder.is_directory(path)]
    files = [posixpath.basename(path) for path in inside if path not in directories]
    yield directory, [posixpath.basename(path) for path in directories], files
    for one in directories:
        yield from _walk(finder, one, _recursive)


def _glob(finder: Finder, pattern: str, recursive: bool) -> Iterator[str]:
    """The paths that a pattern finds, as glob.glob does."""
    found = ["/"] if pattern.startswith("/") else []
    for part in filter(None, pattern.split("/")):
        if len(found) > LONGEST:
            raise _UncertainError
        if part == "**" and recursive:
            found = _all_below(finder, found)
        elif any(sign in part for sign in "*?["):
            found = [
                path
                for one in found
                for path in _children(finder, one)
                if fnmatchcase(posixpath.basename(path), part)
                and (part.startswith(".") or not posixpath.basename(path).startswith("."))
            ]
        else:
            found = [posixpath.join(one, part) for one in found]
    for path in found:
        there = _test(finder, "exists", path)
        if there is UNKNOWN:
            raise _UncertainError
        if there:
            yield path


def _all_below(finder: Finder, directories: Sequence[str]) -> list[str]:
    """Directories, and all below them, each once."""
    found = dict.fromkeys(directories)
    waiting = [*found]
    for one in waiting:
        inside = [path for path in _children(finder, one) if finder.is_directory(path)]
        waiting += [path for path in inside if path not in found]
        found.update(dict.fromkeys(inside))
        if len(found) > LONGEST:
            raise _UncertainError
    return waiting


_QUESTIONS: Mapping[str, Callable[[Finder, str, bool], Iterable[Value]]] = {
    "glob": _glob,
    "iglob": _glob,
    "listdir": _names,
    "scandir": _entries,
    "walk": _walk,
}
