"""A host after its interpreter has imported extension modules of its own.

CPython opens them RTLD_NOW and RTLD_LOCAL (``Python/dynload_shlib.c``), PyPy those of its
standard library, too. Their libraries are in no global scope, but the loader knows them by name:
a later DT_NEEDED of that name is theirs (glibc ``elf/dl-load.c``, ``_dl_map_object``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from collide.analysis.analysis import Analysis, open_alone
from collide.binding.binder import Binder
from collide.binding.definers import ReferencesByDefiner
from collide.elf.constants import STB_GNU_UNIQUE
from collide.loader.host import Host, OwnModule
from collide.loader.link_map import LoadFailure
from collide.loader.lookup import Match
from collide.loader.model import Dso
from collide.loader.process import Process
from collide.support.errors import UsageError
from collide.support.records import NamedTuple


def after_import(host: Host, names: Iterable[str]) -> Host:
    """``host`` after modules of its interpreter were imported in this order.

    A name is that of an import statement (``ssl``) or of the file (``_ssl``). Raises UsageError
    for one that is none of the host's modules that bring libraries, or that cannot be opened.
    """
    for name in names:
        found = [m for m in host.own.modules if name in (m.name, m.file_name)]
        if not found:
            raise UsageError(_unknown(host, name))
        for module in found:
            imported = open_own(host, module)
            if imported is None:
                raise UsageError(f"{host.name}: {module.path} cannot be opened in this host")
            host = imported
    return host


def _unknown(host: Host, name: str) -> str:
    listed = ", ".join(dict.fromkeys(m.name for m in host.own.modules)) or "none"
    return f"--after {name}: of {host.name}'s own modules these bring libraries: {listed}"


def open_own(host: Host, module: OwnModule) -> Host | None:
    """``host`` after the import of one of its modules; None where the loader refuses that."""
    files = host.own.files
    if files is None:
        return None
    process = host.process.copy(files)
    opened = process.dlopen(module.path)
    if isinstance(opened, LoadFailure) or opened.failures:
        return None
    unique = dict(host.unique)
    if module.opens:
        unique = {**registered(process, module.unique or {}), **unique}
    else:
        binder = Binder(host.process, [m.dso for m in process.maps])
        bound = binder.bind(opened, unique)
        if bound.failures:
            return None
        process.static_tls = bound.static_tls
    imported = (*host.imported, module.name)
    return host._replace(process=process, imported=imported, unique=unique)


def registered(process: Process, unique: Mapping[str, str]) -> dict[str, Match]:
    """The recorded registrations of unique symbols, in a process that has their providers."""
    by_path: dict[str, Dso] = {m.dso.path: m.dso for m in process.maps}
    found: dict[str, Match] = {}
    for name, path in unique.items():
        if path not in by_path:
            continue
        for definition in by_path[path].elf.exports.candidates(name):
            if definition.binding == STB_GNU_UNIQUE:
                found.setdefault(name, Match(by_path[path], definition))
    return found


# -- a target behind an import --------------------------------------------------------------------


class BehindImport(NamedTuple):
    """The modules of a target for which an import of the interpreter's may change something.

    ``alone`` has them opened in a fresh process, ``after`` behind the import of ``module``.
    ``refused`` are the failures of this import itself behind each of them, by name. Modules that
    do not open alone are left out.
    """

    module: OwnModule
    alone: Analysis
    after: Analysis
    refused: tuple[tuple[str, LoadFailure], ...] = ()


def behind_imports(
    analysis: Analysis, by_definer: ReferencesByDefiner | None = None
) -> Iterator[BehindImport]:
    """Open modules behind each import that shares a name or a unique symbol with them.

    Each import by itself: not all combinations are tried.
    """
    opening = [m for m in analysis.modules if m.bound is not None and not m.failures]
    needs = {m.name: analysis.foreign_needs(m) for m in opening}
    unique = {m.name: dict(analysis.registered(m)) for m in opening}
    for own in analysis.host.own.modules:
        found = [
            m
            for m in opening
            if _differ(own.brings, needs[m.name])
            or (unique[m.name] and _differ(_unique_of(analysis.host, own), unique[m.name]))
        ]
        imported = open_own(analysis.host, own) if found else None
        if imported is None:
            continue
        paths = {name: path for path, name in analysis.target.names.items()}
        places = [paths[m.name] for m in found]
        opened = tuple(open_alone(analysis.target, imported, places, by_definer, analysis.modes))
        yield BehindImport(
            own,
            analysis._replace(modules=tuple(found)),
            analysis._replace(host=imported, modules=opened, host_files=imported.known_files),
            tuple(_refused(analysis, own, places)),
        )


def _refused(
    analysis: Analysis, own: OwnModule, paths: Iterable[str]
) -> Iterator[tuple[str, LoadFailure]]:
    """Why the import fails behind modules of the target: a version that their library lacks.

    What its references get is not looked at: of a shipped host they are not known.
    """
    host, target = analysis.host, analysis.target
    files = target.files(host)
    assert host.own.files is not None
    for path in paths:
        process = host.process.copy(files)
        process.dlopen(path, analysis.modes.of(target.names[target.members[path].path]))
        opened = process.copy(host.own.files).dlopen(own.path)
        failures = (opened,) if isinstance(opened, LoadFailure) else opened.failures[:1]
        for failure in failures:
            yield target.names[target.members[path].path], failure


def _differ(theirs: Mapping[str, str], ours: Mapping[str, str]) -> bool:
    """Whether any name that both have stands for another file."""
    return any(theirs[name] != ours[name] for name in theirs.keys() & ours.keys())


def _unique_of(host: Host, own: OwnModule) -> Mapping[str, str]:
    """The unique symbols that an import registers, with the paths of the providers."""
    if own.unique is not None:
        return own.unique
    imported = open_own(host, own)
    return {n: m.dso.path for n, m in imported.unique.items()} if imported else {}
