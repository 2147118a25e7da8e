"""COL609: tags that a wheel does not keep. The judge is ``auditwheel show`` itself."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from collide.check.check import check
from collide.check.own_tags import with_own_tags
from collide.cli.main import main
from collide.hosts.database import load_shipped
from collide.wheels.archive import Member, write_wheel
from collide.wheels.policies import violations
from collide.wheels.target import read_target
from scenario import Scenario

HOST = "debian-12-python3"
# arc4random has the version GLIBC_2.36, puts the oldest of each architecture.
NEWER = "unsigned arc4random(void); void *PyInit_mod(void) { return (void *)(long)arc4random(); }"
OLD = 'int puts(const char *); void *PyInit_mod(void) { return (void *)(long)puts(""); }'
INNER = "void *inflate_table(void); void *PyInit_mod(void) { return inflate_table(); }"
LIBC = ("-Wl,--no-as-needed", "-lc")


def wheel(tmp_path: Path, tag: str, source: str, *options: str) -> Path:
    """A wheel of one module with a platform tag."""
    Scenario(tmp_path).lib("mod.so", source, *LIBC, *options)
    path = tmp_path / f"demo-1.0-cp311-cp311-{tag}.whl"
    write_wheel(path, [Member("mod.so", (tmp_path / "mod.so").read_bytes(), 0o755)])
    return path


def auditwheel_show(path: Path) -> str:
    """The tag that auditwheel finds a wheel consistent with."""
    wheel_abi = pytest.importorskip("auditwheel.wheel_abi", reason="auditwheel is not installed")
    architecture = import_module("auditwheel.architecture").Architecture.x86_64
    found = wheel_abi.analyze_wheel_abi(
        None, architecture, path, frozenset(), disable_isa_ext_check=False, allow_graft=False
    )
    return str(found.overall_policy.name)


@pytest.mark.parametrize(
    ("tag", "source", "options", "said", "kept"),
    [
        (
            "manylinux_2_28_x86_64",
            NEWER,
            (),
            "needs the version GLIBC_2.36 of libc.so.6",
            "manylinux_2_36_x86_64",
        ),
        (
            "manylinux_2_28_x86_64",
            OLD,
            ("-l:libxml2.so.2",),
            "needs libxml2.so.2",
            "linux_x86_64",
        ),
        (
            "manylinux2014_x86_64.manylinux_2_17_x86_64",
            INNER,
            ("-lz",),
            "takes inflate_table from libz.so.1",
            "linux_x86_64",
        ),
        (
            "manylinux_2_28_x86_64",
            OLD,
            ("-Wl,-z,x86-64-v3",),
            "needs a CPU of the level x86-64-v3",
            "linux_x86_64",
        ),
        ("musllinux_1_2_x86_64", OLD, (), "needs libc.so.6", ""),
    ],
)
def test_what_a_tag_does_not_allow_is_told_as_auditwheel_does(
    tmp_path: Path,
    tag: str,
    source: str,
    options: tuple[str, ...],
    said: str,
    kept: str,
) -> None:
    path = wheel(tmp_path, tag, source, *options)
    found = violations(read_target(path))
    assert said in {v.said for v in found}
    assert {v.members for v in found} == {("mod.so",)}
    assert {v.platforms for v in found} == {tuple(sorted(tag.split(".")))}
    if kept:
        assert {v.kept for v in found} == {kept}
        assert kept == auditwheel_show(path)


@pytest.mark.parametrize("tag", ["manylinux_2_17_x86_64", "manylinux_2_29_x86_64"])
def test_tag_that_is_kept_is_no_finding(tmp_path: Path, tag: str) -> None:
    """2.29 has no policy: the next newer one judges."""
    path = wheel(tmp_path, tag, OLD)
    assert violations(read_target(path)) == ()
    assert auditwheel_show(path).startswith("manylinux_2_")


def test_library_of_the_wheel_is_not_missed(tmp_path: Path) -> None:
    scenario = Scenario(tmp_path)
    scenario.lib("libown-1a2b3c4d.so.1", "int f(void) { return 1; }")
    source = "int f(void); void *PyInit_mod(void) { return (void *)(long)f(); }"
    scenario.lib("mod.so", source, str(tmp_path / "libown-1a2b3c4d.so.1"))
    path = tmp_path / "demo-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"
    names = {"mod.so": "mod.so", "demo.libs/libown-1a2b3c4d.so.1": "libown-1a2b3c4d.so.1"}
    members = [Member(name, (tmp_path / file).read_bytes()) for name, file in names.items()]
    write_wheel(path, members)
    assert not any("libown" in v.said for v in violations(read_target(path)))
    write_wheel(path, members[:1])
    assert any("libown" in v.said for v in violations(read_target(path)))


def test_command_tells_it_only_where_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = wheel(tmp_path, "manylinux_2_28_x86_64", NEWER)
    words = ["check", str(path), "--profile", HOST, "-v"]
    main(words)
    assert "COL609" not in capsys.readouterr().out
    assert main([*words, "--auditwheel", "--fail-on", "warning"]) == 1
    told = capsys.readouterr().out
    assert "consistent with manylinux_2_36_x86_64, not with manylinux_2_28_x86_64" in told
    assert "Needs the version GLIBC_2.36 of libc.so.6: mod.so." in told
    monkeypatch.setenv("COLLIDE_AUDITWHEEL", "1")
    assert main(words) == 0
    assert "COL609" in capsys.readouterr().out


def test_what_is_no_wheel_has_no_tags_to_keep(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Scenario(tmp_path).lib("mod.so", OLD)
    main(["check", str(tmp_path / "mod.so"), "--profile", HOST, "--auditwheel"])
    assert "--auditwheel: no input is a wheel" in capsys.readouterr().err


def test_wheel_for_a_machine_without_policies_is_a_problem(tmp_path: Path) -> None:
    path = wheel(tmp_path, "manylinux_2_28_vax", OLD)
    target = read_target(path)
    report = with_own_tags(check([target], [load_shipped(HOST)]), [target])
    assert ["no policy for vax" in p.reason for p in report.problems] == [True]
