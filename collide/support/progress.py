"""The protocol by which long work reports its progress."""

from __future__ import annotations

from collide.support.records import Protocol


class Progress(Protocol):
    """A callable that long work calls as it proceeds; its result is not used."""

    def __call__(self, what: str, done: int, total: int, /) -> object:
        """``done`` of ``total`` are finished; ``what`` is ``input``, ``host`` or ``pairs``."""


def no_progress(_what: str, _done: int, _total: int, /) -> None:
    """The :class:`Progress` that shows nothing."""
