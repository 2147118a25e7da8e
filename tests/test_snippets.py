"""What README and the pages show to paste is read by what it is written for, and run.

Costly commands are run with ``-m corpus``. What no test runs is in ``NOT_RUN``, with the reason.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from checkout import PACKAGE, ROOT, WHEELS
from collide.cli.main import COMMANDS, main, parser_of
from collide.findings.fixes import FIXES
from collide.findings.table import CODES
from collide.report.topics import topics
from collide.wheels.archive import Member, write_wheel
from compiler import compile_so
from corpus import download
from scenario import require_loader
from systems import require_host

PAGES = [ROOT / "README.md", PACKAGE / "ARCHITECTURE.md", *sorted((PACKAGE / "docs").glob("*.md"))]
ELSEWHERE = {
    "hosts.md": "tests/test_hosts_page.py compares what its commands print",
    "fixes.md": "tests/report/test_fixes.py builds wheels with its lines",
}
"""Pages whose blocks are run by a test of their own; they are read here, too."""
NOT_RUN = {
    r"\btox\b": "it is what runs the tests",
    r"pytest": "it is what runs the tests",
    r"pip install -e": "it installs what runs the tests",
    r"inspect core": "it takes the core file of a crash; tests/inspect makes such files",
    r"inspect -- gunicorn": "it is a server of others; tests/cli runs commands behind --",
    r"survey diff": "it takes datasets of two days; tests/survey/test_changes.py makes two",
    r"torch-\*": "the wheel is larger than all others together",
}
"""Commands in blocks that no test runs, and why."""
LANGUAGES = {"ini", "sh", "console", "python", "toml", "yaml", "cmake", "meson", "rust", "sql", ""}


class Block(NamedTuple):
    """A fenced block."""

    page: Path
    language: str
    text: str


class Command(NamedTuple):
    """A command of a block or of running text."""

    page: Path
    text: str


def blocks() -> Iterator[Block]:
    for page in PAGES:
        for language, text in re.findall(r"(?ms)^```(\w*)\n(.*?)^```", page.read_text()):
            yield Block(page, language, text)


def commands(found: Iterable[Block]) -> Iterator[Command]:
    """What is typed, line by line; a line that ends in ``&&`` goes on."""
    for page, language, text in found:
        joined = text.replace("&&\n", "&& ")
        for line in joined.splitlines():
            if language == "console" or line.startswith("$ "):
                if line.startswith("$ "):
                    yield Command(page, line.removeprefix("$ "))
            elif language == "sh" or re.match(r"(collide|python|demo/bin/\w+) ", line):
                yield Command(page, line)


def inline() -> Iterator[Command]:
    """What stands in running text."""
    for page in PAGES:
        text = re.sub(r"(?ms)^```.*?^```", "", page.read_text())
        for command in re.findall(r"`(collide [a-z][^`]*)`", text):
            yield Command(page, " ".join(command.replace("\\|", "|").split()))


def named(found: Block | Command) -> str:
    return f"{found.page.name}: {found.text.splitlines()[0][:50]}"


BLOCKS, TYPED, INLINE = list(blocks()), list(commands(blocks())), list(inline())


def of(*languages: str) -> list[Block]:
    return [block for block in BLOCKS if block.language in languages]


# -- read -----------------------------------------------------------------------------------------


def test_there_are_many_of_a_known_kind() -> None:
    assert {block.language for block in BLOCKS} <= LANGUAGES
    assert len(TYPED) > 20
    assert len(INLINE) > 40


@pytest.mark.parametrize("block", of("toml"), ids=named)
def test_toml_is_read(block: Block) -> None:
    tomllib = pytest.importorskip("tomllib", reason="tomllib comes with Python 3.11")
    assert tomllib.loads(block.text)


@pytest.mark.parametrize("block", of("yaml"), ids=named)
def test_yaml_is_read(block: Block) -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed: tox has it")
    assert yaml.safe_load(block.text)


@pytest.mark.parametrize("block", of("python"), ids=named)
def test_python_is_read(block: Block) -> None:
    assert compile(block.text, block.page.name, "exec")


@pytest.mark.parametrize("command", TYPED, ids=named)
def test_shell_is_read(command: Command) -> None:
    subprocess.run(["bash", "-n", "-c", command.text], check=True)


def own_words(text: str) -> list[str]:
    """The words of a command of collide, without what stands before it and behind ``--``."""
    words = shlex.split(text)
    start = next(n for n, word in enumerate(words) if word.endswith("collide")) + 1
    ends = [n for n, word in enumerate(words) if word in ("--", "|", "&&") and n > start]
    return words[start : min(ends, default=len(words))]


@pytest.mark.parametrize(
    "command", [c for c in TYPED if re.search(r"(^|/|\s)collide ", c.text)], ids=named
)
def test_every_option_and_word_is_one_that_the_command_takes(command: Command) -> None:
    name, *words = own_words(command.text)
    parser_of(name).parse_args(words)


@pytest.mark.parametrize("command", INLINE, ids=named)
def test_every_option_in_running_text_is_one_that_the_command_has(command: Command) -> None:
    name, *words = re.sub(r"[\[\]|]", " ", command.text).split()[1:]
    assert name in COMMANDS
    options = {word.partition("=")[0] for word in words[: _end(words)] if word.startswith("-")}
    assert options <= parser_of(name)._option_string_actions.keys() | {"..."}
    if name == "explain" and len(words) == 1 and words[0].islower() | words[0].startswith("COL"):
        assert words[0] in {*CODES, *FIXES, *topics(), "..."}


def _end(words: list[str]) -> int:
    return words.index("--") if "--" in words else len(words)


# -- run ------------------------------------------------------------------------------------------


def test_python_of_the_page_about_the_api_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    require_loader()
    (block,) = (b for b in of("python") if b.page.name == "api.md")
    (wheel,) = re.findall(r'"(dist/[^"]*\.whl)"', block.text)
    (specimen,) = WHEELS.glob("dist/specimen_static_exported-*.whl")
    (tmp_path / "dist").mkdir()
    shutil.copy(specimen, tmp_path / wheel)
    monkeypatch.chdir(tmp_path)
    # The group has no library of the specimen's: its own host has.
    assert '"embedded"' in block.text
    exec(block.text.replace('"embedded"', repr(str(WHEELS / "host/host"))), {})
    assert "COL101" in capsys.readouterr().out


def test_test_of_the_page_about_ci_runs(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_loader()
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (block,) = (b for b in of("python") if b.page.name == "ci.md" and "def test_" in b.text)
    (binary,) = re.findall(r'"(/usr/bin/\w+)"', block.text)
    pytester.makepyfile(block.text.replace(binary, str(WHEELS / "host/host")))
    plugin = ("-p", "collide.pytest_plugin")
    pytester.runpytest(*plugin, "--collide-update").assert_outcomes(passed=1)
    pytester.runpytest(*plugin).assert_outcomes(passed=1)


def test_explain_prints_what_running_text_names(capsys: pytest.CaptureFixture[str]) -> None:
    said = {c.text.split()[2] for c in INLINE if re.fullmatch(r"collide explain \S+", c.text)}
    found = said & {*CODES, *FIXES, *topics()}
    assert found
    for word in found:
        assert main(["explain", word]) == 0
        assert capsys.readouterr().out.startswith("# ")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with all that the commands of the pages name."""
    for host in ("/usr/bin/gdb", "/usr/bin/uwsgi-core", "/usr/bin/python3"):
        require_host(host)
    directory = tmp_path_factory.mktemp("desk")
    for spec in ("lxml==6.1.3", "psycopg2_binary==2.9.13"):
        wheel = download(spec)
        (directory / wheel.name).symlink_to(wheel)
    source = (
        "int inflate(int a) { return a; } int g(int a) { return inflate(a); }"
        "void *PyInit_demo(void) { return 0; }"
    )
    module = compile_so(directory, "demo.abi3.so", source).read_bytes()
    demo = directory / "demo-1.0-cp38-abi3-linux_x86_64.whl"
    write_wheel(demo, [Member("demo.abi3.so", module), Member("use.py", b"x = 1\n")])
    (directory / "use_it.py").write_text("import use\nprint(use.x)\n")
    (directory / "requirements.txt").write_text("markupsafe\n")
    (directory / "names.map").unlink(missing_ok=True)
    (directory / "dist").mkdir()
    shutil.copy(demo, directory / "dist")
    programs = directory / "bin"
    programs.mkdir()
    for name, what in {"collide": f'exec {sys.executable} -m collide "$@"'}.items():
        (programs / name).write_text(f"#!/bin/sh\n{what}\n")
        (programs / name).chmod(0o755)
    for name in ("collide", "wheels", "pyproject.toml", "README.md", "LICENSE"):
        (directory / name).symlink_to(ROOT / name)
    return directory


