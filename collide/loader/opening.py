"""How a program opens an object at run time: the name that it gives to dlopen, and the flags.

Source: dlopen(3); glibc ``elf/dl-open.c``.
"""

from __future__ import annotations

from collections.abc import Iterable

from collide.support.patterns import matches, require_matches
from collide.support.records import NamedTuple

RTLD_LAZY, RTLD_NOW, RTLD_DEEPBIND, RTLD_GLOBAL = 1, 2, 8, 0x100
"""The flags of Linux (glibc ``bits/dlfcn.h``, musl ``dlfcn.h``)."""


class Mode(NamedTuple):
    """The flags of one dlopen(3).

    ``rtld_global`` is RTLD_GLOBAL in place of RTLD_LOCAL, ``lazy`` RTLD_LAZY in place of
    RTLD_NOW, ``deepbind`` RTLD_DEEPBIND. Without any it is how CPython opens extension modules
    (``Python/dynload_shlib.c``).
    """

    rtld_global: bool = False
    lazy: bool = False
    deepbind: bool = False

    def __str__(self) -> str:
        flags = ["RTLD_LAZY" if self.lazy else "RTLD_NOW"]
        flags += ["RTLD_GLOBAL"] if self.rtld_global else []
        flags += ["RTLD_DEEPBIND"] if self.deepbind else []
        return " | ".join(flags)

    @property
    def flags(self) -> int:
        """The second argument of dlopen."""
        return (
            (RTLD_LAZY if self.lazy else RTLD_NOW)
            | RTLD_DEEPBIND * self.deepbind
            | RTLD_GLOBAL * self.rtld_global
        )

    @classmethod
    def of_flags(cls, flags: int) -> Mode:
        """What the second argument of a dlopen means.

        glibc binds lazily where RTLD_LAZY is set, even beside RTLD_NOW (``dl_open_worker_begin``).
        """
        return cls(bool(flags & RTLD_GLOBAL), bool(flags & RTLD_LAZY), bool(flags & RTLD_DEEPBIND))


NOW = Mode()
"""RTLD_NOW, RTLD_LOCAL."""
GLOBAL = Mode(rtld_global=True)
"""RTLD_NOW | RTLD_GLOBAL."""


class ModePatterns(NamedTuple):
    """Which modules are opened with which flags: shell patterns of their names, by flag."""

    rtld_global: tuple[str, ...] = ()
    lazy: tuple[str, ...] = ()
    deepbind: tuple[str, ...] = ()

    def of(self, name: str) -> Mode:
        """The flags with which the module called ``name`` is opened."""
        if not any(self):
            return NOW
        return Mode(*(matches(name, patterns) for patterns in self))

    def refuse_unmatched(self, names: Iterable[str]) -> None:
        """Raise UsageError for a pattern that matches none of the modules ``names``.

        Without any names nothing is refused: then there is another reason why nothing matches.
        """
        listed = tuple(names)
        for option, patterns in zip(_OPTIONS, self, strict=True):
            if listed:
                require_matches(option, patterns, listed)


ALL_NOW = ModePatterns()
"""Every module is opened RTLD_NOW and RTLD_LOCAL."""
_OPTIONS = ("--rtld-global", "--rtld-lazy", "--rtld-deepbind")


class Opening(NamedTuple):
    """One dlopen of a program: ``name`` is a path, or a name without a slash that is searched.

    ``source`` is what makes the program do it: a line of Python code (``torch/__init__.py:37``),
    an import statement, a recorded run. Empty where nothing but the object itself is known.
    """

    name: str
    mode: Mode = NOW
    source: str = ""
