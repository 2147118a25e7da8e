"""What the benchmark measures: real wheels, generated wheels, and the tools beside collide."""

from __future__ import annotations

import json
import os
import platform
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

import collide as collide_package
from benchmark_measure import MeasureError
from collide.wheels.archive import Member, write_wheel
from compiler import compile_so
from corpus import download

WHEELS = (
    "markupsafe==3.0.3",
    "wrapt==1.17.3",
    "pyyaml==6.0.3",
    "shapely==2.1.2",
    "cryptography==42.0.8",
    "psycopg2-binary==2.9.13",
    "lxml==6.1.3",
    "pillow==12.0.0",
    "numpy==1.26.4",
    "scipy==1.11.4",
    "rasterio==1.4.4",
    "pyarrow==17.0.0",
    "opencv-python-headless==5.0.0.93",
    "tensorflow-cpu==2.20.0",
)
"""From 23 kB to 259 MB: C, C++, Rust and Fortran, with and without bundled libraries."""
QUICK = WHEELS[:9]
"""42 MB to download."""
TEN = frozenset(WHEELS) - {
    *("wrapt==1.17.3", "rasterio==1.4.4", "opencv-python-headless==5.0.0.93"),
    "tensorflow-cpu==2.20.0",
}
"""Those that have targets in total."""
ONE = ("debian-12-python3",)
UWSGI = ("debian-12-uwsgi-python3",)
PEERS = ("auditwheel", "abi3audit", "pydistcheck")

_INFLATE = """\
import sys, zipfile
for name in sys.argv[1:]:
    with zipfile.ZipFile(name) as wheel:
        for info in wheel.infolist():
            with wheel.open(info) as stream:
                if stream.read(4) != b"\\x7fELF":
                    continue
            wheel.read(info)
"""
_FUNCTION = ".text\n.globl {0}\n.type {0},@function\n{0}: ret\n.size {0},1"
_NO_EXECUTABLE_STACK = '.section .note.GNU-stack,"",@progbits'


def wheel_file(spec: str) -> Path:
    """A wheel that is named by its path or as ``name==version``. Raises MeasureError."""
    if spec.endswith(".whl"):
        return Path(spec)
    try:
        return download(spec)
    except (pytest.skip.Exception, pytest.fail.Exception) as e:
        raise MeasureError(str(e)) from e


# -- commands -------------------------------------------------------------------------------------


TREE = Path(collide_package.__path__[0]).parent
"""Where the collide is that is measured."""


def collide(*arguments: str) -> list[str]:
    """The command as its script runs it."""
    code = f"import sys; sys.path.insert(0, {str(TREE)!r}); from collide.__main__ import run; run()"
    return [sys.executable, "-c", code, *arguments]


def check(target: Path, profiles: Sequence[str]) -> list[str]:
    """``collide check`` of a wheel or a directory; without profiles on all that fit."""
    return collide("check", str(target), *(f"--profile={name}" for name in profiles))


def inflate(*wheels: Path) -> list[str]:
    """The floor: inflate the ELF members with zipfile and zlib, their CRC checked."""
    return [sys.executable, "-c", _INFLATE, *map(str, wheels)]


def stages(target: Path, profiles: Sequence[str]) -> dict[str, float]:
    """CPU seconds by stage of a check, see ``benchmark_stages.py``. Raises MeasureError."""
    if Path(collide_package.__path__[0]).parent != TREE:
        raise MeasureError("the stages are those of this collide only")
    program = Path(__file__).with_name("benchmark_stages.py")
    options = (f"--profile={name}" for name in profiles)
    found: dict[str, float] = json.loads(
        _run(sys.executable, str(program), str(target), "--json", *options)
    )
    return found


class Peers(NamedTuple):
    """Tools that look into wheels too: their commands by name, and why others are not here."""

    commands: dict[str, list[str]]
    versions: dict[str, str]
    missing: dict[str, str]

    def of(self, name: str, wheel: Path, unpacked: Path) -> list[str]:
        """``name`` on a wheel, or on its ELF members in a directory."""
        if name != "readelf -Ws":
            return [*self.commands[name], str(wheel)]
        return [*self.commands[name], *map(str, sorted(unpacked.iterdir()))]


def peers(cache: Path) -> Peers:
    """Those that are installed, or can be into a virtual environment below ``cache``."""
    found = Peers({}, {}, {})
    venv = cache / f"peers-{platform.python_version()}"
    python = venv / "bin" / "python"
    for name in PEERS:
        tool = venv / "bin" / name
        try:
            if not python.exists():
                _run(sys.executable, "-m", "venv", str(venv))
            if not tool.exists():
                _run(str(python), "-m", "pip", "install", "--quiet", name)
            asked = f"from importlib.metadata import version; print(version({name!r}))"
            found.versions[name] = _run(str(python), "-c", asked)
        except MeasureError as e:
            found.missing[name] = str(e)
            continue
        label = f"{name} show" if name == "auditwheel" else name
        found.commands[label] = [str(tool), *label.split()[1:]]
    if shutil.which("readelf"):
        found.commands["readelf -Ws"] = ["readelf", "-Ws"]
        found.versions["readelf"] = _run("readelf", "--version").splitlines()[0].split()[-1]
    else:
        found.missing["readelf"] = "not installed (apt install binutils)"
    return found


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        complaint = (done.stderr.strip() or "it says nothing").splitlines()[-1]
        raise MeasureError(f"{' '.join(command[:4])} fails: {complaint}")
    return done.stdout.strip()