def run_blocks() -> Iterator[tuple[Block, list[str]]]:
    """The commands of each block that are run, in their order."""
    for block in BLOCKS:
        found = [
            command.text
            for command in commands([block])
            if not any(re.search(pattern, command.text) for pattern in NOT_RUN)
        ]
        if found and block.page.name not in ELSEWHERE:
            yield block, found


def shown(block: Block) -> dict[str, list[str]]:
    """What the block shows that each command behind a ``$`` prints; none where it shows nothing."""
    found: dict[str, list[str]] = {}
    printed: list[str] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            printed = found[line.removeprefix("$ ")] = []
        else:
            printed.append(line)
    return found


def is_as_shown(lines: list[str], printed: str) -> bool:
    """Whether a page shows what is printed; ``...`` stands for what it leaves out of a line.

    A line of its own stands for any number of lines.
    """
    patterns = [
        r"(?:.*\n)*" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + r" *\n"
        for line in lines
    ]
    return re.fullmatch("".join(patterns), printed) is not None


def _marked(block: Block, texts: list[str]) -> object:
    # Packages are installed, and whole environments checked.
    slow = any(word in text for text in texts for word in (" install ", "check --profile"))
    return pytest.param(texts, shown(block), marks=[pytest.mark.long] * slow, id=named(block))


