"""Finds the hosts that ``--profile`` names: shipped profiles, profile files, binaries."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial

from collide.elf.headers import is_elf
from collide.hosts.database import load_shipped, shipped_names, shipped_summary
from collide.hosts.database.reader import Summary
from collide.loader.host import Host
from collide.support.errors import InputError, UsageError
from collide.support.faults import problems_named
from collide.support.file_bytes import open_regular, require_regular
from collide.support.patterns import there_are
from collide.support.system import require_linux

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.filesystems.root import Root
    from collide.loader.host import Python


ALL = "all"
"""The group that has every shipped host, as none named has."""
THIS_PYTHON = "this-python"
"""Stands for the binary of the interpreter that runs collide, wherever a binary can stand."""


class Candidate:
    """A host to check on; a shipped one is loaded when it is first needed.

    ``is_shipped`` and ``as_if`` are those of :class:`collide.loader.host.Host`. ``others`` are
    the ones that :mod:`collide.hosts.as_if` has made of it.
    """

    def __init__(
        self,
        summary: Summary,
        load: Callable[[], Host],
        *,
        is_shipped: bool = True,
        as_if: bool = False,
    ) -> None:
        self.summary = summary
        self.name = summary.name
        self.architecture = summary.architecture
        self.python = summary.python
        self.loader = summary.loader
        self.is_shipped = is_shipped
        self.as_if = as_if
        self.others: dict[Python, Candidate] = {}
        self._load = load

    @classmethod
    def of(cls, host: Host, source: str = "") -> Candidate:
        """A host that is loaded already; ``source`` is the file that it was made from."""
        known = Summary(host.name, (), source, host.architecture, host.python, host.loader)
        if host.is_shipped and not host.as_if:
            known = shipped_summary(host.name)
        return cls(known, lambda: host, is_shipped=host.is_shipped, as_if=host.as_if)

    @property
    def suite(self) -> str:
        """The release of the system that it was recorded from; sorts by age."""
        return self.summary.source.rpartition(" on ")[2]

    @property
    def is_loaded(self) -> bool:
        """Whether it is in memory already."""
        return "host" in vars(self)

    @cached_property
    def host(self) -> Host:
        """The host itself."""
        return self._load()


def select(
    specs: Sequence[str],
    *,
    preload: Sequence[str] = (),
    rtld_global: Sequence[str] = (),
    library_path: Sequence[str] = (),
    unreadable: list[InputError] | None = None,
) -> Iterator[Candidate]:
    """The hosts of all ``--profile`` values, each once, in order; all shipped ones without any.

    A value is a shipped name or a pattern of names, a group of them, a profile
    file, a path to a binary, or THIS_PYTHON; only for a binary can ``preload``,
    ``rtld_global`` and ``library_path`` apply. Behind ``!`` a name, a pattern or a group takes
    shipped hosts out of all that the other values name, of all shipped ones where there is no
    other. Raises InputError for what is none of these or cannot be read, unless ``unreadable`` is
    there to take the errors, and where ``!`` takes none out; UsageError where openings cannot
    apply, or a directory of ``library_path`` is not there.
    """
    specs, taken_out = _without_exclusions(specs)
    named = _taken_out(taken_out, specs)
    seen = {name for spec in specs for name in _shipped(spec)} - named
    for spec in dict.fromkeys(specs or ("*",)):
        names = _shipped(spec)
        if names:
            _refuse_openings(spec, preload, rtld_global, library_path)
            # Only for hosts that it takes some out of may a command have "!".
            without = [f"!{one}" for one in taken_out if not set(names).isdisjoint(_shipped(one))]
            chosen = _as_options([spec, *without] if specs else without)
            for name in names:
                if name not in named:
                    named.add(name)
                    yield Candidate(shipped_summary(name), partial(_load_shipped, name, chosen))
            continue
        try:
            with problems_named(spec):
                candidate = _told_apart(_read(spec, preload, rtld_global, library_path), spec, seen)
        except InputError as e:
            if unreadable is None:
                raise
            unreadable.append(e)
        else:
            yield candidate


def require_named(specs: Iterable[str]) -> None:
    """Raise InputError, whose path is the value, for the first that stands for no host or file."""
    naming, taken_out = _without_exclusions(specs)
    _taken_out(taken_out, naming)
    for spec in naming:
        if not _shipped(spec):
            _existing(spec)


def _as_options(specs: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for spec in specs for word in ("--profile", spec))


def _told_apart(candidate: Candidate, spec: str, names: set[str]) -> Candidate:
    """A host whose name another one of ``names`` has already is called by its file, too.

    The recorded gdb of a release and the one that is installed have one name.
    """
    if candidate.name in names:
        host = candidate.host._replace(name=f"{candidate.name} ({spec})")
        candidate = Candidate.of(host, candidate.summary.source)
    names.add(candidate.name)
    return candidate


def _without_exclusions(specs: Iterable[str]) -> tuple[list[str], list[str]]:
    """The values that name hosts, and what stands behind ``!`` in the others."""
    specs = list(specs)
    naming = [spec for spec in specs if not spec.startswith("!")]
    return naming, [spec[1:] for spec in specs if spec.startswith("!")]


def _taken_out(patterns: Iterable[str], specs: Sequence[str]) -> set[str]:
    """The names of the shipped hosts that ``!`` takes out of those that ``specs`` name."""
    names = {name for spec in specs or ("*",) for name in _shipped(spec)}
    out: set[str] = set()
    for pattern in patterns:
        found = names.intersection(_shipped(pattern))
        if not found:
            raise InputError(f"!{pattern}", f"takes out no host{_near(pattern, names)}")
        out |= found
    return out


def _read(
    spec: str, preload: Sequence[str], rtld_global: Sequence[str], library_path: Sequence[str]
) -> Candidate:
    """The host in a profile file, or that of a binary."""
    path = _existing(spec)
    if os.path.isfile(path) and _is_profile(path):
        from collide.hosts.profile_file.read import load  # late: start-up

        _refuse_openings(spec, preload, rtld_global, library_path)
        host = load(path)
    else:
        from collide.filesystems.root import Root  # late: start-up
        from collide.hosts.extract import extract  # late: start-up

        require_linux(f"--profile {spec}: a binary as a host (record it there: collide profile)")
        root = Root()
        host = extract(
            path,
            root,
            preload=preload,
            rtld_global=rtld_global,
            library_path=library_path,
            cwd=working_directory(),
        )
        require_library_path(host, root)
    return Candidate.of(with_arguments(host, spec, preload, rtld_global, library_path), path)


def require_library_path(host: Host, root: Root) -> None:
    """Check that ``root`` has the directories of the host's LD_LIBRARY_PATH.

    The loader passes over one that is not there. Raises UsageError that says what there is.
    """
    for directory in host.loader.library_path:
        if not root.is_directory(directory):
            above = directory
            while not root.is_directory(above):
                above = os.path.dirname(above)
            below = os.path.join(above, "")
            names = [n for n in root.names(above) if root.is_directory(below + n)]
            there = there_are(f"directories in {above}", directory[len(below) :], names)
            raise UsageError(f"--library-path {directory}: no such directory; {there}")


def with_arguments(
    host: Host,
    spec: str,
    preload: Sequence[str],
    rtld_global: Sequence[str],
    library_path: Sequence[str] = (),
) -> Host:
    """``host`` with the options that name it on a command line."""
    opened = (("--preload", preload), ("--global", rtld_global), ("--library-path", library_path))
    options = [word for option, names in opened for name in names for word in (option, name)]
    return host._replace(arguments=("--profile", spec, *options))


def as_candidates(hosts: Iterable[Candidate | Host]) -> list[Candidate]:
    """The hosts, all as candidates."""
    return [h if isinstance(h, Candidate) else Candidate.of(h) for h in hosts]


def candidates_of(hosts: Host | Iterable[Host | Candidate] | None) -> list[Candidate]:
    """These hosts, or all shipped ones for None; raises UsageError for no host."""
    if hosts is None:
        return list(select(()))
    found = as_candidates([hosts] if isinstance(hosts, Host) else hosts)
    if not found:
        raise UsageError("no host is given")
    return found


def _load_shipped(name: str, arguments: tuple[str, ...]) -> Host:
    groups = shipped_summary(name).groups
    return load_shipped(name)._replace(arguments=arguments, groups=groups)


def select_hosts(
    specs: Sequence[str],
    *,
    preload: Sequence[str] = (),
    rtld_global: Sequence[str] = (),
    library_path: Sequence[str] = (),
    unreadable: list[InputError] | None = None,
) -> Iterator[Host]:
    """The same hosts, loaded."""
    for candidate in select(
        specs,
        preload=preload,
        rtld_global=rtld_global,
        library_path=library_path,
        unreadable=unreadable,
    ):
        yield candidate.host


def _shipped(spec: str) -> list[str]:
    """The names of the shipped hosts that ``spec`` stands for: a name, a group, or a pattern."""
    names = shipped_names()
    if spec in names:
        return [spec]
    if spec == ALL:
        return list(names)
    from fnmatch import filter as matching  # late: start-up

    group = [name for name in names if spec in shipped_summary(name).groups]
    return group or matching(names, spec)


def groups() -> list[str]:
    """The names of all groups of shipped hosts, sorted."""
    found = {group for name in shipped_names() for group in shipped_summary(name).groups}
    return sorted({ALL, *found})


def _refuse_openings(
    spec: str, preload: Sequence[str], rtld_global: Sequence[str], library_path: Sequence[str]
) -> None:
    if preload or rtld_global:
        raise UsageError(f"--preload and --global need a binary; {spec} is recorded already")
    if library_path:
        raise UsageError(f"--library-path needs a binary; {spec} is recorded already")


def working_directory() -> str:
    """The working directory, or ``/`` where it is not there any more."""
    try:
        return os.getcwd()
    except OSError:
        return "/"


def locate(name: str) -> str:
    """The absolute path of a file of this system; a bare name that is no file is looked up in PATH.

    THIS_PYTHON is the file of the interpreter, behind all links. Else ``..`` stays, as it may lie
    behind a symbolic link, and a name that is found nowhere is made absolute all the same.
    """
    from pathlib import Path  # late: start-up

    if name == THIS_PYTHON and sys.executable:
        return os.path.realpath(sys.executable)
    if "/" not in name and not os.path.exists(name):
        import shutil  # late: start-up

        name = shutil.which(name) or name
    return str(Path(name).absolute())


def _existing(spec: str) -> str:
    path = locate(spec)
    if not spec or not os.path.exists(path):
        raise _unknown(spec, "no such profile, file or binary")
    require_regular(path)
    if not os.path.isfile(path):
        raise InputError(spec, "not a regular file")
    return path


def _unknown(spec: str, what: str) -> InputError:
    return InputError(
        spec,
        f"{what} (collide profiles lists the shipped ones, in the groups "
        f"{', '.join(groups())}{_near(spec, shipped_names())})",
    )


def _near(spec: str, names: Iterable[str]) -> str:
    """The groups, the hosts and the ends of their names that are like ``spec``, as a clause."""
    from difflib import get_close_matches  # late: start-up

    word = spec.strip("*")
    near = get_close_matches(word, [*names, *groups()], 3, 0.5)
    ends = dict.fromkeys(f"*{name[name.index('-', 7) :]}" for name in names if name.count("-") > 1)
    near += get_close_matches(f"*-{word.strip('-')}", ends, 1, 0.7)
    return f"; near it: {', '.join(near)}" if near else ""


def _is_profile(path: str) -> bool:
    try:
        with open_regular(path) as stream:
            head = stream.read(4)
    except OSError as e:
        raise InputError(path, e.strerror or str(e)) from e
    return not is_elf(head) and not head.startswith(b"#!")
