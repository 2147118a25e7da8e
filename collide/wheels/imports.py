"""The order in which importing modules of installed trees opens extension modules.

Nothing is executed: the Python files are followed (:mod:`collide.wheels.python`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from collide.loader.host import Python
from collide.support import limits
from collide.support.errors import UsageError
from collide.support.records import NamedTuple
from collide.support.text import plural
from collide.wheels.python.run import Run
from collide.wheels.python.tree import TreeFinder
from collide.wheels.python.values import BudgetError, RaisedError


class ImportedModule(NamedTuple):
    """An extension module that is opened: its file, and the line that imports it first."""

    path: str
    source: str


class ImportPlan(NamedTuple):
    """The extension modules in the order in which they are opened.

    ``notes`` say what was not followed, or would fail, and where.
    """

    modules: tuple[ImportedModule, ...]
    notes: tuple[str, ...]


def follow_imports(
    names: Sequence[str], roots: Sequence[Path], python: Python | None
) -> ImportPlan:
    """What ``import NAME`` of each of ``names`` opens, one after the other in one process.

    ``roots`` are the directories of sys.path that are searched, in their order; a name of the
    standard library that is in none of them is passed over. Raises UsageError for a name that is
    nowhere.
    """
    finder = TreeFinder(roots, python)
    run = Run(finder, {}, limits.value("python-steps"), alternatives=False)
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise UsageError(f"--import {name}: is no name of a module")
        try:
            run.begin_import(name, f"--import {name}")
        except RaisedError as e:
            if e.missing and f"{name}.".startswith(f"{e.missing}."):
                there = ", ".join(finder.listed()) or "none"
                raise UsageError(
                    f"--import {name}: no module {e.missing}; there are: {there}"
                ) from e
            run.notes.append(f"import {name} fails: {e}")
        except BudgetError:
            run.notes.append(f"import {name}: {limits.exceeded('python-steps')}")
        except RecursionError:
            run.notes.append(f"import {name}: the imports are nested too deep to be followed")
    notes = [
        f"{file}: cannot be read as Python ({reason}): not followed"
        for file, reason in run.unreadable.items()
    ]
    imported: dict[str, ImportedModule] = {}
    for event in run.events:
        if event.imported:
            imported.setdefault(event.name, ImportedModule(event.name, event.source))
    modules = tuple(imported.values())
    if modules:
        count = plural(len(modules), "extension module")
        run.notes.append(f"what {count} import themselves, in C, is not followed")
    return ImportPlan(modules, tuple(dict.fromkeys([*notes, *run.notes])))
