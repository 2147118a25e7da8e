"""Reads inputs as objects at their installed paths: wheels, trees, and bare .so files.

Members of a wheel are read in memory; where they would be installed decides
what ``$ORIGIN`` means (binary distribution format, "Installing a wheel").
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from operator import itemgetter

from collide.elf.headers import is_elf
from collide.elf.object import scan_object
from collide.loader.host import Host
from collide.loader.model import Dso, FileSystem
from collide.support.errors import ForeignMachineError, InputError, NotDynamicError
from collide.support.faults import problem_of
from collide.support.file_bytes import require_regular
from collide.support.limits import LimitError, hold
from collide.support.records import NamedTuple
from collide.support.system import disk_path, rooted, with_slashes
from collide.support.time_limit import timed
from collide.wheels.archive import Archive, MemberCache, RecordCheck
from collide.wheels.plain import refused_place
from collide.wheels.plan import NO_PLAN, Plan, data_directories, find_unopened, joined, sites

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from collide.filesystems.root import Root
    from collide.wheels.irregular import Irregularity

PREFIX = "/prefix"
"""The prefix under which wheels are installed in memory: ``sys.prefix`` of no real environment."""
_MOST_DIRECTORIES = 4096
"""How many are kept in their plain form: a run path may name as many as its bytes hold."""
SITE = f"{PREFIX}/lib/python/site-packages"
_SCHEME = {
    "purelib": SITE,
    "platlib": SITE,
    "scripts": f"{PREFIX}/bin",
    "headers": f"{PREFIX}/include",
    "data": PREFIX,
}


class Skipped(NamedTuple):
    """Something that was not analysed, and the reason."""

    name: str
    reason: str


class Target(NamedTuple):
    """One thing to check: a wheel, a tree, or one shared object.

    ``members`` maps installed paths to files, ``names`` canonical paths to the
    names that output uses. ``tags`` is None for what has no wheel's name.
    ``problems`` are inputs that cannot be read and members that RECORD does not vouch
    for, which are in ``members`` all the same; ``skipped`` are members that are no
    modules. ``on_disk`` is the root that the files are in, None for a wheel, and
    ``cache`` reads the contents of a wheel's members again. ``irregularities`` are what
    is wrong with the archive itself. ``plan`` is what its Python code opens, and how. ``unopened``
    are the libraries that only programs of the target link, which are processes of their own.
    ``data`` are its directories ``share/NAME`` by these names.
    """

    name: str
    tags: frozenset[str] | None
    members: Mapping[str, Dso]
    names: Mapping[str, str]
    skipped: tuple[Skipped, ...] = ()
    problems: tuple[InputError, ...] = ()
    on_disk: Root | None = None
    cache: MemberCache | None = None
    irregularities: tuple[Irregularity, ...] = ()
    plan: Plan = NO_PLAN
    unopened: frozenset[str] = frozenset()
    data: Mapping[str, str] = {}

    def keeping(self) -> AbstractContextManager[None]:
        """A context in which members that were read stay in memory."""
        return self.cache.keeping() if self.cache else nullcontext()

    def shown(self, name: str) -> str:
        """The name that output uses for a member's installed path; other names as they are."""
        member = self.members.get(name)
        return name if member is None else self.names[member.path]

    def modules(self, architecture: str) -> tuple[str, ...]:
        """Installed paths to open, each by itself.

        Extension modules, and every library that no other member needs: such
        a library is opened in some other way (ctypes, cffi, a plugin loader), unless programs
        link it and no Python file names it. Libraries that the plan opens come first.
        """
        fitting = {
            path: dso for path, dso in self.members.items() if dso.elf.architecture == architecture
        }
        needed = {name for dso in fitting.values() for name in dso.elf.needed}
        # Hard links are one file.
        first = {dso.identity: path for path, dso in reversed(fitting.items())}
        opened = [path for path in self.plan.libraries if path in fitting]
        others = tuple(
            path
            for path, dso in fitting.items()
            if first[dso.identity] == path
            and path not in self.unopened
            and (
                is_extension_module(dso) or not {dso.elf.soname, posixpath.basename(path)} & needed
            )
        )
        return tuple(dict.fromkeys((*opened, *others)))

    def files(self, host: Host) -> FileSystem:
        """The file system that ``host`` sees with this target installed in it."""
        system = [
            posixpath.normpath(posixpath.join(directory, below))
            for directory in host.loader.system_dirs
            for below in ("", *host.loader.subdirectories)
        ]
        return _Installed(self.members, host.files, self.on_disk, frozenset(system))


