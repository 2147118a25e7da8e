"""Every file that the loader tries to open, against strace."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

import pytest

from checkout import WHEELS
from collide.analysis.probes import Probes, at_start, countable, of_modules
from collide.cli.main import main
from collide.filesystems.root import Root
from collide.hosts.database import load_shipped
from collide.hosts.extract import extract
from collide.loader.host import Host
from collide.loader.model import Dso
from collide.wheels.target import read_target
from corpus import download
from patching import patchelf
from scenario import Scenario, patch_header, require_loader
from strace import Calls, trace
from systems import require_host

CACHE = "/etc/ld.so.cache"


def as_traced(probes: Probes) -> Calls:
    """In strace's words: the cache by its path."""
    return Calls(
        tuple(CACHE if p == "ld.so.cache" else p for p in probes.opened),
        tuple(CACHE if p == "ld.so.cache" else p for p in probes.missed),
        probes.directories,
    )


def profiled(binary: Path | str, **more: Sequence[str]) -> tuple[Host, Root]:
    root = Root()
    host = extract(
        str(binary),
        root,
        preload=more.get("preload", ()),
        library_path=more.get("library_path", ()),
    )
    return host, root


def storm(directory: Path, origin: str = "$ORIGIN") -> tuple[Scenario, Path]:
    """A host whose RUNPATH names what is not there, and directories without its libraries."""
    s = Scenario(directory)
    for name in ("d1", "d2"):
        (directory / name).mkdir()
    s.lib("d3/liba.so", "int a;")
    s.lib("d3/libb.so", "int b;", needed=["d3/liba.so"], runpath="$ORIGIN/../none:$ORIGIN")
    runpath = ":".join(f"{origin}/{name}" for name in ("none", "d1", "d2", "d3"))
    return s, s.host(needed=["d3/liba.so", "d3/libb.so"], runpath=runpath)


# -- start-up -------------------------------------------------------------------------------------


def test_every_try_of_a_start_up_is_that_of_the_loader(tmp_path: Path) -> None:
    _, binary = storm(tmp_path)
    (calls,) = trace([binary])
    found = at_start(*profiled(binary)).probes
    assert as_traced(found) == calls
    assert len(found.missed) > 20
    assert str(tmp_path / "d1") in found.directories


