"""Shell patterns that select modules by name."""

from __future__ import annotations

from collections.abc import Iterable

from collide.support.errors import UsageError

_SHOWN_NAMES = 8


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name matches one of the shell patterns."""
    import fnmatch  # late: start-up

    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def refuse_unmatched(option: str, patterns: Iterable[str], names: Iterable[str]) -> None:
    """Raise UsageError for the first pattern of ``option`` that none of ``names`` matches.

    The message says which names there are. Without any names nothing is refused: then there is
    another reason why there is nothing to match.
    """
    listed = list(dict.fromkeys(names))
    for pattern in patterns if listed else ():
        if not any(matches(name, (pattern,)) for name in listed):
            shown = ", ".join(listed[:_SHOWN_NAMES])
            more = len(listed) - _SHOWN_NAMES
            others = f" and {more} more" if more > 0 else ""
            raise UsageError(f"{option} {pattern}: matches none of the modules {shown}{others}")