def is_extension_module(dso: Dso) -> bool:
    """Whether an object exports the initialisation function of a module of its name.

    PyInit_NAME, for names that are not ASCII PyInitU_ and their punycode (PEP
    489), or that of a cffi module in PyPy.
    """
    name = posixpath.basename(dso.path).partition(".")[0]
    if name.isascii():
        functions = [f"PyInit_{name}", f"_cffi_pypyinit_{name}"]
    else:
        functions = [f"PyInitU_{name.encode('punycode').decode().replace('-', '_')}"]
    return not dso.elf.exports.names.isdisjoint(functions)


class _Installed(FileSystem):
    """A host's files with a target's members laid over them.

    Bare objects and trees may have libraries beside them that are no members;
    those come from the disk, but never in place of the host's own system
    libraries (``system_dirs``).
    """

    def __init__(
        self,
        members: Mapping[str, Dso],
        host: FileSystem,
        disk: Root | None,
        system_dirs: AbstractSet[str],
    ) -> None:
        self._by_directory: dict[str, dict[str, Dso]] = {}
        for path, dso in members.items():
            directory, name = posixpath.split(path)
            self._by_directory.setdefault(directory, {})[name] = dso
        self._host = host
        self._disk = disk
        self._system_dirs = system_dirs
        self._normal: dict[str, str] = {}
        self._tries = 0

    def open(self, path: str) -> Dso | None:
        """See :class:`collide.loader.model.FileSystem`; raises LimitError for too many tries."""
        self._tries += 1
        hold("tries", self._tries)
        directory, _, name = path.rpartition("/")
        # A search tries hundreds of names in few directories.
        normal = self._normal.get(directory)
        if normal is None:
            if len(self._normal) >= _MOST_DIRECTORIES:
                self._normal.clear()
            normal = self._normal[directory] = posixpath.normpath(directory or "/")
        found = self._by_directory.get(normal, {}).get(name) or self._host.open(path)
        if found is not None or self._disk is None or normal in self._system_dirs:
            return found
        return self._disk.open(path)

    def cached(self, name: str) -> str | None:
        """See :class:`collide.loader.model.FileSystem`."""
        return self._host.cached(name)


def find_inputs(paths: Iterable[str]) -> Iterator[str]:
    """The files and trees that command line arguments stand for, in their order.

    A directory that holds wheels stands for these. Raises InputError for a
    path that does not exist.
    """
    for name in paths:
        path = _tidy(name)
        if not name:
            raise InputError("''", "no such file")
        if not os.path.lexists(path) and not _WILD.isdisjoint(path):
            yield from find_inputs(_matching(name, path))
            continue
        try:
            mode = os.stat(path).st_mode
            names = sorted(os.listdir(path)) if stat.S_ISDIR(mode) else []
        except FileNotFoundError:
            raise InputError(name, "no such file") from None
        except OSError as e:
            raise InputError(name, e.strerror or str(e)) from e
        if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
            raise InputError(name, "neither a regular file nor a directory")
        wheels = [_tidy(f"{path}/{name}") for name in names if name.endswith(".whl")]
        yield from wheels or [path]


_WILD = frozenset("*?[")


def _matching(name: str, path: str) -> list[str]:
    """The files that a pattern in quotes stands for; shells of Windows leave all to the program.

    Raises InputError for a pattern that matches nothing.
    """
    from glob import glob  # late: start-up

    found = sorted(glob(path, recursive=True))
    if not found:
        raise InputError(name, "no file matches")
    return found


def find_each(inputs: Iterable[str | Target]) -> Iterator[str | Target | InputError]:
    """As :func:`find_inputs`, with the error in place of a path that does not exist.

    Targets stand for themselves.
    """
    for given in inputs:
        try:
            yield from [given] if isinstance(given, Target) else find_inputs([given])
        except Exception as e:
            yield problem_of(str(given), e)


def try_read(found: str | Target | InputError) -> Target | InputError:
    """The target of one thing that :func:`find_each` found, or why it cannot be read.

    What was read of a wheel stays in memory until the end of :meth:`Target.keeping`.
    """
    if not isinstance(found, str):
        return found
    try:
        return read_target(found, keeping=True)
    except Exception as e:
        return problem_of(found, e)


