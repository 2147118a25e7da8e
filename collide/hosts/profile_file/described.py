"""Makes a host of what a profile file or the database has recorded, for wheels to be opened in."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from itertools import chain

from collide.elf.headers import TlsSegment
from collide.elf.machines import machine_named
from collide.elf.object import ElfObject, VersionNeed
from collide.elf.symbols import Exports, Reference
from collide.loader.host import Host, OwnModule, OwnModules, Python
from collide.loader.libc import libc_of
from collide.loader.link_map import LinkMap, LoadFailure
from collide.loader.model import Dso, FileSystem, FoundVia, Loader
from collide.loader.opening import Mode, Opening
from collide.loader.process import Process
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from collide.hosts.profile_file.symbols import RecordedExports
    from collide.loader.lookup import Match


class RecordedFiles(FileSystem):
    """The files of a recorded host: only what was recorded can be opened."""

    def __init__(self, by_path: Mapping[str, Dso], cache: Mapping[str, str]) -> None:
        self.by_path = by_path
        self._cache = cache

    def open(self, path: str) -> Dso | None:
        """See :class:`collide.loader.model.FileSystem`."""
        return self.by_path.get(path)

    def cached(self, name: str) -> str | None:
        """See :class:`collide.loader.model.FileSystem`."""
        return self._cache.get(name)


class Described(NamedTuple):
    """One recorded object: its file, and how a host has loaded it.

    ``name`` is the path as the loader opened it, ``aliases`` the other names by which
    the loader knows it, ``paths`` all paths of the file.
    """

    dso: Dso
    name: str
    aliases: Sequence[str]
    paths: Sequence[str]
    found: FoundVia


Links = tuple[int | None, Sequence[int]]
"""The number of the object that first needed one, and of those that it needs itself."""


def host_of(
    profile: Mapping[str, Any],
    loaded: Sequence[Described],
    links: Sequence[Links],
    by_path: Mapping[str, Dso],
    everything: Mapping[str, Dso],
) -> Host:
    """The host that a profile describes, which has loaded these objects.

    ``by_path`` are those that a wheel's object can find, ``everything`` also those of the
    interpreter's own modules. Raises KeyError, TypeError, ValueError, IndexError or
    AttributeError when it is none.
    """
    python = profile["python"]
    libc = profile["libc"]
    recorded_loader: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in profile["loader"].items()
    }
    loader = Loader(libc=libc["name"], version=tuple(map(int, libc["version"])), **recorded_loader)
    process = _process(profile, loader, loaded, links, by_path)
    openings = tuple(_opening(recorded) for recorded in profile.get("openings", ()))
    return Host(
        name=profile["name"],
        path=profile["binary"],
        architecture=profile["architecture"],
        python=Python(python["implementation"], tuple(python["version"]), python["abi_flags"])
        if python
        else None,
        process=process,
        failures=tuple(LoadFailure(**f) for f in profile["missing"]),
        preload=tuple(profile["preload"]),
        rtld_global=tuple(profile["global"]),
        own=_own_modules(profile, everything),
        unique=_unique(process, profile["unique"]) if openings else {},
        openings=openings,
        unrecorded=frozenset(profile.get("unrecorded", ())),
    )


def _opening(recorded: Mapping[str, Any]) -> Opening:
    mode = Mode(recorded["rtld_global"], recorded["lazy"], recorded["deepbind"])
    return Opening(recorded["name"], mode, recorded["source"])


def _unique(process: Process, recorded: Mapping[str, str]) -> Mapping[str, Match]:
    from collide.analysis.history import registered  # late: start-up

    return registered(process, recorded)


def _own_modules(profile: Mapping[str, Any], everything: Mapping[str, Dso]) -> OwnModules:
    """Those of a profile; one of an older release of collide has none."""
    modules: list[OwnModule] = []
    texts: list[object] = []
    for recorded in profile.get("modules", ()):
        brings, unique = dict(recorded["brings"]), dict(recorded["unique"])
        modules.append(OwnModule(recorded["name"], recorded["path"], brings, unique, opens=True))
        texts += [recorded["name"], recorded["path"], *chain(*brings.items(), *unique.items())]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a name or path that is no string")
    return OwnModules(RecordedFiles(everything, profile["cache"]), lambda: tuple(modules))


def _process(
    profile: Mapping[str, Any],
    loader: Loader,
    loaded: Sequence[Described],
    links: Sequence[Links],
    by_path: Mapping[str, Dso],
) -> Process:
    files = RecordedFiles(by_path, profile["cache"])
    executable, *others = loaded
    process = libc_of(loader).new_process(executable.dso, executable.name, loader, files)
    maps = [process.executable]
    for described, (by, _) in zip(others, links[1:], strict=True):
        loaded_by = None if by is None else maps[by]
        origin = posixpath.dirname(described.name)
        maps.append(LinkMap(described.name, described.dso, described.found, loaded_by, origin))
    for m, (_, needs) in zip(maps, links, strict=True):
        m.needed = tuple(maps[number] for number in needs)
    for m, described in zip(maps[1:], others, strict=True):
        process.adopt(m, described.aliases)
    process.end_start_up(tuple(maps[number] for number in profile["scope"]))
    if process.executable not in process.global_scope:
        raise ValueError("a scope without the executable")
    return process


def described_object(
    recorded: Mapping[str, Any],
    architecture: str,
    exports: RecordedExports,
    references: Sequence[Reference],
) -> Described:
    """One object of a profile, with its tables."""
    path, package = recorded["path"], recorded.get("package")
    dso = Dso(
        path,
        path,
        _elf_object(recorded, architecture, exports, references),
        version_strings=tuple(recorded.get("version_strings", ())),
        build_id=recorded.get("build_id"),
        package=(package["name"], package["version"]) if package else None,
        recorded_uses=exports.uses,
    )
    return Described(
        dso=dso,
        name=recorded["name"],
        aliases=recorded["aliases"],
        paths=recorded["paths"],
        found=FoundVia(**recorded["found"]),
    )


def _elf_object(
    recorded: Mapping[str, Any],
    architecture: str,
    exports: Exports,
    references: Sequence[Reference],
) -> ElfObject:
    """One object: what it says about itself, and its tables."""
    definitions = recorded["version_definitions"]
    return ElfObject(
        machine=machine_named("armv7l" if architecture == "armv6l" else architecture),
        type=recorded["type"],
        flags=recorded["flags"],
        interpreter=recorded["interpreter"],
        soname=recorded["soname"],
        needed=tuple(recorded["needed"]),
        auxiliary=tuple(recorded["auxiliary"]),
        filter=tuple(recorded["filter"]),
        rpath=recorded["rpath"],
        runpath=recorded["runpath"],
        symbolic=recorded["symbolic"],
        nodeflib=recorded["nodeflib"],
        pie=recorded["pie"],
        executable_stack=recorded.get("executable_stack", False),
        tls=TlsSegment(*recorded["tls"]) if "tls" in recorded else None,
        static_tls=tuple(recorded.get("static_tls", ())),
        tls_descriptors=tuple(recorded.get("tls_descriptors", ())),
        version_needs=tuple(VersionNeed(*need) for need in recorded["version_needs"]),
        version_definitions=None if definitions is None else tuple(definitions),
        exports=exports,
        references=references,
        unknown_relocations=(),
        resolution_cache=(),
    )
