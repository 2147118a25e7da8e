"""Real imports against their plans: which bindings, promotions and objects are equal.

    python tests/tools/import_run.py DIRECTORY [NAME...]

installs each set of packages from the index in a virtual environment below DIRECTORY, runs its
import statement three times and prints a table; ``tests/data/import_table.md`` is one. The first
run is recorded as by ``collide profile -- COMMAND``: the recorded plan. The static plan is what
``--import`` follows in the Python files. Both are replayed in memory. The second run prints its
bindings, the third says what imports each module (``tests/helpers/import_chains.py``): an object
that the static plan lacks is told if a note names it, or a line or an extension module that leads
to it.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import programs
from checkout import TESTS
from collide.loader.host import Python
from collide.loader.opening import Opening
from collide.verify import ld_debug
from collide.verify.environment import unsteered_python
from collide.verify.recorded_run import RecordedPlan, Replayed, record_run, replay
from collide.wheels.environment import site_packages
from collide.wheels.imports import ImportPlan, follow_imports
from collide.wheels.python.tree import System

_LOADED = re.compile(r"file=(?P<name>.+) \[\d+\];  dynamically loaded by (?P<caller>.+) \[\d+\]")
_STATEMENT = re.compile(r".*/statement\.py:")
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
    ImportSet(
        "geometry", ("soundfile", "rtree", "z3-solver", "glfw"), "import soundfile, rtree, z3, glfw"
    ),
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
    ImportSet(
        "tensorflow",
        ("tensorflow-cpu", "pyarrow", "scikit-learn"),
        "import tensorflow, pyarrow, sklearn.linear_model",
    ),
    ImportSet("torch", ("torch",), "import torch"),
    ImportSet("numba", ("numba",), "import numba"),
    ImportSet(
        "boosting",
        ("lightgbm", "xgboost-cpu", "scikit-learn"),
        "import lightgbm, xgboost, sklearn.linear_model",
    ),
    ImportSet(
        "arrow", ("pyarrow", "grpcio", "protobuf"), "import pyarrow, grpc, google.protobuf.message"
    ),
    ImportSet(
        "qt",
        ("PySide6-Essentials", "opencv-python"),
        "import PySide6.QtWidgets, PySide6.QtNetwork, cv2",
    ),
    ImportSet("jax", ("jax",), "import jax"),
    ImportSet("ray", ("ray",), "import ray"),
    ImportSet("documents", ("pikepdf", "pymupdf"), "import pikepdf, pymupdf"),
    ImportSet(
        "databases",
        ("psycopg[binary]", "asyncpg", "pymongo"),
        "import psycopg, asyncpg, pymongo",
    ),
    ImportSet("maps", ("shapely", "pyproj", "rasterio"), "import shapely, pyproj, rasterio"),
    ImportSet("vectorfiles", ("pyogrio", "fiona", "geopandas"), "import geopandas, pyogrio, fiona"),
    ImportSet("video", ("av", "opencv-python-headless"), "import av, cv2"),
    ImportSet("tables", ("tables", "h5py"), "import tables, h5py"),
    ImportSet("images", ("scikit-image", "imageio"), "import skimage.filters, imageio.v3"),
    ImportSet("language", ("spacy",), "import spacy"),
    ImportSet("sealing", ("paramiko", "pynacl", "bcrypt"), "import paramiko, nacl.secret, bcrypt"),
    ImportSet("columns", ("polars", "connectorx"), "import polars, connectorx"),
    ImportSet(
        "brokers",
        ("confluent-kafka", "oracledb", "pyodbc"),
        "import confluent_kafka, oracledb, pyodbc",
    ),
    ImportSet(
        "words",
        ("tokenizers", "sentencepiece", "safetensors", "msgspec"),
        "import tokenizers, sentencepiece, safetensors, msgspec",
    ),
    ImportSet(
        "solvers",
        ("ortools", "statsmodels"),
        "from ortools.linear_solver import pywraplp; import statsmodels.api",
    ),
    ImportSet(
        "widgets", ("PyQt6", "vtk"), "import PyQt6.QtWidgets, vtkmodules.vtkRenderingOpenGL2"
    ),
    ImportSet(
        "arithmetic",
        ("gmpy2", "pycryptodome", "argon2-cffi"),
        "import gmpy2, argon2; from Crypto.Cipher import AES",
    ),
)


class Row(NamedTuple):
    """How one set came out.

    ``bindings`` of the run, and how many of them ``recorded`` and ``static`` have: the plans.
    ``promoted`` are the objects that became global in the run and in both plans. ``told`` and
    ``silent`` count the objects of the run that the static plan lacks. ``day`` is when it ran.
    """

    name: str
    packages: str
    loaded: int
    bindings: int
    recorded: int
    static: int
    promoted: tuple[int, int, int]
    told: int
    silent: int
    problems: tuple[str, ...]
    day: str

    def __str__(self) -> str:
        promoted = "yes" if len(set(self.promoted)) == 1 else "no"
        real, recorded, static = self.promoted
        cells = (
            *(self.name, self.packages, self.loaded, self.bindings),
            *(_share(found, self.bindings) for found in (self.recorded, self.static)),
            f"{promoted} ({real})" if promoted == "yes" else f"no ({real}: {recorded}, {static})",
            *(self.told, self.silent, self.day),
        )
        return "| " + " | ".join(map(str, cells)) + " |"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3f} %" if whole else "none"


HEAD = """\
| set | versions | loaded | bindings | recorded | static | same promotions | told | silent | day |
|---|---|---|---|---|---|---|---|---|---|"""


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
    """Run the import of ``one``, and predict it from both plans."""
    python = environment_of(one, directory)
    environment = {
        **unsteered_python(os.environ),
        "HOME": str(directory),
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [str(python), "-c", one.statement]
    # What an import writes once, as a cache of fonts, is not part of the runs that are compared.
    subprocess.run(command, env=environment, cwd=directory, check=False, capture_output=True)
    plan, ran = record_run(command, environment=environment, cwd=directory)
    again = ld_debug.run(command, environment=environment, cwd=directory)
    problems = [f"the import {r.ending}" for r in (ran, again) if r.status]
    problems += [f"{name} did not open" for name in plan.refused]
    real: dict[Key, AbstractSet[str]] = {**ld_debug.read_log(again).providers(relocations=True)}
    recorded = replay(plan, environment=environment, cwd=directory)
    followed = follow(one, python)
    static = replay(_as_recorded(plan.program, followed), environment=environment, cwd=directory)
    for what, replayed in (("recorded", recorded), ("static", static)):
        problems += [f"{what} plan: {said}" for said in replayed.differences]
    seen = {key: found for key, found in real.items() if key[0] not in _start_up(recorded)}
    problems += _different(seen, _predicted(recorded), _predicted(static))
    chains = _chains(one, python, environment, directory)
    callers = {
        os.path.realpath(found["name"]): os.path.realpath(found["caller"])
        for found in filter(None, map(_LOADED.fullmatch, ran.lines()))
    }
    told, silent = _missed(recorded, static, followed, chains, callers)
    problems += [f"{path} is not in the static plan, which says so: {why}" for path, why in told]
    problems += [f"{path} is not in the static plan, silently: {why}" for path, why in silent]
    real_paths = _brought(recorded)
    problems += [
        f"{path} is in the static plan only" for path in sorted(_brought(static) - real_paths)
    ]
    return Row(
        one.name,
        _versions(one, python),
        len(real_paths),
        len(seen),
        _equal(seen, _predicted(recorded)),
        _equal(seen, _predicted(static)),
        (len(plan.promoted), _promoted(recorded), _promoted(static)),
        len(told),
        len(silent),
        tuple(problems),
        time.strftime("%Y-%m-%d"),
    )


def follow(one: ImportSet, python: Path) -> ImportPlan:
    """The static plan of a set."""
    (site,) = site_packages(python.parent.parent)
    library = Path(sysconfig.get_path("stdlib"))
    with TemporaryDirectory() as directory:
        Path(directory, "statement.py").write_text(one.statement)
        roots = [Path(directory), library, library / "lib-dynload", site]
        version = Python("cp", (sys.version_info[0], sys.version_info[1]))
        system = System(platform.machine(), is_this=True, libraries=_cached_libraries())
        return follow_imports(["statement"], roots, version, system)


def _cached_libraries() -> tuple[str, ...]:
    listed = subprocess.run(["/sbin/ldconfig", "-p"], check=True, capture_output=True, text=True)
    return tuple(line.split()[0] for line in listed.stdout.splitlines()[1:] if "=>" in line)


def _as_recorded(program: str, plan: ImportPlan) -> RecordedPlan:
    openings = tuple(Opening(e.name, e.mode, e.source) for e in plan.openings)
    return RecordedPlan(program, openings, tuple(e.name for e in plan.openings))


def _versions(one: ImportSet, python: Path) -> str:
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "freeze"],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    wanted = {_normal(name.partition("[")[0]) for name in one.packages}
    return ", ".join(v for v in listed if _normal(v.split("==")[0]) in wanted)


def _normal(name: str) -> str:
    return name.lower().replace("-", "_")


# -- bindings -------------------------------------------------------------------------------------


def _predicted(replayed: Replayed) -> dict[Key, set[str]]:
    predicted: dict[Key, set[str]] = {}
    for bound in replayed.bound:
        for brought in bound.objects:
            for b in brought.bindings:
                if b.provider is not None:
                    key = (brought.map.dso.path, b.reference.name, b.reference.version)
                    predicted.setdefault(key, set()).add(b.provider.path)
    return predicted


def _equal(seen: Mapping[Key, AbstractSet[str]], predicted: Mapping[Key, AbstractSet[str]]) -> int:
    return sum(found <= predicted.get(key, set()) for key, found in seen.items())


def _different(
    seen: Mapping[Key, AbstractSet[str]],
    recorded: Mapping[Key, AbstractSet[str]],
    static: Mapping[Key, AbstractSet[str]],
) -> Iterable[str]:
    """What the recorded plan has otherwise, and the static plan of objects that it has, too."""
    printed = {key[0] for key in seen}
    for key in sorted({*seen, *recorded}, key=str):
        ours, real = recorded.get(key, set()), seen.get(key, set())
        if key[0] in printed and (not real or not real <= ours):
            yield f"{key}: {sorted(real)}, predicted {sorted(ours)}"
    for key in sorted(seen.keys() & static.keys(), key=str):
        if not seen[key] <= static[key]:
            yield f"static plan: {key}: {sorted(seen[key])}, predicted {sorted(static[key])}"


def _start_up(replayed: Replayed) -> set[str]:
    return {m.dso.path for m in replayed.host.process.maps} - _brought(replayed)


# -- objects --------------------------------------------------------------------------------------


def _brought(replayed: Replayed) -> set[str]:
    return {m.dso.path for bound in replayed.bound for m in bound.opened.new}


def _promoted(replayed: Replayed) -> int:
    """The objects that became global since start-up."""
    return len({m.dso.path for m in replayed.host.process.global_scope} - _start_up(replayed))


def _chains(
    one: ImportSet, python: Path, environment: Mapping[str, str], directory: Path
) -> dict[str, list[str]]:
    """What leads to each opening, by its path or name: lines and extension modules."""
    script = TESTS / "helpers/import_chains.py"
    output = directory / f"{one.name}.chains"
    subprocess.run(
        [str(python), script, output, one.statement],
        env=dict(environment), cwd=directory, check=False, capture_output=True,
    )  # fmt: skip
    found = json.loads(output.read_text())
    return {os.path.realpath(name) if "/" in name else name: chain for name, chain in found}


def _missed(
    recorded: Replayed,
    static: Replayed,
    followed: ImportPlan,
    chains: Mapping[str, list[str]],
    callers: Mapping[str, str],
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The objects that the static plan lacks: those that it tells with the note, and the others."""
    told, silent = [], []
    ours = _brought(static)
    before, note = "", None
    for bound in recorded.bound:
        root = bound.opened.root.dso.path
        chain = chains.get(root, chains.get(Path(root).name))
        if chain is not None:
            before, note = root, _note(followed, root, chain)
        elif before in ours:
            # What Python did not open, an object did.
            caller = callers.get(root, before)
            note = next((n for n in followed.notes if "by dlopen" in n and caller in n), None)
        chain = chain or []
        for map_ in bound.opened.new:
            path = map_.dso.path
            if path not in ours and note is not None:
                told.append((path, note))
            elif path not in ours:
                silent.append((path, " < ".join(chain[:6]) or "opened by a library"))
    return told, silent


def _note(plan: ImportPlan, root: str, chain: Sequence[str]) -> str | None:
    """What tells of an opening: it is possible, or something that leads to it is not followed."""
    found = next((e for e in plan.possible if e.name == root), None)
    if found is not None:
        return f"{found.source} may open it"
    for note in plan.notes:
        place, _, said = note.partition(": ")
        place = _STATEMENT.sub("<statement>:", place)
        if place.endswith(" fails"):
            return note  # What the statement does behind it is not followed.
        if place in chain and "which opens" not in said:
            return note
        if place.startswith("what these import in C"):
            names = said.split(", ")
            for path in chain:
                stem = str(Path(path).with_name(Path(path).name.partition(".")[0]))
                if path.endswith(".so") and any(
                    stem.endswith(f"/{name.replace('.', '/')}") for name in names
                ):
                    return f"{place}: {path}"
    return None


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
