"""Which package a file is of: this machine's dpkg, and databases written by hand."""

from __future__ import annotations

import functools
import shutil
import sqlite3
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

import seeds
from collide.filesystems.root import Root
from collide.hosts.packages import find_packages


def write(root: Path, path: str, text: str = "") -> None:
    """A file of a root, with its directories."""
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def dpkg(root: Path, name: str, version: str, *files: str) -> None:
    """One installed package; ``name`` may carry an architecture."""
    status = root / "var/lib/dpkg/status"
    before = status.read_text() if status.exists() else ""
    package = name.partition(":")[0]
    paragraph = f"Package: {package}\nStatus: install ok installed\nVersion: {version}\n"
    paragraph += "Description: a package\n Package: other\n Version: 0\n .\n more\n\n"
    write(root, "/var/lib/dpkg/status", before + paragraph)
    write(root, f"/var/lib/dpkg/info/{name}.list", "/.\n" + "".join(f"{f}\n" for f in files))


def merge_usr(root: Path) -> None:
    """Make /lib a link to /usr/lib, as distributions do."""
    (root / "usr/lib").mkdir(parents=True, exist_ok=True)
    (root / "lib").symlink_to("usr/lib")


# -- dpkg -----------------------------------------------------------------------------------------


def _dpkg_answer(path: str) -> tuple[str, str] | None:
    """What dpkg-query says; it knows files by the path that their package lists."""
    for name in (path, path.removeprefix("/usr")):
        found = subprocess.run(
            ["dpkg-query", "--search", name], capture_output=True, text=True, check=False
        )
        if found.returncode == 0:
            package = found.stdout.partition(": ")[0]
            show = ["dpkg-query", "--show", "--showformat=${Version}", package]
            version = subprocess.run(show, capture_output=True, text=True, check=True).stdout
            return package.partition(":")[0], version
    return None


@pytest.mark.parametrize("name", ["libc.so.6", "libm.so.6", "libz.so.1", "libstdc++.so.6"])
def test_library_of_this_machine_is_of_the_package_that_dpkg_names(name: str) -> None:
    if shutil.which("dpkg-query") is None:
        pytest.skip("this machine has no dpkg: run on Debian or Ubuntu")
    root = Root()
    places = ("/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib")
    path = next((p for d in places if (p := root.realpath(f"{d}/{name}"))), None)
    if path is None:
        pytest.skip(f"{name} is not installed: apt install libc6 zlib1g libstdc++6")
    answer = _dpkg_answer(path)
    assert answer is not None
    assert find_packages(root, [path]) == {path: answer}


def test_file_of_no_package_has_none(tmp_path: Path) -> None:
    dpkg(tmp_path, "libc6:amd64", "2.36-9", "/usr/lib/libc.so.6")
    write(tmp_path, "/usr/lib/libc.so.6")
    write(tmp_path, "/opt/liba.so")
    assert find_packages(Root(str(tmp_path)), ["/opt/liba.so"]) == {}


def test_several_files_of_several_packages_are_told_apart(tmp_path: Path) -> None:
    dpkg(tmp_path, "liba", "1:1.0-1", "/usr/lib/liba.so.1", "/usr/lib/liba-extra.so.1")
    dpkg(tmp_path, "libb:amd64", "2~rc1", "/usr/lib/libb.so.1")
    paths = ["/usr/lib/liba.so.1", "/usr/lib/liba-extra.so.1", "/usr/lib/libb.so.1"]
    for path in paths:
        write(tmp_path, path)
    assert find_packages(Root(str(tmp_path)), paths) == {
        paths[0]: ("liba", "1:1.0-1"),
        paths[1]: ("liba", "1:1.0-1"),
        paths[2]: ("libb", "2~rc1"),
    }


