"""The recipe of the docs as ``audit-command``, run by cibuildwheel's own code.

Its ``run_audit`` reads the options and makes the commands. Wheels are specimens with the tags
of each of its identifiers; a check runs in this process, but for one.
"""

from __future__ import annotations

import os
import re
import shlex
import struct
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from checkout import PACKAGE, ROOT
from collide.cli.main import main
from collide.elf.constants import PT_GNU_STACK
from collide.wheels.archive import Member, write_wheel
from corpus import download
from tiny_elf import Form, library

pytest.importorskip(
    "cibuildwheel",
    reason="cibuildwheel is not installed (pip install cibuildwheel, from Python 3.11 on)",
)
audit = import_module("cibuildwheel.audit")
errors = import_module("cibuildwheel.errors")
options = import_module("cibuildwheel.options")
resources = import_module("cibuildwheel.util.resources")

IDENTIFIERS = [c["identifier"] for c in resources.read_python_configs("linux")]
FORMS = {
    "x86_64": Form(64, False, 62),
    "i686": Form(32, False, 3),
    "aarch64": Form(64, False, 183),
    "armv7l": Form(32, False, 40),
    "ppc64le": Form(64, False, 21),
    "riscv64": Form(64, False, 243),
    "s390x": Form(64, True, 22),
}
_FLAGS = {"armv7l": 0x05000400, "ppc64le": 2, "riscv64": 5}
"""EF_ARM_EABI_VER5 and EF_ARM_ABI_FLOAT_HARD, ELFv2, EF_RISCV_RVC and double float."""
_RELEASES = {"armv7l": "2_31", "riscv64": "2_39"}
"""The manylinux release of cibuildwheel's images where it is not 2.28."""
BROKEN = ("libgone.so.1",)


def recipe() -> str:
    """The TOML of the docs that has the command."""
    text = (PACKAGE / "docs/ci.md").read_text()
    blocks: list[str] = re.findall(r"```toml\n(.*?)```", text, re.S)
    (found,) = (block for block in blocks if "audit-command" in block)
    return found


class Identifier(NamedTuple):
    """An identifier of cibuildwheel, as the tags of the wheels that its build makes."""

    interpreter: str
    abi: str
    libc: str
    machine: str

    @classmethod
    def of(cls, text: str) -> Identifier:
        built, platform = text.split("-", 1)
        libc, _, machine = platform.partition("_")
        interpreter, _, release = built.partition("_")
        abi = interpreter
        if interpreter.startswith("pp"):
            abi = f"pypy{interpreter[2:]}_pp73"
        elif interpreter.startswith("gp"):
            abi = f"graalpy{release}_{interpreter[2:]}_native"
        return cls(interpreter.removesuffix("t"), abi, libc, machine)

    @property
    def tag(self) -> str:
        release = "1_2" if self.libc == "musllinux" else _RELEASES.get(self.machine, "2_28")
        return f"{self.interpreter}-{self.abi}-{self.libc}_{release}_{self.machine}"


def specimen(directory: Path, identifier: str, needs: tuple[str, ...] = ()) -> Path:
    """A wheel of one module, as the build of that identifier would leave it."""
    wanted = Identifier.of(identifier)
    path = directory / f"demo-1.0-{wanted.tag}.whl"
    write_wheel(path, [Member("mod.so", module(wanted.machine, needs))])
    return path


