"""Runs of a real host, a fresh process for each object that is opened in it.

What the loader did comes from its log (:mod:`collide.verify.ld_debug`) or from the
memory of the process (:mod:`collide.verify.got_slots`), in the paths of the prediction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from collide.loader.host import Host
from collide.loader.libc import libc_of
from collide.loader.opening import NOW, Mode
from collide.support.records import NamedTuple
from collide.verify.environment import host_environment
from collide.verify.got_slots import (
    SlotBinding,
    SlotTable,
    bindings,
    parse_maps,
    request,
    slot_tables,
    words_of,
)
from collide.verify.ld_debug import (
    Log,
    Run,
    RunError,
    read_opening,
    read_start_up,
    run,
)
from collide.verify.script import Answer, read_answer, script


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
        ran, answer = self._open(path, imports=())
        if answer is None:
            self._bind_now = False
            ran, answer = self._open(path, imports=())
        if answer is None:
            raise RunError(
                f"{self._command[0]} did not run the script: it {ran.ending}; "
                "a host that is no plain Python interpreter needs --run"
            )
        mapped = {r.path for r in parse_maps(answer.before)}
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

    def open(self, path: str, expected: Iterable[str] = (), mode: Mode = NOW) -> Observation:
        """Open one installed path; ``expected`` are the objects that it should bring.

        Raises RunError when the host does not end in time.
        """
        real = self.root + path
        tables = self._known(self.root + p if self._is_inside(p) else p for p in expected)
        ran, answer = self._open(real, tables, mode=mode)
        slots = None
        if self.by_slots and answer is not None:
            answer, slots = self._slots(real, mode, ran, answer, tables)
        log = None if self.by_slots else read_opening(ran, real, answer.pid if answer else None)
        return Observation(
            error=answer.error if answer else None,
            died=None if answer else ran.ending,
            loaded=frozenset(map(self._without_root, _loaded(answer))) if answer else frozenset(),
            log=self._log(log) if log else None,
            slots=slots,
        )

    def _open(
        self,
        path: str,
        tables: Mapping[str, SlotTable] | None = None,
        imports: Sequence[str] | None = None,
        mode: Mode = NOW,
    ) -> tuple[Run, Answer | None]:
        """Run the script that opens ``path``, behind the imports of the host's history.

        LD_BIND_NOW would void RTLD_LAZY.
        """
        imports = self.host.imported if imports is None else imports
        program, answer = self._scratch / "open.py", self._scratch / "answer"
        answer.unlink(missing_ok=True)
        program.write_text(script(path, str(answer), request(tables or {}), imports, mode))
        ran = run(
            [word.replace("{script}", str(program)) for word in self._command],
            cwd=self._scratch,
            environment=self._environment,
            bind_now=self._bind_now and not mode.lazy,
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
        self, path: str, mode: Mode, ran: Run, answer: Answer, tables: Mapping[str, SlotTable]
    ) -> tuple[Answer, tuple[SlotBinding, ...]]:
        """The slots of what is new; a second run asks for what the first one did not know of."""
        new = self._known(_loaded(answer))
        if not new.keys() <= tables.keys():
            ran, again = self._open(path, new, mode=mode)
            if again is None:
                raise RunError(f"{self._command[0]} opened {path} once only: it {ran.ending}")
            answer = again
        maps = parse_maps(answer.maps)
        everything = {
            file: table if file in new else table._replace(slots=())
            for file, table in self._known(r.path for r in maps).items()
        }
        return answer, tuple(
            b._replace(
                object=self._without_root(b.object),
                provider=None if b.provider is None else self._without_root(b.provider),
            )
            for b in bindings(maps, everything, words_of(answer.memory))
        )

    # -- paths --------------------------------------------------------------------------------

    def _is_inside(self, path: str) -> bool:
        return bool(self.root) and Path(self.root + path).exists()

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


def _loaded(answer: Answer) -> set[str]:
    before = {r.path for r in parse_maps(answer.before)}
    return {r.path for r in parse_maps(answer.maps) if r.path.startswith("/")} - before
