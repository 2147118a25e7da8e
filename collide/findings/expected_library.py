"""Who was expected to have what a load failure names: the evidence of COL201 and COL203."""

from __future__ import annotations

import posixpath
import re

from collide.findings.code import Severity
from collide.loader.libc import LIBCS
from collide.support.errors import MissingPackageError
from collide.support.records import NamedTuple
from collide.wheels.target import SITE, is_extension_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from collide.analysis.analysis import Analysis, Module
    from collide.loader.link_map import LinkMap, LoadFailure
    from collide.loader.model import Dso
    from collide.wheels.target import Target

_SHOWN = 4
_FEWEST = 3
"""Letters that tell one name from another."""


def answered(analysis: Analysis, module: Module, failure: LoadFailure) -> Iterator[str]:
    """For an undefined symbol: the library that was to have it, and the file that was loaded.

    The version need names the library (gABI has none; Drepper's symbol versioning, vn_file). A
    reference without a version names none: then these are the libraries that the object needs.
    """
    if module.bound is None:
        return
    asking = [m for m in module.bound.opened.searchlist if m.dso.path == failure.object]
    for m in asking[:1]:
        resolved = dict(zip((name for name, _ in m.resolutions), m.needed or (), strict=True))
        files = [n.file for n in m.elf.version_needs if n.version == failure.detail]
        for file in dict.fromkeys(files):
            needed = resolved.get(file) or analysis.host.process.loaded(file)
            if needed is not None:
                loaded = _loaded(analysis, needed)
                yield f"{failure.detail} is expected of {file}, for which {loaded}."
        if not files and resolved:
            some = [*resolved.items()][:_SHOWN]
            text = ", ".join(f"{name}: {_loaded(analysis, found)}" for name, found in some)
            more = f", and {len(resolved) - _SHOWN} more" if len(resolved) > _SHOWN else ""
            yield f"No version says which library has it; needed are {text}{more}."


def _loaded(analysis: Analysis, m: LinkMap) -> str:
    return f"{analysis.name_of(m.dso)} is loaded ({m.found})"


class Absence(NamedTuple):
    """How severe it is that a library is not found, what is known about it, and the remedy.

    ``remedy`` is None where that of the code is right. ``from_wheels`` says that a wheel has the
    library, this one or one that it requires: the host's system was not meant to bring it.
    """

    severity: Severity
    evidence: tuple[str, ...]
    remedy: str | None = None
    from_wheels: bool = False


def missing(analysis: Analysis, victim: str, name: str, modules: Iterable[str]) -> Absence:
    """What is known about a library that is not found, in the order in which it decides.

    An error where the wheel's tag promises that it needs no such library, and an extension
    module fails: a library that is opened in another way may never be (a plugin). No error where
    a wheel that this one requires may bring it, or the wheel's own Python may open it first.
    """
    target = analysis.target
    grafted = _grafted(target, name)
    own = _in_wheel(analysis, victim, name) if victim in target.names.values() else None
    if own is not None and (grafted is None or posixpath.basename(own[0]) == name):
        place, remedy = own
        said = (
            f"The wheel has it at {place}, but no run path leads there from {victim}."
            if posixpath.basename(place) == name
            else f"The wheel has it at {place}, which no search for {name} finds."
        )
        opened = any(event.name.endswith(f"/{place}") for event in target.plan.possible)
        fails = _module_fails(analysis, victim, modules) and not opened
        return Absence(Severity.ERROR if fails else Severity.WARNING, (said,), remedy, True)
    if grafted is not None:
        said = f"The wheel bundles it as {grafted}, but the DT_NEEDED was not changed."
        change = f"Change the DT_NEEDED: patchelf --replace-needed {name} {grafted}."
        return _promised(analysis, victim, name, modules, (said,))._replace(remedy=change)
    if (brought := _brought(analysis, victim, name)) is not None:
        return Absence(Severity.WARNING, (brought,), _TOGETHER, True)
    package = analysis.host.offered.get(name)
    known = (f"The package {package} of its distribution brings it.",) if package else ()
    return _promised(analysis, victim, name, modules, known)


_TOGETHER = (
    "Check it together with the wheels that it requires, or where all are installed: nothing is "
    "known of a module that lacks a library."
)


def _promised(
    analysis: Analysis,
    victim: str,
    name: str,
    modules: Iterable[str],
    evidence: tuple[str, ...],
) -> Absence:
    """By what the tags of the wheel promise."""
    if not _module_fails(analysis, victim, modules):
        return Absence(Severity.WARNING, evidence)
    tags = _policies(analysis.target.tags or ())
    try:
        allowed = not tags or name in _allowed(tags, analysis.host.architecture)
    except MissingPackageError as e:
        said = f"Whether its tag allows it is not known: {e}."
        return Absence(Severity.WARNING, (*evidence, said))
    if allowed:
        return Absence(Severity.WARNING, evidence)
    said = f"No policy of {' or '.join(sorted(tags))} lets a wheel need it."
    if (place := _done_without(analysis, modules)) is not None:
        caught = f"The package goes on without it: {place} catches that the import fails."
        return Absence(Severity.WARNING, (*evidence, said, caught))
    return Absence(Severity.ERROR, (*evidence, said))


