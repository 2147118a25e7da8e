"""Follows the import of each package of a target, and then what no import reaches."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from functools import partial

from collide.support import limits
from collide.wheels.plan import Event, Plan
from collide.wheels.python.imports import PackageFinder
from collide.wheels.python.modules import Setup
from collide.wheels.python.run import Run
from collide.wheels.python.values import BudgetError, RaisedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.wheels.python.imports import Sources
    from collide.wheels.python.values import ParsedCode


def follow_imports(sources: Sources, asked: AbstractSet[str]) -> Plan:
    """What the packages of ``sources`` open; ``asked`` are the files that open something."""
    following = _Following(sources)
    packages: list[tuple[str, tuple[Event, ...]]] = []
    for path in sorted(sources.texts, key=posixpath.dirname):
        if posixpath.basename(path) == "__init__.py":
            directory, events = posixpath.dirname(path), following.certain(path)
            if events != _events_above(directory, packages):
                packages.append((directory, events))
    certain = {(e.name, e.source) for _, events in packages for e in events}
    possible = following.possible(asked)
    return Plan(
        tuple(packages),
        tuple(e for e in possible if (e.name, e.source) not in certain),
        tuple(sorted(following.unread.items())),
    )


def _events_above(
    directory: str, packages: list[tuple[str, tuple[Event, ...]]]
) -> tuple[Event, ...]:
    """What the nearest of the packages above a directory opens."""
    return next((e for above, e in reversed(packages) if directory.startswith(f"{above}/")), ())


class _Following:
    """The runs of one target, and what they have found beside certain openings."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._finder = PackageFinder(sources)
        self._parsed: dict[str, ParsedCode | None] = {}
        self._possible: dict[tuple[str, str], Event] = {}
        self._entered: set[int] = set()
        self.unread: dict[str, str] = {}

    def certain(self, path: str) -> tuple[Event, ...]:
        """What the import of the package of an ``__init__`` file surely opens, in order."""
        self._finder.forget()
        run = self._run()
        name = self._finder.name_of(path)
        self._attempt(path, partial(run.import_module, name))
        self._keep(run)
        first = {(e.name, e.mode if not e.imported else None): e for e in reversed(run.events)}
        return tuple(e for e in dict.fromkeys(run.events) if e.certain and e in first.values())

    def possible(self, asked: AbstractSet[str]) -> tuple[Event, ...]:
        """What is opened by other files, functions and branches."""
        for path in sorted(asked):
            self._finder.forget()
            run = self._run()
            run.entered = self._entered
            name = self._finder.name_of(path)
            self._attempt(path, partial(run.import_module, name))
            self._attempt(path, partial(run.follow_unreached, name))
            self._keep(run, only_possible=True)
        events = sorted(self._possible.values(), key=lambda e: (e.source, e.name))
        return tuple(e._replace(certain=False) for e in events)

    def _run(self) -> Run:
        return Run(Setup(self._finder, self._parsed, limits.value("python-steps")))

    def _attempt(self, path: str, follow: Callable[[], object]) -> None:
        member = self._sources.names.get(path, path)
        try:
            follow()
        except RaisedError:
            # The import fails as far as the code shows: in what it needs of other packages.
            pass
        except BudgetError:
            self.unread[member] = str(limits.exceeded("python-steps"))
        except RecursionError:
            self.unread[member] = "its expressions are nested too deeply"

    def _keep(self, run: Run, *, only_possible: bool = False) -> None:
        self._entered |= run.entered
        self.unread |= run.unreadable
        for event in run.events:
            if not event.certain or only_possible:
                self._possible.setdefault((event.name, event.source), event)
