"""What the real loader binds, read from its ``LD_DEBUG`` log (ld.so(8)).

Source: glibc ``elf/dl-lookup.c`` (``_dl_debug_bindings``), ``elf/dl-open.c``
(``_dl_show_scope``), ``elf/dl-reloc.c`` and ``elf/dl-init.c``. The log leaves
out references that bind to their own object without a search (hidden ones), weak
ones that nothing satisfies, repetitions in a row, and all that follow the first
failure in one object. It adds what is no relocation: dlsym, the vDSO, the malloc
that ld.so takes over; ``relocation`` of a line distinguishes these. So compare
providers as sets, by object, symbol and version. A process in secure mode
(ld.so(8)) ignores LD_DEBUG, and glibc 2.36.0 prints no bindings at all.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from collide.support.commands import run_in_session
from collide.support.errors import CollideError
from collide.support.files import working_directory
from collide.support.records import NamedTuple
from collide.support.signals import signal_name

# Paths may hold spaces, so the line is split where only the loader can have written.
_BINDING = re.compile(
    r"binding file (?P<object>.+) \[\d+\] to (?P<provider>.+) \[\d+\]: "
    r"(?P<kind>normal|protected) symbol `(?P<symbol>.*?)'(?: \[(?P<version>.+)\])?"
)
_OBJECT = re.compile(r"object=(?P<object>.+) \[\d+\]")
_SCOPE = re.compile(r" scope \d+: (?P<names>.*)")
_RELOCATION = re.compile(r"relocation processing: (?P<object>.+?)(?: \(lazy\))?")
_PREFIX = re.compile(r" *(\d+):\t(.*)", re.DOTALL)
_ENDS_OPENING = re.compile(r"calling init: |.*: error: .*\(fatal\)").match
_INITIALISERS = ("calling init: ", "initialize program: ")
_LOADER_VARIABLES = ("LD_", "GLIBC_")

_RTLD_MALLOC = ["calloc", "free", "malloc", "realloc"]

Key = tuple[str, str, str | None]
"""A reference as the log names it: object, symbol, version."""
Scopes = Mapping[str, tuple[tuple[str, ...], ...]]


class RunError(CollideError):
    """A host cannot be run, or the log of its loader cannot be read; str() is the reason."""


class BindingLine(NamedTuple):
    """One binding that was printed; ``version`` is that of the reference.

    ``protected`` marks a reference of protected visibility, which ends at its
    own object whatever the search has found. ``relocation`` is False for what
    the program has looked up itself.
    """

    object: str
    provider: str
    symbol: str
    version: str | None
    protected: bool
    relocation: bool

    def __str__(self) -> str:
        kind = "protected" if self.protected else "normal"
        version = f" [{self.version}]" if self.version else ""
        return (
            f"binding file {self.object} [0] to {self.provider} [0]: "
            f"{kind} symbol `{self.symbol}'{version}"
        )


class Log(NamedTuple):
    """What a loader has printed.

    Paths are canonical; what is no file keeps the loader's name
    (``linux-vdso.so.1``). ``scopes`` holds the lists each object is first
    printed with: the scopes of start-up, or those that a dlopen begins with.
    """

    bindings: tuple[BindingLine, ...]
    scopes: Scopes

    def providers(self, *, relocations: bool = False) -> dict[Key, frozenset[str]]:
        """Every provider printed for each reference, or for those of relocations only.

        Two are legitimate: a call and an address of one name may differ.
        """
        found: dict[Key, frozenset[str]] = {}
        for line in self.bindings:
            if relocations and not line.relocation:
                continue
            key = (line.object, line.symbol, line.version)
            found[key] = found.get(key, frozenset()) | {line.provider}
        return found


class Run(NamedTuple):
    """One process that ran: how it ended, what it and its loader printed.

    ``status`` is that of subprocess: negative for a signal. ``logs`` holds the
    lines of each log file by the process that began it.
    """

    command: tuple[str, ...]
    cwd: str
    pid: int
    status: int
    stdout: str
    stderr: str
    logs: Mapping[int, Sequence[str]]

    def lines(self, pid: int | None = None) -> list[str]:
        """What the loader printed for one process, by default the first, without the prefix.

        Forked processes share a file, and what came before the fork belongs to all;
        what came before an exec belongs to none.
        """
        wanted = {str(pid or self.pid)}
        for first, lines in self.logs.items():
            if any(line.split(":", 1)[0].strip() in wanted for line in lines):
                found = [m.groups() for m in map(_PREFIX.fullmatch, lines) if m]
                own = [text for number, text in found if number in {*wanted, str(first)}]
                starts = [i for i, text in enumerate(own) if text == "Initial object scopes"]
                return own[starts[-1] :] if starts else own
        return []

    @property
    def ending(self) -> str:
        """How it ended, and the last line that it printed, in one clause."""
        said = (self.stderr.strip() or self.stdout.strip()).splitlines()
        if self.status < 0:
            how = f"was killed by {signal_name(-self.status)}"
        else:
            how = f"ended with status {self.status}"
        return f"{how}: {said[-1]}" if said else how


def unsteered(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without the variables that a loader obeys (ld.so(8) "ENVIRONMENT")."""
    return {k: v for k, v in environment.items() if not k.startswith(_LOADER_VARIABLES)}


