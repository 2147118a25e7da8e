"""Runs of a real host, in which objects are opened, in a fresh process each time.

What the loader did comes from its log (:mod:`collide.verify.ld_debug`) or from the
memory of the process (:mod:`collide.verify.got_slots`), in the paths of the prediction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from collide.loader.host import Host
from collide.loader.libc import libc_of
from collide.loader.opening import NOW, Mode, Opening
from collide.processes.maps import parse_maps
from collide.support.records import NamedTuple
from collide.verify.environment import host_environment
from collide.verify.got_slots import (
    SlotBinding,
    SlotTable,
    bindings,
    request,
    slot_tables,
    words_of,
)
from collide.verify.ld_debug import (
    Log,
    Run,
    RunError,
    read_openings,
    read_start_up,
    run,
)
from collide.verify.script import Answer, Step, read_answer, script


class Observation(NamedTuple):
    """One object opened in one process.

    ``error`` is the loader's message if it did not open, ``died`` how the
    process ended if it did not get that far. ``loaded`` are the objects that
    the opening has mapped. ``log`` is what the loader printed, ``slots`` the
    slots of the new objects; one of them is None.
    """

    error: str | None
    died: str | None
    loaded: frozenset[str]
    log: Log | None
    slots: tuple[SlotBinding, ...] | None


class Started(NamedTuple):
    """A host after start-up; ``bind_now`` is whether all its references were bound by then."""

    log: Log
    bind_now: bool


class Runner:
    """Runs one host, each time in a fresh process.

    Objects are opened behind the imports of the host's history. ``root`` is the directory below
    which the target is installed: results have the paths without it. ``environment`` is the
    environment of the processes, without the variables that a loader or a Python obeys.
    ``timeout`` is in seconds for each process.
    """

    def __init__(
        self,
        host: Host,
        command: Sequence[str],
        scratch: Path,
        environment: Mapping[str, str],
        *,
        by_slots: bool = False,
        timeout: float = 120,
    ) -> None:
        self.host = host
        self.by_slots = by_slots or not libc_of(host.loader).prints_bindings
        self.root = ""
        self._command = command
        self._scratch = scratch
        self._timeout = timeout
        self._bind_now = True
        self._tables: dict[str, SlotTable] = {}
        self._environment = {**host_environment(host, environment), "HOME": str(scratch)}

    def start(self) -> Started:
        """Run the host once without opening anything.

        A host that does not start with LD_BIND_NOW is run without from then on.
        If its loader prints no bindings, slots are read from then on. Raises
        RunError when the command does not run the script in this host.
        """
        path = str(self._scratch / "no such file.so")
        ran, answer = self._open([(path, NOW)], imports=())
        if answer is None:
            self._bind_now = False
            ran, answer = self._open([(path, NOW)], imports=())
        if answer is None:
            raise RunError(
                f"{self._command[0]} did not run the script: it {ran.ending}; "
                "a host that is no plain Python interpreter needs --run"
            )
        mapped = {r.path for r in parse_maps(answer.last.before)}
        if self.host.path not in mapped:
            raise RunError(f"{self._command[0]} runs another program than {self.host.path}")
        scope = (m.dso.path for m in self.host.process.global_scope)
        if missing := [path for path in scope if path not in mapped]:
            raise RunError(
                f"{self._command[0]} has not loaded {', '.join(missing)}: "
                "the command (--run) must open what --global names"
            )
        log = read_start_up(ran, answer.pid)
        # The loader prints bindings if it prints one that the host must have.
        if not any(line.object == self.host.path for line in log.bindings):
            self.by_slots = True
        return Started(log, self._bind_now)

    def open(
        self,
        path: str,
        expected: Iterable[str] = (),
        mode: Mode = NOW,
        before: Iterable[Opening] = (),
    ) -> Observation:
        """Open one installed path; ``expected`` are the objects that it should bring.

        ``before`` is opened first. Raises RunError when the host does not end in time.
        """
        return self.open_each([*before, Opening(path, mode)], expected)[-1]

    def open_each(
        self, openings: Sequence[Opening], expected: Iterable[str] = ()
    ) -> list[Observation]:
        """Open several names in one process, as :meth:`open` does.

        If that ends early, it is said of all of them.
        """
        steps = [(self._in_root(o.name), o.mode) for o in openings]
        tables = self._known(map(self._in_root, expected))
        ran, answer = self._open(steps, tables)
        found: list[tuple[SlotBinding, ...] | None] = [None] * len(steps)
        if self.by_slots and answer is not None:
            answer, found = self._slots(steps, ran, answer, tables)
        paths = [name for name, _ in steps]
        logs: list[Log | None] = [None] * len(steps)
        if not self.by_slots:
            read = read_openings(ran, paths, answer.pid if answer else None)
            logs = [self._log(log) for log in read]
        if answer is None:
            return [Observation(None, ran.ending, frozenset(), log, None) for log in logs]
        return [
            Observation(
                step.error, None, frozenset(map(self._without_root, _loaded(step))), log, own
            )
            for step, log, own in zip(answer.steps, logs, found, strict=True)
        ]

    def _open(
        self,
        steps: Sequence[tuple[str, Mode]],
        tables: Mapping[str, SlotTable] | None = None,
        imports: Sequence[str] | None = None,
    ) -> tuple[Run, Answer | None]:
        """Run the script that opens ``steps``, behind the imports of the host's history.

        LD_BIND_NOW would void RTLD_LAZY.
        """
        imports = self.host.imported if imports is None else imports
        program, answer = self._scratch / "open.py", self._scratch / "answer"
        answer.unlink(missing_ok=True)
        program.write_text(script(steps, str(answer), request(tables or {}), imports))
        ran = run(
            [word.replace("{script}", str(program)) for word in self._command],
            cwd=self._scratch,
            environment=self._environment,
            bind_now=self._bind_now and not any(mode.lazy for _, mode in steps),
            timeout=self._timeout,
        )
        return ran, read_answer(answer)

    # -- slots --------------------------------------------------------------------------------

    def _known(self, paths: Iterable[str]) -> dict[str, SlotTable]:
        if not self.by_slots:
            return {}
        found = slot_tables(paths, self._tables)
        self._tables |= found
        return found

    def _slots(
        self,
        steps: Sequence[tuple[str, Mode]],
        ran: Run,
        answer: Answer,
        tables: Mapping[str, SlotTable],
    ) -> tuple[Answer, list[tuple[SlotBinding, ...] | None]]:
        """The slots of what each step has brought.

        A second run asks for what the first one did not know of.
        """
        new = self._known(path for step in answer.steps for path in _loaded(step))
        if not new.keys() <= tables.keys():
            ran, again = self._open(steps, new)
            if again is None:
                raise RunError(
                    f"{self._command[0]} opened {steps[-1][0]} once only: it {ran.ending}"
                )
            answer = again
        maps = parse_maps(answer.last.maps)
        everything = {
            file: table if file in new else table._replace(slots=())
            for file, table in self._known(r.path for r in maps).items()
        }
        found = list(bindings(maps, everything, words_of(answer.memory)))
        return answer, [self._of(step, found) for step in answer.steps]

    def _of(self, step: Step, found: Sequence[SlotBinding]) -> tuple[SlotBinding, ...]:
        loaded = _loaded(step)
        return tuple(
            b._replace(
                object=self._without_root(b.object),
                provider=None if b.provider is None else self._without_root(b.provider),
            )
            for b in found
            if b.object in loaded
        )

    # -- paths --------------------------------------------------------------------------------

    def _in_root(self, name: str) -> str:
        """A name of the prediction as the machine has it."""
        inside = self.root and name.startswith("/") and Path(self.root + name).exists()
        return self.root + name if inside else name

    def _without_root(self, path: str) -> str:
        """A path of the machine as the prediction has it."""
        return path[len(self.root) :] if path.startswith(f"{self.root}/") else path

    def _log(self, log: Log) -> Log:
        path_of = self._without_root
        return Log(
            tuple(
                b._replace(object=path_of(b.object), provider=path_of(b.provider))
                for b in log.bindings
            ),
            {
                path_of(name): tuple(tuple(map(path_of, paths)) for paths in lists)
                for name, lists in log.scopes.items()
            },
        )


def _loaded(step: Step) -> set[str]:
    before = {r.path for r in parse_maps(step.before)}
    return {r.path for r in parse_maps(step.maps) if r.path.startswith("/")} - before
