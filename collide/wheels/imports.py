"""The order in which importing modules of installed trees opens extension modules.

Nothing is executed: the Python files are followed (:mod:`collide.wheels.python`).
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from pathlib import Path

from collide.loader.host import Python
from collide.loader.opening import Mode
from collide.support import limits
from collide.support.deep import run_deep
from collide.support.errors import UsageError
from collide.support.records import NamedTuple
from collide.support.text import first_names
from collide.wheels.plan import Event
from collide.wheels.python.answers import Choices
from collide.wheels.python.compiled import calling_dlopen
from collide.wheels.python.modules import Setup
from collide.wheels.python.run import Run
from collide.wheels.python.tree import ANY_SYSTEM, System, TreeFinder
from collide.wheels.python.values import BudgetError, RaisedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.wheels.python.values import ParsedCode

_SHOWN = 2


class ImportedModule(NamedTuple):
    """An extension module that is opened: its file, and the line that imports it first."""

    path: str
    source: str


class ImportPlan(NamedTuple):
    """The extension modules in the order in which they are opened.

    ``notes`` say what was not followed, or would fail, and where. ``openings`` are the modules
    and what Python code surely opens as a library, ``possible`` the modules that imports
    open which may not be reached.
    """

    modules: tuple[ImportedModule, ...]
    notes: tuple[str, ...]
    openings: tuple[Event, ...] = ()
    possible: tuple[Event, ...] = ()


def follow_imports(
    names: Sequence[str],
    roots: Sequence[Path],
    python: Python | None,
    system: System = ANY_SYSTEM,
) -> ImportPlan:
    """What ``import NAME`` of each of ``names`` opens, one after the other in one process.

    ``roots`` are the directories of sys.path that are searched, in their order; a name of the
    standard library that is in none of them is passed over. Raises UsageError for a name that is
    nowhere.
    """
    return run_deep(partial(_follow, names, TreeFinder(roots, python, system)))


def _follow(names: Sequence[str], finder: TreeFinder) -> ImportPlan:
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise UsageError(f"--import {name}: is no name of a module")
    run, failed = _import_so_that_none_fails(names, finder)
    for name, error in failed:
        if error.missing and f"{name}.".startswith(f"{error.missing}."):
            there = ", ".join(finder.listed()) or "none"
            raise UsageError(f"--import {name}: no module {error.missing}; there are: {there}")
    openings: dict[tuple[str, Mode], Event] = {}
    for event in run.followed:
        openings.setdefault((event.name, event.mode), event)
    modules: dict[str, ImportedModule] = {}
    for event in openings.values():
        if event.imported:
            modules.setdefault(event.name, ImportedModule(event.name, event.source))
    possible, notes = _not_followed(run, frozenset(e.name for e in openings.values()))
    return ImportPlan(tuple(modules.values()), notes, tuple(openings.values()), possible)


def _import_so_that_none_fails(
    names: Sequence[str], finder: TreeFinder
) -> tuple[Run, list[tuple[str, RaisedError]]]:
    """Follow imports, and again with other choices as long as one of them fails."""
    parsed: dict[str, ParsedCode | None] = {}
    choices = Choices()
    run, failed = _import(names, finder, parsed, choices)
    if not ((failed or run.doubtful) and choices.change()):
        return run, failed
    while True:
        run, failed = _import(names, finder, parsed, choices)
        if not failed and not run.doubtful:
            return run, failed
        if not choices.change():
            # No other way is better than the first one.
            return _import(names, finder, parsed, choices)


def _import(
    names: Sequence[str],
    finder: TreeFinder,
    parsed: dict[str, ParsedCode | None],
    choices: Choices,
) -> tuple[Run, list[tuple[str, RaisedError]]]:
    """Follow the imports of ``names`` once; which of them fail."""
    finder.forget()
    steps = limits.value("python-steps")
    run = Run(Setup(finder, parsed, steps, alternatives=False), choices)
    failed = []
    for name in names:
        try:
            run.begin_import(name, f"--import {name}")
        except RaisedError as e:
            failed.append((name, e))
            run.notes.append(f"import {name} fails: {e}")
        except BudgetError:
            run.notes.append(f"import {name}: {limits.exceeded('python-steps')}")
        except RecursionError:
            run.notes.append(f"import {name}: the imports are nested too deep to be followed")
    return run, failed


def _not_followed(run: Run, opened: AbstractSet[str]) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    """What else may be opened, and the notes of a run."""
    notes = [*run.notes]
    run.follow_possible()
    notes += [
        f"{e.source}: may open {e.name or 'a library'}: not followed"
        for e in run.events
        if not e.imported and e.name not in opened
    ]
    possible: dict[str, Event] = {}
    for sentence, events in run.possible:
        more = {e.name: e for e in events if e.name not in opened and e.name not in possible}
        possible |= more
        if more:
            notes.append(f"{sentence}, which opens {first_names(list(more), _SHOWN)}: not followed")
    notes += [
        f"{file}: cannot be read as Python ({reason}): not followed"
        for file, reason in run.unreadable.items()
    ]
    if run.compiled:
        names = ", ".join(run.compiled)
        followed = "followed for full names and plain calls only"
        notes.append(f"what these import in C is {followed}: {names}")
    if openers := ", ".join(calling_dlopen(opened)):
        notes.append(f"what these open in C, by dlopen, is not followed: {openers}")
    return tuple(possible.values()), tuple(dict.fromkeys(notes))
