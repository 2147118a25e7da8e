"""The core files that a system keeps."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from collide.processes import core_places
from collide.processes.core_places import core_of, patterns


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("systemd", "apport"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(core_places, "_KEPT", (str(tmp_path / "systemd"), str(tmp_path / "apport")))
    set_pattern(tmp_path, monkeypatch, "|/usr/lib/systemd/systemd-coredump %P")
    return tmp_path


def set_pattern(
    directory: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, uses_pid: str = "0"
) -> None:
    for name, text in (("_PATTERN", pattern), ("_USES_PID", uses_pid)):
        path = directory / name
        path.write_text(f"{text}\n")
        monkeypatch.setattr(core_places, name, path)


def test_newest_of_a_process(places: Path) -> None:
    old = places / "systemd/core.python3.1000.0123abcd.4711.1700000000000000.zst"
    new = places / "apport/core._usr_bin_python3.1000.0123abcd.4711.99"
    other = places / "systemd/core.python3.1000.0123abcd.47.1800000000000000.zst"
    for age, path in enumerate((other, new, old)):
        path.touch()
        os.utime(path, (1_700_000_000 - age,) * 2)
    assert core_of(4711) == str(new)
    assert core_of(471) is None


@pytest.mark.parametrize(
    ("pattern", "uses_pid", "expected"),
    [
        ("/cores/%e.%p.%t", "0", ["/cores/*.4711.*"]),
        ("core", "1", ["core.4711"]),
        ("core", "0", []),
        ("/100%%/[x]/core-%P", "0", ["/100%/[[]x]/core-4711"]),
        ("|/usr/share/apport/apport %p", "1", []),
    ],
)
def test_pattern_of_the_kernel(
    places: Path,
    monkeypatch: pytest.MonkeyPatch,
    pattern: str,
    uses_pid: str,
    expected: list[str],
) -> None:
    set_pattern(places, monkeypatch, pattern, uses_pid)
    assert list(patterns(4711))[2:] == expected
