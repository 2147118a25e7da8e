"""The comparison of two link footprints, with the codes of its changes, COL501 to COL509."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from collide.findings.code import Code, Severity, Shape
from collide.support.errors import InputError
from collide.support.file_bytes import read_bytes
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.findings.gained import GainedEvidence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from collide.hosts.footprint import Footprint, FootprintLibrary

GAINED_LIBRARY = Code(
    "COL501",
    "gained-library",
    Severity.ERROR,
    Shape.FOOTPRINT,
    "the host links one library more",
    "Every export of the library comes before those of all modules that are opened later: what "
    "bundles a copy of it may run on the host's from now on.",
    "The global scope has an object that the earlier one did not have, by DT_SONAME or file name.",
    "Link it statically with its symbols hidden, or open it with dlopen from an extension module, "
    "so that it stays out of the global scope.",
    example=(
        "A distribution links its python3 with the system's libz in place of the copy in "
        "Python's sources. Every wheel with a zlib runs on that one from then on."
    ),
)
GAINED_UNVERSIONED = Code(
    "COL502",
    "gained-unversioned",
    Severity.WARNING,
    Shape.FOOTPRINT,
    "a library of the host exports more names without a version",
    "An export without a version satisfies every reference of its name, versioned or not.",
    "Definitions at a base version, or in an object without version tables, that were not there.",
    "Hide what is no interface (-fvisibility=hidden, -Wl,--exclude-libs,ALL), or give the library "
    "a version script.",
    example="A static library is linked into libpython3.so, and nobody hides its names.",
)
GAINED_VERSIONED = Code(
    "COL503",
    "gained-versioned",
    Severity.NOTE,
    Shape.FOOTPRINT,
    "a library of the host exports more versioned symbols",
    "They satisfy references of the same version, and those without one.",
    "Definitions with a version name that were not there.",
    "None is needed, unless a wheel bundles another build of the same library.",
    example="libssl 3.0 becomes 3.2: there are new functions at OPENSSL_3.2.0.",
)
GAINED_VERSIONS = Code(
    "COL504",
    "gained-versions",
    Severity.NOTE,
    Shape.FOOTPRINT,
    "a library of the host defines more versions",
    "Objects that need them can be loaded now; a newer release of the library is installed.",
    "Version names of exported definitions that were not there.",
    "None is needed.",
    example="libssl 3.0 becomes 3.2, which has the version OPENSSL_3.2.0.",
)
GAINED_OPENING = Code(
    "COL505",
    "gained-opening",
    Severity.ERROR,
    Shape.FOOTPRINT,
    "the host preloads a library more, or opens one RTLD_GLOBAL",
    "The library and its closure are in the global scope from then on, as if the host linked them.",
    "What the profiles were recorded with (--preload, --global).",
    "Open it RTLD_LOCAL.",
    example="uwsgi is started with one plugin more, which it opens RTLD_GLOBAL.",
)
GAINED_SEARCH_PATH = Code(
    "COL506",
    "gained-search-path",
    Severity.WARNING,
    Shape.FOOTPRINT,
    "the host searches for libraries in another place",
    "What is found there answers for its own needs and, as DT_RPATH of the executable or as "
    "LD_LIBRARY_PATH, for those of every module.",
    "DT_RPATH, DT_RUNPATH, LD_LIBRARY_PATH and the directories built into the loader.",
    "Drop the entry (patchelf --remove-rpath), or replace an RPATH by a RUNPATH.",
    example=(
        "A package is built with -Wl,-rpath,/opt/lib, and the DT_RPATH of the program names "
        "/opt/lib."
    ),
)
GAINED_MISSING = Code(
    "COL507",
    "gained-missing",
    Severity.WARNING,
    Shape.FOOTPRINT,
    "the host needs one library more, which is not there",
    "Where it is installed the host links it; here its exports cannot be told.",
    "A DT_NEEDED name that the loader's search does not find, and that was not needed before.",
    "Install the library and look again; then as for COL501.",
    example=(
        "An image is built without the package that has libreadline.so.8, which the new python3"
        " needs."
    ),
)
REPLACED_BY_RELEASE = Code(
    "COL508",
    "replaced-by-release",
    Severity.NOTE,
    Shape.FOOTPRINT,
    "the host links another release of a library",
    "Its exports are compared with those of the earlier one; its new name captures DT_NEEDED "
    "entries of that name.",
    "One library gone and one come whose names differ in numbers only.",
    "None is needed.",
    example="libicuuc.so.72 is gone, libicuuc.so.74 has come.",
)
GAINED_HISTORY = Code(
    "COL509",
    "gained-history",
    Severity.WARNING,
    Shape.FOOTPRINT,
    "opens one object more in a recorded run",
    "It and what it loads answer for DT_NEEDED entries of their names, and their unique symbols "
    "are registered before those of what is opened later.",
    "The openings of profiles that were recorded with a command (collide profile -- COMMAND).",
    "None is needed, unless a wheel brings another build of a library that is loaded so.",
    example=(
        "The application imports one package more before the others, and the run was recorded "
        "again."
    ),
)


class Change(NamedTuple):
    """One difference between two footprints.

    ``gained`` is False for a loss, which is never growth. ``subject`` is the
    library or the search path, ``names`` are the symbols or versions that came
    or went, ``detail`` completes the sentence. ``allowed`` is the reason why
    growth is accepted, empty where none was given; None where it is not accepted.
    ``evidence`` are the figures of a gained library.
    """

    code: Code
    gained: bool
    subject: str
    names: tuple[str, ...] = ()
    detail: str = ""
    allowed: str | None = None
    evidence: GainedEvidence | None = None

    @property
    def severity(self) -> Severity:
        """The severity of its code; a note for a loss and for what is allowed."""
        return self.code.severity if self.gained and self.allowed is None else Severity.NOTE


class Allowed(NamedTuple):
    """Growth that is accepted: a pattern (fnmatch) of subjects, and the reason."""

    pattern: str
    reason: str


class Comparison(NamedTuple):
    """All changes from the footprint ``old`` to ``new``, both by name.

    ``unused`` are the patterns that allowed nothing.
    """

    old: str
    new: str
    changes: tuple[Change, ...]
    unused: tuple[str, ...] = ()

    def worst(self) -> Severity | None:
        """The highest severity of all changes; None when there are none."""
        return max((c.severity for c in self.changes), default=None)

    def grew(self) -> bool:
        """Whether a change is worse than a note."""
        return (self.worst() or Severity.NOTE) > Severity.NOTE


def compare(old: Footprint, new: Footprint, allowed: Sequence[Allowed] = ()) -> Comparison:
    """What ``new`` gained and lost; exports are compared by name where both sides have them."""
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
    changes += _set(GAINED_HISTORY, old.history, new.history)
    # The search paths of a library that came or went are part of that change.
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
    """The change of unversioned exports where a side is a baseline, which has no names.

    A baseline counts the exports of the host's own objects; of other libraries
    it has only whether there are any.
    """
    both = old.own and new.own
    then, now = (e.unversioned if both else min(e.unversioned, 1) for e in (old, new))
    if then != now:
        words = [str(n) if both else ("none", "some")[n] for n in (then, now)]
        detail = f"{words[0]} then, {words[1]} now"
        yield Change(GAINED_UNVERSIONED, now > then, new.name, detail=detail)


_KINDS = {
    GAINED_UNVERSIONED: "unversioned",
    GAINED_VERSIONED: "versioned",
    GAINED_VERSIONS: "versions",
}
"""The field of :class:`collide.hosts.footprint.ExportedNames` that each code compares."""


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
    """Libraries whose release is part of their name: the old name, and the new one.

    The binary comes first on both sides and is always compared with the binary.
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
    """A name without its numbers: equal for ``libicuuc.so.72`` and ``libicuuc.so.76``."""
    return re.sub(r"[0-9]+(\.[0-9]+)*", "#", name)


def _owner(path: str) -> str | None:
    """The object that a search path belongs to; None for a path of the whole process."""
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
    """Read a list of ``pattern  # reason`` lines; empty lines and comments are skipped.

    Raises InputError where the file cannot be read or a pattern has no reason.
    """
    try:
        lines = read_bytes(path, "text-size").decode("utf-8").splitlines()
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
