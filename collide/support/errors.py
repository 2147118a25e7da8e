"""The one exception family of collide.

Everything here carries a sentence that names the file and the reason, fit to be
printed as one line on stderr. The core raises; only the command line prints.
"""

from __future__ import annotations


class CollideError(Exception):
    """Base of every error that collide raises on purpose."""


class InputError(CollideError):
    """An input cannot be read.

    ``path`` is the file as the user named it (``wheel.whl: member`` for a
    member), ``reason`` a clause without a final full stop.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str]]:
        # Else a copy would be made of the message alone.
        return type(self), (self.path, self.reason)


class UsageError(CollideError):
    """A request makes no sense, whatever the files hold."""


class FormatError(CollideError):
    """These bytes are no ELF object that a loader could map; str() is the reason."""


class ForeignMachineError(FormatError):
    """An ELF file for a machine that collide has no tables for; a loader search passes over it."""


class NotDynamicError(FormatError):
    """An ELF file that is never loaded dynamically: relocatable, core or static."""
