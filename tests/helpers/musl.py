"""The judge of musl: what its loader has mapped and bound, read from a live process.

musl prints nothing. A host that has opened its modules tells the order of what
is loaded (dl_iterate_phdr), and waits; the slots that its loader has filled are
read from its memory (:mod:`collide.verify.got_slots`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from collide.binding.binder import Binder
from collide.binding.binding import Binding, BoundModule
from collide.binding.session import Session
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.loader.host import Host
from collide.loader.link_map import LoadFailure, Opened
from collide.loader.messages import says
from collide.loader.process import Process
from collide.verify.got_slots import SlotBinding, of_process
from conformance import loader_was_asked
from corpus import unavailable
from scenario import Scenario, mode_and_name, require_loader

# Lists what is loaded, by tabs, at start and behind the answer to each dlopen.
HOST = """
#include <link.h>
#include <stdio.h>
static int list(struct dl_phdr_info *info, size_t size, void *data) {
  printf("\\t%s", info->dlpi_name);
  return 0;
}
static void tell(const char *answer) {
  fputs(answer, stdout);
  dl_iterate_phdr(list, 0);
  putchar('\\n');
  fflush(stdout);
}
int main(int argc, char **argv) {
  tell("ok");
  for (int i = 1; i < argc; i++) {
    tell(opened_as(argv[i]) ? "ok" : dlerror());
  }
  getchar();
  return 0;
}
"""

Key = tuple[str, str, str | None, int]
"""A reference as its slot names it: object, symbol, version, lookup class."""


def require_musl() -> None:
    """Skip the calling test where there is no musl to be judged by."""
    require_loader()
    if shutil.which("musl-gcc") is None:
        unavailable("musl-gcc is not installed: apt install musl-tools")


@dataclass(frozen=True, slots=True)
class Observed:
    """What the real process told: an answer and the loaded names for start-up and each dlopen."""

    answers: tuple[str, ...]
    loaded: tuple[tuple[str, ...], ...]
    slots: tuple[SlotBinding, ...]


def observe(command: Sequence[str | Path], env: dict[str, str], answers: int) -> Observed:
    """Run a host that answers so many times, and read its slots before it ends."""
    loader_was_asked("musl")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("LD_")}
    with subprocess.Popen(
        command,
        env=clean | env,
        cwd="/",
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        lines = [process.stdout.readline().rstrip("\n") for _ in range(answers)]
        slots = of_process(process.pid) if all(lines) else ()
        process.stdin.close()
        said = process.stderr.read()
    told = [line.split("\t") for line in lines if line] or [[said]]
    return Observed(
        tuple(answer for answer, *_ in told), tuple(tuple(names) for _, *names in told), slots
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What musl and collide agreed on; names are relative to the scenario's directory."""

    directory: Path
    host: Host
    bound: tuple[BoundModule, ...]
    answers: tuple[str, ...]
    failures: tuple[LoadFailure, ...]
    loaded: tuple[str, ...]
    _judged: dict[Key, set[str | None]]

    def provider(self, name: str, symbol: str) -> str | None:
        """The one object that serves the reference, from its slot; None for a null one."""
        (found,) = self.providers(name, symbol)
        return found

    def providers(self, name: str, symbol: str) -> set[str | None]:
        """Every object that serves a reference of object ``name``; there must be a slot."""
        found = {
            provider
            for key, providers in self._judged.items()
            if key[:2] == (str(self.directory / name), symbol)
            for provider in providers
        }
        assert found, f"no slot of {name} for {symbol}"
        return {self.name(p) if p else p for p in found}

    def binding(self, name: str, symbol: str) -> Binding:
        """What collide says of the only reference of object ``name`` to ``symbol``."""
        (only,) = (
            b
            for bound in self.bound
            for o in bound.relocated
            if o.map.dso.path == str(self.directory / name)
            for b in o.bindings
            if b.reference.name == symbol
        )
        return only

    def name(self, path: str) -> str:
        """``path`` as a test writes it; musl itself is ``musl``."""
        if path == self.host.process.loaded("libc.so").dso.path:  # type: ignore[union-attr]
            return "musl"
        return path.removeprefix(f"{self.directory}/")


