"""Who was expected to have what a load failure names: the evidence of COL201 and COL203."""

from __future__ import annotations

from collide.findings.code import Severity
from collide.loader.libc import LIBCS
from collide.support.errors import MissingPackageError
from collide.wheels.target import is_extension_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from collide.analysis.analysis import Analysis, Module
    from collide.loader.link_map import LinkMap, LoadFailure

_SHOWN = 4


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


def missing(
    analysis: Analysis, victim: str, name: str, modules: Iterable[str]
) -> tuple[Severity, tuple[str, ...]]:
    """How severe a missing library is, and what is known about it.

    An error where the wheel's tag promises that it needs no such library, and an extension
    module fails: a library that is opened in another way may never be (a plugin).
    """
    from collide.wheels.grafted import without_hash  # late: start-up

    target = analysis.target
    base = {path.rpartition("/")[2] for path in target.members}
    grafted = sorted(b for b in base if b != name and without_hash(b) == name)
    evidence = [
        f"The wheel bundles it as {found}, but the DT_NEEDED was not changed." for found in grafted
    ]
    if name in analysis.host.offered:
        evidence.append(f"The package {analysis.host.offered[name]} of its distribution brings it.")
    imported = any(
        target.names[dso.path] in modules and is_extension_module(dso)
        for dso in target.members.values()
    )
    if victim not in target.names.values() or not imported:
        return Severity.WARNING, tuple(evidence)
    tags = _policies(target.tags or ())
    try:
        allowed = not tags or name in _allowed(tags, analysis.host.architecture)
    except MissingPackageError as e:
        return Severity.WARNING, (*evidence, f"Whether its tag allows it is not known: {e}.")
    if allowed:
        return Severity.WARNING, tuple(evidence)
    evidence.append(f"No policy of {' or '.join(sorted(tags))} lets a wheel need it.")
    return Severity.ERROR, tuple(evidence)


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
