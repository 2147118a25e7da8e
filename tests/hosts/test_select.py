"""What ``--profile`` can name."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from checkout import WHEELS
from collide.hosts import select as selection
from collide.hosts.database import load_shipped, shipped_names, shipped_summary
from collide.hosts.select import select, select_hosts
from collide.loader.host import Host
from collide.support.errors import InputError, UsageError
from packing import shipped_file
from scenario import require_loader

HOST = WHEELS / "host/host"


def names(*specs: str) -> list[str]:
    """The names of the hosts that are selected."""
    return [host.name for host in select_hosts(specs)]


def refusal(spec: str) -> InputError:
    """Why nothing is selected."""
    with pytest.raises(InputError) as raised:
        list(select_hosts([spec]))
    return raised.value


def test_shipped_names_are_sorted() -> None:
    assert "debian-12-python3" in shipped_names()
    assert list(shipped_names()) == sorted(shipped_names())


def test_nothing_named_is_every_shipped_profile() -> None:
    assert names() == list(shipped_names())


def test_shipped_name_is_one_profile() -> None:
    assert names("debian-12-pypy3") == ["debian-12-pypy3"]


def test_pattern_is_every_shipped_profile_that_matches() -> None:
    expected = [name for name in shipped_names() if name.endswith("python3")]
    assert len(expected) > 1
    assert names("*python3") == expected


def test_several_come_in_the_order_in_which_they_are_named() -> None:
    assert names("debian-12-python3", "debian-12-pypy3") == [
        "debian-12-python3",
        "debian-12-pypy3",
    ]


def test_profile_file_is_told_by_its_contents(tmp_path: Path) -> None:
    file = tmp_path / "anything"
    file.write_bytes(shipped_file("debian-12-python3"))
    assert names(str(file)) == ["debian-12-python3"]


def test_profile_file_may_be_named_relative_to_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.json").write_bytes(shipped_file("debian-12-python3"))
    monkeypatch.chdir(tmp_path)
    assert names("mine.json") == ["debian-12-python3"]


def test_binary_is_extracted_on_the_fly() -> None:
    require_loader()
    (host,) = select_hosts([str(HOST)])
    assert host.path == str(HOST)
    assert "libvault.so.1" in [m.elf.soname for m in host.process.global_scope]


def test_interpreter_that_runs_collide_is_a_binary() -> None:
    require_loader()
    (host,) = select_hosts(["this-python"], library_path=[str(HOST.parent)])
    assert host.path == os.path.realpath(sys.executable)
    assert host.loader.library_path == (str(HOST.parent),)


def test_bare_name_is_looked_up_in_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    require_loader()
    monkeypatch.setenv("PATH", str(HOST.parent))
    (host,) = select_hosts(["host"])
    assert host.path == str(HOST)


def test_unknown_name_is_refused_with_the_groups_and_names_near_it() -> None:
    error = refusal("no-such-thing")
    assert error.path == "no-such-thing"
    for group in ("cpython", "embedded", "pypy"):
        assert group in error.reason
    assert "near" not in error.reason
    assert "near it: debian-12-python3" in refusal("debian-12-pyton3").reason


def test_all_is_every_shipped_profile() -> None:
    assert names("all") == list(shipped_names())


def test_plain_interpreters_and_programs_that_embed_one_are_told_apart() -> None:
    plain = {h.name for h in select_hosts(["all"]) if not h.embeds_python}
    assert plain == {*names("cpython"), *names("pypy")}
    assert set(shipped_names()) - plain == set(names("embedded"))
    (host,) = select_hosts([str(HOST)])
    assert host.embeds_python
    assert not host._replace(path="/opt/bin/python3.11").embeds_python
    assert not host._replace(path="/usr/bin/pypy3").embeds_python


def test_each_architecture_has_a_plain_host_of_both_libcs_and_programs() -> None:
    hosts = list(select_hosts(["all"]))
    machines = {h.architecture for h in hosts}
    assert len(machines) == 7
    plain = {(h.loader.libc, h.architecture) for h in hosts if not h.embeds_python}
    assert plain == {(libc, machine) for libc in ("glibc", "musl") for machine in machines}
    assert {h.architecture for h in hosts if h.embeds_python} == machines


def test_group_is_every_shipped_profile_in_it() -> None:
    found = names("pypy")
    assert len(found) > 3
    assert found == [n for n in shipped_names() if "pypy" in shipped_summary(n).groups]
    for host in select_hosts(["pypy"]):
        assert host.python is not None
        assert host.python.implementation == "pp"


def test_profile_that_several_patterns_name_comes_once() -> None:
    assert names("debian-12-pypy3", "debian-12-p*") == [
        "debian-12-pypy3",
        *(n for n in names("debian-12-p*") if n != "debian-12-pypy3"),
    ]


@pytest.mark.parametrize(
    "specs",
    [("!*blender",), ("debian-12-*", "!*blender"), ("all", "!*gdb", "!*blender", "!pypy")],
)
def test_options_of_a_host_name_the_same_hosts_again(specs: tuple[str, ...]) -> None:
    (host, *_) = select_hosts(specs)
    assert names(*host.arguments[1::2]) == names(*specs)


def test_options_of_a_host_take_out_none_but_those_of_its_own_pattern() -> None:
    """A pattern that takes out no host is refused."""
    hosts = select_hosts(["debian-11-*", "debian-12-blender", "debian-12-g*", "!debian-11-gdb"])
    for arguments in {host.arguments for host in hosts}:
        assert ("!debian-11-gdb" in arguments) == ("debian-11-*" in arguments)
        assert names(*arguments[1::2])


def test_nothing_is_loaded_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def load(name: str) -> Host:
        loaded.append(name)
        return load_shipped(name)

    monkeypatch.setattr(selection, "load_shipped", load)
    candidates = list(select(["debian-12-*"]))
    assert len(candidates) > 10
    assert candidates[0].architecture == "x86_64"
    assert loaded == []
    _ = candidates[3].host
    assert loaded == [candidates[3].name]


def test_script_is_refused_with_its_first_line(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    assert refusal(str(script)).reason == "is a script (#!/bin/sh); name the binary that runs it"


def test_directory_is_refused(tmp_path: Path) -> None:
    assert refusal(str(tmp_path)).path == str(tmp_path)


@pytest.mark.parametrize("data", [b"", b"text", b"\xfd7zXZ\0 and no more"])
def test_file_that_is_neither_profile_nor_binary_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    assert refusal(str(file)).reason.startswith("not a readable profile")


def test_recorded_host_takes_no_further_openings(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_bytes(shipped_file("debian-12-python3"))
    for spec in ("debian-12-python3", str(file)):
        with pytest.raises(UsageError, match="need a binary"):
            list(select_hosts([spec], preload=["liba.so"]))
        with pytest.raises(UsageError, match="need a binary"):
            list(select_hosts([spec], rtld_global=["liba.so"]))


def test_binary_takes_preloads_and_plugins() -> None:
    require_loader()
    library = str(HOST.with_name("libvault.so.1"))
    (host,) = select_hosts([str(HOST)], preload=[library], rtld_global=[library])
    assert (host.preload, host.rtld_global) == ((library,), (library,))


def test_binary_of_a_relative_entry_of_path_is_named_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real/below").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real/below")
    shutil.copy("/bin/true", tmp_path / "real/hostx")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "link/..")
    (host,) = select_hosts(["hostx"])
    assert Path(host.path).samefile(tmp_path / "real/hostx")


def test_hosts_of_one_name_from_two_files_are_told_apart(tmp_path: Path) -> None:
    """The recorded host and the one of a file have one name."""
    other = tmp_path / "other.json"
    other.write_bytes(shipped_file("debian-12-python3"))
    for specs in (["debian-12-python3", str(other)], [str(other), "debian-12-python3"]):
        names = {candidate.name for candidate in select(specs)}
        assert names == {"debian-12-python3", f"debian-12-python3 ({other})"}
    (alone,) = select([str(other), str(other)])
    assert alone.name == "debian-12-python3"