class MuslScenario(Scenario):
    """Objects for musl in one directory, judged by the slots of its real loader."""

    compiler = "musl-gcc"
    main = HOST

    def __init__(self, directory: Path) -> None:
        require_musl()
        super().__init__(directory)

    def judge(
        self,
        host: Path,
        *opens: str | Path,
        preload: Sequence[str | Path] = (),
        library_path: Sequence[str | Path] = (),
    ) -> Outcome:
        """Open modules one after the other in one process, and predict the same.

        Asserts that both agree on what is loaded in which order, on every slot,
        and on what fails.
        """
        names = [self._open_name(str(o)) for o in opens]
        preloaded, searched = [str(p) for p in preload], [str(p) for p in library_path]
        env = {"LD_PRELOAD": ":".join(preloaded), "LD_LIBRARY_PATH": ":".join(searched)}
        observed = observe([host, *names], {k: v for k, v in env.items() if v}, 1 + len(names))
        root = Root()
        extracted = extract(str(host), root, preload=preloaded, library_path=searched)
        prediction = Prediction(extracted.process.copy(root), extracted.failures)
        prediction.compare_loaded(observed.answers[0], observed.loaded[0])
        for name, answer, loaded in zip(
            names, observed.answers[1:], observed.loaded[1:], strict=True
        ):
            prediction.open(name)
            prediction.compare_loaded(answer, loaded)
        return Outcome(
            self.directory,
            extracted,
            tuple(prediction.bound),
            observed.answers[1:],
            tuple(prediction.failures),
            tuple(self._file(name) for name in observed.loaded[-1]),
            prediction.judge(observed.slots),
        )

    def _file(self, name: str) -> str:
        path = os.path.realpath(name)
        return path.removeprefix(f"{self.directory}/")


class Prediction:
    """One process predicted step by step."""

    def __init__(self, process: Process, failures: Sequence[LoadFailure]) -> None:
        self.bound: list[BoundModule] = []
        self.failures: list[LoadFailure] = list(failures)
        self._now = tuple(failures)
        binder = Binder(process)
        self._session = Session(process, process.files, binder)
        scope = process.global_scope
        start_up = binder.bind(Opened(process.executable, scope, scope, scope, ()))
        self._now += start_up.failures
        self.bound.append(start_up)

    def open(self, name: str) -> None:
        mode, path = mode_and_name(name)
        bound, self._now = self._session.open(path, mode)
        self.failures += self._now
        if bound is not None and not self._now:
            self.bound.append(bound)

    def compare_loaded(self, answer: str, names: Sequence[str]) -> None:
        """The real process answered so, and has these objects in this order."""
        assert bool(self._now) == (answer != "ok"), f"{answer}; predicted {self._now}"
        if self._now:
            assert tells(answer, self._now), f"{answer}; predicted {self._now}"
            return
        process = self._session.process
        itself = process.loaded("libc.so")
        # musl's own place is that of its first request, the vDSO has no name.
        real = [os.path.realpath(name) for name in names if name]
        maps = [m.dso.path for m in process.maps if m is not itself]
        assert [path for path in real if itself is None or path != itself.dso.path] == maps
        scope = [m.dso.path for m in process.global_scope]
        assert real[: len(self.bound[0].opened.scope)] == scope[: len(self.bound[0].opened.scope)]

    def judge(self, slots: Sequence[SlotBinding]) -> dict[Key, set[str | None]]:
        """Every slot was predicted: its provider and which of that one's definitions."""
        predicted: dict[Key, set[tuple[str | None, int | None]]] = {}
        for bound in self.bound:
            for o in bound.relocated:
                for b in o.bindings:
                    key = (o.map.dso.path, *b.reference[:2], b.reference.lookup_class)
                    value = b.actual.definition.value if b.actual else None
                    path = b.provider.path if b.provider else None
                    predicted.setdefault(key, set()).add((path, value))
        waiting = {
            (f.object, f.name, f.detail or None) for bound in self.bound for f in bound.deferred
        }
        judged: dict[Key, set[str | None]] = {}
        wrong = []
        for s in slots:
            key = (s.object, s.symbol, s.version, s.lookup_class)
            said = predicted.get(key, set())
            # What is put off keeps its place in the file: an address in no object.
            empty = s.null or (s.provider is None and key[:3] in waiting)
            real = (None, None) if empty else (s.provider, s.value)
            if real not in said:
                wrong.append(f"{key}: bound to {real}, predicted {sorted(map(str, said))}")
            judged.setdefault(key, set()).add(real[0])
        assert not wrong, "\n".join(wrong)
        return judged


def tells(message: str, failures: Sequence[LoadFailure]) -> bool:
    """Whether musl says this of the first of ``failures`` that it would meet."""
    first, *_ = failures
    if first.kind == "undefined-symbol":
        undefined = {f.name for f in failures if f.object == first.object}
        return any(f" {name}: symbol not found" in message for name in undefined)
    if first.kind == "static-tls":
        return says(message, first)
    return first.name in message and "Error loading" in message
