"""How far long work has come, for whoever wants to show it."""

from __future__ import annotations

from collide.support.records import Protocol


class Progress(Protocol):
    """A callable that long work calls again and again; what it returns is not used."""

    def __call__(self, what: str, done: int, total: int, /) -> object:
        """``done`` of ``total`` are finished of what is counted: ``input``, ``host``, ``pairs``."""


def no_progress(_what: str, _done: int, _total: int, /) -> None:
    """The :class:`Progress` that shows nothing."""
