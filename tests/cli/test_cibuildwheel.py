"""The recipe of the page about CI as ``repair-wheel-command``, run by cibuildwheel's own code.

Its ``build_in_container`` reads the options, runs the command and looks for exactly one
wheel. Only the container is replaced: by this machine, where the build itself is a copy.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from checkout import PACKAGE, ROOT
from collide.wheels.archive import Archive, Member, write_wheel
from scenario import Scenario, require_loader

pytest.importorskip(
    "cibuildwheel",
    reason="cibuildwheel is not installed (pip install cibuildwheel, from Python 3.11 on)",
)
linux = import_module("cibuildwheel.platforms.linux")
options = import_module("cibuildwheel.options")
errors = import_module("cibuildwheel.errors")

RELEASE = "{}{}".format(*sys.version_info)
CURRENT, UNKNOWN = f"cp{RELEASE}", "cp36"
"""An interpreter that hosts have, and one that none has: hosts are taken as if they had."""
_BASE = "/tmp/cibuildwheel"


def recipe() -> str:
    """The TOML of the page that has the command."""
    blocks: list[str] = re.findall(r"```toml\n(.*?)```", (PACKAGE / "docs/ci.md").read_text(), re.S)
    (found,) = (block for block in blocks if "repair-wheel-command" in block)
    return found


class Container:
    """This machine in place of cibuildwheel's OCIContainer."""

    def __init__(self, directory: Path, wheels: Mapping[str, Path]) -> None:
        self.directory = directory
        self._wheels = wheels
        self._path = directory / "bin"
        self._path.mkdir()
        for name, command in {
            "collide": f"exec {sys.executable} -m collide",
            "auditwheel": f"exec {sys.executable} -m auditwheel",
            "python": f"exec {sys.executable}",
            "pip": "exit 9",
            "manylinux-interpreters": "exit 0",
            "pipx": f"echo >> {directory}/installed",
        }.items():
            (self._path / name).write_text(f'#!/bin/sh\n{command} "$@"\n')
            (self._path / name).chmod(0o755)

    def get_environment(self) -> dict[str, str]:
        path = f"{self._path}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}

    def call(
        self,
        args: Sequence[object],
        env: Mapping[str, str] | None = None,
        capture_output: bool = False,
        cwd: object = None,
    ) -> str:
        assert cwd is None
        words = [self._local(str(arg)) for arg in args]
        env = env or self.get_environment()
        if words[:3] == ["python", "-m", "build"]:
            (out,) = (w.partition("=")[2] for w in words if w.startswith("--outdir="))
            shutil.copy(self._wheels[env["CIBUILDWHEEL_BUILD_IDENTIFIER"]], out)
            return ""
        done = subprocess.run(words, env=env, check=True, text=True, stdout=subprocess.PIPE)
        return done.stdout if capture_output else ""

    def environment_executor(self, command: Sequence[str], environment: dict[str, str]) -> str:
        return self.call(command, environment, capture_output=True)

    def glob(self, path: PurePosixPath, pattern: str) -> list[PurePosixPath]:
        return [PurePosixPath(p) for p in Path(self._local(str(path))).glob(pattern)]

    def copy_into(self, from_path: Path, to_path: PurePosixPath) -> None:
        pass

    def copy_out(self, from_path: PurePosixPath, to_path: Path) -> None:
        shutil.copytree(self._local(str(from_path)), to_path, dirs_exist_ok=True)

    def _local(self, word: str) -> str:
        if word == "/output":
            return str(self.directory / "output")
        return word.replace(_BASE, str(self.directory / "container"))

    @property
    def configs(self) -> list[Any]:
        """The configurations whose builds give the wheels."""
        return [
            linux.PythonConfiguration(version="3.11", identifier=i, path_str=str(self.directory))
            for i in self._wheels
        ]


TAKEN = "int compress(void) { return 2; } int g(void) { return compress(); }"
"""What hosts that link zlib take."""


