"""Patterns of the command line: one that matches nothing is an error that says what there is.

The patterns are those of :mod:`fnmatch`, compared with regard to case.
"""

from __future__ import annotations

from collections.abc import Iterable

from collide.support.errors import UsageError

_SHOWN = 5


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name matches one of the patterns."""
    from fnmatch import fnmatchcase  # late: start-up

    return any(fnmatchcase(name, pattern) for pattern in patterns)


def require_matches(
    option: str, patterns: Iterable[str], names: Iterable[str], *, things: str = "modules"
) -> None:
    """Check that each of ``patterns``, given as ``option``, matches one of ``names``.

    ``things`` says what the names are, in the plural. Raises UsageError for the first pattern
    that matches none.
    """
    patterns = tuple(patterns)
    if not patterns:
        return
    from fnmatch import filter as matching  # late: start-up

    known = sorted(set(names))
    for pattern in patterns:
        # Without os.path.normcase, which POSIX systems do not apply, filter is fnmatchcase.
        if not matching(known, pattern):
            there = there_are(things, pattern, known)
            raise UsageError(f"{option} {pattern}: matches none; {there}")


def there_are(things: str, wanted: str, names: Iterable[str]) -> str:
    """A clause that says which ``things`` there are: those near ``wanted``, or the first ones."""
    from difflib import get_close_matches  # late: start-up

    known = sorted(set(names))
    if not known:
        return f"there are no {things}"
    if len(known) <= _SHOWN:
        return f"the {things} are {', '.join(known)}"
    by_word = {name.rpartition("/")[2]: name for name in reversed(known)}
    word = wanted.rpartition("/")[2].strip("*")
    near = [by_word[found] for found in get_close_matches(word, by_word, 3, 0.5)]
    if near:
        return f"of {len(known)} {things} near it: {', '.join(near)}"
    return f"of {len(known)} {things} the first are {', '.join(known[:_SHOWN])}"
