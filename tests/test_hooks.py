"""The hook for pre-commit and the GitHub action: what they run, and on which files."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path
from types import ModuleType

import pytest

import collide
from checkout import PACKAGE, ROOT
from collide.cli.main import main
from collide.support.pages import DOCUMENTATION
from collide.wheels.archive import Member, write_wheel
from scenario import require_loader

# One hook of plain values: no reader of YAML is needed.
HOOK = dict(
    re.findall(r"^[- ] (\w+): (.+)$", (ROOT / ".pre-commit-hooks.yaml").read_text(), re.MULTILINE)
)


def specimen(name: str) -> str:
    """The path of a specimen wheel."""
    (path,) = ROOT.glob(f"wheels/dist/specimen_{name}-1.0-*.whl")
    return str(path)


@pytest.mark.parametrize(("name", "status"), [("static_exported", 1), ("static_hidden", 0)])
def test_hook_fails_with_the_status_of_the_check(name: str, status: int) -> None:
    require_loader()
    program, *arguments = shlex.split(HOOK["entry"])
    assert program == "collide"
    host = str(ROOT / "wheels/host/host")
    assert main([*arguments, specimen(name), "--profile", host]) == status


def test_hook_is_for_wheels_and_gets_all_of_them_at_once() -> None:
    files = ("dist/a.whl", "a.whl.txt", "whl", "b.tar.gz")
    assert [f for f in files if re.search(HOOK["files"], f)] == ["dist/a.whl"]
    # Hooks run in several processes else, and what two wheels do to each other is in none.
    assert HOOK["require_serial"] == "true"
    assert (HOOK["id"], HOOK["language"]) == ("collide-check", "python")


def test_hook_passes_wheels_without_extension_modules(tmp_path: Path) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    write_wheel(wheel, [Member("demo.py", b"")])
    _, *arguments = shlex.split(HOOK["entry"])
    assert main([*arguments, str(wheel)]) == 0


# -- the action -----------------------------------------------------------------------------------

ACTION = ROOT / ".github/actions/collide/action.yml"


class Step:
    """One step of the action, as the runner of GitHub Actions takes it."""

    def __init__(self, text: str) -> None:
        self.environment = dict(
            re.findall(r"^        (\w+): \$\{\{ (.+) \}\}$", text, re.MULTILINE)
        )
        plain = re.search(r"^      run: (?!\|)(.+)$", text, re.MULTILINE)
        block = re.search(r"^      run: \|\n((?:        .*\n)+)", text, re.MULTILINE)
        found = plain or block
        assert found
        self.script = re.sub(r"^        ", "", found[1], flags=re.MULTILINE)

    def run(self, directory: Path, values: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run it with these values for its expressions, where ``python`` only says what it does."""
        tools = directory / "bin"
        tools.mkdir(exist_ok=True)
        for name, command in {
            "collide": f'exec {sys.executable} -m collide "$@"',
            "python": 'echo python "$@"',
        }.items():
            (tools / name).write_text(f"#!/bin/sh\n{command}\n")
            (tools / name).chmod(0o755)
        environment = {name: values[known] for name, known in self.environment.items()}
        path = f"{tools}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **environment}
        # The shell of a step: https://docs.github.com/actions, "jobs.<job_id>.steps[*].shell".
        shell = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self.script)
        return subprocess.run(
            shell, cwd=directory, env=environment, check=False, capture_output=True, text=True
        )


INSTALL, CHECK = (Step(text) for text in ACTION.read_text().split("    - name: ")[1:])


def inputs(**values: str) -> dict[str, str]:
    """The inputs of the action, by default those that it has."""
    text = ACTION.read_text().partition("runs:")[0]
    defaults = re.findall(r"^  (\w+):\n    description: .+\n    default: (.+)$", text, re.MULTILINE)
    given = {name: "" if value == '""' else value for name, value in defaults} | values
    return {f"inputs.{name}": value for name, value in given.items()}


def test_action_installs_itself_or_what_it_is_told(tmp_path: Path) -> None:
    place = {"github.action_path": str(ACTION.parent)}
    here = INSTALL.run(tmp_path, inputs() | place).stdout.split()
    assert Path(here[-1]).resolve() == ROOT.resolve()
    told = INSTALL.run(tmp_path, inputs(package="collide-wheels==1.0") | place)
    assert told.stdout.split() == [
        *["python", "-m", "pip", "install", "--quiet"],
        "collide-wheels==1.0",
    ]


