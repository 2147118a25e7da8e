"""Commands on inputs whose names, and the names in them, want to be commands or controls."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from checkout import ROOT
from collide.api import load_hosts
from collide.cli.main import main
from collide.support.foreign import from_json
from hostile import (
    ALL,
    NAMES,
    hostile_object,
    hostile_wheel,
    odd_characters,
    strict,
    taken_for_commands,
)
from scenario import require_loader

HOST = str(ROOT / "wheels/host/host")
UWSGI = "debian-12-uwsgi-python3"
each_kind = pytest.mark.parametrize("name", ["first", "blank first", "all"])
"""What matters at the start of a line, and all names in one."""
Outputs = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Outputs:
    """Run a command; both outputs are UTF-8 and hold nothing that a log must not have."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capfdbinary.readouterr()
        try:
            status = main([str(a) for a in arguments])
        except SystemExit as e:
            status = int(str(e.code))
        out, err = (raw.decode() for raw in capfdbinary.readouterr())
        github = "github" in arguments
        for output in (err, out):
            assert not odd_characters(output)
            own = output.splitlines() if github and output is out else []
            assert taken_for_commands(output) == own
        return status, out, err

    return run


@each_kind
@pytest.mark.parametrize("form", ["text", "json", "github", "sarif", "html"])
def test_check_of_hostile_names(run: Outputs, tmp_path: Path, name: str, form: str) -> None:
    wheel = hostile_wheel(tmp_path, {**NAMES, "all": ALL}[name])
    more = ["-v"] if name == "all" else []
    status, out, err = run(
        "check", wheel, "--profile", UWSGI, "--format", form, "--fail-on", "never", *more
    )
    assert status == 2
    assert "has no hash in RECORD" in err
    if form in ("json", "sarif"):
        strict(out)


def test_names_of_bindings_are_read_back_exactly(run: Outputs, tmp_path: Path) -> None:
    module = tmp_path / "m.cpython-311-x86_64-linux-gnu.so"
    module.write_bytes(hostile_object(undefined=[ALL], defined=[b"PyInit_m"]))
    _, out, _ = run("bindings", module, "--profile", UWSGI)
    symbols = {from_json(line)["symbol"] for line in out.splitlines()}
    assert ALL.decode("utf-8", "surrogateescape") in symbols


@each_kind
@pytest.mark.parametrize(
    "command",
    [
        ["bindings", "@", "--profile", UWSGI],
        ["bindings", "@", "--profile", UWSGI, "--session"],
        ["explain", "@", "deflate", "--profile", UWSGI],
        ["explain", "@", "@NAME@", "--profile", UWSGI],
        ["whatif", "@", "--profile", UWSGI, "--apply", "*=-Bsymbolic", "-v"],
        ["whatif", "@", "--profile", UWSGI, "--apply", "*=-Bsymbolic", "--format", "json"],
        ["repair", "@", "--profile", UWSGI, "--check"],
        ["verify", "@", "--profile", UWSGI],
        ["diff", UWSGI, "debian-12-python3", "--impact", "@"],
    ],
    ids=lambda command: " ".join(command[:1] + command[-1:]),
)
def test_other_commands_on_hostile_names(
    run: Outputs, tmp_path: Path, name: str, command: list[str]
) -> None:
    raw = {**NAMES, "all": ALL}[name]
    wheel = str(hostile_wheel(tmp_path, raw))
    shown = f"und{raw.decode('utf-8', 'surrogateescape')}"
    replaced = {"@": wheel, "@NAME@": shown}
    status, out, err = run(*(replaced.get(word, word) for word in command))
    assert status in (0, 1, 2)
    assert out or err
    if command[0] == "bindings":
        for line in out.splitlines():
            strict(line)
    if command[-1] == "json":
        strict(out)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["text", "sarif"])
def test_paths_with_hostile_names(run: Outputs, tmp_path: Path, name: str, form: str) -> None:
    require_loader()
    directory = tmp_path / NAMES[name].replace(b"/", b"\xe2\x88\x95").decode(
        "utf-8", "surrogateescape"
    )
    directory.mkdir()
    good = Path(shutil.copy(next((ROOT / "wheels/dist").glob("*static_exported*")), directory))
    bad = directory / "m.so"
    bad.write_text("text")
    host = shutil.copy(HOST, directory / "host")
    shutil.copy(Path(HOST).parent / "libvault.so.1", directory)
    status, out, err = run("check", good, bad, "--profile", host, "--format", form)
    assert status == 2
    assert "not an ELF file" in err
    if form in ("json", "sarif"):
        strict(out)


@pytest.mark.corpus
@pytest.mark.parametrize("name", NAMES)
def test_hosts_with_hostile_names(run: Outputs, tmp_path: Path, name: str) -> None:
    require_loader()
    directory = tmp_path / NAMES[name].replace(b"/", b"\xe2\x88\x95").decode(
        "utf-8", "surrogateescape"
    )
    directory.mkdir()
    host = shutil.copy(HOST, directory / "host")
    shutil.copy(Path(HOST).parent / "libvault.so.1", directory)
    called = NAMES[name].decode("utf-8", "surrogateescape")
    profile, baseline = directory / "p.json", directory / "b.json"
    assert run("profile", host, "-o", profile, "--name", called)[0] == 0
    strict(profile.read_text("ascii"))
    strict(run("profile", host)[1])
    assert run("profile", host, "--probes")[0] == 0
    assert run("profile", host, "--probes", "--format", "json")[0] == 0
    assert run("profiles", profile)[0] == 0
    (read,) = load_hosts(str(profile))
    assert (read.name, read.path) == (called, str(Path(host).resolve()))
    assert run("profiles", "show", profile)[0] == 0
    strict(run("profiles", profile, "--format", "json")[1])
    assert run("footprint", host, "--baseline", baseline, "--update")[0] == 0
    strict(baseline.read_text("ascii"))
    assert run("footprint", host, "--baseline", baseline)[0] == 0
    assert run("footprint", profile, "--baseline", baseline, "--format", "json")[0] in (0, 1)
    assert run("diff", host, profile)[0] in (0, 1)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_arguments_are_names_too(run: Outputs, name: bytes) -> None:
    text = name.decode("utf-8", "surrogateescape")
    assert run("check", f"--{text}")[0] == 2
    assert run("check", "--format", text, "x")[0] == 2
    assert run("check", text)[0] == 2
    assert run("check", "x.so", "--profile", text)[0] == 2
    assert run("explain", text)[0] == 2
    assert run(text)[0] == 2
    assert run("whatif", "x", "--profile", UWSGI, "--apply", text)[0] == 2
