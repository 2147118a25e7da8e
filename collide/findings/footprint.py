"""How one link footprint differs from another, and whether it grew."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from collide.findings.table import (
    GAINED_LIBRARY,
    GAINED_MISSING,
    GAINED_OPENING,
    GAINED_SEARCH_PATH,
    GAINED_UNVERSIONED,
    GAINED_VERSIONED,
    GAINED_VERSIONS,
    REPLACED_BY_RELEASE,
    Code,
    Severity,
)
from collide.hosts.footprint import ExportedNames, Footprint, FootprintLibrary
from collide.support.errors import InputError
from collide.support.records import NamedTuple


class Change(NamedTuple):
    """One difference.

    ``code`` names the kind; ``gained`` is False for a loss, which is never
    growth. ``subject`` is the library, or the search path; ``names`` are the
    symbols or versions it is about, ``detail`` the rest of the sentence.
    ``allowed`` is the reason why growth is accepted (empty where none was
    given), None where it is not.
    """

    code: Code
    gained: bool
    subject: str
    names: tuple[str, ...] = ()
    detail: str = ""
    allowed: str | None = None

    @property
    def severity(self) -> Severity:
        """That of its code; a loss, or what is allowed, is a note."""
        return self.code.severity if self.gained and self.allowed is None else Severity.NOTE


class Allowed(NamedTuple):
    """Growth that is accepted: a pattern (fnmatch) for subjects, and why."""

    pattern: str
    reason: str


class Comparison(NamedTuple):
    """All changes from ``old`` to ``new``; ``unused`` are patterns that allowed nothing."""

    old: str
    new: str
    changes: tuple[Change, ...]
    unused: tuple[str, ...] = ()

    def worst(self) -> Severity | None:
        """The highest severity of all changes; None when there are none."""
        return max((c.severity for c in self.changes), default=None)

    def grew(self) -> bool:
        """Whether anything came that is worse than a note."""
        return (self.worst() or Severity.NOTE) > Severity.NOTE


def compare(old: Footprint, new: Footprint, allowed: Sequence[Allowed] = ()) -> Comparison:
    """What ``new`` gained and lost, exports by name where both sides have them."""
    renamed = _renamed(old.libraries, new.libraries)
    before = {renamed.get(e.name, e.name): e for e in old.libraries}
    after = {e.name: e for e in new.libraries}
    changes = [
        *(_library(e, new, gained=True) for name, e in after.items() if name not in before),
        *(_library(e, old, gained=False) for name, e in before.items() if name not in after),
        *(
            Change(REPLACED_BY_RELEASE, True, to, detail=f"was {was}")
            for was, to in renamed.items()
        ),
    ]
    for name, library in after.items():
        if name in before:
            changes += _exports(before[name], library)
    changes += _set(GAINED_OPENING, old.openings, new.openings)
    # Where a library searches that came or went is told with it.
    paths = [_with_new_names(path, renamed) for path in old.search_paths]
    was = [path for path in paths if _owner(path) in (None, *after)]
    now = [path for path in new.search_paths if _owner(path) in (None, *before)]
    changes += _set(GAINED_SEARCH_PATH, was, now)
    changes += _set(GAINED_MISSING, (*old.missing, *before), new.missing, losses=old.missing)
    done = tuple(_allow(change, allowed) for change in changes)
    used = {
        a.pattern for c in done if c.gained for a in allowed if fnmatchcase(c.subject, a.pattern)
    }
    unused = tuple(a.pattern for a in allowed if a.pattern not in used)
    return Comparison(old.name, new.name, done, unused)


def _library(library: FootprintLibrary, footprint: Footprint, *, gained: bool) -> Change:
    paths = [path for path in footprint.search_paths if path.endswith(f" of {library.name}")]
    by = f"needed by {', '.join(library.needed_by)}" if library.needed_by else ""
    count = f"{library.unversioned} unversioned exports" if library.unversioned else ""
    detail = "; ".join(filter(None, (by, count, *paths)))
    names = sorted(library.exports.unversioned) if library.exports else ()
    return Change(GAINED_LIBRARY, gained, library.name, tuple(names), detail)


def _exports(old: FootprintLibrary, new: FootprintLibrary) -> Iterator[Change]:
    if old.exports is None or new.exports is None:
        yield from _counts(old, new)
        return
    was, now = old.exports, new.exports
    if was == now:
        return
    for code, kind in _KINDS.items():
        gone, come = (
            getattr(was, kind) - getattr(now, kind),
            getattr(now, kind) - getattr(was, kind),
        )
        if come:
            yield Change(code, True, new.name, tuple(sorted(come)))
        if gone:
            yield Change(code, False, new.name, tuple(sorted(gone)))


def _counts(old: FootprintLibrary, new: FootprintLibrary) -> Iterator[Change]:
    """What a baseline can tell: how many, or of what is not the host's own whether any."""
    both = old.own and new.own
    then, now = (e.unversioned if both else min(e.unversioned, 1) for e in (old, new))
    if then != now:
        words = [str(n) if both else ("none", "some")[n] for n in (then, now)]
        detail = f"{words[0]} then, {words[1]} now"
        yield Change(GAINED_UNVERSIONED, now > then, new.name, detail=detail)


