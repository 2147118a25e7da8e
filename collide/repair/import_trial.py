"""Imports of a wheel's modules before and after its repair.

Each extension module is imported in a fresh process, as it may be the first that a
program imports; all modules in Python follow one another in one process, where the
libraries that they open (ctypes, cffi) may meet. This executes code of the wheel.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from shutil import rmtree

from collide.support.commands import Ended, run_command
from collide.support.errors import InputError
from collide.support.records import NamedTuple
from collide.wheels.archive import Archive
from collide.wheels.target import PREFIX, installed_path, is_extension_module, read_target

SITE = "lib/python/site-packages"
"""Where modules are below the prefix that wheels are unpacked to."""
_ONE = """\
import sys
sys.path[:0] = {paths!r}
import importlib
importlib.import_module({module!r})
print({done!r}, flush=True)
"""
_ALL = """\
import sys
sys.path[:0] = {paths!r}
import importlib
with open({result!r}, "a", buffering=1, errors="replace") as result:
    for module in {modules!r}:
        result.write(module + "\\t")
        try:
            importlib.import_module(module)
        except BaseException as e:
            said = " ".join(str(e).split())
            result.write(type(e).__name__ + (": " + said if said else "") + "\\n")
        else:
            result.write("\\n")
"""
_DONE = "collide: imported"


class ImportTrial(NamedTuple):
    """One module: why its import failed before and after; None where it did not."""

    module: str
    before: str | None
    after: str | None

    @property
    def is_worse(self) -> bool:
        """Whether the import fails after the repair only."""
        return self.before is None and self.after is not None


class Modules(NamedTuple):
    """The import names of the modules of some wheels: ``extensions``, and those in Python."""

    extensions: tuple[str, ...]
    sources: tuple[str, ...]


def modules_of(wheels: Sequence[Path]) -> Modules:
    """All modules that wheels install, but those that a program runs (``__main__``)."""
    extensions, sources = set(), set()
    for wheel in wheels:
        for path, dso in read_target(wheel).members.items():
            if is_extension_module(dso) and (name := _import_name(path)):
                extensions.add(name)
        with Archive(wheel) as archive:
            for entry in archive.entries:
                place = installed_path(entry.name, archive.distribution)
                if place.endswith(".py") and (name := _import_name(place)):
                    sources.add(name)
    return Modules(tuple(sorted(extensions)), tuple(sorted(sources)))


def _import_name(path: str) -> str | None:
    """The import name of a file at its installed path; None where it has none."""
    below = path.removeprefix(f"{PREFIX}/{SITE}/")
    *packages, file = below.split("/")
    parts = [*packages, file.partition(".")[0]]
    if below == path or parts[-1] == "__main__" or not all(p.isidentifier() for p in parts):
        return None
    return ".".join(parts[:-1] if file == "__init__.py" else parts) or None


def unpack_wheel(wheel: Path, tree: Path) -> None:
    """Unpack a wheel as an installer would, with ``tree`` as the prefix."""
    import zipfile  # late: start-up

    distribution = "-".join(wheel.name.split("-")[:2])
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                place = installed_path(info.filename, distribution).removeprefix(PREFIX)
                path = tree / place.lstrip("/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(info))
                if info.external_attr >> 16 & 0o111:
                    path.chmod(0o755)


def install_wheels(wheels: Iterable[Path], tree: Path) -> None:
    """Unpack wheels that are installed together, in place of what was there."""
    rmtree(tree, ignore_errors=True)
    for wheel in wheels:
        unpack_wheel(wheel, tree)


def failures(
    modules: Modules, tree: Path, command: Sequence[str], timeout: float
) -> dict[str, str | None]:
    """Import each of ``modules`` out of ``tree``; why it failed, None where it did not.

    In the words of ``command`` ``{script}`` stands for the script to run. Packages that
    the wheels depend on must be importable for it. ``timeout`` is in seconds for one
    module. Raises InputError when it cannot be run.
    """
    found = {module: _import_one(module, tree, command, timeout) for module in modules.extensions}
    for module, failure in _import_all(modules.sources, tree, command, timeout):
        found.setdefault(module, failure)
    return found


def _import_one(module: str, tree: Path, command: Sequence[str], timeout: float) -> str | None:
    script = tree / "collide-import.py"
    script.write_text(_ONE.format(paths=[str(tree / SITE)], module=module, done=_DONE))
    ended = run_script(script, command, timeout, tree / "none")
    if ended is None:
        return f"did not end within {timeout:g} seconds"
    # uwsgi has its standard output where its log goes.
    done = _DONE in ended.stdout or _DONE in ended.stderr
    return None if done and not ended.signal else _last_words(ended)


def _import_all(
    modules: Sequence[str], tree: Path, command: Sequence[str], timeout: float
) -> Iterator[tuple[str, str | None]]:
    script, result = tree / "collide-imports.py", tree / "collide-imports"
    left = list(modules)
    while left:
        result.unlink(missing_ok=True)
        script.write_text(_ALL.format(paths=[str(tree / SITE)], modules=left, result=str(result)))
        ended = run_script(script, command, timeout, result)
        lines = result.read_text(errors="replace").split("\n") if result.exists() else [""]
        for line in lines[:-1]:
            module, _, failure = line.partition("\t")
            yield module, failure or None
        # The process ended during the import of the next one; the others are not its fault.
        left = left[len(lines) - 1 :]
        how = _last_words(ended) if ended else f"did not end within {timeout:g} seconds"
        died = left[:1] if result.exists() else left
        yield from ((module, how) for module in died)
        left = left[len(died) :]


def run_script(
    script: Path,
    command: Sequence[str],
    timeout: float,
    result: Path,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Ended | None:
    """Run ``command`` with a script; None when it does not end in time.

    As long as it writes to ``result`` it gets more time. The working directory is ``directory``,
    by default that of the script, ``environment`` by default that of this process. Raises
    InputError when it cannot be run.
    """
    try:
        return run_command(
            [word.replace("{script}", str(script)) for word in command],
            cwd=directory or script.parent,
            environment=environment,
            timeout=timeout,
            progress=lambda: result.stat().st_size if result.exists() else None,
        )
    except OSError as e:
        raise InputError(command[0], f"cannot be run ({e.strerror or e})") from e
    except subprocess.TimeoutExpired:
        return None


def _last_words(ended: Ended) -> str:
    if ended.signal:
        return f"ended with {ended.signal}"
    said = ended.stderr.strip().splitlines()
    return said[-1] if said else f"ended with status {ended.status}"