class Contents(NamedTuple):
    """The size of a wheel and of its ELF members in bytes, and whether libraries are bundled."""

    size: int
    elf: int
    objects: int
    bundled: bool


def unpack(wheel: Path, directory: Path) -> Contents:
    """Write the ELF members to ``directory``, numbered."""
    size = 0
    names: list[str] = []
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            data = archive.read(info)
            if data.startswith(b"\x7fELF"):
                (directory / f"{len(names)}.so").write_bytes(data)
                size += len(data)
                names.append(info.filename)
    bundled = any(Path(name).parent.name.endswith(".libs") for name in names)
    return Contents(wheel.stat().st_size, size, len(names), bundled)


# -- generated wheels -----------------------------------------------------------------------------


class Series(NamedTuple):
    """Inputs that differ in one size only; ``least`` is one of size next to nothing."""

    name: str
    sizes: tuple[int, ...]
    targets: tuple[Path, ...]
    least: Path


def generated(directory: Path, *, quick: bool) -> Iterator[Series]:
    """Wheels and directories of growing size, built with gcc. Raises MeasureError."""
    if platform.machine() != "x86_64" or not shutil.which("gcc"):
        raise MeasureError("generated wheels need gcc and x86_64")
    make = _Maker(directory)
    least = make.wheel("least", make.module("least", 1))
    sizes = tuple((4 if quick else 16) * n for n in (1, 4, 16))
    targets = (make.wheel("bytes", make.module("bytes", 1, n * 1_000_000)) for n in sizes)
    yield Series("MB of data", sizes, tuple(targets), least)
    sizes = tuple((4_000 if quick else 6_000) * n for n in (1, 4, 16))
    targets = (make.wheel("symbols", make.module("symbols", n)) for n in sizes)
    yield Series("symbols, each referenced once", sizes, tuple(targets), least)
    sizes = tuple((16 if quick else 64) * n for n in (1, 2, 4, 8))
    pairs = [make.module(f"m{i}", 300) for i in range(sizes[-1])]
    targets = (make.wheel("members", [m for pair in pairs[:n] for m in pair]) for n in sizes)
    yield Series("modules, each with a library", sizes, tuple(targets), least)
    yield Series("wheels of such a module", sizes, tuple(make.wheels(pairs, sizes)), least)


class _Maker:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._made = 0

    def wheel(self, name: str, members: Iterable[Member], into: Path | None = None) -> Path:
        self._made += 1
        into = into or self._directory
        path = into / f"{name}_{self._made}-1.0-py3-none-linux_x86_64.whl"
        write_wheel(path, members)
        return path

    def wheels(self, pairs: Sequence[Iterable[Member]], sizes: Iterable[int]) -> Iterator[Path]:
        """Directories with a wheel for each of the first ``pairs``."""
        for size in sizes:
            directory = self._directory / f"{size}-wheels"
            directory.mkdir()
            for i, pair in enumerate(pairs[:size]):
                self.wheel(f"one{i}", pair, directory)
            yield directory

    def module(self, name: str, symbols: int, data: int = 0) -> tuple[Member, Member]:
        """A module that refers to every function of the library beside it."""
        functions = [f"{name}_{i}" for i in range(symbols)]
        library = f"lib{name}.so"
        provider = self._assemble(
            library, map(_FUNCTION.format, functions), f"-Wl,-soname,{library}"
        )
        lines = [_FUNCTION.format(f"PyInit_{name}"), ".data", *map(".quad {}".format, functions)]
        if data:
            noise = self._directory / "noise"
            noise.write_bytes(random.Random(0).randbytes(data))
            lines += [".section .rodata", f'.incbin "{noise}"']
        user = self._assemble(f"{name}.so", lines, str(provider), "-Wl,-rpath,$ORIGIN")
        return Member(f"top/{name}.so", user.read_bytes()), Member(
            f"top/{library}", provider.read_bytes()
        )

    def _assemble(self, name: str, lines: Iterable[str], *flags: str) -> Path:
        source = self._directory / f"{name}.s"
        source.write_text("\n".join([*lines, _NO_EXECUTABLE_STACK, ""]))
        return compile_so(self._directory, name, "", str(source), *flags)


def cache_directory() -> Path:
    """Where tests keep what they download."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "collide-tests"
