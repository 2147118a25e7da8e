"""Which uses of LD_PRELOAD go on working after a change of a host's libraries.

There are three: a library that takes the place of another with the same DT_SONAME; one that
defines what the changed library uses of others (an allocator, fakeroot); one that defines what
the changed library itself defines. Sources: ld.so(8) LD_PRELOAD; gABI "Shared Object Dependencies"
and DT_SYMBOLIC; dlopen(3) RTLD_DEEPBIND; Rule 3.3 for protected visibility.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from collide.analysis.analysis import Analysis
from collide.analysis.start_up import START_UP_MODULE, knows_references
from collide.elf.constants import STV_HIDDEN, STV_INTERNAL, STV_PROTECTED
from collide.elf.symbols import Reference
from collide.loader.model import Dso
from collide.support.records import NamedTuple
from collide.support.text import first_names, plural
from collide.whatif.edits import RENAME, VERSION, WITHOUT, Edit
from collide.whatif.whatif import WhatIf, bindings_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    PreloadKind = Literal["same-soname", "used-names", "own-names"]

_SHOWN = 4


class Preload(NamedTuple):
    """One use of LD_PRELOAD with one changed ``library``.

    ``names`` counts the names that could be replaced. ``lost`` are those of them of which some
    reference cannot be any more, ``holders`` the objects that have such references. With the same
    DT_SONAME the library as a whole is the one name.
    """

    kind: PreloadKind
    library: str
    names: int
    lost: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()

    def __str__(self) -> str:
        what = {
            "same-soname": f"a library with the DT_SONAME of {self.library}",
            "used-names": f"what {self.library} uses of others (an allocator, fakeroot)",
            "own-names": f"what {self.library} defines",
        }[self.kind]
        if not self.lost:
            return f"{what} can be replaced as before"
        return (
            f"{what} cannot be replaced any more in {', '.join(self.holders)}: "
            f"{len(self.lost)} of {plural(self.names, 'name')}: {first_names(self.lost, _SHOWN)}"
        )


def preloads(tried: WhatIf, host_edits: Sequence[Edit]) -> tuple[Preload, ...]:
    """The three uses with each library that ``host_edits`` change."""
    if not knows_references(tried.before.host):
        return ()
    found: list[Preload] = []
    process = tried.before.host.process
    names = _names(tried)
    for m in process.global_scope:
        options = {e.change.option for e in host_edits if e.matches(m.dso.path)}
        if not options or WITHOUT in options:
            continue
        if m is not process.executable and m.elf.soname:
            lost = (m.elf.soname,) if options & {RENAME, VERSION} else ()
            users = tuple(_users(tried, m.dso)) if lost else ()
            found.append(Preload("same-soname", m.dso.path, 1, lost, users))
        keys = ((kind, m.dso.path) for kind in _KINDS)
        found += (names[key].preload(*key) for key in keys if key in names)
    return tuple(found)


_KINDS: tuple[PreloadKind, ...] = ("used-names", "own-names")


class _Names(NamedTuple):
    """The names that could be replaced, and those of them that cannot be everywhere any more."""

    names: set[str]
    lost: set[str]
    holders: set[str]

    def preload(self, kind: PreloadKind, library: str) -> Preload:
        lost, holders = tuple(sorted(self.lost)), tuple(sorted(self.holders))
        return Preload(kind, library, len(self.names), lost, holders)


def _names(tried: WhatIf) -> dict[tuple[PreloadKind, str], _Names]:
    """The names of every library of the host: those that it uses, and those that are its own."""
    was = _replaceable(tried.before, frozenset())
    deep = frozenset(
        m.dso.path for o in tried.openings if o.mode.deepbind for m in o.new or (o.root,)
    )
    now = _replaceable(tried.after, deep)
    found: dict[tuple[PreloadKind, str], _Names] = {}
    for (path, reference), meant in was.items():
        follower = tried.fates.get(path, {}).get(reference, reference)
        keys: list[tuple[PreloadKind, str]] = [("own-names", meant)]
        if path != meant:
            keys.append(("used-names", path))
        for key in keys:
            of = found.setdefault(key, _Names(set(), set(), set()))
            of.names.add(reference.name)
            if follower is None or (path, follower) not in now:
                of.lost.add(reference.name)
                of.holders.add(path)
    return found


def _users(tried: WhatIf, library: Dso) -> list[str]:
    """The objects whose references to ``library`` have another name or version than before."""
    return sorted(path for path in tried.fates if path != library.path)


def _replaceable(analysis: Analysis, deep: AbstractSet[str]) -> dict[tuple[str, Reference], str]:
    """The references of a host that LD_PRELOAD can replace, with the path of the meant object.

    The executable comes before all preloads. References that nothing in the closure defines have
    the path of the provider. ``deep`` are the
    paths of what is opened RTLD_DEEPBIND.
    """
    (start_up,) = (m for m in analysis.modules if m.name == START_UP_MODULE)
    elves = {o.dso.path: o.dso.elf for o in start_up.bound.objects} if start_up.bound else {}
    found = {}
    for path, bindings in bindings_of(start_up.bound).items():
        elf = elves[path]
        own_first = elf.direct or path in deep
        for b in bindings:
            meant = b.intended or b.actual
            if meant is None or b.provider is analysis.host.process.executable.dso:
                continue
            if b.reference.visibility in _NOT_REPLACED:
                continue
            if b.intended and (own_first or (elf.symbolic and b.intended.dso.path == path)):
                continue
            found[path, b.reference] = meant.dso.path
    return found


_NOT_REPLACED = (STV_HIDDEN, STV_INTERNAL, STV_PROTECTED)