@pytest.mark.corpus
@pytest.mark.parametrize(("texts", "shows"), [_marked(*found) for found in run_blocks()])
def test_commands_of_a_block_run(texts: list[str], shows: dict[str, list[str]], desk: Path) -> None:
    """The status of each is one of a result, and what a page shows is what is printed."""
    environment = {
        **os.environ,
        "PATH": f"{desk / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "100",
    }
    for text in texts:
        done = subprocess.run(
            ["bash", "-c", text],
            cwd=desk, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode in (0, 1), (text, done.stderr[-2000:])
        assert "usage:" not in done.stderr
        if lines := shows.get(text):
            assert is_as_shown(lines, done.stdout), f"{text} prints\n{done.stdout}"


def test_what_is_shown_is_compared_line_by_line() -> None:
    printed = "one 1\ntwo 2 and more \nthree\nfour\n"
    for lines in (["one 1", "two ... more", "three", "four"], ["...", "four"], ["one 1", "..."]):
        assert is_as_shown(lines, printed), lines
    for lines in (["one 2", "..."], ["one 1", "two ... more", "four"], ["one 1"]):
        assert not is_as_shown(lines, printed), lines


def test_what_is_not_run_is_there() -> None:
    for pattern in NOT_RUN:
        assert any(re.search(pattern, command.text) for command in TYPED)
    assert {page.name for page in PAGES} > ELSEWHERE.keys()