def module(machine: str = "x86_64", needs: tuple[str, ...] = ()) -> bytes:
    """An object for a machine, with the flags of the float ABI that its Debian has."""
    form = FORMS[machine]
    stack = [(PT_GNU_STACK, 6, b"")]
    built = bytearray(
        library(defines=["PyInit_mod"], needs=needs, form=form, sysv=True, segments=stack)
    )
    # e_flags, and p_align of the first segment: pages are of up to 64 KiB.
    flags, align = (48, 64 + 48) if form.bits == 64 else (36, 52 + 28)
    struct.pack_into(f"{form.order}I", built, flags, _FLAGS.get(machine, 0))
    built[align : align + form.bits // 8] = form.words(1 << 16)
    return bytes(built)


class Audit:
    """cibuildwheel's audit with the recipe; ``installed`` is what it asks pip for."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        package = directory / "package"
        package.mkdir()
        (package / "pyproject.toml").write_text(recipe())
        defaults = options.CommandLineArguments.defaults()
        defaults.platform, defaults.package_dir = "linux", package
        self._options = options.Options("linux", defaults, env={}, defaults=False)
        self._directory = directory
        self.installed: list[str] = []
        self.checks = 0
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        monkeypatch.setattr(audit, "virtualenv", lambda *_, **__: environment)
        monkeypatch.setattr(audit, "activate_virtualenv", lambda *_, **__: environment)
        monkeypatch.setattr(audit, "call", lambda *words, **_: self.installed.extend(words))
        monkeypatch.setattr(audit, "shell", self._shell)

    def _shell(self, command: str, env: Mapping[str, str]) -> None:
        program, *words = shlex.split(command)
        if program == "abi3audit":
            return
        assert program == "collide"
        self.checks += 1
        if status := self.run(words, env):
            raise subprocess.CalledProcessError(status, command)

    def run(self, words: list[str], _env: Mapping[str, str]) -> int:
        return main(words)

    def __call__(self, identifier: str, wheel: Path) -> None:
        audit.run_audit(
            tmp_dir=self._directory,
            build_options=self._options.build_options(identifier),
            wheel=wheel,
        )


@pytest.fixture
def run_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Audit:
    return Audit(tmp_path, monkeypatch)


def test_all_identifiers_are_known() -> None:
    # 126 in 4.3.0; a release of Python adds fourteen.
    assert len(IDENTIFIERS) >= 126
    assert {Identifier.of(i).machine for i in IDENTIFIERS} == set(FORMS)


REAL = [
    ("cp38-manylinux_x86_64", "lxml==6.1.3", "38", None),
    ("pp311-manylinux_x86_64", "pillow==12.3.0", "311", "pypy311_pp73"),
    ("cp314t-manylinux_x86_64", "lxml==6.1.3", "314", "cp314t"),
    ("cp314t-manylinux_x86_64", "pyyaml==6.0.4", "314", "cp314t"),
    ("cp312-manylinux_armv7l", "lxml==6.1.3", "312", None),
    ("cp312-manylinux_riscv64", "psycopg2-binary==2.9.13", "312", None),
    ("cp312-manylinux_ppc64le", "psycopg2-binary==2.9.13", "312", None),
    ("cp311-manylinux_s390x", "cffi==2.1.1", "311", None),
    ("cp312-musllinux_x86_64", "pillow==13.0.0", "312", None),
    ("cp312-musllinux_aarch64", "lxml==6.1.3", "312", None),
    ("cp312-musllinux_riscv64", "psycopg2-binary==2.9.13", "312", None),
    ("cp312-manylinux_x86_64", "ninja==1.11.1", "312", None),
    ("cp312-manylinux_x86_64", "six==1.17.0", "312", None),
]
"""Real wheels with odd tags: of an interpreter, a machine or a C library; of executables; pure."""


@pytest.mark.corpus
@pytest.mark.long
@pytest.mark.parametrize(("identifier", "spec", "python", "abi"), REAL)
def test_real_wheel_stops_the_build_if_and_only_if_it_has_an_error(
    run_audit: Audit,
    capsys: pytest.CaptureFixture[str],
    identifier: str,
    spec: str,
    python: str,
    abi: str | None,
) -> None:
    wanted = Identifier.of(identifier)
    wheel = download(spec, python, wanted.machine, musl=wanted.libc == "musllinux", abi=abi)
    try:
        run_audit(identifier, wheel)
    except errors.AuditCommandFailedError:
        stopped = True
    else:
        stopped = False
    told = capsys.readouterr()
    assert told.out or told.err
    assert stopped == bool(re.search("^  error ", told.out, re.M)), told.out
    assert "a fault of collide" not in told.err


def _sampled(identifier: str) -> bool:
    """Whether it is one of those that have every platform and every interpreter once."""
    interpreter, platform = identifier.split("-", 1)
    return interpreter == "cp312" or platform == "manylinux_aarch64"


@pytest.mark.parametrize(
    "identifier",
    [
        pytest.param(each, marks=() if _sampled(each) else pytest.mark.corpus)
        for each in IDENTIFIERS
    ],
)
def test_wheel_of_each_identifier_is_checked_and_told(
    run_audit: Audit, tmp_path: Path, capsys: pytest.CaptureFixture[str], identifier: str
) -> None:
    """One without an error stops no build; one that cannot be loaded does."""
    run_audit(identifier, specimen(tmp_path, identifier))
    told = capsys.readouterr()
    assert ("nothing found in 1 input on " in told.out) == (told.err == "")
    assert run_audit.checks == 1
    assert "collide-wheels" in run_audit.installed
    with pytest.raises(errors.AuditCommandFailedError):
        run_audit(identifier, specimen(tmp_path, identifier, BROKEN))
    assert "COL201" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("demo-1.0-py3-none-any.whl", "demo.py"),
        ("demo-1.0-py3-none-manylinux_2_28_x86_64.whl", "demo-1.0.data/scripts/demo"),
        ("demo-1.0-cp312-cp312-manylinux_2_31_loongarch64.whl", "mod.so"),
        ("demo-1.0-cp312-cp312-manylinux_2_99_x86_64.whl", "mod.so"),
    ],
)
def test_wheel_with_nothing_to_check_is_one_line_and_stops_no_build(
    run_audit: Audit,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    member: str,
) -> None:
    path = tmp_path / name
    data = module() if member.endswith(".so") else b"print()\n"
    write_wheel(path, [Member(member, data)])
    run_audit("cp312-manylinux_x86_64", path)
    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert name in told.err
    assert main(["check", str(path)]) == 3


def test_an_error_of_an_archive_counts_where_nothing_is_checked(
    run_audit: Audit, tmp_path: Path
) -> None:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    write_wheel(path, [Member("../demo.py", b"")])
    with pytest.raises(errors.AuditCommandFailedError):
        run_audit("cp312-manylinux_x86_64", path)


def test_command_is_one_that_a_shell_can_run(
    run_audit: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(words: list[str], env: Mapping[str, str]) -> int:
        command = (sys.executable, "-m", "collide", *words)
        return subprocess.run(command, env=env, check=False, capture_output=True).returncode

    monkeypatch.setattr(run_audit, "run", run)
    identifier = "cp312-manylinux_aarch64"
    run_audit(identifier, specimen(tmp_path, identifier))
    with pytest.raises(errors.AuditCommandFailedError):
        run_audit(identifier, specimen(tmp_path, identifier, BROKEN))
