"""Words in the names of symbols: the prefix of their library, and pairs such as new and free."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_SCOPE = re.compile(r"_Z(?:GTt|G[VR]|T[VTIS])?Z*N?[KVRO]*(?:(\d{1,9})|S[tabdios])")
"""What stands before the outermost scope of a C++ name (Itanium C++ ABI 5.1): a length, or std."""
_WORD = re.compile(r"_*(?:[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*)")


# Hosts have the same names taken of a library, and all words are asked for on each.
@lru_cache(maxsize=1 << 16)
def first_word(name: str) -> str:
    """``xml`` of ``xmlNewNode``, ``BIO`` of ``BIO_new``; of a C++ name its outermost scope.

    A number belongs to the word: ``jpeg12_write_scanlines`` is of another family
    than ``jpeg_write_scanlines``.
    """
    scope = _SCOPE.match(name)
    if scope is not None:
        return name[scope.end() : scope.end() + int(scope[1])] if scope[1] else "std"
    found = _WORD.match(name)
    return name if found is None else found[0]


_LENGTH = re.compile(r"[1-9]\d{0,8}")


def before_parameters(name: str) -> str | None:
    """``_ZN3foo3barE`` of ``_ZN3foo3barEi``: what says which function of C++ it is.

    Its parameters follow (Itanium C++ ABI 5.1.3). None of C, of templates, operators and names
    with an ABI tag, and of what is in namespace std.
    """
    start = re.match(r"_Z(N[VK]*)?(?=[1-9])", name)
    if start is None:
        return None
    at = start.end()
    while length := _LENGTH.match(name, at):
        at = length.end() + int(length[0])
        if not start[1]:
            return name[:at] if name[at : at + 1] not in ("", "I", "B") else None
    end = re.compile(r"(?:C[123]|D[0-2])?E").match(name, at)
    return name[: end.end()] if end else None


_VERB = re.compile(r"(?i)(new|alloc|create|init|open|free|destroy|end|close|delete)")
_ENDING_VERBS = {"free", "destroy", "end", "close", "delete"}


def split_pairs(taken: Iterable[str], kept: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Functions that create and destroy the same thing, by their names, one on each side.

    ``foo_new`` and ``foo_free`` are equal but for the verb.
    """
    here, there = _by_stem(taken), _by_stem(kept)
    pairs = []
    for stem in sorted(here.keys() & there.keys()):
        for one, one_ends in here[stem]:
            pairs += [(one, other) for other, other_ends in there[stem] if one_ends != other_ends]
    return tuple(pairs)


def _by_stem(names: Iterable[str]) -> dict[str, list[tuple[str, bool]]]:
    stems: dict[str, list[tuple[str, bool]]] = {}
    for name in sorted(names):
        found = _VERB.search(name)
        if found is not None and not name.startswith("_Z"):
            stem = name[: found.start()] + "*" + name[found.end() :]
            stems.setdefault(stem, []).append((name, found[0].lower() in _ENDING_VERBS))
    return stems
