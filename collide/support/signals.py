"""The names of signals."""

from __future__ import annotations

import signal


def signal_name(number: int) -> str:
    """``SIGSEGV``; ``signal 40`` for one without a name, as most real-time signals (signal(7))."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