def built(directory: Path, interpreter: str, source: str, **sources: str) -> Path:
    """A wheel as a build backend leaves it, before auditwheel."""
    scenario = Scenario(directory)
    source += "void *PyInit_mod(void) { return 0; }"
    scenario.lib("mod.so", source, "-Wl,--no-as-needed", "-lc")
    tag = f"{interpreter}-{interpreter}-linux_x86_64"
    wheel = directory / f"demo-1.0-{tag}.whl"
    text = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: {tag}\n"
    members = [Member("mod.so", (directory / "mod.so").read_bytes(), 0o755)]
    members += [Member(f"{name}.py", text.encode()) for name, text in sources.items()]
    metadata = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
    members += [Member("demo-1.0.dist-info/METADATA", metadata)]
    write_wheel(wheel, [*members, Member("demo-1.0.dist-info/WHEEL", text.encode())])
    return wheel


def build(
    directory: Path, wheels: Mapping[str, Path], change: Callable[[str], str] = str
) -> list[Path]:
    """What cibuildwheel brings out of its container."""
    require_loader()
    package = directory / "package"
    package.mkdir()
    no_audit = '[tool.cibuildwheel]\naudit-command = ""\n'
    (package / "pyproject.toml").write_text(change(recipe()) + no_audit)
    defaults = options.CommandLineArguments.defaults()
    defaults.platform, defaults.package_dir = "linux", package
    defaults.output_dir = directory / "wheelhouse"
    container = Container(directory, wheels)
    (directory / "local").mkdir()
    linux.build_in_container(
        options=options.Options("linux", defaults, env={}, defaults=False),
        platform_configs=container.configs,
        container=container,
        container_project_path=PurePosixPath("/project"),
        container_package_dir=PurePosixPath("/project"),
        local_tmp_dir=directory / "local",
    )
    return sorted((directory / "wheelhouse").iterdir())


CHECKS_ITSELF = """
import hashlib, pathlib
data = (pathlib.Path(__file__).parent / "mod.so").read_bytes()
seen = pathlib.Path({seen!r})
if seen.exists() and seen.read_text() != hashlib.sha256(data).hexdigest():
    raise ImportError("the module was tampered with")
seen.write_text(hashlib.sha256(data).hexdigest())
"""


def test_repair_after_which_less_works_fails_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    checks = CHECKS_ITSELF.format(seen=str(tmp_path / "seen"))
    wheels = {f"{CURRENT}-manylinux_x86_64": built(tmp_path, CURRENT, TAKEN, demo=checks)}
    with pytest.raises(subprocess.CalledProcessError) as raised:
        build(tmp_path, wheels)
    assert raised.value.returncode == 1
    assert "not written, as less works after the repair" in capfd.readouterr().err


def test_what_is_accepted_is_only_a_wheel_that_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``|| test $? -eq 1`` does not hide a repair that was refused: there is no wheel."""
    monkeypatch.chdir(tmp_path)
    checks = CHECKS_ITSELF.format(seen=str(tmp_path / "seen"))
    wheels = {f"{CURRENT}-manylinux_x86_64": built(tmp_path, CURRENT, TAKEN, demo=checks)}
    with pytest.raises(errors.RepairStepProducedNoWheelError):
        build(tmp_path, wheels, lambda text: text.replace('*.whl",', '*.whl || test $? -eq 1",'))


def test_wheels_for_an_interpreter_that_hosts_have_and_for_another_come_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two builds follow each other in one container; what the first leaves is not found again."""
    monkeypatch.chdir(tmp_path)
    wheels = {
        f"{interpreter}-manylinux_x86_64": built(tmp_path, interpreter, TAKEN)
        for interpreter in (CURRENT, UNKNOWN)
    }
    made = build(tmp_path, wheels)
    assert [path.name.split("-")[2] for path in made] == sorted([CURRENT, UNKNOWN])
    assert (tmp_path / "installed").exists()
    for path in made:
        assert "manylinux" in path.name
        with Archive(path) as archive:
            names = {entry.name.rpartition("/")[2] for entry in archive.entries}
        assert "mod.so" in names
        assert "collide-repair.json" in names