def run(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    cwd: str | Path = "/",
    bind_now: bool = True,
    timeout: float = 300,
    categories: str = "bindings,scopes,reloc",
) -> Run:
    """Run ``command`` in ``environment``, with its loader's log switched on.

    With ``bind_now`` everything is bound at start-up (LD_BIND_NOW); some hosts
    cannot start so. ``timeout`` is in seconds, ``categories`` are those of LD_DEBUG. Raises
    RunError when the command cannot be run or does not end in time.
    """
    words = [str(word) for word in command]
    with working_directory() as directory:
        wanted = {
            **environment,
            "LC_ALL": "C",
            "LD_DEBUG": categories,
            "LD_DEBUG_OUTPUT": f"{directory}/log",
            **({"LD_BIND_NOW": "1"} if bind_now else {}),
        }
        # Files, as a process left behind would hold a pipe open for ever.
        out, err = Path(directory, "stdout"), Path(directory, "stderr")
        with out.open("wb") as stdout, err.open("wb") as stderr:
            pid, status = _run(words, cwd, wanted, stdout.fileno(), stderr.fileno(), timeout)
        logs = {
            int(log.suffix[1:]): log.read_text("utf-8", "surrogateescape").split("\n")
            for log in sorted(Path(directory).glob("log.*"))
        }
        said = (path.read_text("utf-8", "surrogateescape") for path in (out, err))
        return Run(tuple(words), str(cwd), pid, status, next(said), next(said), logs)


def _run(
    words: list[str],
    cwd: str | Path,
    environment: Mapping[str, str],
    stdout: int,
    stderr: int,
    timeout: float,
) -> tuple[int, int]:
    try:
        return run_in_session(words, cwd, environment, stdout, stderr, timeout)
    except OSError as e:
        raise RunError(f"{words[0]}: {e.strerror}") from e
    except subprocess.TimeoutExpired:
        raise RunError(f"{words[0]} did not end within {timeout:g} seconds") from None


def read_log(ran: Run, pid: int | None = None) -> Log:
    """All that was printed for one process; raises RunError for a line of unknown form."""
    lines = ran.lines(pid)
    return _read(lines, ran, lines)


def read_start_up(ran: Run, pid: int | None = None) -> Log:
    """What was printed before the program began; raises RunError as :func:`read_log`."""
    lines = ran.lines(pid)
    return _read(lines[: _next(lines, 0, "initialize program: ")], ran, lines)


