"""The record of a code: one kind of finding, its usual severity and its texts."""

from __future__ import annotations

from enum import Enum, IntEnum

from collide.support.records import NamedTuple

HIDE = (
    "Keep the library's names from being looked up: link a static one with "
    "-Wl,--exclude-libs,ALL, a shared one with -Bsymbolic (COL101 says more)."
)
"""What to do where a host replaces a library, or a part of it: no matter what follows from that."""


class Severity(IntEnum):
    """How bad a finding is; ``--fail-on`` compares them."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


class Family(Enum):
    """The family of a code, by the first digit of its number."""

    SHADOWING = "1"
    LOADING = "2"
    AMONG_WHEELS = "3"
    EXPOSURE = "4"
    FOOTPRINT = "5"
    ARCHIVE = "6"


class Shape(Enum):
    """Which parts of a finding a report shows beside its title.

    The values name the parts, in their order.
    """

    INTERPOSITION = "provider, intended, taken symbols"
    SPLIT = "provider, intended, taken symbols, kept symbols"
    LOAD_FAILURE = "what the loader misses, as the end of the title"
    SYMBOLS = "symbols"
    CAPTURE = "needed name, provider"
    CHANGED_BINDINGS = "provider alone and after another wheel, changed symbols, evidence"
    OUTCOME = "what dlopen gives"
    FILES = "provider, files"
    EXPOSURE = "intended, symbols"
    ARCHIVE = "who refuses it or what happens, members"
    FOOTPRINT = "a change of a host's footprint, which is no finding"


class Code(NamedTuple):
    """One kind of finding.

    ``severity`` is the usual one: a finding may have another. ``title`` says in
    a clause what happened, ``meaning`` what follows from it, ``decided`` how it
    is recognised, ``remedy`` what to change. ``fixed_remedy`` marks an
    interposition for which a finding repeats ``remedy``, where others name
    the libraries at hand. ``per_binding`` marks an interposition that one
    binding shows by itself; the other rules compare victim and provider. ``foreign`` marks one
    whose provider need be no copy of the library that was meant. ``example`` tells of one case,
    with a command where the wheel can be had; ``fixes`` name what removes it, of
    :data:`collide.findings.fixes.FIXES`, the likeliest first.
    """

    id: str
    slug: str
    severity: Severity
    shape: Shape
    title: str
    meaning: str
    decided: str
    remedy: str
    fixed_remedy: bool = False
    per_binding: bool = False
    foreign: bool = False
    example: str = ""
    fixes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The title as a sentence, of a host or of what has the finding."""
        about_host = self.title.startswith(("the host ", "a library "))
        return f"{self.title[0].upper()}{self.title[1:]}." if about_host else f"It {self.title}."

    @property
    def family(self) -> Family:
        """The family that its number puts it in."""
        return Family(self.id[3])

    @property
    def page(self) -> str:
        """Where the page of codes explains it."""
        return f"collide/codes.md#{self.id.lower()}-{self.slug}"


class FamilyText(NamedTuple):
    """What the codes of one family have in common, as the page of codes says it."""

    family: Family
    title: str
    text: str
