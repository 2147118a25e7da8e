"""The exports of an object without those whose names begin in some way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from collide.elf.symbols import Definition, Exports


class WithoutNames:
    """Exports but those whose names begin with one of ``prefixes``.

    See :class:`collide.elf.symbols.Exports`.
    """

    __slots__ = ("_exports", "_prefixes", "versioned")

    def __init__(self, exports: Exports, prefixes: tuple[str, ...]) -> None:
        self._exports = exports
        self._prefixes = prefixes
        self.versioned = exports.versioned

    @property
    def names(self) -> AbstractSet[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        return self._left(self._exports.names)

    @property
    def count(self) -> int:
        """See :class:`collide.elf.symbols.Exports`."""
        return len(self.names)

    def defined(self, wanted: AbstractSet[str]) -> AbstractSet[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        return self._left(self._exports.defined(wanted))

    def beginning(self, prefixes: tuple[str, ...]) -> Iterable[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        return self._left(frozenset(self._exports.beginning(prefixes)))

    def _left(self, names: AbstractSet[str]) -> AbstractSet[str]:
        return frozenset(name for name in names if not name.startswith(self._prefixes))

    def candidates(self, name: str) -> tuple[Definition, ...]:
        """See :class:`collide.elf.symbols.Exports`."""
        return () if name.startswith(self._prefixes) else self._exports.candidates(name)

    def simple(self, wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        """See :class:`collide.elf.symbols.Exports`."""
        return self._exports.simple(wanted)
