"""Exceptions of whatever kind as problems of one input, in one line each."""

from __future__ import annotations

import errno
import pickle

import pytest

from collide.support.errors import CollideError, FormatError, InputError, UsageError
from collide.support.faults import UnexpectedError, problem_of, problems_named


def raised(e: Exception) -> Exception:
    try:
        raise e
    except Exception as caught:
        return caught


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InputError("b.so", "is no ELF file"), "b.so: is no ELF file"),
        (FormatError("is cut short"), "a.whl: is cut short"),
        (OSError(errno.EIO, "Input/output error"), "a.whl: Input/output error"),
        (MemoryError(), "a.whl: takes more memory than there is"),
        (RecursionError("maximum"), "a.whl: is nested too deeply"),
    ],
)
def test_what_is_known_is_named_as_what_it_is(error: Exception, said: str) -> None:
    assert str(problem_of("a.whl", raised(error))) == said


def test_anything_else_is_a_fault_to_report_with_its_traceback() -> None:
    problem = problem_of("a.whl", raised(KeyError("x")))
    assert isinstance(problem, UnexpectedError)
    assert str(problem).startswith("a.whl: a fault of collide (KeyError: 'x'): please report it")
    assert "COLLIDE_TRACEBACK=1" in problem.reason
    assert "raise e" in problem.traceback


def test_place_of_a_fault_is_told() -> None:
    said = r"KeyError in collide\.support\.faults, line \d+: 'x'"
    with pytest.raises(InputError, match=said), problems_named("a"):
        raise KeyError("x")


def test_problem_is_the_same_behind_a_pipe() -> None:
    problem = UnexpectedError("a.whl", "is odd", "Traceback ...")
    copy = pickle.loads(pickle.dumps(problem))
    assert (type(copy), str(copy), copy.traceback) == (
        UnexpectedError,
        str(problem),
        "Traceback ...",
    )


@pytest.mark.parametrize("error", [InputError("b", "x"), UsageError("no host")])
def test_errors_that_say_what_they_are_about_pass(error: CollideError) -> None:
    with pytest.raises(type(error)) as caught, problems_named("a"):
        raise error
    assert caught.value is error


def test_errors_without_a_name_get_one() -> None:
    said = r"^root\.tar: not a readable ld\.so\.cache$"
    with pytest.raises(InputError, match=said), problems_named("root.tar"):
        raise CollideError("not a readable ld.so.cache")
