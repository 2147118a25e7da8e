"""Progress of long work as one line on a terminal, erased before anything else is written."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from collide.support.foreign import visible
from collide.support.progress import Progress
from collide.support.system import IS_WINDOWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType

_AFTER, _EVERY = 1.0, 0.2  # seconds
_BAR = 20


class TerminalProgress(Progress):
    """Progress on stderr, as a context manager: drawn inside of it, erased at its end.

    A timer draws it, after the first second and only where stderr is a
    terminal, never on Windows, which has no timers. Nothing else may be written while it is
    entered.
    """

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, int]] = {}
        self._drawn = 0
        self._terminal = -1
        if sys.stderr is not None and sys.stderr.isatty() and not IS_WINDOWS:
            self._terminal = sys.stderr.fileno()

    def __call__(self, what: str, done: int, total: int, /) -> None:
        """Keep the counts for the timer, which draws them."""
        self._counts[what] = done, total

    def __enter__(self) -> TerminalProgress:
        if self._terminal >= 0:
            import signal  # late: start-up

            try:
                self._before = signal.signal(signal.SIGALRM, self._draw)
            except ValueError:  # not in the main thread, which has the signals
                self._terminal = -1
            else:
                signal.setitimer(signal.ITIMER_REAL, _AFTER, _EVERY)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._terminal >= 0:
            import signal  # late: start-up

            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._before)
            self._put("")

    def _draw(self, _signal: int, _frame: FrameType | None) -> None:
        shown = self._counts
        if "pairs" in shown:
            shown = {"pairs": shown["pairs"]}
        parts, fraction = [], 0.0
        for what, (done, total) in reversed(shown.items()):
            # What was counted later is part of one of those before.
            parts.append(f"{what} {done}/{total}")
            fraction = min((done + fraction) / max(total, 1), 1)
        filled = int(_BAR * fraction)
        bar = "#" * filled + "-" * (_BAR - filled)
        self._put(f"collide: [{bar}] {', '.join(reversed(parts))}")

    def _put(self, line: str) -> None:
        """Write ``line`` over what was drawn; blanks erase on any terminal, also a dumb one."""
        with suppress(OSError):
            line = line[: os.get_terminal_size(self._terminal).columns - 1]
        if line or self._drawn:
            blanks = " " * (self._drawn - len(line))
            text = f"\r{visible(line)}{blanks}" if line else f"\r{blanks}\r"
            self._drawn = len(line)
            with suppress(OSError):
                # Not through sys.stderr, which the timer may have interrupted.
                os.write(self._terminal, text.encode())