def _done_without(analysis: Analysis, modules: Iterable[str]) -> str | None:
    """Where the package's Python catches that a module does not import, if it does for each."""
    from collide.wheels.optional_modules import done_without  # late: for an error only

    target, places = analysis.target, list[str]()
    for dso in target.members.values():
        if target.names[dso.path] in modules and is_extension_module(dso):
            place = done_without(target, dso)
            if place is None:
                return None
            places.append(place)
    return places[0] if places else None


def _module_fails(analysis: Analysis, victim: str, modules: Iterable[str]) -> bool:
    target = analysis.target
    return victim in target.names.values() and any(
        target.names[dso.path] in modules and is_extension_module(dso)
        for dso in target.members.values()
    )


def _grafted(target: Target, name: str) -> str | None:
    """The file name under which auditwheel has brought a library of that name into the wheel."""
    from collide.wheels.grafted import without_hash  # late: start-up

    files = sorted({path.rpartition("/")[2] for path in target.members})
    hashed, plain = f"{name.partition('.')[0]}-", without_hash(name)
    return next((f for f in files if f.startswith(hashed) and without_hash(f) == plain), None)


def _in_wheel(analysis: Analysis, victim: str, name: str) -> tuple[str, str] | None:
    """Where the wheel itself has a library of that name for this host, and the remedy.

    A search finds a file by its name; a library that is open answers to its DT_SONAME, too.
    """
    named = {
        analysis.target.names[dso.path]: dso
        for dso in analysis.target.members.values()
        if name in (dso.elf.soname, posixpath.basename(dso.path))
        and dso.elf.architecture == analysis.host.architecture
    }
    for place, dso in sorted(named.items(), key=lambda one: posixpath.basename(one[0]) != name):
        opens = f"open {place} before it" if dso.elf.soname == name else ""
        if posixpath.basename(place) != name:
            return place, f"Have the wheel's code {opens}, or bring it as {name}, too."
        way = posixpath.relpath(posixpath.dirname(place) or ".", posixpath.dirname(victim) or ".")
        origin = "$ORIGIN" if way == "." else f"$ORIGIN/{way}"
        remedy = f"Give {victim} the run path {origin} (patchelf --set-rpath)"
        return place, f"{remedy}, or {opens}." if opens else f"{remedy}."
    return None


def _brought(analysis: Analysis, victim: str, name: str) -> str | None:
    """That another wheel may bring a library, which this one requires.

    The victim's run path leads to where the wheel has nothing itself, or a required distribution
    has the name of a library that the victim lacks: with one of them may come all the others.
    """
    target = analysis.target
    dso = next((m for m in target.members.values() if target.names[m.path] == victim), None)
    if dso is None or target.cache is None or name.startswith("libpython"):
        return None
    from collide.wheels.requirements import required  # late: start-up

    names = required(target.cache.metadata())
    if not names:
        return None
    lacking = {
        f.name
        for m in analysis.modules
        for f in m.failures
        if f.kind == "missing-library" and target.names.get(f.object) == victim
    }
    named = [n for n in names if any(_names_library(n, one) for one in (name, *sorted(lacking)))]
    elsewhere = next(_elsewhere(target, dso), None)
    if not named and elsewhere is None:
        return None
    some = named or names
    listing = ", ".join(some[:_SHOWN])
    more = f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else ""
    said = f"The wheel requires {listing}{more}, which may bring it"
    return (
        f"{said}: the run path leads to {elsewhere}, where it has none."
        if elsewhere
        else f"{said}."
    )


def _elsewhere(target: Target, dso: Dso) -> Iterator[str]:
    """Directories of an object's run path that the wheel itself brings no library to."""
    own = {posixpath.dirname(path) for path in target.members}
    distribution = target.name.rpartition("/")[2].partition("-")[0]
    for element in (dso.elf.runpath or dso.elf.rpath or "").split(":"):
        start, _, below = element.replace("${ORIGIN}", "$ORIGIN").partition("$ORIGIN")
        place = posixpath.normpath(f"{posixpath.dirname(dso.path)}/{below}")
        outside = place not in own and place.rpartition("/")[2] != f"{distribution}.libs"
        if not start and below.startswith("/") and outside and place.startswith(f"{SITE}/"):
            yield place.removeprefix(f"{SITE}/")


def _names_library(distribution: str, name: str) -> bool:
    """Whether a library has the name of a distribution, or of a part of it.

    As libcublas.so.12 that of nvidia-cublas-cu12, libarrow.so.1700 that of pyarrow.
    """
    library = _plain(name.removeprefix("lib").partition(".so")[0])
    parts = [_plain(part) for part in re.split(r"[-_.]+", distribution.lower())]
    parts += [part.removeprefix("py") for part in parts if part.startswith("py")]
    return any(len(part) >= _FEWEST and library.startswith(part) for part in parts)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _policies(tags: Iterable[str]) -> frozenset[str]:
    """The platform tags that are policies of auditwheel."""
    words = tuple(libc.wheel_platform for libc in LIBCS.values())
    platforms = frozenset(tag.split("-")[2] for tag in tags)
    # A tag that is none of these promises nothing, and an installer takes the wheel for it, too.
    return platforms if all(p.startswith(words) for p in platforms) else frozenset()


def _allowed(platforms: Iterable[str], architecture: str) -> frozenset[str]:
    from collide.wheels.policies import system_libraries  # late: start-up

    allowed: set[str] = set()
    for libc in LIBCS.values():
        mine = [p for p in platforms if p.startswith(libc.wheel_platform)]
        if mine:
            allowed.update(system_libraries(libc, architecture, mine))
    return frozenset(allowed)
