"""Real imports against their recorded plan: which bindings, promotions and objects are equal.

    python tests/tools/import_run.py DIRECTORY [NAME...]

installs each set of packages from the index in a virtual environment below DIRECTORY, runs its
import statement twice and prints a table; ``tests/data/import_table.md`` is one. One run is
recorded as by ``collide profile -- COMMAND`` and replayed in memory, the other prints its bindings.
The statement is also followed in the Python files, as ``collide bindings --import`` does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import programs
from collide.filesystems.root import Root
from collide.loader.host import Python
from collide.verify import ld_debug
from collide.verify.environment import unsteered_python
from collide.verify.recorded_run import RecordedPlan, Replayed, record_run, replay
from collide.wheels.environment import site_packages
from collide.wheels.imports import follow_imports
from collide.wheels.target import is_extension_module

Key = tuple[str, str, str | None]


class ImportSet(NamedTuple):
    """Packages of the index, and the statement that imports them."""

    name: str
    packages: tuple[str, ...]
    statement: str


SETS = (
    ImportSet(
        "clients",
        ("psycopg2-binary", "cryptography", "pymssql"),
        "import psycopg2, pymssql; from cryptography.hazmat.bindings._rust import openssl",
    ),
    ImportSet("mysql", ("mysql-connector-python",), "import mysql.connector"),
    ImportSet(
        "science",
        ("numpy", "scipy", "pandas", "scikit-learn"),
        "import numpy, scipy.linalg, scipy.sparse, pandas, sklearn.linear_model",
    ),
    ImportSet("geometry", ("soundfile", "rtree"), "import soundfile, rtree"),
    ImportSet("hdf5", ("h5py", "netCDF4"), "import h5py, netCDF4"),
    ImportSet("mpi", ("mpi4py", "mpich"), "import mpi4py.MPI"),
    ImportSet(
        "mixed",
        ("pyzmq", "uvloop", "polars", "duckdb", "pillow", "matplotlib", "lxml"),
        "import zmq, uvloop, polars, duckdb, PIL._imaging, matplotlib.pyplot, lxml.etree",
    ),
    ImportSet("vectors", ("onnxruntime", "faiss-cpu"), "import onnxruntime, faiss"),
    ImportSet(
        "mkl",
        ("mkl", "numpy"),
        "import ctypes, sys, numpy; ctypes.CDLL(sys.prefix + '/lib/libmkl_rt.so.3', 0x100)",
    ),
    ImportSet("tensorflow", ("tensorflow-cpu",), "import tensorflow"),
    ImportSet("torch", ("torch",), "import torch"),
)


class Row(NamedTuple):
    """How one set came out: ``seen`` bindings, and how many of them are ``equal``."""

    name: str
    packages: str
    openings: int
    seen: int
    equal: int
    promoted: tuple[int, int]
    loaded: tuple[int, int]
    followed: tuple[int, int, bool]
    problems: tuple[str, ...]

    def __str__(self) -> str:
        share = f"{100 * self.equal / self.seen:.3f} %" if self.seen else "none"
        sides = (f"{both} of {real}" for both, real in (self.promoted, self.loaded))
        found, real, in_order = self.followed
        follows = f"{found} of {real}, {'in order' if in_order else 'in another order'}"
        cells = (self.name, self.packages, self.openings, self.seen, self.equal, share, *sides)
        cells += (follows,)
        return "| " + " | ".join(map(str, cells)) + " |"


HEAD = """\
| set | packages | openings | bindings | as predicted | share | promoted | loaded | followed |
|---|---|---|---|---|---|---|---|---|"""


def environment_of(one: ImportSet, directory: Path) -> Path:
    """The interpreter of a virtual environment that has the packages of ``one``."""
    prefix = directory / one.name
    python = prefix / "bin" / "python"
    if not (prefix / "done").exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True)
        pip = [sys.executable, "-m", "pip", "-q", "--python", str(python), "install"]
        subprocess.run([*pip, "--only-binary", ":all:", *one.packages], check=True)
        (prefix / "done").touch()
    return python


def compare(one: ImportSet, directory: Path) -> Row:
    """Run the import of ``one``, and predict it from the recorded plan."""
    python = environment_of(one, directory)
    environment = {
        **unsteered_python(os.environ),
        "HOME": str(directory),
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [str(python), "-c", one.statement]
    plan, ran = record_run(command, environment=environment, cwd=directory)
    again = ld_debug.run(command, environment=environment, cwd=directory)
    problems = [f"the import {r.ending}" for r in (ran, again) if r.status]
    replayed = replay(plan, environment=environment, cwd=directory)
    problems += replayed.differences
    problems += [f"{name} did not open" for name in plan.refused]
    seen, equal = _bindings(replayed, ld_debug.read_log(again), problems)
    versions = subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "freeze"],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    wanted = {name.lower().replace("-", "_") for name in one.packages}
    chosen = (v for v in versions if v.split("==")[0].lower().replace("-", "_") in wanted)
    packages = ", ".join(chosen)
    return Row(
        one.name,
        packages,
        len(plan.openings),
        seen,
        equal,
        *_objects(plan, replayed, problems),
        _followed(one, plan, python, problems),
        tuple(problems),
    )


def _bindings(replayed: Replayed, log: ld_debug.Log, problems: list[str]) -> tuple[int, int]:
    predicted: dict[Key, set[str]] = {}
    for bound in replayed.bound:
        for brought in bound.objects:
            for b in brought.bindings:
                if b.provider is not None:
                    key = (brought.map.dso.path, b.reference.name, b.reference.version)
                    predicted.setdefault(key, set()).add(b.provider.path)
    started = _start_up(replayed)
    seen = {k: v for k, v in log.providers(relocations=True).items() if k[0] not in started}
    wrong = [k for k, found in seen.items() if not found <= predicted.get(k, set())]
    problems += [
        f"{k}: {sorted(seen[k])}, predicted {sorted(predicted.get(k, ()))}"
        for k in sorted(wrong, key=str)
    ]
    printed = {k[0] for k in seen}
    problems += [
        f"{k}: predicted {sorted(found)}, not seen"
        for k, found in predicted.items()
        if k[0] in printed and k not in seen
    ]
    return len(seen), len(seen) - len(wrong)


def _start_up(replayed: Replayed) -> set[str]:
    opened = {m.dso.path for bound in replayed.bound for m in bound.opened.new}
    return {m.dso.path for m in replayed.host.process.maps} - opened


def _objects(
    plan: RecordedPlan, replayed: Replayed, problems: list[str]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Promoted and loaded objects since start-up: those of both, and those of the run."""
    started = _start_up(replayed)
    counts = []
    process = replayed.host.process
    for what, names, maps in (
        ("promoted", plan.promoted, process.global_scope),
        ("loaded", plan.loaded, process.maps),
    ):
        real = {os.path.realpath(name) for name in names} - started
        ours = {m.dso.path for m in maps} - started
        problems += [f"{path} was {what}, not predicted" for path in sorted(real - ours)]
        problems += [f"{path} is {what} in the prediction only" for path in sorted(ours - real)]
        counts.append((len(real & ours), len(real)))
    return counts[0], counts[1]


