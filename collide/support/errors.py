"""The one family of exceptions that collide raises on purpose.

Each says in one line what is wrong and, for a file, its name. Only the command
line prints them.
"""

from __future__ import annotations


class CollideError(Exception):
    """Base of every error that collide raises on purpose; str() is one line for the user."""


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


class UnverifiedError(InputError):
    """A member is not what RECORD says, or is not in it; it is read all the same, as pip does."""


class UsageError(CollideError):
    """Arguments that make no sense, alone or together, whatever files they name."""


class MissingPackageError(UsageError):
    """A package that what was asked for takes is not installed; ``extra`` is the one with it."""

    def __init__(self, package: str, extra: str = "") -> None:
        wanted = f"'collide-wheels[{extra}]'" if extra else package
        super().__init__(f"{package} is not installed (pip install {wanted})")


class FormatError(CollideError):
    """Bytes that are no ELF object a loader could map; str() is the reason."""


class ForeignMachineError(FormatError):
    """An ELF file for a machine that is not in :mod:`collide.elf.machines`."""


class NotDynamicError(FormatError):
    """An ELF file that is never loaded dynamically: relocatable, core or static."""
