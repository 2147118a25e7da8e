"""Real musllinux wheels in a real CPython for musl, judged by the slots that musl fills."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import pytest

from collide.analysis.analysis import Module, analyse
from collide.cli import main as cli
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.loader.host import Host
from collide.verify.got_slots import SlotBinding, of_process
from collide.wheels.target import read_target
from corpus import download, unpacked
from patching import patchelf

pytestmark = pytest.mark.corpus

# The initialiser of a module of another name is not found after dlopen has succeeded.
SCRIPT = """
import _imp, sys

def run(_):
    if sys.argv[1].endswith(".py"):
        exec(open(sys.argv[1]).read(), {})
    try:
        spec = type(sys.implementation)(name="_no_such_module_", origin=sys.argv[1])
        _imp.create_dynamic(spec)
    except ImportError as e:
        print("ok" if "_no_such_module_" in str(e) else e, flush=True)
    sys.stdin.read()
"""
PYTHON = "freeze_core/bases/console-cpython-312-x86_64-linux-musl"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CPython 3.12 out of the freeze-core wheel, run by a musl that is new enough for it.

    It runs ``lib/__init__NAME.py`` beside itself: that opens its argument, or runs it.
    """
    directory = tmp_path_factory.mktemp("musl-python").resolve()
    with ZipFile(download("freeze-core==0.8.1", "312", musl=True)) as wheel:
        wheel.extractall(directory)
    binary = directory / "freeze_core/bases/python3.12"
    shutil.copy(directory / PYTHON, binary)
    binary.chmod(0o755)
    (binary.parent / "lib").mkdir()
    (binary.parent / "lib/__init__python3.py").write_text(SCRIPT)
    loader = unpacked("trixie", "amd64", "musl") / "lib/ld-musl-x86_64.so.1"
    patchelf("--set-interpreter", loader, binary)
    return binary


def opened(binary: Path, module: str, env: dict[str, str]) -> tuple[str, tuple[SlotBinding, ...]]:
    """What the interpreter says of opening ``module`` alone, and its slots then."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("LD_")}
    with subprocess.Popen(
        (binary, module), env=clean | env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        slots = of_process(process.pid) if said else ()
        process.stdin.close()
    return said, slots


def differences(module: Module, slots: Sequence[SlotBinding]) -> tuple[list[str], int]:
    """Slots of the module's objects that were not predicted, and how many were."""
    assert module.bound is not None
    predicted: dict[tuple[str, str, str | None, int], set[tuple[str | None, int | None]]] = {}
    for bound in module.bound.objects:
        for b in bound.bindings:
            key = (bound.map.dso.path, *b.reference[:2], b.reference.lookup_class)
            hit = (b.actual.dso.path, b.actual.definition.value) if b.actual else (None, None)
            predicted.setdefault(key, set()).add(hit)
    brought = {bound.map.dso.path for bound in module.bound.objects}
    judged = [s for s in slots if s.object in brought]
    wrong = []
    for s in judged:
        said = predicted.get((s.object, s.symbol, s.version, s.lookup_class), set())
        real = (None, None) if s.null else (s.provider, s.value)
        if real not in said:
            wrong.append(f"{s.object}: {s.symbol} bound to {real}, predicted {said}")
    assert {s.object for s in judged} <= brought
    return wrong, len(judged)


class Counts(NamedTuple):
    """What one wheel came to: modules that open, their slots, their shadowed bindings."""

    modules: int = 0
    slots: int = 0
    shadowed: int = 0


def run(binary: Path, host: Host, spec: str, where: Path, env: dict[str, str]) -> Counts:
    """Open every module of a wheel alone; asserts that no slot and no failure differs."""
    with ZipFile(download(spec, "312", musl=True)) as wheel:
        wheel.extractall(where)
    counts = Counts()
    for module in analyse(read_target(where.resolve()), host).modules:
        path = str(where.resolve() / module.name)
        said, slots = opened(binary, path, env)
        assert (said == "ok") == (not module.failures), f"{path}: {said}; {module.failures}"
        if module.bound is None or module.failures:
            continue
        wrong, judged = differences(module, slots)
        assert not wrong, "\n".join(wrong[:20])
        shadowed = sum(len(g.shadowed) for o in module.bound.objects for g in o.groups)
        counts = Counts(counts.modules + 1, counts.slots + judged, counts.shadowed + shadowed)
    return counts


# The modules of pillow that need a libz.so.1 of the system fail to open in both.
@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("numpy==2.5.5", Counts(19, 19557, 0)),
        ("lxml==6.1.3", Counts(7, 3682, 0)),
        ("cryptography==50.0.2", Counts(1, 382, 0)),
        ("pillow==13.0.0", Counts(6, 1110, 0)),
        ("psycopg2-binary==2.9.13", Counts(1, 3638, 0)),
    ],
)
def test_wheel_in_a_plain_interpreter(
    python: Path, spec: str, expected: Counts, tmp_path: Path
) -> None:
    assert run(python, extract(str(python), Root()), spec, tmp_path, {}) == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("lxml==6.1.3", Counts(7, 3682, 0)),
        ("psycopg2-binary==2.9.13", Counts(1, 3638, 783)),
    ],
)
def test_wheel_beside_another_openssl(
    python: Path, spec: str, expected: Counts, tmp_path: Path
) -> None:
    libraries = python.parents[2] / "freeze_core.libs"
    preload = [str(next(libraries.glob(f"{name}-*"))) for name in ("libssl", "libcrypto")]
    host = extract(str(python), Root(), preload=preload)
    assert run(python, host, spec, tmp_path, {"LD_PRELOAD": ":".join(preload)}) == expected


def test_verify_reads_the_slots_of_musl(python: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = download("lxml==6.1.3", "312", musl=True)
    run = f"{python} {{script}}"
    assert cli.main(["verify", str(wheel), "--profile", str(python), "--run", run]) == 0
    out, err = capsys.readouterr()
    assert "prints no bindings: slots in memory are read instead" in err
    assert "7 of 7 modules: 3598 bindings" in out
    assert "no difference" in out