@pytest.mark.parametrize(("name", "status"), [("static_exported", 1), ("static_hidden", 0)])
def test_action_annotates_writes_what_is_uploaded_and_fails_at_last(
    tmp_path: Path, name: str, status: int
) -> None:
    require_loader()
    (tmp_path / "wheelhouse").mkdir()
    (tmp_path / "wheelhouse" / Path(specimen(name)).name).symlink_to(specimen(name))
    host = f"--profile {ROOT / 'wheels/host/host'}"
    done = CHECK.run(tmp_path, inputs(arguments=host, sarif="collide.sarif"))
    assert done.returncode == status
    assert ("::error" in done.stdout) == bool(status)
    assert (tmp_path / "collide.sarif").read_text().startswith("{")


def test_no_input_of_the_action_is_code(tmp_path: Path) -> None:
    done = CHECK.run(
        tmp_path, inputs(wheels="x.whl; touch hit", arguments="$(touch hit) `touch hit`")
    )
    assert done.returncode == 2
    assert not (tmp_path / "hit").exists()


# -- the release ----------------------------------------------------------------------------------


def test_release_adds_the_addresses_of_who_publishes(tmp_path: Path) -> None:
    """The step adds to a table of pyproject.toml, which stays whole."""
    tomllib = pytest.importorskip("tomllib", reason="tomllib comes with Python 3.11")
    text = (ROOT / ".github/workflows/release.yml").read_text()
    block = re.search(r"      - run: \|\n((?:          .*\n)+)", text)
    assert block
    project = tmp_path / "pyproject.toml"
    project.write_bytes((ROOT / "pyproject.toml").read_bytes())
    known = {
        "GITHUB_SERVER_URL": "https://git.example",
        "GITHUB_REPOSITORY": "somebody/collide",
        "GITHUB_REF_NAME": "1.0.0",
    }
    script = re.sub(r"(?m)^ {10}", "", block[1])
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=os.environ | known, check=True)
    urls = tomllib.loads(project.read_text())["project"]["urls"]
    assert urls == {
        "Source": "https://git.example/somebody/collide",
        "Issues": "https://git.example/somebody/collide/issues",
        "Changelog": "https://git.example/somebody/collide/blob/1.0.0/CHANGELOG.md",
        "Documentation": DOCUMENTATION,
    }


def test_citation_has_the_version_of_the_package() -> None:
    assert f"\nversion: {collide.__version__}\n" in (ROOT / "CITATION.cff").read_text()


# -- tox and nox ----------------------------------------------------------------------------------


def recipe(language: str, word: str) -> str:
    """The block of the page about CI that has ``word``."""
    text = (PACKAGE / "docs/ci.md").read_text()
    (found,) = (b for b in re.findall(rf"```{language}\n(.*?)```", text, re.S) if word in b)
    return str(found)


class Session:
    """What nox hands to a function, as far as the recipe uses it."""

    def __init__(self, *posargs: str) -> None:
        self.posargs = posargs
        self.installed: list[str] = []
        self.ran: list[tuple[str, ...]] = []

    def install(self, *words: str) -> None:
        self.installed += words

    def run(self, *words: str) -> None:
        self.ran.append(words)


def of_nox(*posargs: str) -> list[str]:
    made: dict[str, Callable[[Session], None]] = {}
    nox = ModuleType("nox")
    vars(nox)["session"] = lambda function: made.setdefault(function.__name__, function)
    source = recipe("python", "nox").replace("import nox", "")
    exec(compile(source, "noxfile.py", "exec"), {"nox": nox})
    session = Session(*posargs)
    made["collide"](session)
    assert session.installed == ["collide-wheels"]
    (words,) = session.ran
    return list(words)


def of_tox(*posargs: str) -> list[str]:
    parser = ConfigParser()
    parser.read_string(recipe("ini", "testenv"))
    table = parser["testenv:collide"]
    assert table["deps"] == "collide-wheels"
    command = table["commands"].replace("{posargs:dist}", " ".join(posargs) or "dist")
    return shlex.split(command)


@pytest.mark.parametrize("words", [of_tox, of_nox])
def test_command_of_tox_and_nox_checks_the_wheels_of_a_directory(
    words: Callable[..., list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_loader()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dist").mkdir()
    host = ["--profile", str(ROOT / "wheels/host/host")]
    shutil.copy(specimen("static_hidden"), "dist")
    program, *arguments = words()
    assert program == "collide"
    assert main([*arguments, *host]) == 0
    shutil.copy(specimen("static_exported"), "dist")
    assert main([*arguments, *host]) == 1
    _, *arguments = words(specimen("static_hidden"))
    assert main([*arguments, *host]) == 0
