"""Parses the Python code of strangers."""

from __future__ import annotations

import ast
from warnings import catch_warnings, simplefilter


def parse_quietly(text: str | bytes) -> ast.Module:
    """The syntax tree; what the parser warns of is the author's, and goes nowhere.

    Raises what :func:`ast.parse` raises: SyntaxError, ValueError, RecursionError, MemoryError.
    """
    with catch_warnings():
        simplefilter("ignore")
        return ast.parse(text)
