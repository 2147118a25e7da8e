"""The link map and the global scope that loaders keep, against what they have logged."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.filesystems.root import Root
from collide.inspect.snapshot import Snapshot, take
from collide.processes.core import open_core
from collide.processes.link_map import read_link_maps
from collide.support import limits
from collide.support.errors import FormatError, InputError
from core_writer import core_file
from cores import crash
from scenario import Scenario, observe

# Opens its arguments, "+" before a name for RTLD_GLOBAL and "@" for a namespace of its own.
HOST = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    void *opened = *argv[i] == '@' ? dlmopen(LM_ID_NEWLM, argv[i] + 1, RTLD_NOW)
      : dlopen(argv[i] + (*argv[i] == '+'), RTLD_NOW | (*argv[i] == '+' ? RTLD_GLOBAL : 0));
    if (!opened) { puts(dlerror()); return 1; }
  }
  abort();
}
"""


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    return Scenario(tmp_path)


def snapshot(core: Path) -> Snapshot:
    image = open_core(str(core))
    found = take(image, Root())
    image.close()
    return found


def test_link_map_and_global_scope_are_those_of_the_loader(s: Scenario, tmp_path: Path) -> None:
    s.lib("libdeep.so")
    s.lib("libstart.so", needed=["libdeep.so"])
    s.lib("libmore.so")
    s.lib("libpromoted.so", needed=["libmore.so"])
    local = s.lib("local.so")
    host = s.exe(HOST, "-Wl,--no-as-needed", needed=["libstart.so"])
    arguments = [str(local), f"+{s.directory}/libpromoted.so"]
    found = snapshot(crash([host, *arguments], tmp_path / "core"))
    _, log = observe([host, *arguments])
    assert found.scope_read
    assert (found.problems, found.notes) == ((), ())
    paths = [m.dso.path for m in found.host.process.maps]
    assert paths[0] == str(host)
    assert set(paths) == {path for path in log.scopes if path.startswith("/")}
    # The scopes of the last object that was opened begin with the global one of that moment.
    scope = [m.dso.path for m in found.host.process.global_scope]
    start = [path for path in log.scopes[str(host)][0] if path.startswith("/")]
    assert scope == [*start, f"{s.directory}/libpromoted.so", f"{s.directory}/libmore.so"]
    needed = {m.dso.path: [n.dso.path for n in m.needed or ()] for m in found.host.process.maps}
    assert needed[f"{s.directory}/libstart.so"] == [f"{s.directory}/libdeep.so"]


def test_other_namespaces_are_told(s: Scenario, tmp_path: Path) -> None:
    module = s.lib("alone.so")
    found = snapshot(crash([s.exe(HOST), f"@{module}"], tmp_path / "core"))
    assert str(module) in found.elsewhere
    assert str(module) not in [m.dso.path for m in found.host.process.maps]
    assert found.scope_read


def test_files_that_have_changed_are_told_and_the_rest_is_read(s: Scenario, tmp_path: Path) -> None:
    gone, other = s.lib("gone.so"), s.lib("other.so", "int f(void) { return 1; }")
    core = crash([s.exe(HOST), gone, other], tmp_path / "core")
    gone.unlink()
    s.lib("other.so", "int f(void) { return 2; }", "-Wl,--build-id=sha1")
    found = snapshot(core)
    problems = {p.path: p.reason for p in found.problems}
    assert "its file is not there (build id " in problems[str(gone)]
    assert "is another file than the one that was loaded" in problems[str(other)]
    assert any(m.dso.path.endswith("libc.so.6") for m in found.host.process.maps)


def test_program_in_another_root(s: Scenario, tmp_path: Path) -> None:
    core = crash([s.exe(HOST)], tmp_path / "core")
    image = open_core(str(core))
    with pytest.raises(InputError, match="is not there: name its root, --root DIR"):
        take(image, Root(str(tmp_path)))
    image.close()


def test_static_program(s: Scenario, tmp_path: Path) -> None:
    core = crash([s.exe("int main(void) { __builtin_trap(); }", "-static")], tmp_path / "core")
    image = open_core(str(core))
    with pytest.raises(InputError, match=r"static|no dynamic section"):
        take(image, Root())
    image.close()


def words(*values: int) -> bytes:
    return b"".join(value.to_bytes(8, "little") for value in values)


def test_link_map_in_a_circle_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # At 0x1000 the dynamic section, r_debug, and two maps of which the second leads to the first.
    memory = words(21, 0x1100).ljust(0x100, b"\0")
    memory += words(1, 0x1200, 0, 0, 0).ljust(0x100, b"\0")
    memory += words(0, 0, 0, 0x1300, 0).ljust(0x100, b"\0") + words(0, 0, 0, 0x1200, 0)
    path = tmp_path / "core"
    path.write_bytes(core_file(b"", [(0x1000, memory)]))
    image = open_core(str(path))
    with pytest.raises(FormatError, match="circle"):
        read_link_maps(image, (0, 0x1000))
    monkeypatch.setitem(limits._values, "loaded-objects", 1)
    with pytest.raises(limits.LimitError):
        read_link_maps(image, (0, 0x1000))
    image.close()
