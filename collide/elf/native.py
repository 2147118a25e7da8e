"""Whether the compiled part of collide (``_native.c``) is used.

Beside each call of it stands the same in Python. It is used where it is there. COLLIDE_NATIVE in
the environment is 0 to use Python alone, or 1 to demand the compiled part. The environment is read
here and not by the command line since that holds for :mod:`collide.api` and for all tests, too: it
changes no result.
"""

from __future__ import annotations

import os

from collide.support.errors import UsageError
from collide.support.records import Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Collection, Iterable
    from typing import Any

    from _typeshed import ReadableBuffer

VARIABLE = "COLLIDE_NATIVE"
INTERFACE = 2
"""That of the compiled part that this source can use."""
HIGHEST = 1 << 62
"""The highest address of code that the compiled part takes: its numbers have 8 bytes."""


class Compiled(Protocol):
    """The functions of the compiled part."""

    def sieve(self, numbers: Collection[int], /) -> bytes:
        """A Bloom filter of ``numbers``, which :meth:`scan` asks first."""

    def scan(
        self,
        code: ReadableBuffer,
        form: int,
        address: int,
        top: int,
        sieve: bytes,
        lists: dict[int, list[int] | None],
        jumps: tuple[array[int], int, int, int],
        /,
    ) -> None:
        """Where instructions of one form lead (:mod:`collide.elf.code.branches`).

        The highest byte of a displacement is at most ``top``, or at least 255 - ``top``.
        ``jumps`` are where functions start, the first and last address of what holds all that are
        split off, and where the code ends. Places are put into the ``lists`` of what they lead to,
        if it is there.
        """

    def holding(
        self, starts: array[int], places: Iterable[int], without: Collection[int], /
    ) -> frozenset[int]:
        """The functions that hold ``places``, but for those places that are left out."""

    def last(
        self, code: ReadableBuffer, forms: bytes, ends: array[int], /
    ) -> list[tuple[int, int] | None]:
        """The last instruction of x86-64 code up to each of ``ends``, ascending.

        See :mod:`collide.elf.code.own_tables`; ``forms`` are those of
        :mod:`collide.elf.code.instructions`.
        """

    def edges(
        self,
        starts: array[int],
        lists: dict[int, list[int] | None],
        numbers: dict[int, int],
        without: Collection[int],
        /,
    ) -> tuple[bytes, bytes]:
        """What each function leads to (:mod:`collide.elf.code.graph`), as numbers of 4 bytes.

        These are where the edges of each begin, and the ``numbers`` of what they lead to.
        ``lists`` are as :meth:`scan` fills them; of their places some are left out.
        """

    def walk(
        self,
        heads: ReadableBuffer,
        leads: ReadableBuffer,
        further: dict[int, list[int]],
        seeds: list[int],
        seen: bytearray,
        /,
    ) -> list[int]:
        """Mark in ``seen`` what ``seeds`` lead to; gives what of it is new and no function.

        ``heads`` and ``leads`` are as :meth:`edges` gives them, ``further`` are edges beside them.
        """

    def described(
        self,
        begins: array[int],
        places: array[int],
        table: ReadableBuffer,
        base: int,
        ranges: array[int],
        /,
    ) -> int | None:
        """The bytes of code that functions fill (:mod:`collide.elf.code.unwind`).

        ``begins`` and ``places`` are the rows of the search table, ``table`` the descriptions from
        the first place on, ``ranges`` the beginnings and ends of the code. None where a function
        is not described, lies outside of the code or overlaps another one.
        """

    def gnu_hash(self, name: bytes, /) -> int:
        """The hash of DT_GNU_HASH."""

    def lent(
        self, code: bytes, forms: bytes, labels: bytes, start: int, variables: array[int], /
    ) -> list[tuple[int, int]]:
        """What a function of x86-64 lends (:func:`collide.elf.code.lent.lendings`).

        ``forms`` are those of :mod:`collide.elf.code.instructions`, ``labels`` what each register
        holds at first, ``variables`` the beginnings and ends of where variables are.
        """

    def uses(self, code: bytes, forms: bytes, labels: bytes, /) -> list[int]:
        """The uses of pointers by x86-64: the label and, in the 16 bits below it, the offset.

        See :mod:`collide.elf.code.pointers`; the arguments as of :meth:`lent`.
        """

    def names(self, table: ReadableBuffer, offsets: array[int], most: int, /) -> list[str] | None:
        """The strings of a table at ``offsets``, numbers of 4 bytes.

        None where one does not end in the table, or all have more than ``most`` bytes.
        """

    def runs(
        self, text: ReadableBuffer, counts: array[int], wanted: bytes, /
    ) -> list[list[str] | None]:
        """The lines of a text in runs of so many each, numbers of 4 bytes; None for those not
        ``wanted``. Raises ValueError for another number of lines.
        """

    def reached(
        self,
        names: list[str],
        indexes: list[int],
        bits: int,
        shift: int,
        first: int,
        bloom: array[int],
        buckets: array[int],
        chain: array[int],
        /,
    ) -> bytes:
        """Whether a lookup of each name comes to the symbol of that index in DT_GNU_HASH.

        1 or 0 for each; 2 where it is 64 links of a chain behind the first, or more.
        """


def _load() -> tuple[Any, str]:
    """The compiled part, or why there is none."""
    try:
        from collide.elf import _native  # type: ignore[attr-defined]  # late: it may be missing
    except ImportError as e:
        return None, str(e)
    if getattr(_native, "INTERFACE", 0) != INTERFACE:
        # That of an editable installation stays what it was when its source changes.
        return None, "that beside this source was compiled from another one"
    return _native, ""


def chosen(wanted: str) -> Compiled | None:
    """The compiled part if it is to be used; raises UsageError where it is demanded and missing."""
    if wanted not in ("", "0", "1"):
        raise UsageError(f"{VARIABLE}={wanted} in the environment is neither 0 nor 1")
    found, missing = (None, "") if wanted == "0" else _load()
    if wanted == "1" and found is None:
        raise UsageError(
            f"{VARIABLE}=1 in the environment, but there is no compiled part: {missing}"
        )
    compiled: Compiled | None = found
    return compiled


compiled = chosen(os.environ.get(VARIABLE, ""))