def _followed(
    one: ImportSet, plan: RecordedPlan, python: Path, problems: list[str]
) -> tuple[int, int, bool]:
    """Extension modules of the packages: found in Python files, opened in the run, the order."""
    (site,) = site_packages(python.parent.parent)
    library = Path(sysconfig.get_path("stdlib"))
    with TemporaryDirectory() as directory:
        Path(directory, "statement.py").write_text(one.statement)
        roots = [Path(directory), library, library / "lib-dynload", site]
        version = Python("cp", (sys.version_info[0], sys.version_info[1]))
        found = [m.path for m in follow_imports(["statement"], roots, version).modules]
    real = [path for path in plan.paths if path.startswith(f"{site}/") and is_module(path)]
    problems += [f"{path} is followed, and was not opened" for path in found
                 if path.startswith(f"{site}/") and path not in plan.paths]  # fmt: skip
    both = [path for path in real if path in found]
    return len(both), len(real), both == [path for path in found if path in real]


def is_module(path: str) -> bool:
    """Whether a file is an extension module, by its own exports."""
    return is_extension_module(Root().read(path))


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table, and problems on stderr."""
    parser = programs.parser(__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("names", nargs="*")
    args = parser.parse_args(argv)
    print(HEAD)
    for one in SETS:
        if one.name in args.names or not args.names:
            row = compare(one, args.directory.resolve())
            print(row, flush=True)
            for problem in row.problems:
                print(f"{one.name}: {problem}", file=sys.stderr)


if __name__ == "__main__":
    main()
