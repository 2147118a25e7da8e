"""How a program opens an object at run time: the name that it gives to dlopen, and the flags.

Source: dlopen(3); glibc ``elf/dl-open.c``.
"""

from __future__ import annotations

from collide.support.records import NamedTuple


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


NOW = Mode()
"""RTLD_NOW, RTLD_LOCAL."""
GLOBAL = Mode(rtld_global=True)
"""RTLD_NOW | RTLD_GLOBAL."""


class Opening(NamedTuple):
    """One dlopen of a program: ``name`` is a path, or a name without a slash that is searched.

    ``source`` is what makes the program do it: a line of Python code (``torch/__init__.py:37``),
    an import statement, a recorded run. Empty where nothing but the object itself is known.
    """

    name: str
    mode: Mode = NOW
    source: str = ""
