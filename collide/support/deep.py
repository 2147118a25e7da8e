"""Runs code whose recursion follows that of its input: deeper than the interpreter's own limit."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

_Result = TypeVar("_Result")
_FRAMES = 10_000
_STACK = 256 << 20
"""Bytes of address space; what is not used takes no memory."""


def run_deep(function: Callable[[], _Result]) -> _Result:
    """What ``function`` returns, or raises: RecursionError only beyond 10,000 frames.

    It runs in a thread, which has the stack for that.
    """
    results: list[_Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as e:
            errors.append(e)

    with _deep_limits():
        thread = threading.Thread(target=run, name="deep", daemon=True)
        thread.start()
        thread.join()
    if errors:
        raise errors[0]
    return results[0]


@contextmanager
def _deep_limits() -> Iterator[None]:
    limit, stack = sys.getrecursionlimit(), threading.stack_size()
    sys.setrecursionlimit(max(limit, _FRAMES))
    try:
        threading.stack_size(_STACK)
        yield
    finally:
        threading.stack_size(stack)
        sys.setrecursionlimit(limit)
