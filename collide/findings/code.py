"""One kind of finding, and how bad it is."""

from __future__ import annotations

from enum import IntEnum

from collide.support.records import NamedTuple


class Severity(IntEnum):
    """How bad a finding is; ``--fail-on`` compares them."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


class Code(NamedTuple):
    """One kind of finding.

    ``title`` is what happened, in a clause; ``meaning`` what follows from it,
    ``decided`` the structure that decides it, ``remedy`` what to change.
    """

    id: str
    slug: str
    severity: Severity
    title: str
    meaning: str
    decided: str
    remedy: str

    @property
    def page(self) -> str:
        """Where the page of codes explains it."""
        return f"collide/codes.md#{self.id.lower()}-{self.slug}"

    @property
    def is_shadowing(self) -> bool:
        """Whether its findings are cuts: a victim, a provider, and the symbols between them."""
        return self.id.startswith("COL1") or self.id == "COL301"


class Family(NamedTuple):
    """The codes with one first digit: what they have in common."""

    digit: str
    title: str
    text: str