def _tidy(path: str) -> str:
    """A path without ``.`` and redundant slashes, as pathlib writes it."""
    path = with_slashes(path)
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return "/" * path.startswith("/") + "/".join(parts) or "."


def read_target(path: str | os.PathLike[str], *, keeping: bool = False) -> Target:
    """Read one input; raises InputError when nothing of it can be read.

    With ``keeping`` see :func:`try_read`.
    """
    name = with_slashes(os.fspath(path))
    require_regular(name)
    with timed(name):
        return _read(name, keeping)


def read_unplanned(directory: Path) -> Target:
    """A tree without its plan; raises InputError when nothing of it can be read."""
    with timed(str(directory)):
        return _read_tree(str(directory), planned=False)


def _read(name: str, keeping: bool) -> Target:
    if os.path.isdir(name):
        return _read_tree(name)
    if posixpath.splitext(name)[1] == ".whl":
        return _read_wheel(name, keeping)
    return _read_bare(name)


# -- wheels ---------------------------------------------------------------------------------------


def installed_path(member: str, distribution: str) -> str:
    """Where a wheel's member is installed; ``distribution`` is ``name-version``."""
    top, _, rest = member.partition("/")
    scheme, _, below = rest.partition("/")
    if top == f"{distribution}.data" and scheme in _SCHEME and below:
        return posixpath.normpath(f"{_SCHEME[scheme]}/{below}")
    return posixpath.normpath(f"{SITE}/{member}")


def _read_wheel(path: str, keeping: bool) -> Target:
    members: dict[str, Dso] = {}
    names: dict[str, str] = {}
    skipped: list[Skipped] = []
    unread: list[tuple[int, InputError]] = []
    cache = MemberCache(path, keeps=keeping)
    with Archive(path, cache) as archive:
        distribution, tags = archive.distribution, archive.tags
        irregular = archive.irregularities()
        record = RecordCheck(archive)
        for number, entry in enumerate(archive.elf_members()):
            if said := refused_place(entry.name):
                skipped.append(Skipped(entry.name, f'is installed nowhere: pip says "{said}"'))
                continue
            try:
                # The contents are dropped before names are made of the tables.
                obj = scan_object(record.inflated(number, entry))()
            except (NotDynamicError, ForeignMachineError) as e:
                skipped.append(Skipped(entry.name, str(e)))
                continue
            except Exception as e:
                unread.append((number, problem_of(f"{path}: {entry.name}", e)))
                continue
            place = installed_path(entry.name, distribution)
            members[place] = Dso(place, place, obj, partial(cache.read, entry))
            names[place] = entry.name
        record.wait()
        plan = _plan_of(archive, distribution, members)
        data = data_directories(entry.name for entry in archive.entries)
        python = (e for e in archive.entries if e.name.endswith(".py"))
        unopened = find_unopened(members, plan.libraries, map(archive.inflated, python))
    # No installer compares members with RECORD: one that differs is part of what is installed.
    problems = [problem for _, problem in sorted((*record.found, *unread), key=itemgetter(0))]
    target = _target(path, tags, members, names, skipped, problems)
    target = target._replace(cache=cache, irregularities=irregular, plan=plan, data=data)
    return _leaving_out(target, unopened) if unopened else target


_RUNTIME = tuple(
    f"lib{name}{end}"
    for name in ("c", "m", "dl", "rt", "pthread", "util", "gcc_s", "stdc++")
    for end in ".-"
)
"""How the names of libraries begin that no package brings."""


def _may_open(members: Mapping[str, Dso]) -> bool:
    """Whether Python code can matter for how members are opened.

    That is so for a target with libraries, of its own or of other packages.
    """
    own = {
        name for dso in members.values() for name in (dso.elf.soname, posixpath.basename(dso.path))
    }
    brought = ("ld-linux", "linux-vdso", *_RUNTIME)
    return any(
        not is_extension_module(dso)
        or any(name not in own and not name.startswith(brought) for name in dso.elf.needed)
        for dso in members.values()
    )


def _plan_of(archive: Archive, distribution: str, members: Mapping[str, Dso]) -> Plan:
    if not _may_open(members):
        return NO_PLAN
    from collide.wheels.openings import read_plan  # late: start-up

    entries = {
        installed_path(entry.name, distribution): entry
        for entry in archive.entries
        if not entry.name.endswith("/")
    }
    names = {path: entry.name for path, entry in entries.items()}
    return read_plan(SITE, names, entries, lambda path: archive.inflated(entries[path]))


