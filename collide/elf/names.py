"""The first word of a symbol's name, by which libraries are known."""

from __future__ import annotations

import re

_WORD = re.compile(r"_*(?:_ZN?K?(\d+)|[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*)")


def first_word(name: str) -> str:
    """``xml`` of ``xmlNewNode``, ``BIO`` of ``BIO_new``; of a C++ name its outermost scope.

    A number belongs to the word: ``jpeg12_write_scanlines`` is of another family
    than ``jpeg_write_scanlines``.
    """
    found = _WORD.match(name)
    if found is None:
        return name
    if found[1]:
        return name[found.end() : found.end() + int(found[1])]
    return found[0]