@pytest.mark.parametrize("listed", ["/lib/x/liba.so.1", "/usr/lib/x/liba.so.1"])
def test_merged_usr_is_seen_through(tmp_path: Path, listed: str) -> None:
    merge_usr(tmp_path)
    dpkg(tmp_path, "liba", "1.0", "/lib", listed)
    write(tmp_path, "/usr/lib/x/liba.so.1")
    path = "/usr/lib/x/liba.so.1"
    assert find_packages(Root(str(tmp_path)), [path]) == {path: ("liba", "1.0")}


def test_separate_lib_and_usr_lib_are_not_mixed_up(tmp_path: Path) -> None:
    dpkg(tmp_path, "first", "1", "/lib/liba.so")
    dpkg(tmp_path, "second", "2", "/usr/lib/liba.so")
    write(tmp_path, "/lib/liba.so")
    write(tmp_path, "/usr/lib/liba.so")
    assert find_packages(Root(str(tmp_path)), ["/lib/liba.so", "/usr/lib/liba.so"]) == {
        "/lib/liba.so": ("first", "1"),
        "/usr/lib/liba.so": ("second", "2"),
    }


def test_file_of_another_package_below_usr_is_not_taken_for_it(tmp_path: Path) -> None:
    dpkg(tmp_path, "first", "1", "/lib/liba.so")
    write(tmp_path, "/lib/liba.so")
    write(tmp_path, "/usr/lib/liba.so")
    assert find_packages(Root(str(tmp_path)), ["/usr/lib/liba.so"]) == {}


def test_root_without_a_database_names_nothing(tmp_path: Path) -> None:
    write(tmp_path, "/usr/lib/liba.so")
    assert find_packages(Root(str(tmp_path)), ["/usr/lib/liba.so"]) == {}


# -- apk ------------------------------------------------------------------------------------------

INSTALLED = """\
C:Q1abc=
P:musl
V:1.2.4-r2
A:x86_64
T:the musl c library (libc) implementation
F:lib
R:libc.musl-x86_64.so.1
a:0:0:777
Z:Q1def=
R:ld-musl-x86_64.so.1
a:0:0:755

C:Q1ghi=
P:zlib
V:1.2.13-r1
F:usr
F:usr/lib
R:libz.so.1.2.13
a:0:0:755
"""


def test_apk_database_names_package_and_version(tmp_path: Path) -> None:
    write(tmp_path, "/lib/apk/db/installed", INSTALLED)
    paths = ["/lib/ld-musl-x86_64.so.1", "/usr/lib/libz.so.1.2.13", "/usr/lib/other.so"]
    for path in paths:
        write(tmp_path, path)
    assert find_packages(Root(str(tmp_path)), paths) == {
        paths[0]: ("musl", "1.2.4-r2"),
        paths[1]: ("zlib", "1.2.13-r1"),
    }


def test_apk_database_of_a_merged_usr_is_seen_through(tmp_path: Path) -> None:
    merge_usr(tmp_path)
    write(tmp_path, "/usr/lib/apk/db/installed", INSTALLED)
    path = "/usr/lib/ld-musl-x86_64.so.1"
    write(tmp_path, path)
    assert find_packages(Root(str(tmp_path)), [path]) == {path: ("musl", "1.2.4-r2")}


# -- rpm ------------------------------------------------------------------------------------------

SPEC = """
Name: demo
Version: 1.2
Release: 3
Summary: a package
License: MIT
BuildArch: noarch
%description
A package.
%install
mkdir -p %{buildroot}/usr/lib64
echo library > %{buildroot}/usr/lib64/libdemo.so.1
%files
/usr/lib64/libdemo.so.1
"""


