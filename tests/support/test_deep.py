from __future__ import annotations

import sys
import threading

import pytest

from collide.support.deep import run_deep


def depth(left: int) -> int:
    return 1 + depth(left - 1) if left else 0


def test_deeper_than_the_limit_of_the_interpreter() -> None:
    before = sys.getrecursionlimit(), threading.stack_size()
    with pytest.raises(RecursionError):
        depth(5000)
    assert run_deep(lambda: depth(5000)) == 5000
    assert (sys.getrecursionlimit(), threading.stack_size()) == before


def test_what_is_raised_is_raised_here() -> None:
    limit = sys.getrecursionlimit()
    with pytest.raises(RecursionError):
        run_deep(lambda: depth(20_000))
    with pytest.raises(ZeroDivisionError):
        run_deep(lambda: 1 // 0)
    assert sys.getrecursionlimit() == limit