def test_rpath_is_searched_again_for_everything_below(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("lib/liba.so", "int a;", runpath=None)
    s.lib("lib/libb.so", "int b;", needed=["lib/liba.so"], rpath="$ORIGIN/../gone:$ORIGIN")
    binary = s.host(needed=["lib/libb.so"], rpath="$ORIGIN/empty:$ORIGIN/lib")
    (tmp_path / "empty").mkdir()
    (calls,) = trace([binary])
    assert as_traced(at_start(*profiled(binary)).probes) == calls


def test_library_path_and_preload(tmp_path: Path) -> None:
    s, binary = storm(tmp_path)
    early = s.lib("early.so", "int e;", needed=["d3/liba.so"], runpath="$ORIGIN/nowhere")
    path = [str(tmp_path / "d2"), str(tmp_path / "absent")]
    (calls,) = trace([binary], env={"LD_PRELOAD": str(early), "LD_LIBRARY_PATH": ":".join(path)})
    found = at_start(*profiled(binary, preload=[str(early)], library_path=path)).probes
    assert as_traced(found) == calls


def test_file_of_another_machine_is_opened_and_passed_over(tmp_path: Path) -> None:
    s, binary = storm(tmp_path)
    for name, machine in (("liba.so", 183), ("libb.so", 0x1234)):
        shutil.copy(tmp_path / f"d3/{name}", tmp_path / f"d2/{name}")
        patch_header(tmp_path / f"d2/{name}", machine=machine)
    (calls,) = trace([binary])
    assert f"{s.directory}/d2/liba.so" in calls.opened
    assert as_traced(at_start(*profiled(binary)).probes) == calls


def test_directory_inside_the_cpu_subdirectories(tmp_path: Path) -> None:
    s, binary = storm(tmp_path)
    hwcaps = profiled("/bin/sh")[0].loader.hwcaps
    if not hwcaps:
        pytest.skip("needs a CPU of at least x86-64-v2")
    (tmp_path / f"d1/glibc-hwcaps/{hwcaps[-1]}").mkdir(parents=True)
    s.lib(f"d3/glibc-hwcaps/{hwcaps[-1]}/libb.so", "int b;")
    (calls,) = trace([binary])
    assert as_traced(at_start(*profiled(binary)).probes) == calls


@pytest.mark.parametrize("binary", ["/usr/bin/python3", "/usr/bin/pypy3", "/usr/bin/gdb"])
def test_real_start_up_begins_with_what_is_predicted(binary: str) -> None:
    """What the program itself opens comes after."""
    require_host(binary)
    real = trace([binary, "--version"])[0]
    found = as_traced(at_start(*profiled(binary)).probes)
    assert real.opened[: len(found.opened)] == found.opened
    assert real.missed[: len(found.missed)] == found.missed
    assert len(found.opened) > 4


# -- modules --------------------------------------------------------------------------------------


def test_every_try_of_opening_a_module_is_that_of_the_loader(tmp_path: Path) -> None:
    s, binary = storm(tmp_path)
    (tmp_path / "site/pkg.libs").mkdir(parents=True)
    s.lib("site/pkg.libs/libc1.so", "int c1;")
    s.lib("site/pkg.libs/libc2.so", "int c2;", needed=["site/pkg.libs/libc1.so"])
    both = ["site/pkg.libs/libc2.so", "d3/libb.so"]
    s.lib("site/pkg/one.so", "int one;", needed=both, runpath="$ORIGIN/../pkg.libs")
    s.lib("site/pkg/two.so", "int two;", needed=["d3/liba.so"], runpath="$ORIGIN/../gone")
    rpath = "$ORIGIN/gone:$ORIGIN/../pkg.libs"
    s.lib("site/pkg/three.so", "int three;", needed=both[:1], rpath=rpath)
    s.lib("site/lost.so", "int lost;", needed=["d3/liba.so"], runpath="$ORIGIN/x")
    system = [*_linking("libz.so.1"), "-Wl,--enable-new-dtags,-rpath,$ORIGIN/y:$ORIGIN"]
    s.lib("site/system.so", "int system_;", *system)
    host, root = profiled(binary)
    target = read_target(tmp_path / "site")
    found = {m.name: m.probes for m in of_modules(target, host, root)}
    assert set(found) == {"pkg/one.so", "pkg/two.so", "pkg/three.so", "lost.so", "system.so"}
    for name, probes in found.items():
        calls = trace([binary, tmp_path / "site" / name])[0]
        start = as_traced(at_start(host, root).probes)
        assert calls.opened == start.opened + as_traced(probes).opened
        assert calls.missed == start.missed + as_traced(probes).missed
        assert calls.directories == start.directories + probes.directories


def _linking(library: str) -> tuple[str, str]:
    found = next(Path(d, library) for d in ("/lib/x86_64-linux-gnu", "/lib64", "/usr/lib"))
    if not found.exists():
        pytest.skip(f"{library} is not installed: apt install zlib1g")
    return "-Wl,--no-as-needed", str(found)


def test_directories_of_a_wheel_are_there_before_it_is_installed() -> None:
    require_loader()
    wheels = WHEELS
    (wheel,) = (wheels / "dist").glob("specimen_bundled_mangled-*.whl")
    host, root = profiled(wheels / "host/host")
    (module,) = of_modules(read_target(wheel), host, root)
    assert len(module.probes.opened) == 2
    assert any("glibc-hwcaps" in d or "tls" in d for d in module.probes.directories)
    # The search ends where the library is: nobody asks for that directory.
    assert not any(d.endswith(".libs") for d in module.probes.directories)


# -- resolution notes -----------------------------------------------------------------------------


def test_notes_save_what_a_search_misses(tmp_path: Path) -> None:
    s, _ = storm(tmp_path)
    # Patchelf leaves a directory that is not there to the loader.
    runpath = ":".join(str(tmp_path / name) for name in ("d1", "d2", "d3"))
    binary = s.host(needed=["d3/liba.so", "d3/libb.so"], runpath=runpath)
    before = at_start(*profiled(binary))
    assert before.noted is None
    assert before.notes == ()
    _build_note(binary)
    host, root = profiled(binary)
    found = at_start(host, root)
    assert found.probes == before.probes
    assert found.notes == (str(binary),)
    assert found.noted is not None
    # The binary's libraries are opened where its note says; what it says nothing of is searched.
    assert [p for p in found.probes.missed if "liba.so" in p or "libb.so" in p]
    assert [p for p in found.noted.missed if "liba.so" in p or "libb.so" in p] == []
    assert set(found.noted.opened) == set(found.probes.opened)
    module = s.lib("site/m.so", "int m;", runpath="$ORIGIN/none:$ORIGIN")
    assert [m.noted for m in of_modules(read_target(module), host, root)] == [None]


def test_note_on_a_relative_run_path_saves_nothing(tmp_path: Path) -> None:
    """Patchelf leaves $ORIGIN to the loader, which searches it for the note, and then again."""
    _, binary = storm(tmp_path)
    _build_note(binary)
    found = at_start(*profiled(binary))
    assert found.noted is not None
    assert found.noted.tried > found.probes.tried


def test_absolute_paths_save_what_the_loader_saves_with_them(tmp_path: Path) -> None:
    s, binary = storm(tmp_path)
    s.lib("d3/libb.so", "int b;", needed=["d3/liba.so"], runpath="$ORIGIN/../none:$ORIGIN")
    host, root = profiled(binary)
    found = at_start(host, root)
    libraries = [m for m in host.process.global_scope if m is not host.process.executable]
    needed = list(host.process.executable.elf.needed)
    for name in needed:
        patchelf("--remove-needed", name, binary)
    # Patchelf puts each new one first.
    for library in reversed(libraries):
        patchelf("--add-needed", library.name, binary)
    (calls,) = trace([binary])
    assert as_traced(found.changed["absolute"]) == calls
    assert found.changed["absolute"].missed == () < found.probes.missed
    for change in ("note", "cache"):
        assert found.changed[change].tried < found.probes.tried
        opened = {p for p in found.changed[change].opened if p != "ld.so.cache"}
        assert opened == set(found.probes.opened) - {"ld.so.cache"}


def test_stale_and_useless_entries_of_a_note(tmp_path: Path) -> None:
    _, binary = storm(tmp_path)
    host, root = profiled(binary)
    executable = host.process.executable
    note = (
        ("liba.so", (f"={tmp_path}/gone/liba.so",)),
        ("libb.so", ("?$ORIGIN/d3",)),
        ("libc.so.6", (f"={tmp_path}/d3/liba.so",)),
        ("libz.so.1", ("=/lib/libz.so.1",)),
    )
    elf = executable.elf._replace(resolution_cache=note)
    executable.dso = Dso(executable.dso.path, executable.dso.identity, elf)
    faults = {e.name: e.fault for e in at_start(host, root).entries[str(binary)]}
    assert faults["liba.so"] == f"stale: {tmp_path}/gone/liba.so is not there"
    assert faults["libb.so"].startswith("useless: it names no file")
    assert faults["libc.so.6"].startswith("stale: the loader gives ")
    assert faults["libz.so.1"] == "useless: the object does not need it"


def _build_note(file: Path) -> None:
    patchelf("--build-resolution-cache", file, since=(0, 19))


# -- the commands ---------------------------------------------------------------------------------

Out = pytest.CaptureFixture[str]


def test_recorded_host_cannot_be_counted(capsys: Out) -> None:
    assert countable(load_shipped("debian-12-python3")) is None
    (wheel,) = (WHEELS / "dist").glob("*static_hidden-*")
    assert main(["check", str(wheel), "--profile", "debian-12-python3", "--probes"]) == 0
    told = "debian-12-python3: probes are counted on hosts given as a glibc binary only"
    assert told in capsys.readouterr().err


def test_profile_tells_the_storm_of_a_start_up(tmp_path: Path, capsys: Out) -> None:
    _, binary = storm(tmp_path, str(tmp_path))
    found = at_start(*profiled(binary)).probes
    assert main(["profile", str(binary), "--probes"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(
        f"{binary} at start-up: {found.tried} files tried, {len(found.opened)} opened, "
        f"{len(found.missed)} missed, {len(found.directories)} directories asked for\n"
    )
    assert "(shrinkwrap)" in told
    assert "(Guix)" in told
    _build_note(binary)
    assert main(["profile", str(binary), "--probes"]) == 0
    told = capsys.readouterr().out
    assert f"the note of {binary}:\n    liba.so: " in told
    assert "-" not in "".join(re.findall(r"save .*", told))
    output = tmp_path / "host.json"
    assert main(["profile", str(binary), "--probes", "--format", "json", "-o", str(output)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["start"]["missed"] == list(found.missed)
    assert len(document["noted"]["missed"]) < len(found.missed)
    assert document["notes"] == [str(binary)]
    assert json.loads(output.read_bytes())["binary"] == str(binary)


def test_check_tells_the_storm_of_each_module(tmp_path: Path, capsys: Out) -> None:
    s, binary = storm(tmp_path)
    s.lib("site/one.so", "int one;", needed=["d3/libb.so"], runpath="$ORIGIN/gone")
    s.lib("site/libn.so", "int n;")
    s.lib("site/two.so", "int two;", needed=["site/libn.so"], runpath="$ORIGIN/gone:$ORIGIN")
    site = tmp_path / "site"
    command = ["check", str(site), "--profile", str(binary), "--probes"]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    at = next(i for i, line in enumerate(lines) if "files tried for each module" in line)
    assert lines[at + 1].startswith("  two.so: ")
    assert lines[at + 2].startswith("  one.so: 1 files tried, 1 opened, 0 missed, 0 directories")
    assert main([*command, "--format", "json"]) == 0
    (counted,) = json.loads(capsys.readouterr().out)["probes"]
    assert [m["module"] for m in counted["modules"]] == ["one.so", "two.so"]


# -- real wheels ----------------------------------------------------------------------------------


@pytest.mark.corpus
@pytest.mark.parametrize("spec", ["psycopg2-binary==2.9.13", "lxml==6.1.3", "numpy==1.26.4"])
def test_every_try_of_a_real_wheels_modules(spec: str, tmp_path: Path) -> None:
    """In a host without Python: what cannot be bound is searched and loaded all the same."""
    binary = Scenario(tmp_path).host()
    site = tmp_path / "site"
    with ZipFile(download(spec)) as wheel:
        wheel.extractall(site)
    host, root = profiled(binary)
    found = of_modules(read_target(site), host, root)
    start = as_traced(at_start(host, root).probes)
    assert found
    for module in found:
        calls = trace([binary, site / module.name])[0]
        probes = as_traced(module.probes)
        assert calls.opened == start.opened + probes.opened
        assert calls.missed == start.missed + probes.missed
        assert calls.directories == start.directories + probes.directories
