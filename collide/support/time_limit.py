"""The limit on the CPU time of one input.

A signal ends the work wherever it is, so it is no exception that a reader could take for its own.
"""

from __future__ import annotations

# signal itself makes enumerations of these: start-up.
import _signal as signal  # type: ignore[import-not-found]
from collections.abc import Iterator
from contextlib import contextmanager

from collide.support import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


class _Expired(BaseException):
    """The time is over; :func:`timed` makes a LimitError of it."""


@contextmanager
def timed(path: str, used: float = 0) -> Iterator[None]:
    """Raise LimitError with the name ``path`` where what is done here takes more CPU time.

    ``used`` are the seconds that are gone already.

    Only a process's main thread can be ended so (signal(7)); in others nothing is limited, nor
    within another such limit, nor on Windows, which has no such timer.
    """
    seconds = limits.value("time") if hasattr(signal, "setitimer") else 0
    if not seconds or signal.getitimer(signal.ITIMER_PROF)[0]:
        yield
        return

    def expire(_number: int, _frame: FrameType | None) -> None:
        raise _Expired

    try:
        before = signal.signal(signal.SIGPROF, expire)
    except ValueError:  # in another thread than the main one
        yield
        return
    try:
        # Once more each second: code in C may drop an exception.
        signal.setitimer(signal.ITIMER_PROF, max(seconds - used, 0.001), 1)
        yield
    except _Expired:
        raise limits.exceeded("time", path) from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, signal.SIG_DFL if before is None else before)
