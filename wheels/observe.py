"""Ask the real loader what it binds when the host opens the specimens.

``python wheels/observe.py [DIR]`` prints what ``build.py`` writes to
``DIR/bindings.json``. Paths in it are members of the wheel, ``host/...`` for the
host and its library, and bare names for what the system supplies.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BINDING = re.compile(
    r"binding file (.+) \[0\] to (.+) \[0\]: (?:normal|protected) symbol `([^']+)'(?: \[(.+)\])?$"
)


@dataclass(frozen=True, slots=True)
class Binding:
    """One reference as the loader bound it; ``version`` is the reference's."""

    object: str
    symbol: str
    version: str | None
    provider: str


@dataclass(frozen=True, slots=True)
class Session:
    """One process of the host that opens ``modules`` in this order.

    ``error`` is dlopen's, and ``bindings`` is then None: the loader stops at the
    first reference that it cannot bind, and says nothing of those after it.
    ``attributes`` are what the modules set when initialised.
    """

    modules: tuple[str, ...]
    error: str | None
    attributes: dict[str, int]
    bindings: tuple[Binding, ...] | None


@dataclass(frozen=True, slots=True)
class Installed:
    """A wheel unpacked to ``root``, and the directory that holds the host."""

    root: Path
    host: Path

    def run(self, modules: Sequence[str], *, initialise: bool) -> tuple[str | None, str, str]:
        """Open the modules in a fresh process: dlopen's error, its output, its LD_DEBUG log."""
        with tempfile.TemporaryDirectory() as logs:
            run = subprocess.run(
                [
                    str(self.host / "host"),
                    *(["-i"] if initialise else []),
                    *(str(self.root / m) for m in modules),
                ],
                # Nothing else of the environment: LD_PRELOAD and the like change the answer.
                env={
                    "LC_ALL": "C",
                    "LD_BIND_NOW": "1",
                    "LD_DEBUG": "bindings",
                    "LD_DEBUG_OUTPUT": f"{logs}/log",
                },
                capture_output=True,
                text=True,
                check=False,
            )
            log = "".join(p.read_text() for p in sorted(Path(logs).iterdir()))
        error = run.stderr.strip().replace(f"{self.root}/", "")
        if run.returncode not in (0, 1) or bool(run.returncode) != bool(error):
            raise RuntimeError(f"the host ended with status {run.returncode}: {error}")
        if "binding file " not in log:
            raise RuntimeError("this loader does not log bindings, as glibc 2.36.0 does not")
        return error or None, run.stdout, log

    def name(self, path: str) -> str:
        """A path of the loader's log, without what is particular to this machine."""
        real = Path(os.path.realpath(path))
        if real.is_relative_to(self.root):
            return str(real.relative_to(self.root))
        if real.is_relative_to(self.host):
            return f"host/{real.relative_to(self.host)}"
        # As opened: a system library's real file may carry the release of the C library.
        return Path(path).name

    def bindings(self, log: str) -> tuple[Binding, ...]:
        """The bindings of the wheel's own objects, sorted."""
        found = set()
        for line in log.splitlines():
            match = BINDING.search(line)
            if match and Path(os.path.realpath(match[1])).is_relative_to(self.root):
                found.add(Binding(self.name(match[1]), match[3], match[4], self.name(match[2])))
        return tuple(sorted(found, key=lambda b: (b.object, b.symbol, b.version or "", b.provider)))

    def session(self, modules: Sequence[str]) -> Session:
        """What one process does with these modules."""
        error, _, log = self.run(modules, initialise=False)
        # A process of its own: the host's dlsym would be logged like a reference.
        initialise_error, output, _ = self.run(modules, initialise=True)
        if initialise_error != error:
            raise RuntimeError(f"the modules open, but do not initialise: {initialise_error}")
        attributes = {}
        for line in output.splitlines():
            module, attribute, value = line.split()
            attributes[f"{module}.{attribute}"] = int(value)
        return Session(tuple(modules), error, attributes, None if error else self.bindings(log))


def observe(wheel: Path, host: Path) -> tuple[Session, ...]:
    """Each module of the wheel alone in a process, and then all of them in one."""
    with tempfile.TemporaryDirectory() as root, zipfile.ZipFile(wheel) as archive:
        archive.extractall(root)
        modules = sorted(name for name in archive.namelist() if name.endswith(".abi3.so"))
        installed = Installed(Path(root).resolve(), host.resolve())
        sessions = [[module] for module in modules]
        if len(modules) > 1:
            sessions.append(modules)
        return tuple(installed.session(s) for s in sessions)


def observe_all(directory: Path) -> dict[str, tuple[Session, ...]]:
    """The specimens of ``directory``, by name."""
    return {
        wheel.name.partition("-")[0].removeprefix("specimen_"): observe(wheel, directory / "host")
        for wheel in sorted((directory / "dist").glob("*.whl"))
    }


def to_json(specimens: dict[str, tuple[Session, ...]]) -> str:
    """The text of ``bindings.json``."""
    plain = {name: [asdict(s) for s in sessions] for name, sessions in specimens.items()}
    return json.dumps(plain, indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Print what the loader does with a directory's specimens."""
    parser = argparse.ArgumentParser(description="Print how the real loader binds the specimens.")
    parser.add_argument("directory", type=Path, nargs="?", default=HERE, metavar="DIR")
    print(to_json(observe_all(parser.parse_args().directory)), end="")


if __name__ == "__main__":
    main()
