"""The judge: what the real loader binds, read from its ``LD_DEBUG`` log.

Source: glibc ``elf/dl-lookup.c`` (``_dl_debug_bindings``) and ``elf/dl-open.c``
(``_dl_show_scope``). The log leaves out references that bind to their own object
without a search (hidden ones), weak ones that nothing satisfies, and
all that follow the first failure in one object. It adds what is no relocation:
dlsym, the vDSO, the malloc that ld.so takes over. So compare providers as sets,
by object, symbol and version.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Paths may hold spaces, so the line is split where only the loader can have written.
_BINDING = re.compile(
    r" *\d+:\tbinding file (?P<object>.+) \[\d+\] to (?P<provider>.+) \[\d+\]: "
    r"(?P<kind>normal|protected) symbol `(?P<symbol>.*?)'(?: \[(?P<version>.+)\])?"
)
_OBJECT = re.compile(r" *\d+:\tobject=(?P<object>.+) \[\d+\]")
_SCOPE = re.compile(r" *\d+:\t scope \d+: (?P<names>.*)")

Key = tuple[str, str, str | None]
"""A reference as the log names it: object, symbol, version."""


class OracleError(Exception):
    """The loader of this machine cannot be asked; str() says why."""


@dataclass(frozen=True, slots=True)
class BindingLine:
    """One binding that was printed; ``version`` is that of the reference.

    ``protected`` marks a reference of protected visibility, which ends at its
    own object whatever the search has found.
    """

    object: str
    provider: str
    symbol: str
    version: str | None
    protected: bool


@dataclass(frozen=True, slots=True)
class Log:
    """One run: how the process ended, and what its loader printed.

    Paths are canonical; what is no file keeps the loader's name
    (``linux-vdso.so.1``). ``scopes`` holds the lists each object is first
    printed with: the scopes of start-up, or those that a dlopen begins with.
    """

    status: int
    stdout: str
    stderr: str
    bindings: tuple[BindingLine, ...]
    scopes: Mapping[str, tuple[tuple[str, ...], ...]]

    def providers(self) -> dict[Key, frozenset[str]]:
        """Every provider printed for each reference.

        Two are legitimate: a call and an address of one name may differ.
        """
        found: dict[Key, frozenset[str]] = {}
        for line in self.bindings:
            key = (line.object, line.symbol, line.version)
            found[key] = found.get(key, frozenset()) | {line.provider}
        return found


def observe(
    command: Sequence[str | Path],
    *,
    cwd: str | Path = "/",
    env: Mapping[str, str] | None = None,
    bind_now: bool = True,
) -> Log:
    """Run ``command`` and read its loader's log.

    ``env`` is added to this process's environment without what steers a
    loader. ``bind_now`` binds at start-up what the host would bind when called;
    a host that cannot start so needs it off. Raises OracleError where the loader
    prints no bindings.
    """
    _check_oracle()
    return _run([str(word) for word in command], cwd, env or {}, bind_now)


_TIMEOUT = 300  # seconds; a host that hangs must not hang the tests


@cache
def _check_oracle() -> None:
    """A known line must appear before silence means anything: glibc 2.36.0 prints none."""
    program = shutil.which("true") or "/bin/true"
    log = _run([program], "/", {}, bind_now=True)
    if not any(line.symbol == "__libc_start_main" for line in log.bindings):
        raise OracleError(f"the loader of {program} does not print its bindings (LD_DEBUG)")


def _run(command: list[str], cwd: str | Path, env: Mapping[str, str], bind_now: bool) -> Log:
    program = shutil.which(command[0]) or command[0]
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith(("LD_", "GLIBC_"))},
                "LC_ALL": "C",
                "LD_DEBUG": "bindings,scopes",
                "LD_DEBUG_OUTPUT": f"{directory}/log",
                **({"LD_BIND_NOW": "1"} if bind_now else {}),
                **env,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
        )
        try:
            stdout, stderr = process.communicate(timeout=_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise OracleError(f"{program} did not end within {_TIMEOUT} seconds") from None
        log = Path(directory, f"log.{process.pid}")
        lines = log.read_text("utf-8", "surrogateescape").split("\n") if log.exists() else []
    names = _Names(cwd, program, command[0])
    return Log(
        process.returncode,
        stdout,
        stderr,
        tuple(_bindings(lines, names)),
        _scopes(lines, names),
    )


class _Names:
    """The loader's names, which are paths as opened, to canonical ones."""

    def __init__(self, cwd: str | Path, program: str, argv0: str) -> None:
        self._cwd = cwd
        self._files: dict[str, str | None] = {argv0: os.path.realpath(Path(cwd, program))}

    def canonical(self, name: str) -> str:
        """The real path of a file that was opened as ``name``; else ``name``."""
        return self._file(name) or name

    def _file(self, name: str) -> str | None:
        if name not in self._files:
            path = Path(self._cwd, name)
            self._files[name] = os.path.realpath(path) if path.is_file() else None
        return self._files[name]

    def split(self, names: str) -> Iterator[str]:
        """The canonical names in a list separated by spaces, which a name may hold too."""
        words = names.split(" ")
        while words:
            starts = (" ".join(words[:n]) for n in range(1, len(words) + 1))
            name = next(filter(self._file, starts), words[0])
            yield self.canonical(name)
            del words[: name.count(" ") + 1]


def _bindings(lines: Sequence[str], names: _Names) -> Iterator[BindingLine]:
    for line in lines:
        found = _BINDING.fullmatch(line)
        if found is None and "binding file" in line:
            raise OracleError(f"a line of the loader that nobody can read: {line}")
        if found:
            yield BindingLine(
                names.canonical(found["object"]),
                names.canonical(found["provider"]),
                found["symbol"],
                found["version"],
                found["kind"] == "protected",
            )


def _scopes(lines: Sequence[str], names: _Names) -> dict[str, tuple[tuple[str, ...], ...]]:
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