_KINDS = dict(
    zip((GAINED_UNVERSIONED, GAINED_VERSIONED, GAINED_VERSIONS), ExportedNames._fields, strict=True)
)


def _set(
    code: Code, old: Iterable[str], new: Iterable[str], losses: Iterable[str] | None = None
) -> list[Change]:
    known, present = list(old), list(new)
    lost = known if losses is None else losses
    return [
        *(Change(code, True, value) for value in dict.fromkeys(present) if value not in known),
        *(Change(code, False, value) for value in dict.fromkeys(lost) if value not in present),
    ]


def _renamed(old: Sequence[FootprintLibrary], new: Sequence[FootprintLibrary]) -> dict[str, str]:
    """Libraries whose release is part of the name: the old name to the new one.

    The binary, first on both sides, is always the same thing.
    """
    after = {e.name for e in new}
    gone = [e.name for e in old[1:] if e.name not in after]
    before = {e.name for e in old}
    come = [e.name for e in new[1:] if e.name not in before]
    found = {}
    if old[0].name != new[0].name:
        found[old[0].name] = new[0].name
    for name in gone:
        alike = [other for other in come if _stem(other) == _stem(name)]
        if len(alike) == 1 and sum(_stem(other) == _stem(name) for other in gone) == 1:
            found[name] = alike[0]
    return found


def _stem(name: str) -> str:
    """``libicuuc.so.72`` and ``libicuuc.so.76``, ``libpypy3.9-c.so`` and ``libpypy3.11-c.so``."""
    return re.sub(r"[0-9]+(\.[0-9]+)*", "#", name)


def _owner(path: str) -> str | None:
    """The object that a search path belongs to; None for those of the whole process."""
    return path.rpartition(" of ")[2] if path.startswith(("RPATH ", "RUNPATH ")) else None


def _with_new_names(path: str, renamed: Mapping[str, str]) -> str:
    searched, of, owner = path.rpartition(" of ")
    return f"{searched}{of}{renamed.get(owner, owner)}"


# -- what is allowed ------------------------------------------------------------------------------


def _allow(change: Change, allowed: Iterable[Allowed]) -> Change:
    for entry in allowed:
        if change.gained and fnmatchcase(change.subject, entry.pattern):
            return change._replace(allowed=entry.reason)
    return change


def read_allowed(path: Path) -> list[Allowed]:
    """A list of ``pattern  # reason`` lines; a pattern without a reason is an error.

    Empty lines and lines that are only a comment mean nothing. Raises
    InputError.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as e:
        raise InputError(str(path), e.strerror or str(e)) from e
    except ValueError as e:
        raise InputError(str(path), f"not a text file ({e})") from e
    found = []
    for number, line in enumerate(lines, 1):
        pattern, _, reason = (part.strip() for part in line.partition("#"))
        if pattern and not reason:
            raise InputError(
                str(path), f"line {number}: {pattern} has no reason; write {pattern}  # why"
            )
        if pattern:
            found.append(Allowed(pattern, reason))
    return found
