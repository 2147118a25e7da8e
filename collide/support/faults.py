"""Exceptions that no reader foresees, as problems of the input that they came up with.

Every input, host and pair has a last handler that calls :func:`problem_of`, so that one bad file
costs its own result only. What fails outside of these is a fault of the command itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from collide.support.errors import CollideError, InputError, UsageError
from collide.support.limits import LimitError


class UnexpectedError(InputError):
    """An input on which collide failed; ``traceback`` is where, as Python prints it."""

    def __init__(self, path: str, reason: str, traceback: str) -> None:
        super().__init__(path, reason)
        self.traceback = traceback

    def __reduce__(self) -> tuple[type[UnexpectedError], tuple[str, str, str]]:  # type: ignore[override]
        return type(self), (self.path, self.reason, self.traceback)


def problem_of(name: str, e: Exception) -> InputError:
    """``e`` as a problem of the input ``name``; an InputError names its file itself."""
    if isinstance(e, LimitError) and not e.path:
        return e.inside(name)
    if isinstance(e, InputError):
        return e
    if isinstance(e, CollideError):
        return InputError(name, str(e))
    if isinstance(e, OSError):
        return InputError(name, e.strerror or str(e))
    return UnexpectedError(name, reason_of(e), traceback_of(e))


@contextmanager
def problems_named(name: str) -> Iterator[None]:
    """A context out of which whatever names no input comes as a problem of ``name``."""
    try:
        yield
    except LimitError as e:
        raise e if e.path.startswith(name) else e.inside(name) from None
    except (InputError, UsageError):
        raise
    except Exception as e:
        raise problem_of(name, e) from e


def reason_of(e: Exception) -> str:
    """What happened, in a clause that says whether to report it."""
    if isinstance(e, MemoryError):
        return "takes more memory than there is"
    if isinstance(e, RecursionError):
        return "is nested too deeply"
    where = ""
    at = e.__traceback__
    while at is not None:
        module = at.tb_frame.f_globals.get("__name__", "")
        if module.partition(".")[0] == "collide":
            where = f" in {module}, line {at.tb_lineno}"
        at = at.tb_next
    return (
        f"a fault of collide ({type(e).__name__}{where}: {e}): "
        "please report it, with what COLLIDE_TRACEBACK=1 in the environment adds"
    )


def traceback_of(e: Exception) -> str:
    """The traceback as Python prints it."""
    import traceback  # late: for an error only

    return "".join(traceback.format_exception(e))
