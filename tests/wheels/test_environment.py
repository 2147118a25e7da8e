"""What is installed in an environment, distribution by distribution."""

from __future__ import annotations

import json
import venv
from pathlib import Path

import pytest

from collide.cli.main import main
from collide.support.errors import InputError
from collide.wheels.environment import installed, interpreter, site_packages
from compiler import compile_so


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """A virtual environment with two distributions and a file that belongs to neither."""
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    (site,) = site_packages(tmp_path / "venv")
    for name in ("one", "two"):
        module = compile_so(site, f"{name}.so", f"void {name}(void) {{}}")
        info = site / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "RECORD").write_text(
            f"{module.name},,\n{info.name}/METADATA,,\n{info.name}/RECORD,,\n../../bin/{name},,\n"
        )
    compile_so(site, "stray.so", "void stray(void) {}")
    return tmp_path / "venv"


def test_each_distribution_is_a_target_and_the_rest_is_one(prefix: Path) -> None:
    targets = list(installed(prefix))
    (site,) = site_packages(prefix)
    assert [t.name for t in targets] == ["one 1.0", "two 1.0", f"{site} (in no RECORD)"]
    assert [list(t.names.values()) for t in targets] == [["one.so"], ["two.so"], ["stray.so"]]
    assert len({t.on_disk for t in targets}) == 1


def test_libraries_outside_of_site_packages_belong_to_their_distribution(prefix: Path) -> None:
    (site,) = site_packages(prefix)
    compile_so(prefix / "lib", "libdata.so.1", "void data(void) {}")
    outside = compile_so(prefix.parent, "outside.so", "void outside(void) {}")
    with (site / "one-1.0.dist-info/RECORD").open("a") as record:
        record.write(f"../../../lib/libdata.so.1,,\n../../../../{outside.name},,\n")
    one, *_ = installed(prefix)
    assert sorted(one.names.values()) == ["../../libdata.so.1", "one.so"]


def test_interpreter_is_the_binary_itself(prefix: Path) -> None:
    binary = interpreter(prefix)
    assert not binary.is_symlink()
    assert binary.name.startswith("python")


@pytest.mark.parametrize("function", [interpreter, site_packages])
def test_directory_that_is_no_environment_is_refused(tmp_path: Path, function: object) -> None:
    assert callable(function)
    with pytest.raises(InputError, match="is no virtual environment"):
        function(tmp_path)


def test_check_without_inputs_is_about_the_active_environment(
    prefix: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(prefix))
    assert main(["check", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [a["target"] for a in told["analyses"]][:2] == ["one 1.0", "two 1.0"]
    assert {a["profile"]["binary"] for a in told["analyses"]} == {str(interpreter(prefix))}


def test_check_without_inputs_needs_an_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.setattr("sys.prefix", "/usr")
    monkeypatch.setattr("sys.base_prefix", "/usr")
    assert main(["check"]) == 2
    assert "no virtual environment is active" in capsys.readouterr().err


def test_environment_without_objects_is_nothing_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "venv"))
    assert main(["check"]) == 3
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
