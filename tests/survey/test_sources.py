from __future__ import annotations

import json
from pathlib import Path

import pytest

from collide.support.errors import InputError
from collide.survey.index import DEFAULT, Index
from collide.survey.sources import asked_for
from collide.survey.wheel import Asked, Manners


def asked(*inputs: str) -> list[Asked]:
    return list(asked_for(inputs, Index(DEFAULT, Manners())))


def test_names_with_versions_each_once() -> None:
    assert asked("LXML<6", "Typing_Extensions", "lxml<6") == [
        Asked("lxml", "<6"),
        Asked("typing-extensions"),
    ]


def test_wheels_and_directories_of_wheels(tmp_path: Path) -> None:
    wheel = tmp_path / "below" / "p-1-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    assert asked(str(wheel)) == asked(str(tmp_path)) == [Asked(address=str(wheel))]


def test_bucket(tmp_path: Path) -> None:
    (tmp_path / "p-1-py3-none-any.whl").touch()
    (found,) = asked(f"file://{tmp_path}")
    assert found.address == f"file://{tmp_path}/p-1-py3-none-any.whl"


def test_requirements(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("numpy\n")
    path = tmp_path / "requirements.txt"
    path.write_text(
        "# of a fleet\nlxml>=5 ; python_version > '3'\n-r more.txt\n--no-binary :all:\n"
    )
    assert asked(str(path)) == [Asked("lxml", ">=5"), Asked("numpy")]


def test_lines_on_stdin() -> None:
    lines = "lxml  # why\n\nnumpy==2.0\n"
    found = list(asked_for(["-"], Index(DEFAULT, Manners()), lines))
    assert found == [Asked("lxml"), Asked("numpy", "==2.0")]


def test_lock_file(tmp_path: Path) -> None:
    path = tmp_path / "pylock.toml"
    path.write_text(
        'lock-version = "1.0"\ncreated-by = "a test"\n'
        '[[packages]]\nname = "lxml"\nversion = "5.4.0"\n'
        '[[packages.wheels]]\nname = "lxml-5.4.0-cp311-cp311-manylinux_2_28_x86_64.whl"\n'
        'url = "https://example.org/lxml-5.4.0-cp311-cp311-manylinux_2_28_x86_64.whl"\n'
        f'[packages.wheels.hashes]\nsha256 = "{"0" * 64}"\n'
    )
    assert asked(str(path)) == [Asked("lxml", "==5.4.0")]


def test_sbom(tmp_path: Path) -> None:
    path = tmp_path / "bom.json"
    components = [
        {"name": "lxml", "purl": "pkg:pypi/lxml@5.4.0"},
        {"name": "openssl", "purl": "pkg:deb/debian/openssl@3.0"},
        {"name": "without"},
    ]
    path.write_text(json.dumps({"bomFormat": "CycloneDX", "components": components}))
    assert asked(str(path)) == [Asked("lxml", "==5.4.0")]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("bom.json", "{}", "no SBOM of CycloneDX"),
        ("bom.json", "[" * 100_000, "no SBOM of CycloneDX"),
        ("bom.json", '{"bomFormat": "CycloneDX", "components": [{"purl": 3}]}', "no SBOM"),
        ("pylock.toml", "x = [", "no lock file"),
        ("pylock.toml", "x = 1", "no lock file"),
        ("requirements.txt", "lxml ==== 3 !\n", "line 1"),
    ],
)
def test_what_is_none_of_these_is_refused(
    tmp_path: Path, name: str, text: str, reason: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match=reason) as caught:
        asked(str(path))
    assert caught.value.path == str(path)


@pytest.mark.parametrize("name", ["no such name!", "absent-1-py3-none-any.whl", "file:///absent/"])
def test_what_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        asked(name)


def test_directory_without_wheels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no wheel"):
        asked(str(tmp_path))
