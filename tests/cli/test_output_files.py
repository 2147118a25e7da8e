"""Files that commands write: through no link that somebody else has put there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from checkout import PACKAGE, WHEELS
from collide.cli.main import main

HOST = str(WHEELS / "host" / "host")
(WHEEL,) = map(str, (WHEELS / "dist").glob("specimen_static_exported-*.whl"))
WRITERS = {
    "check": ("check", WHEEL, "--profile", HOST, "-o", "out"),
    "html": ("check", WHEEL, "--profile", HOST, "--format", "html", "-o", "out"),
    "profile": ("profile", HOST, "-o", "out"),
    "packed profile": ("profile", HOST, "-o", "out.json.xz"),
    "profiles": ("profiles", "-o", "out"),
    "footprint": ("footprint", HOST, "-o", "out"),
    "baseline": ("footprint", HOST, "--baseline", "out", "--update"),
    "diff": ("diff", HOST, HOST, "-o", "out"),
    "whatif": ("whatif", WHEEL, "--profile", HOST, "--apply", "*=-Bsymbolic", "-o", "out"),
    "rename map": (
        *("whatif", WHEEL, "--profile", HOST, "--apply", "*=rename", "--rename-map", "out"),
    ),
    "repair's map": (
        *("repair", WHEEL, "--profile", HOST, "--method", "rename", "--no-verify", "-w", "."),
        *("--rename-map", "out"),
    ),
    "wheel": ("repair", WHEEL, "--profile", HOST, "--no-verify", "-w", "."),
}


@pytest.mark.parametrize("arguments", WRITERS.values(), ids=WRITERS)
def test_link_at_a_name_that_can_be_told_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    name = Path(WHEEL).name if arguments[-1] == "." else arguments[-1]
    name = "out" if "--update" in arguments else name
    (tmp_path / "elsewhere").mkdir()
    victim = tmp_path / "elsewhere" / "victim"
    victim.write_bytes(b"kept")
    planted = tmp_path / f".{name}.partial"
    planted.symlink_to(victim)
    assert main(list(arguments)) in (0, 1)
    assert victim.read_bytes() == b"kept"
    assert (tmp_path / name).stat().st_size
    assert planted.is_symlink()
    rest = {path.name for path in tmp_path.iterdir()} - {Path(WHEEL).name}
    assert rest == {"elsewhere", planted.name, name} - {Path(WHEEL).name}


WORKING = {
    *("collide.support.files", "collide.repair.patch", "collide.repair.import_trial"),
    *("collide.repair.exercise", "collide.verify.compare", "collide.verify.ld_debug"),
    *("collide.verify.runner", "collide.verify.script", "collide.hosts.packages"),
    *("collide.wheels.archive", "collide.cli.streams"),
    *("collide.survey.index", "collide.survey.bounded", "collide.survey.fetch"),
}
"""What writes in working directories, and to what is no file."""


def _writes(call: ast.Call) -> bool:
    name = ast.unparse(call.func).rpartition(".")[2]
    texts = [ast.literal_eval(a) for a in call.args if isinstance(a, ast.Constant)]
    opened = name == "open" and any(isinstance(t, str) and t[:1] in "wax" and t for t in texts)
    return opened or name in ("write_text", "write_bytes", "mkstemp", "NamedTemporaryFile")


def test_only_one_module_writes_files_of_the_user() -> None:
    writing = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in PACKAGE.rglob("*.py")
        if path.parent.name != "exercises"  # scripts for hosts, in a directory of their own
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and _writes(node)
    }
    assert writing <= WORKING
    assert "collide.support.files" in writing
