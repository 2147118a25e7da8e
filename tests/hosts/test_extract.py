"""A host from its files alone, against the loader that runs it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from collide.elf.machines import machine_named
from collide.filesystems.root import Root
from collide.hosts.extract import extract, find_python
from collide.hosts.identify_glibc import cpu_features
from collide.loader.host import Python
from collide.support.errors import InputError
from scenario import Comparison, Scenario, observe, patch_header, require_loader
from systems import HOSTS, LOADER, F, foreign_root, require_host

# -- real hosts -----------------------------------------------------------------------------------

real_hosts = pytest.mark.parametrize(
    "binary", [pytest.param(path, id=Path(path).name) for path in HOSTS]
)


@real_hosts
def test_libraries_are_those_the_loader_lists_in_its_order(binary: str) -> None:
    require_host(binary)
    printed = subprocess.run([LOADER, "--list", binary], capture_output=True, text=True, check=True)
    listed = re.findall(r"(?:=> |^\t)(/\S+) \(0x", printed.stdout, re.MULTILINE)
    host = extract(binary, Root())
    assert [m.dso.path for m in host.process.global_scope] == [
        os.path.realpath(path) for path in (binary, *listed)
    ]
    assert not host.failures


@real_hosts
def test_scope_and_every_binding_of_start_up_are_those_of_the_loader(binary: str) -> None:
    require_host(binary)
    root = Root()
    _, log = observe([binary, "--version"])
    comparison = Comparison(log, extract(binary, root).process.copy(root))
    comparison.start_up()
    comparison.bindings()


# -- the loader -----------------------------------------------------------------------------------


def diagnostics() -> dict[str, str]:
    """What ``ld.so --list-diagnostics`` says: name to value, unquoted."""
    require_loader()
    command = [LOADER, "--list-diagnostics"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        pytest.skip("needs glibc 2.33 or newer, whose loader has --list-diagnostics")
    lines = (line.partition("=") for line in run.stdout.splitlines())
    return {name: value.strip('"') for name, _, value in lines}


def test_facts_of_the_loader_are_those_it_reports_itself() -> None:
    told = diagnostics()
    subdirs = told["dl_hwcaps_subdirs"].split(":")
    active = int(told["dl_hwcaps_subdirs_active"], 16)
    loader = extract("/bin/sh", Root()).loader
    assert loader.path == told["path.rtld"]
    assert loader.version == tuple(map(int, told["version.version"].split(".")))
    assert loader.system_dirs == tuple(
        value.rstrip("/") for name, value in told.items() if name.startswith("path.system_dirs[")
    )
    assert loader.hwcaps == tuple(s for i, s in enumerate(subdirs) if active >> i & 1)
    assert loader.platform == told["dl_platform"]
    assert loader.lib == told["dl_dst_lib"]
    assert loader.flavour == "upstream"


INTEL = b"""vendor_id\t: GenuineIntel
flags\t\t: fpu cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3 avx avx2 bmi1 bmi2 f16c fma abm movbe xsave
"""


@pytest.mark.parametrize(
    ("cpuinfo", "hwcaps", "platform"),
    [
        (INTEL, ("x86-64-v3", "x86-64-v2"), "haswell"),
        (INTEL.replace(b"GenuineIntel", b"AuthenticAMD"), ("x86-64-v3", "x86-64-v2"), "x86_64"),
        (INTEL.replace(b" bmi2", b""), ("x86-64-v2",), "x86_64"),
        (INTEL.replace(b" ssse3", b""), (), "haswell"),
        (b"", (), "x86_64"),
    ],
)
def test_cpu_features_from_cpuinfo(cpuinfo: bytes, hwcaps: tuple[str, ...], platform: str) -> None:
    assert cpu_features(cpuinfo, machine_named("x86_64")) == (hwcaps, platform)


# -- what is no host ------------------------------------------------------------------------------


def reason(path: Path, root: Root | None = None) -> str:
    """Why ``path`` is no host, in one line."""
    with pytest.raises(InputError) as raised:
        extract(str(path), root or Root())
    assert raised.value.path == str(path)
    assert "\n" not in str(raised.value)
    return raised.value.reason


def test_missing_file_is_no_host(tmp_path: Path) -> None:
    assert reason(tmp_path / "missing") == "no such file"


def test_script_is_no_host_and_names_its_interpreter(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/usr/bin/env python3\nprint()\n")
    assert reason(script) == ("is a script (#!/usr/bin/env python3); name the binary that runs it")


def test_static_executable_is_no_host(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    path = s.exe("void _start(void) { for (;;) ; }", "-no-pie", "-static", "-nostdlib")
    assert "static" in reason(path)


def test_shared_library_is_no_host(tmp_path: Path) -> None:
    path = Scenario(tmp_path).lib("liba.so", F)
    assert reason(path) == "has no dynamic loader (a shared library or a static executable)"


def test_text_file_is_no_host(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("text " * 100)
    assert reason(path) == "not an ELF file (bad magic)"


def test_directory_is_no_host(tmp_path: Path) -> None:
    assert reason(tmp_path)


def test_binary_of_an_unknown_machine_is_no_host(tmp_path: Path) -> None:
    path = Scenario(tmp_path).lib("liba.so", F)
    patch_header(path, machine=0x1234)
    assert reason(path) == "is no ELF file of a known machine, or cannot be read"


def test_missing_loader_is_named(tmp_path: Path) -> None:
    host = Scenario(tmp_path).host("", "-Wl,--dynamic-linker=/lib/ld-missing.so")
    with pytest.raises(InputError, match=r"^/lib/ld-missing\.so: no such file$"):
        extract(str(host), Root())


def test_other_loader_than_that_of_glibc_is_refused(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("ld-other.so", F)
    host = s.host("", f"-Wl,--dynamic-linker={tmp_path}/ld-other.so")
    with pytest.raises(InputError, match="is no glibc loader"):
        extract(str(host), Root())


def test_missing_preload_is_named(tmp_path: Path) -> None:
    host = Scenario(tmp_path).host()
    with pytest.raises(InputError, match=r"^libmissing\.so: no such library on this host$"):
        extract(str(host), Root(), preload=["libmissing.so"])


def test_missing_plugin_is_named(tmp_path: Path) -> None:
    host = Scenario(tmp_path).host()
    with pytest.raises(InputError, match=r"^libmissing\.so: no such library on this host$"):
        extract(str(host), Root(), rtld_global=["libmissing.so"])


def test_plugin_that_cannot_be_opened_is_refused_with_the_reason(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("liba.so")
    s.lib("plugin.so", needed=["liba.so"])
    (tmp_path / "liba.so").unlink()
    with pytest.raises(InputError, match=r"plugin\.so: cannot be opened: missing-library liba\.so"):
        extract(str(s.host()), Root(), rtld_global=[str(tmp_path / "plugin.so")])


def test_host_whose_library_lacks_a_version_says_so(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libv.so", "int f(void) { return 1; }", versions="V2 { f; };")
    host = s.exe("int f(void); int main(void) { return f(); }", needed=["libv.so"])
    s.lib("libv.so", "int f(void) { return 1; }", versions="V1 { f; };")
    (failure,) = extract(str(host), Root()).failures
    assert (failure.kind, failure.name) == ("version-not-found", "V2")


def test_missing_library_of_a_host_is_a_failure_in_the_result(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("liba.so")
    host = s.host(needed=["liba.so"])
    (tmp_path / "liba.so").unlink()
    (failure,) = extract(str(host), Root()).failures
    assert (failure.kind, failure.object, failure.name) == (
        "missing-library",
        str(host),
        "liba.so",
    )


# -- another root directory -----------------------------------------------------------------------


def test_absolute_links_stay_inside_the_root(tmp_path: Path) -> None:
    _, root = foreign_root(tmp_path)
    host = extract("/bin/host", Root(str(root)))
    assert not host.failures
    assert [m.dso.path for m in host.process.global_scope] == [
        "/usr/bin/host",
        "/opt/liba.so",
        "/usr/lib/libc-2.so",
        "/usr/lib/ld-2.so",
    ]


@pytest.mark.parametrize("target", ["{outside}", "../../../../../../../../../../../..{outside}"])
def test_link_out_of_the_root_leads_nowhere(tmp_path: Path, target: str) -> None:
    s, root = foreign_root(tmp_path)
    outside = s.lib("outside/liba.so", F)
    (root / "opt/liba.so").unlink()
    (root / "opt/liba.so").symlink_to(target.format(outside=outside))
    host = extract("/bin/host", Root(str(root)))
    assert [(f.kind, f.name) for f in host.failures] == [("missing-library", "liba.so")]


def test_link_to_itself_leads_nowhere(tmp_path: Path) -> None:
    _, root = foreign_root(tmp_path)
    (root / "opt/liba.so").unlink()
    (root / "opt/liba.so").symlink_to("liba.so")
    host = extract("/bin/host", Root(str(root)))
    assert [(f.kind, f.name) for f in host.failures] == [("missing-library", "liba.so")]


def test_root_without_cpuinfo_is_a_baseline_cpu(tmp_path: Path) -> None:
    _, root = foreign_root(tmp_path)
    loader = extract("/bin/host", Root(str(root))).loader
    assert (loader.hwcaps, loader.platform) == ((), "x86_64")


def test_name_of_a_host_is_its_distribution_and_its_binary(tmp_path: Path) -> None:
    _, root = foreign_root(tmp_path)
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text('NAME="Some"\nID=some\nVERSION_ID="12"\n')
    assert extract("/bin/host", Root(str(root))).name == "some-12-host"
    assert extract("/bin/host", Root(str(root)), name="mine").name == "mine"


# -- which Python ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "python"),
    [
        ("libpython3.11.so.1.0", "cp311"),
        ("libpython3.14t.so.1.0", "cp314t"),
        ("libpython3.9d.so.1.0", "cp39"),
        ("libpypy3.9-c.so", "pp39"),
        ("python3.12", "cp312"),
        ("libpython3.so", None),
        ("libpython3.11.so.1.0-gdb.py", None),
        ("python", None),
    ],
)
def test_python_is_told_by_a_file_name(tmp_path: Path, name: str, python: str | None) -> None:
    dso = Root().read(str(Scenario(tmp_path).lib(name, soname=None)))
    found = find_python([dso])
    assert (str(found) if found else None) == python


def test_python_is_told_by_a_soname_too(tmp_path: Path) -> None:
    path = Scenario(tmp_path).lib("renamed.so", soname="libpython3.11.so.1.0")
    dso = Root().read(str(path))
    assert find_python([dso]) == Python("cp", (3, 11))
