"""The openings of one run of a program, read from its loader's log, and the host after them.

Source: ld.so(8), LD_DEBUG ``files``, ``scopes`` and ``reloc``; glibc ``elf/dl-load.c``,
``elf/dl-open.c`` (``dl_open_worker_begin``, ``add_to_global_update``), ``elf/dl-close.c``.
The flags of a dlopen are not in the log. RTLD_GLOBAL shows where it adds an object to the global
scope, RTLD_LAZY where an object is relocated lazily, RTLD_DEEPBIND in the order of the scopes of
a new object. A flag that changes nothing is not seen.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from collide.analysis.install import binder_for
from collide.binding.binding import BoundModule
from collide.binding.session import Session
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.loader.host import Host
from collide.loader.link_map import LoadFailure
from collide.loader.opening import Mode, Opening
from collide.support.errors import UsageError
from collide.support.records import NamedTuple
from collide.verify.ld_debug import Run, RunError, run

_LOADED = re.compile(r"file=(?P<name>.+) \[(?P<space>\d+)\];  dynamically loaded by .+ \[\d+\]")
_MAPPED = re.compile(r"file=(?P<name>.+) \[\d+\];  generating link map")
_OBJECT = re.compile(r"object=(?P<object>.+) \[\d+\]")
_SCOPE = re.compile(r" scope \d+: (?P<names>.*)")
_ADDED = re.compile(r"add (?P<object>.+) \[\d+\] to global scope")
_DONE = re.compile(r"opening file=(?P<object>.*) \[(?P<space>\d+)\]; direct_opencount=\d+")
_GONE = re.compile(r"file=(?P<object>.+) \[\d+\];  destroying link map")


class RecordedPlan(NamedTuple):
    """What one process of a run has opened and kept, in the order in which it began to.

    ``program`` is the name of its executable in the log. ``paths`` has for each of ``openings``
    the path of its object, ``loaded`` are the paths of all objects of these, ``promoted`` of those
    that became global. ``refused`` are names that did not open, ``closed`` the paths of
    objects that were unloaded before something else was opened, ``elsewhere`` what was opened in
    another namespace (dlmopen(3)).
    """

    program: str
    openings: tuple[Opening, ...] = ()
    paths: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    loaded: frozenset[str] = frozenset()
    promoted: frozenset[str] = frozenset()


class _Call:
    """One dlopen while the log is read."""

    def __init__(self, name: str, path: str = "", space: str = "0") -> None:
        self.name = name
        self.path = path
        self.space = space
        self.mapped = bool(path)
        self.scopes: list[str] = []
        self.listed = 0
        self.relocated = False
        self.is_open = False
        self.objects: set[str] = set()
        self.promoted: set[str] = set()
        self.rtld_global = False
        self.lazy = False

    def mode(self, program: str) -> Mode:
        """The flags that the log shows; ``program`` comes first in the global scope."""
        last = self.scopes[-1] if self.scopes else ""
        deepbind = len(self.scopes) > 1 and (last == program or last.startswith(f"{program} "))
        return Mode(self.rtld_global, self.lazy, deepbind and self.relocated)


class _Reader:
    """Follows the lines of one process."""

    def __init__(self) -> None:
        self.calls: list[_Call] = []
        self.closed: list[str] = []
        self._leaving: list[str] = []
        self._pending: list[_Call] = []
        self._last: _Call | None = None
        self._adding: _Call | None = None

    def _begin(self, call: _Call) -> None:
        for path in self._leaving:
            self.closed.append(path)
            self.calls = [call for call in self.calls if call.path != path]
        self._leaving.clear()
        self.calls.append(call)
        self._pending.append(call)

    def read(self, line: str) -> None:
        """Take the next line of the log, without its prefix."""
        current = self._pending[-1] if self._pending else None
        if found := _LOADED.fullmatch(line):
            self._begin(_Call(found["name"], space=found["space"]))
        elif found := _DONE.fullmatch(line):
            self._end(found["object"], found["space"])
        elif found := _GONE.fullmatch(line):
            self._unload(found["object"])
        elif found := _OBJECT.fullmatch(line):
            self._list(current, found["object"])
        elif found := _ADDED.fullmatch(line):
            # The rest of a searchlist follows its root.
            self._adding = self._adding or self._promoted(current, found["object"])
            if self._adding is not None:
                self._adding.rtld_global = True
                self._adding.promoted.add(found["object"])
            return
        elif current is not None:
            self._detail(current, line)
        self._adding = None

    def _promoted(self, current: _Call | None, path: str) -> _Call | None:
        """The dlopen that adds ``path`` to the global scope.

        A root that was one before is added behind the line that ends its dlopen.
        """
        if current is None or (self._last is not None and self._last.path == path):
            return self._last
        return current

    @staticmethod
    def _detail(current: _Call, line: str) -> None:
        """Take a line that belongs to the dlopen that is under way."""
        if found := _MAPPED.fullmatch(line):
            current.mapped = current.mapped or found["name"] == current.name
        elif line.startswith("relocation processing: "):
            current.relocated = True
            current.lazy = current.lazy or line.endswith(" (lazy)")
        elif line.startswith("calling init: "):
            # Only an object whose references are all bound is initialised.
            current.is_open = True
        elif (found := _SCOPE.fullmatch(line)) and current.listed == 1:
            current.scopes.append(found["names"].rstrip(" "))

    def _list(self, current: _Call | None, path: str) -> None:
        if current is None or current.is_open or not current.mapped:
            # An object that is loaded already and becomes the root of a dlopen.
            self._begin(_Call(path, path))
            self._pending[-1].listed = 1
            return
        current.path = current.path or path
        current.objects.add(path)
        current.listed += 1

    def _end(self, path: str, space: str) -> None:
        if not path:
            return  # dlopen(NULL)
        last = self._pending[-1] if self._pending else None
        if last is not None and not last.mapped and not last.path:
            # A name that is another one of an object which is open.
            last.path = path
        if not any(call.path == path for call in self._pending):
            self._begin(_Call(path, path, space))
        while (call := self._pending.pop()).path != path:
            pass
        call.is_open = True
        self._last = call

    def _unload(self, path: str) -> None:
        # What is closed when nothing is opened any more may be so by the end of the process.
        if any(call.path == path and call.is_open for call in self.calls):
            self._leaving.append(path)


def read_plan(lines: Sequence[str], source: str) -> RecordedPlan:
    """The plan in the lines of one process (:meth:`Run.lines`); ``source`` names the run."""
    objects = filter(None, map(_OBJECT.fullmatch, lines))
    program = next((found["object"] for found in objects), "")
    reader = _Reader()
    at = next((i for i, s in enumerate(lines) if s.startswith("transferring control")), len(lines))
    for line in lines[at:]:
        reader.read(line)
    kept = [call for call in reader.calls if call.is_open and call.space == "0"]
    return RecordedPlan(
        program,
        tuple(Opening(call.name, call.mode(program), source) for call in kept),
        tuple(call.path for call in kept),
        tuple(dict.fromkeys(call.name for call in reader.calls if not call.is_open)),
        tuple(dict.fromkeys(reader.closed)),
        tuple(call.path for call in reader.calls if call.is_open and call.space != "0"),
        frozenset(path for call in kept for path in call.objects),
        frozenset(path for call in kept for path in call.promoted),
    )


# -- the run --------------------------------------------------------------------------------------


def record_run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    cwd: str | Path,
    program: str | None = None,
    timeout: float = 300,
) -> tuple[RecordedPlan, Run]:
    """Run ``command`` and read what one of its processes opens.

    That is the process of the command itself, or with ``program`` the one that runs a program of
    this file name; of several the one that has opened most. Raises RunError when the command
    cannot be run or its loader prints no log, UsageError for a ``program`` that did not run.
    """
    ran = run(
        command,
        environment=environment,
        cwd=cwd,
        bind_now="LD_BIND_NOW" in environment,
        timeout=timeout,
        categories="files,scopes,reloc",
    )
    source = f"recorded run of: {shlex.join(command)}"
    if program is None:
        plan = read_plan(ran.lines(), source)
        if not plan.program:
            raise RunError(
                f"{command[0]}: its loader printed no log (LD_DEBUG): a static program, another C "
                f"library than glibc, or secure mode; it {ran.ending}"
            )
        return plan, ran
    plans = [read_plan(ran.lines(pid), source) for pid in _processes(ran)]
    found = [plan for plan in plans if program in _file_names(plan, environment)]
    if not found:
        ran_programs = sorted({os.path.basename(p.program) for p in plans if p.program})  # noqa: PTH119
        raise UsageError(f"--pid-of {program}: these ran: {', '.join(ran_programs) or 'none'}")
    return max(found, key=lambda plan: len(plan.openings)), ran


def _processes(ran: Run) -> list[int]:
    numbers = (line.split(":", 1)[0].strip() for lines in ran.logs.values() for line in lines)
    return [int(number) for number in dict.fromkeys(numbers) if number.isdigit()]


def _file_names(plan: RecordedPlan, environment: Mapping[str, str]) -> tuple[str, str]:
    path = shutil.which(plan.program, path=environment.get("PATH")) or plan.program
    return Path(plan.program).name, Path(path).resolve().name


# -- the host after it ----------------------------------------------------------------------------


class Replayed(NamedTuple):
    """A host after the openings of a run, and what it has not as the run had it, as sentences.

    ``bound`` are the openings with their bindings.
    """

    host: Host
    differences: tuple[str, ...]
    bound: tuple[BoundModule, ...]


def replay(
    plan: RecordedPlan,
    *,
    environment: Mapping[str, str],
    cwd: str | Path,
    name: str | None = None,
    root: Root | None = None,
) -> Replayed:
    """The host of ``plan``'s program after its openings; raises InputError as :func:`extract`.

    Its files are in ``root``, by default those of this system.
    """
    found = shutil.which(plan.program, path=environment.get("PATH")) or plan.program
    host = extract(
        str(Path(cwd, found)),
        root or Root(),
        name=name,
        preload=[word for word in re.split("[ :]", environment.get("LD_PRELOAD", "")) if word],
        library_path=list(filter(None, [environment.get("LD_LIBRARY_PATH")])),
        cwd=str(cwd),
    )
    openings, differences, bound = [], [], []
    paths = [str(Path(cwd, path)) for path in plan.paths]
    session = Session(host.process, host.files, binder_for(host, host.files, paths), host.unique)
    for opening, path in zip(plan.openings, paths, strict=True):
        opening = opening._replace(name=_name(session, opening.name, path, cwd))
        attempt = session.open(opening.name, opening.mode)
        if attempt.failures:
            why = attempt.failures[0]
            differences.append(f"{path} opened in the run; here {why.kind}: {why.name}")
        else:
            openings.append(opening)
            bound += [attempt.bound] if attempt.bound else []
    return Replayed(
        host._replace(
            process=session.process, unique=session.unique, openings=tuple(_once(openings))
        ),
        tuple(differences),
        tuple(bound),
    )


def _name(session: Session, name: str, path: str, cwd: str | Path) -> str:
    """``name`` where the search of the executable finds the same object by it, else ``path``.

    The program's own search begins with the run paths of the object that calls dlopen.
    """
    if "/" in name:
        return str(Path(cwd, name))
    opened = session.process.copy(session.process.files).dlopen(name)
    if isinstance(opened, LoadFailure) or opened.root.dso.path != os.path.realpath(path):
        return path
    return name


def _once(openings: Iterable[Opening]) -> Iterable[Opening]:
    """Without repetitions: they change nothing."""
    return dict.fromkeys(openings)
