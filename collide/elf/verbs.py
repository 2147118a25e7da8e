"""Functions that make and unmake one thing, told by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"(?i)(new|alloc|create|init|open|free|destroy|end|close|delete)")
_ENDS = {"free", "destroy", "end", "close", "delete"}


def split_pairs(taken: Iterable[str], kept: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Functions that make and unmake the same thing, by their names, one on each side.

    ``foo_new`` and ``foo_free`` are equal but for the verb.
    """
    here, there = _stems(taken), _stems(kept)
    pairs = []
    for stem in sorted(here.keys() & there.keys()):
        for one, one_ends in here[stem]:
            pairs += [(one, other) for other, other_ends in there[stem] if one_ends != other_ends]
    return tuple(pairs)


def _stems(names: Iterable[str]) -> dict[str, list[tuple[str, bool]]]:
    stems: dict[str, list[tuple[str, bool]]] = {}
    for name in sorted(names):
        found = _WORD.search(name)
        if found is not None and not name.startswith("_Z"):
            stem = name[: found.start()] + "*" + name[found.end() :]
            stems.setdefault(stem, []).append((name, found[0].lower() in _ENDS))
    return stems