def read_openings(ran: Run, paths: Sequence[str], pid: int | None = None) -> list[Log]:
    """What was printed while each of ``paths`` was opened, up to the first initialiser or error.

    They were opened in this order. Empty when the loader gave up before it relocated anything, or
    had the object already. Raises RunError as :func:`read_log`.
    """
    lines = ran.lines(pid)
    logs, end = [], 0
    for path in paths:
        start = _next(lines, end, f"object={path} [")
        ends = (n for n in range(start, len(lines)) if _ENDS_OPENING(lines[n]))
        stop = next(ends, len(lines))
        logs.append(_read(lines[start:stop], ran, lines))
        end = stop if start < len(lines) else end
    return logs


def _next(lines: Sequence[str], start: int, beginning: str) -> int:
    found = (i for i in range(start, len(lines)) if lines[i].startswith(beginning))
    return next(found, len(lines))


def _read(lines: Sequence[str], ran: Run, all_lines: Sequence[str]) -> Log:
    names = _Names(ran, all_lines)
    return Log(tuple(_bindings(lines, names)), _scopes(lines, names))


class _Names:
    """Canonical paths for the names in a log, which are paths as they were opened."""

    def __init__(self, ran: Run, lines: Iterable[str]) -> None:
        self._cwd = ran.cwd
        # The first scopes are those of the executable, which is called as argv[0] says.
        first = next(filter(None, map(_OBJECT.fullmatch, lines)), None)
        argv0 = first["object"] if first else ran.command[0]
        program = Path(ran.cwd, shutil.which(argv0) or argv0)
        self._files: dict[str, str | None] = {argv0: os.path.realpath(program)}

    def canonical(self, name: str) -> str:
        """The real path of a file that was opened as ``name``; else ``name``."""
        return self._file(name) or name

    def _file(self, name: str) -> str | None:
        if name not in self._files:
            path = Path(self._cwd, name)
            self._files[name] = os.path.realpath(path) if path.is_file() else None
        return self._files[name]

    def split(self, names: str) -> Iterator[str]:
        """The canonical names in a list separated by spaces, which a name may hold too (Rule 8)."""
        words = names.split(" ")
        while words:
            starts = (" ".join(words[:n]) for n in range(1, len(words) + 1))
            name = next(filter(self._file, starts), words[0])
            yield self.canonical(name)
            del words[: name.count(" ") + 1]


def _bindings(lines: Iterable[str], names: _Names) -> list[BindingLine]:
    """The bindings in a log (Rule 8); RunError for a line about one that is not understood."""
    read: list[BindingLine] = []
    relocated = None
    for line in lines:
        if found := _BINDING.fullmatch(line):
            read.append(
                BindingLine(
                    names.canonical(found["object"]),
                    names.canonical(found["provider"]),
                    found["symbol"],
                    found["version"],
                    found["kind"] == "protected",
                    found["object"] == relocated,
                )
            )
        elif "binding file" in line:
            raise RunError(f"a line of the loader that nobody can read: {line}")
        elif found := _RELOCATION.fullmatch(line):
            relocated = found["object"]
            # __rtld_malloc_init_real has just asked in the name of the executable.
            if [b.symbol for b in read[-4:]] == _RTLD_MALLOC:
                read[-4:] = [b._replace(relocation=False) for b in read[-4:]]
        elif line.startswith(_INITIALISERS):
            relocated = None
    return read


def _scopes(lines: Iterable[str], names: _Names) -> Scopes:
    scopes: dict[str, tuple[tuple[str, ...], ...]] = {}
    current, first = "", False
    for line in lines:
        if found := _OBJECT.fullmatch(line):
            current = names.canonical(found["object"])
            first = current not in scopes
            scopes.setdefault(current, ())
        elif first and (found := _SCOPE.fullmatch(line)):
            scopes[current] += (tuple(names.split(found["names"].rstrip(" "))),)
    return scopes