@pytest.mark.parametrize("database", ["/var/lib/rpm", "/usr/lib/sysimage/rpm"])
def test_library_is_of_the_package_that_rpm_has_installed(tmp_path: Path, database: str) -> None:
    if shutil.which("rpmbuild") is None:
        pytest.skip("this machine has no rpmbuild: apt-get install rpm")
    (tmp_path / "demo.spec").write_text(SPEC)
    root = tmp_path / "root"
    define = ("--define", f"_topdir {tmp_path}/top")
    run = functools.partial(subprocess.run, check=True, capture_output=True)
    run(["rpmbuild", "-bb", *define, str(tmp_path / "demo.spec")])
    (package,) = tmp_path.glob("top/RPMS/noarch/*.rpm")
    at = ("rpm", "--root", str(root), "--dbpath", database)
    root.mkdir()
    run([*at, "--initdb"])
    run([*at, "--install", "--nodeps", str(package)])
    before = sorted(root.rglob("*"))
    library = "/usr/lib64/libdemo.so.1"
    assert find_packages(Root(str(root)), [library, "/etc/absent"]) == {library: ("demo", "1.2-3")}
    assert sorted(root.rglob("*")) == before


def test_rpm_database_that_is_none_tells_nothing(tmp_path: Path) -> None:
    write(tmp_path, "/var/lib/rpm/rpmdb.sqlite", "no database")
    write(tmp_path, "/usr/lib64/libdemo.so.1")
    assert find_packages(Root(str(tmp_path)), ["/usr/lib64/libdemo.so.1"]) == {}


ENDLESS = (
    "create view Packages(blob) as with recursive r(x) as "
    "(select 1 union all select x + 1 from r) select zeroblob(100000) from r"
)
SQL = {
    "null": ["create table Packages(blob)", "insert into Packages values(null)"],
    "text": ["create table Packages(blob)", "insert into Packages values('x')"],
    "number": ["create table Packages(blob)", "insert into Packages values(3000000000)"],
    "negative number": ["create table Packages(blob)", "insert into Packages values(-1)"],
    "no such column": ["create table Packages(other)", "insert into Packages values(x'00')"],
    "view without end": [ENDLESS],
    "computed column": [
        "create table Packages(a, blob as (zeroblob(900000000)))",
        *["insert into Packages values(1)"] * 50,
    ],
    "a header of 2^32 tags": [
        "create table Packages(blob)",
        "insert into Packages values(x'ffffffff00000000')",
    ],
    "a tag of 2^32 numbers": [
        "create table Packages(blob)",
        f"insert into Packages values(x'{struct.pack('>6I', 1, 8, 1116, 4, 0, 2**32 - 1).hex()}')",
    ],
}


@pytest.mark.parametrize("case", SQL)
def test_rpm_database_of_another_form_tells_nothing(tmp_path: Path, case: str) -> None:
    write(tmp_path, "/usr/lib64/libdemo.so.1")
    write(tmp_path, "/var/lib/rpm/rpmdb.sqlite")
    _database(tmp_path / "var/lib/rpm/rpmdb.sqlite", SQL[case])
    assert find_packages(Root(str(tmp_path)), ["/usr/lib64/libdemo.so.1"]) == {}


def _database(path: Path, statements: Sequence[str]) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("name", [b"vault", b"\xff\xfe"])
def test_rpm_package_beside_rows_of_another_form_is_found(tmp_path: Path, name: bytes) -> None:
    write(tmp_path, "/opt/libvault.so.1")
    write(tmp_path, "/var/lib/rpm/rpmdb.sqlite")
    header = seeds.rpm_header(name).hex()
    rows = [f"insert into Packages values({value})" for value in ("null", f"x'{header}'", "'x'")]
    _database(tmp_path / "var/lib/rpm/rpmdb.sqlite", ["create table Packages(blob)", *rows])
    found = find_packages(Root(str(tmp_path)), ["/opt/libvault.so.1"])
    assert found == {"/opt/libvault.so.1": (name.decode("utf-8", "replace"), "1.0-2")}


def test_package_without_a_version_is_none(tmp_path: Path) -> None:
    write(tmp_path, "/opt/libvault.so.1")
    write(tmp_path, "/var/lib/dpkg/status", "Package: vault\nStatus: install ok installed\n")
    write(tmp_path, "/var/lib/dpkg/info/vault.list", "/opt/libvault.so.1\n")
    assert find_packages(Root(str(tmp_path)), ["/opt/libvault.so.1"]) == {}