def _target(
    name: str,
    tags: frozenset[str] | None,
    members: Mapping[str, Dso],
    names: Mapping[str, str],
    skipped: Iterable[Skipped] = (),
    problems: Iterable[InputError] = (),
    *,
    on_disk: Root | None = None,
) -> Target:
    libraries = {path: f for path, f in sorted(members.items()) if not f.elf.is_executable}
    executables = [
        Skipped(names[f.path], "an executable: a host of its own, not a module")
        for f in members.values()
        if f.elf.is_executable
    ]
    ordered = sorted([*skipped, *executables], key=lambda s: s.name)
    return Target(name, tags, libraries, names, tuple(ordered), tuple(problems), on_disk)


def _leaving_out(target: Target, unopened: frozenset[str]) -> Target:
    reason = "a library that only programs link, which are hosts of their own"
    skipped = [*target.skipped, *(Skipped(target.shown(path), reason) for path in unopened)]
    return target._replace(unopened=unopened, skipped=tuple(sorted(skipped)))


# -- files on disk --------------------------------------------------------------------------------


def _read_tree(path: str, *, planned: bool = True) -> Target:
    """An unpacked wheel or a site-packages directory: every ELF file below it."""
    from pathlib import Path  # late: start-up

    from collide.filesystems.root import Root  # late: start-up

    base = Path(path).resolve()
    files = (p for p in base.rglob("*") if p.is_file())
    return read_files(path, base, files, Root(), planned=planned)


def read_files(
    name: str, base: Path, files: Iterable[Path], root: Root, *, planned: bool = True
) -> Target:
    """The ELF files among ``files``, which keep their places on disk; names are from ``base``.

    Without ``planned`` Python files are not looked at.
    """
    members: dict[str, Dso] = {}
    names: dict[str, str] = {}
    skipped: list[Skipped] = []
    problems: list[InputError] = []
    listed = sorted(p for p in files if not p.is_symlink())
    for found in listed:
        member, path = with_slashes(os.path.relpath(found, base)), rooted(str(found))
        try:
            if not _is_elf_file(found):
                continue
            dso = root.read(path)
        except (NotDynamicError, ForeignMachineError) as e:
            skipped.append(Skipped(member, str(e)))
        except LimitError as e:
            problems.append(LimitError(f"{name}/{member}", e.reason))
        except Exception as e:
            problems.append(problem_of(f"{name}/{member}", e))
        else:
            members[path] = dso
            names.setdefault(dso.path, member)
    target = _target(name, None, members, names, skipped, problems, on_disk=root)
    if not planned:
        return target
    plan = _plan_on_disk(base, listed, members)
    python = (p.read_bytes() for p in listed if p.suffix == ".py" and os.access(p, os.R_OK))
    unopened = find_unopened(members, plan.libraries, python)
    data = data_directories(with_slashes(os.path.relpath(path, base)) for path in listed)
    target = target._replace(plan=plan, data=data)
    return _leaving_out(target, unopened) if unopened else target


def _plan_on_disk(base: Path, files: Iterable[Path], members: Mapping[str, Dso]) -> Plan:
    if not _may_open(members):
        return NO_PLAN
    from collide.wheels.openings import read_plan  # late: start-up

    names = {rooted(str(path)): with_slashes(os.path.relpath(path, base)) for path in files}
    return joined(read_plan(site, names, names, _read_python) for site in sites(base))


def _read_python(path: str) -> bytes:
    hold("python-size", os.path.getsize(disk_path(path)), path)
    with open(disk_path(path), "rb") as stream:
        return stream.read()


def _is_elf_file(path: Path) -> bool:
    with path.open("rb") as stream:
        return is_elf(stream.read(4))


def _read_bare(path: str) -> Target:
    """A single shared object; its name is its resolved path."""
    from collide.filesystems.root import Root  # late: start-up

    root = Root()
    resolved = rooted(os.path.realpath(path))
    try:
        dso = root.read(resolved)
    except LimitError as e:
        raise LimitError(path, e.reason) from None
    except Exception as e:
        raise problem_of(path, e) from e
    if dso.elf.is_executable:
        raise InputError(path, "is an executable, not a module; it can be a --profile")
    return _target(path, None, {resolved: dso}, {dso.path: resolved}, on_disk=root)
