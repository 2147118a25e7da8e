"""What binding gives: each reference with the definitions it gets and was meant to get."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from collide.linkmap import LinkMap, LoadFailure, Opened
from collide.search import File
from collide.symbols import STB_GNU_UNIQUE, Definition, Reference

Hit = tuple[File, Definition]


class Binding(NamedTuple):
    """One reference and the definitions it gets and was meant to get.

    ``actual`` is None for a reference nothing satisfies, ``intended`` when the
    object's own closure has no definition.
    """

    reference: Reference
    actual: Hit | None
    intended: Hit | None
    shadowed: bool

    @property
    def provider(self) -> File | None:
        """The object whose definition is used."""
        return self.actual[0] if self.actual else None


class BindingGroup:
    """Bindings of one object whose names the same objects define.

    Groups are shared between modules wherever scopes agree, so what is derived
    from one may be kept by identity. ``closure`` are the objects of the
    holder's own closure that define the names: what the bindings can have been
    meant to get. ``shadowed``, ``undefined`` and ``unique`` (a STB_GNU_UNIQUE
    symbol was hit) are those of its bindings.
    """

    __slots__ = (
        "_bindings",
        "_make",
        "closure",
        "looked_further",
        "shadowed",
        "undefined",
        "unique",
    )

    def __init__(
        self,
        told: tuple[Binding, ...],
        closure: tuple[File, ...],
        make: Callable[[], tuple[Binding, ...]] | None = None,
        *,
        demands: Callable[[Reference], bool],
        looked_further: bool = True,
    ) -> None:
        """``told`` are the bindings; with ``make``, only those that are not plain.

        A plain one is known not to be shadowed, and only made when it is asked
        for. ``looked_further`` tells that not all names were served by the first
        object that defines them, ``demands`` which references must have a definition.
        """
        self.looked_further = looked_further
        self.closure = closure
        self._bindings = None if make else told
        self._make = make
        self.shadowed = tuple(b for b in told if b.shadowed)
        self.undefined = tuple(b for b in told if b.actual is None and demands(b.reference))
        self.unique = tuple(b for b in told if b.actual and is_unique(b.actual))

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """The bindings: those looked at by themselves, then the plain ones."""
        if self._bindings is None:
            assert self._make is not None
            self._bindings = self._make()
        return self._bindings


class BoundObject(NamedTuple):
    """One object that a dlopen brought into the process, bound."""

    map: LinkMap
    groups: tuple[BindingGroup, ...]

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """All bindings of the object."""
        return tuple(b for group in self.groups for b in group.bindings)


class BoundModule(NamedTuple):
    """One dlopen: every new object bound, in load order, and why it fails if it does."""

    opened: Opened
    objects: tuple[BoundObject, ...]
    failures: tuple[LoadFailure, ...]


def is_unique(hit: Hit) -> bool:
    """Whether a symbol that was hit is STB_GNU_UNIQUE."""
    return hit[1].binding == STB_GNU_UNIQUE
