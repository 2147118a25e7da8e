"""Parses the Python and Cython code of strangers."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from warnings import catch_warnings, simplefilter

_INCLUDE = re.compile(r"include\s+['\"]([^'\"]+)['\"]\s*(?:#.*)?")
_GOES_ON = re.compile(r"(?:else|elif|except|finally)\b|[)\]}#]|\s|\Z")
_LONG_QUOTES = ('"""', "'''")
_MOST_INCLUDES = 100


def parse_quietly(text: str | bytes) -> ast.Module:
    """The syntax tree; what the parser warns of is the author's, and goes nowhere.

    Raises what :func:`ast.parse` raises: SyntaxError, ValueError, RecursionError, MemoryError.
    """
    with catch_warnings():
        simplefilter("ignore")
        return ast.parse(text)


def parse_cython(text: bytes, read: Callable[[str], bytes | None]) -> ast.Module:
    """The statements of a Cython module that are Python, with those of files that it includes.

    What is Cython's own is left out, statement by statement: declarations, ``cimport``. ``read``
    gives an included file, or None. Raises UnicodeDecodeError, and OSError as ``read`` does.
    """
    tree, budget = ast.Module([], []), [_MOST_INCLUDES]
    for line, block in _statements(text, read, budget):
        try:
            statements = parse_quietly(block).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for statement in statements:
            ast.increment_lineno(statement, line - 1)
        tree.body += statements
    return tree


def _statements(
    text: bytes, read: Callable[[str], bytes | None], budget: list[int]
) -> Iterator[tuple[int, str]]:
    """The statements that are not indented, with the lines that they begin at."""
    block: list[str] = []
    begin, inside = 1, False
    for number, line in enumerate([*text.decode().splitlines(), ""], 1):
        include = _INCLUDE.fullmatch(line)
        # The last line, which is empty, ends the last statement.
        if block and not inside and (include or not _GOES_ON.match(line)):
            yield begin, "\n".join(block)
            block = []
        if include and not block:
            budget[0] -= 1
            found = read(include[1]) if budget[0] >= 0 else None
            # The lines of an included file are told as of the one that includes it.
            for _, inner in _statements(found or b"", read, budget):
                yield number, inner
        elif block or line.strip():
            begin = begin if block else number
            block.append(line)
            inside ^= any(line.count(quotes) % 2 for quotes in _LONG_QUOTES)
    if block:
        yield begin, "\n".join(block)
