"""Installed trees whose imports are followed, and opened in their order in one process.

Which modules that are the Python files say (:mod:`collide.wheels.imports`); nothing is executed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from collide.analysis.analysis import Analysis, Module, not_opened
from collide.analysis.install import binder_for, install_together
from collide.binding.session import Session
from collide.filesystems.root import Root
from collide.loader.host import Host
from collide.loader.model import Dso
from collide.loader.opening import ALL_NOW, NOW, ModePatterns, Opening
from collide.support.errors import InputError
from collide.support.faults import problem_of
from collide.wheels.environment import site_packages
from collide.wheels.imports import ImportPlan, follow_imports
from collide.wheels.plan import Event
from collide.wheels.python.tree import System
from collide.wheels.target import Skipped, Target, read_unplanned


class InstalledTrees:
    """Installed directories, or virtual environments: ``targets`` are those that can be read.

    ``problems`` are the errors of the others.
    """

    def __init__(self, inputs: Iterable[str]) -> None:
        """Raises InputError for an input that is no directory."""
        self._roots = [root for given in inputs for root in _installed_in(given)]
        self._plans: dict[tuple[object, ...], ImportPlan] = {}
        self.targets: list[Target] = []
        self.problems: list[InputError] = []
        for root in self._roots:
            try:
                self.targets.append(target := read_unplanned(root))
                self.problems += target.problems
            except Exception as e:
                self.problems.append(problem_of(str(root), e))

    def plan(self, names: Sequence[str], host: Host) -> ImportPlan:
        """What importing ``names`` in ``host`` opens, as far as the Python files say.

        The standard library of a host that is a binary of this system is followed, too. Raises
        UsageError for a name that is nowhere.
        """
        files = host.files if isinstance(host.files, Root) else None
        own = host.own.modules if files is not None else ()
        below = sorted({Path(module.path).parent for module in own})
        library = [d for directory in below for d in (directory.parent, directory)]
        key = (host.python, host.architecture, tuple(library), tuple(names))
        if key not in self._plans:
            roots, system = [*self._roots, *library], _system(host, files)
            self._plans[key] = follow_imports(names, roots, host.python, system)
        return self._plans[key]

    def analyse(self, names: Sequence[str], host: Host, modes: ModePatterns = ALL_NOW) -> Analysis:
        """Open what importing ``names`` opens; raises UsageError as :meth:`plan`."""
        return analyse_imports(self.targets, host, self.plan(names, host), modes)


def _system(host: Host, files: Root | None) -> System:
    if files is None or not files.is_disk:
        return System(host.architecture)
    cached = files.cache.names(files.cache_flags) if files.cache is not None else ()
    return System(host.architecture, is_this=True, libraries=tuple(cached))


def _installed_in(given: str) -> list[Path]:
    """The directories of sys.path that an input is, or has as a virtual environment."""
    path = Path(given)
    if not path.is_dir():
        what = "is no directory" if path.exists() else "no such directory"
        raise InputError(given, f"{what}: --import follows the Python files of installed trees")
    if (path / "pyvenv.cfg").exists():
        return site_packages(path)
    return [path.resolve()]


def analyse_imports(
    targets: Sequence[Target],
    host: Host,
    plan: ImportPlan,
    modes: ModePatterns = ALL_NOW,
) -> Analysis:
    """Open what ``plan`` opens, in its order, in one process of ``host``.

    What is no file of the targets, as modules of the interpreter itself, is part of the process,
    and not of the result. What was not followed is in ``skipped``.
    """
    installed = install_together(targets)
    files = installed.files(host)
    openings = [_asked(installed, event, modes) for event in plan.openings]
    binder = binder_for(host, files, [opening.name for opening in openings])
    session = Session(host.process, files, binder, host.unique)
    modules: list[Module] = []
    skipped = [*installed.skipped, *map(_note, plan.notes)]
    known: set[Dso] = set()
    brought: dict[str, Opening] = {}
    for opening in openings:
        bound, failures = session.open(opening.name, opening.mode)
        if opening.name in installed.members:
            name = installed.names[installed.members[opening.name].path]
            modules.append(Module(name, bound, failures, opening))
        elif failures:
            skipped.append(not_opened(installed, opening, failures[0]))
        elif bound is not None:
            new = (m.dso for m in bound.opened.new)
            known.update(dso for dso in new if dso.path not in installed.names)
        if bound is not None:
            brought |= {m.dso.path: opening for m in bound.opened.new}
    earlier = tuple(brought.items())
    modules = [m._replace(brought=earlier) for m in modules]
    nothing = None if modules else "its import opens no module of it"
    return Analysis(
        installed,
        host,
        tuple(modules),
        tuple(skipped),
        nothing,
        host.known_files | known,
        modes,
        tuple(openings),
    )


def _asked(target: Target, event: Event, modes: ModePatterns) -> Opening:
    """How an event opens its object, unless ``modes`` ask for other flags."""
    member = target.members.get(event.name)
    asked = NOW if member is None else modes.of(target.names[member.path])
    return Opening(event.name, event.mode if asked == NOW else asked, event.source)


def _note(note: str) -> Skipped:
    where, colon, text = note.partition(": ")
    return Skipped(where, text) if colon else Skipped("--import", note)
