"""Small inputs that stand for much: what they cost, and the one line that refuses them."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

import costly
from archives import tar
from checkout import WHEELS
from measuring import MIB, Cost, measured

pytestmark = pytest.mark.corpus
HOST = WHEELS / "host/host"
SHIPPED = ("--profile", "debian-12-python3")
ALWAYS = 64  # MiB
SECONDS = 10


def check(path: Path, *more: str) -> Cost:
    return measured("check", path, *SHIPPED, *more)


def hold_to_bounds(cost: Cost, inflated: int) -> None:
    """The bounds of every input; ``inflated`` is what it holds, in bytes, as far as it may."""
    assert cost.seconds <= SECONDS
    assert cost.peak <= ALWAYS + 6 * inflated / MIB
    assert "Traceback" not in cost.stderr


def hold_to_limit(cost: Cost, limit: str, path: Path, inflated: int) -> None:
    """One line that names the limit and the input, and nothing half done."""
    hold_to_bounds(cost, inflated)
    assert cost.status == 2, cost
    (line,) = cost.stderr.splitlines()
    assert line.startswith("collide: ")
    assert path.name in line
    assert f"limit {limit}" in line


# -- objects --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", costly.OBJECTS)
def test_object_takes_no_more_than_its_bytes_allow(kind: str, tmp_path: Path) -> None:
    make, size, limit = costly.OBJECTS[kind]
    data = make(size)
    path = costly.wheel(tmp_path, [(costly.MODULE, data)])
    cost = check(path)
    if limit:
        hold_to_limit(cost, limit, path, len(data))
        assert costly.MODULE in cost.stderr or limit == "tries"
    else:
        hold_to_bounds(cost, len(data))


@pytest.mark.parametrize("kind", ["one bucket", "one name", "unknown relocations"])
def test_object_of_twice_the_size_takes_twice_the_time(kind: str, tmp_path: Path) -> None:
    make, size, _ = costly.OBJECTS[kind]
    wheels = []
    for times in (0, 1, 2):
        (tmp_path / str(times)).mkdir()
        module = [(costly.MODULE, make(size * times))]
        wheels.append(costly.wheel(tmp_path / str(times), module))
    hold_to_growth(wheels)


def hold_to_growth(wheels: Sequence[Path]) -> None:
    """Of three sizes, the first of nothing: the second one's time grows by 2.3 at most.

    Work of other processes only adds to a time: the least of three rounds is nearest to the truth.
    """
    rounds = [[check(path) for path in wheels] for _ in range(3)]
    assert {cost.status for costs in rounds for cost in costs} == {0}
    start, once, twice = (min(c.seconds for c in costs) for costs in zip(*rounds, strict=True))
    assert twice - start <= 2.3 * (once - start) + 0.2


def test_modules_of_one_wheel_are_looked_at_once_each(tmp_path: Path) -> None:
    wheels = []
    for count in (1, 1500, 3000):
        (tmp_path / str(count)).mkdir()
        wheels.append(costly.many_modules(tmp_path / str(count), count))
    hold_to_growth(wheels)


# -- wheels ---------------------------------------------------------------------------------------


def test_record_of_blank_lines_is_not_kept(tmp_path: Path) -> None:
    size = 15 * MIB
    hold_to_bounds(check(costly.wheel(tmp_path, [("a.py", b"")], b"\n" * size)), size)


def test_record_of_short_lines_is_not_kept(tmp_path: Path) -> None:
    size = 12 * MIB
    cost = check(costly.wheel(tmp_path, [("a.py", b"")], b"a,,\n" * (size // 4)))
    hold_to_bounds(cost, size)


def test_record_has_a_limit(tmp_path: Path) -> None:
    path = costly.wheel(tmp_path, [("a.py", b"")], b"\n" * (3 * MIB))
    hold_to_limit(check(path, "--limit", "record-size=2M"), "record-size", path, 3 * MIB)


def test_wheel_that_inflates_too_much_is_refused(tmp_path: Path) -> None:
    path = costly.wheel(tmp_path, [("a.so", bytes(70 * MIB))])
    hold_to_limit(check(path), "wheel-ratio", path, 0)


def test_members_that_overlap_are_refused(tmp_path: Path) -> None:
    path = costly.overlapping(tmp_path, 1000)
    hold_to_limit(check(path), "wheel-ratio", path, 0)


def test_member_that_claims_gigabytes_is_refused(tmp_path: Path) -> None:
    path = costly.wheel(tmp_path, [("a.so", b"\x7fELF" + bytes(1000))])
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, 0xFFFFFFF0)
    path.write_bytes(data)
    hold_to_limit(check(path), "wheel-ratio", path, 0)


@pytest.mark.parametrize(
    ("limit", "value"), [("entries", 1), ("wheel-size", 100), ("member-size", 100), ("segments", 1)]
)
def test_limits_of_wheels_are_held(limit: str, value: int, tmp_path: Path) -> None:
    path = costly.wheel(tmp_path, [(costly.MODULE, costly.one_bucket(4000))])
    hold_to_limit(check(path, "--limit", f"{limit}={value}"), limit, path, 0)


def test_time_of_an_input_is_limited(tmp_path: Path) -> None:
    # However fast it is searched, what is kept of the directories does not grow.
    size = 1 << 20
    path = costly.wheel(tmp_path, [(costly.MODULE, costly.searched_everywhere(size))])
    cost = check(path, "--limit", "time=1", "--limit", "tries=1000000000")
    hold_to_limit(cost, "time", path, size)
    assert cost.seconds < 4


# -- profiles and baselines -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "times", "limit"),
    [
        (b" ", 300 * MIB, "profile-size"),
        (b"[],", 10_000_000, "json-values"),
        (b'{"a":0},', 5_000_000, "json-values"),
    ],
)
def test_profile_that_inflates_too_much_is_refused(
    text: bytes, times: int, limit: str, tmp_path: Path
) -> None:
    path = tmp_path / "host.json.xz"
    path.write_bytes(costly.packed(text, times))
    wheel = next((WHEELS / "dist").glob("specimen_unique-*.whl"))
    cost = measured("check", wheel, "--profile", path)
    hold_to_limit(cost, limit, path, min(len(text) * times, 256 * MIB))


def test_profile_that_is_nested_deeply_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    path.write_bytes(b"[" * 1_000_000)
    wheel = next((WHEELS / "dist").glob("specimen_unique-*.whl"))
    cost = measured("check", wheel, "--profile", path)
    hold_to_bounds(cost, MIB)
    assert cost.status == 2
    assert len(cost.stderr.splitlines()) == 1


# -- files that are no regular ones ---------------------------------------------------------------


@pytest.mark.parametrize("path", ["pipe", "/dev/zero"])
@pytest.mark.parametrize("command", ["baseline", "allow-list", "profile", "input", "directory"])
def test_pipe_and_device_are_refused(command: str, path: str, tmp_path: Path) -> None:
    special = tmp_path / costly.WHEEL if path == "pipe" else Path(path)
    if path == "pipe":
        os.mkfifo(special)
    baseline = tmp_path / "b.json"
    commands: dict[str, tuple[str | Path, ...]] = {
        "baseline": ("footprint", HOST, "--baseline", special),
        "allow-list": ("footprint", HOST, "--baseline", baseline, "--allow-list", special),
        "profile": ("check", WHEELS / "dist", "--profile", special),
        "input": ("check", special, *SHIPPED),
        "directory": ("check", tmp_path if path == "pipe" else special, *SHIPPED),
    }
    if command == "allow-list":
        assert measured("footprint", HOST, "--baseline", baseline, "--update").status == 0
    cost = measured(*commands[command], seconds=10)
    hold_to_bounds(cost, 0)
    assert cost.status == 2
    assert "regular file" in cost.stderr
    assert special.name in cost.stderr


# -- roots ----------------------------------------------------------------------------------------


def profile(root: Path, *more: str) -> Cost:
    out = os.devnull
    return measured("profile", "/opt/host", "--root", root, "-o", out, *more, gib=2)


def test_archive_that_inflates_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.tar"
    path.write_bytes(costly.tar_of_zeros(200 * MIB))
    hold_to_limit(profile(path), "root-ratio", path, 64 * MIB)


def test_layers_of_an_image_have_a_limit(tmp_path: Path) -> None:
    path = costly.image(tmp_path / "image", tar(("a", b"")), 501)
    hold_to_limit(profile(path), "layers", path, 0)


def _system(tmp_path: Path, *more: tuple[str, bytes]) -> Path:
    """A root with the host of the specimens and what it needs of this machine."""
    loader = Path("/lib64/ld-linux-x86-64.so.2")
    libc = Path("/lib/x86_64-linux-gnu/libc.so.6")
    if not (loader.is_file() and libc.is_file()):
        pytest.skip(f"{libc} does not exist: run this on Debian amd64")
    files = [("opt/host", HOST.read_bytes()), ("lib64/ld-linux-x86-64.so.2", loader.read_bytes())]
    files += [("lib/x86_64-linux-gnu/libc.so.6", libc.read_bytes())]
    files += [("opt/libvault.so.1", (HOST.parent / "libvault.so.1").read_bytes())]
    path = tmp_path / "r.tar"
    path.write_bytes(tar(*files, *more))
    return path


def test_cache_of_tails_is_refused(tmp_path: Path) -> None:
    path = _system(tmp_path, ("etc/ld.so.cache", costly.cache_of_tails(20_000)))
    hold_to_limit(profile(path), "name-ratio", path, path.stat().st_size)


def test_files_that_include_each_other_are_read_once(tmp_path: Path) -> None:
    names = [f"c/{number}" for number in range(12)]
    files = [(name, b"include /c/*\n/d\n") for name in ("etc/ld.so.conf", *names)]
    path = _system(tmp_path, *files)
    cost = profile(path, "--ldconfig")
    hold_to_bounds(cost, path.stat().st_size)
    assert cost.status == 0


def test_patterns_of_the_loader_s_configuration_have_a_limit(tmp_path: Path) -> None:
    lines = b"".join(b"include /c/x%d*\n" % number for number in range(2000))
    files = [("etc/ld.so.conf", lines), *((f"c/{number}", b"") for number in range(1000))]
    path = _system(tmp_path, *files)
    hold_to_limit(profile(path, "--ldconfig"), "includes", path, path.stat().st_size)


def test_package_header_has_no_more_values_than_bytes(tmp_path: Path) -> None:
    database = ("usr/lib/sysimage/rpm/rpmdb.sqlite", costly.rpm_database(tmp_path, 2000))
    path = _system(tmp_path, database)
    cost = profile(path)
    hold_to_bounds(cost, path.stat().st_size)
    assert cost.status == 0
