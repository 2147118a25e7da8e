"""The hook for pre-commit: what it runs, and on which files."""

from __future__ import annotations

import re
import shlex

import pytest

from checkout import ROOT
from collide.cli.main import main
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
