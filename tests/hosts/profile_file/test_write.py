"""Recording hosts: what is written, that it is the same every time, and that nothing is run."""

from __future__ import annotations

import json
import lzma
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from checkout import WHEELS
from collide.cli.main import main
from collide.hosts.database import database, shipped_names
from collide.hosts.profile_file.read import SCHEMA_FILE
from corpus import download
from packing import shipped_file
from scenario import Scenario, require_loader

HOST = WHEELS / "host/host"
PYTHON = Path("/usr/bin/python3")
VALIDATOR = Draft202012Validator(json.loads(Path(SCHEMA_FILE).read_text()))
F = "int f(void) { return 1; }"
_NO_TABLE: dict[str, dict[str, list[object]]] = {
    "exports": {"attributes": [], "attribute": [], "sizes": [], "names": []},
    "references": {"attributes": [], "attribute": [], "names": []},
}
Profile = dict[str, Any]


@pytest.fixture
def s(tmp_path: Path, few_libraries: None) -> Scenario:  # noqa: ARG001
    """A scenario of a host to record."""
    return Scenario(tmp_path)


def recorded(tmp_path: Path, binary: str | Path, *arguments: str) -> Profile:
    """The profile that the command writes; it is valid, whatever it is of."""
    path = tmp_path / "recorded.json"
    assert main(["profile", str(binary), "-o", str(path), *arguments]) == 0
    profile: Profile = json.loads(path.read_bytes())
    # The tables of system libraries take long; test_recording_twice... has all of them.
    small = [t for t in profile["tables"] if len(t["exports"]["names"]) < 100]
    VALIDATOR.validate({**profile, "tables": small})
    return profile


@pytest.fixture(scope="module")
def host_profile(recorded_host: bytes) -> Profile:
    """The profile of the specimens' host, read."""
    profile: Profile = json.loads(recorded_host)
    return profile


def scope(profile: Profile) -> list[str]:
    """Base names of the global scope."""
    return [Path(profile["objects"][i]["path"]).name for i in profile["scope"]]


def at(profile: Profile, name: str) -> int:
    """The number of an object."""
    (number,) = (i for i, o in enumerate(profile["objects"]) if Path(o["path"]).name == name)
    return number


# -- form -----------------------------------------------------------------------------------------


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(Path(SCHEMA_FILE).read_text()))


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_profile_is_valid(name: str) -> None:
    # The tables of one, which is held to the schema below, are like those of all.
    VALIDATOR.validate({**database().head(name), "tables": [_NO_TABLE]})


def test_tables_of_a_shipped_profile_are_valid() -> None:
    VALIDATOR.validate(json.loads(shipped_file("debian-12-python3")))


def test_schema_refuses_what_is_no_profile() -> None:
    assert not VALIDATOR.is_valid({"schema": "collide-profile/1"})


@pytest.mark.parametrize(
    "binary",
    [HOST, pytest.param(PYTHON, marks=pytest.mark.corpus)],
    ids=["specimen host", "python3"],
)
def test_recording_twice_gives_equal_bytes(tmp_path: Path, binary: Path) -> None:
    require_loader()
    if not binary.exists():
        pytest.skip(f"{binary} is not installed: apt install python3")
    for name in ("one.json", "two.json"):
        assert main(["profile", str(binary), "-o", str(tmp_path / name)]) == 0
    data = (tmp_path / "one.json").read_bytes()
    assert data == (tmp_path / "two.json").read_bytes()
    VALIDATOR.validate(json.loads(data))


def test_compressed_file_holds_what_the_plain_file_holds(
    tmp_path: Path, recorded_host: bytes
) -> None:
    assert main(["profile", str(HOST), "-o", str(tmp_path / "p.json.xz")]) == 0
    assert lzma.decompress((tmp_path / "p.json.xz").read_bytes()) == recorded_host


def test_stdout_is_what_the_plain_file_holds(
    capsys: pytest.CaptureFixture[str], recorded_host: bytes
) -> None:
    capsys.readouterr()
    assert main(["profile", str(HOST)]) == 0
    assert capsys.readouterr().out.encode() == recorded_host


def test_every_table_is_one_line_and_the_last_of_the_file(
    recorded_host: bytes, host_profile: Profile
) -> None:
    lines = recorded_host.splitlines()
    tables = lines[lines.index(b'"tables":[') + 1 : -1]
    assert len(tables) == len(host_profile["objects"]) == len(host_profile["tables"])
    assert [json.loads(line.rstrip(b",")) for line in tables] == host_profile["tables"]


# -- content --------------------------------------------------------------------------------------


def test_specimen_host_is_described(host_profile: Profile) -> None:
    profile = host_profile
    assert profile["binary"] == str(HOST)
    assert profile["architecture"] == "x86_64"
    assert profile["libc"]["name"] == "glibc"
    assert profile["python"] is None
    assert profile["missing"] == []
    assert scope(profile)[:2] == ["host", "libvault.so.1"]
    vault = profile["objects"][at(profile, "libvault.so.1")]
    assert vault["soname"] == "libvault.so.1"
    assert vault["found"] == {"how": "rpath", "by": str(HOST)}
    assert vault["needed_by"] == 0
    names = profile["tables"][at(profile, "libvault.so.1")]["exports"]["names"]
    assert set(names) == {"vault_free", "vault_new", "vault_size", "vault_version"}


def test_python_is_described(tmp_path: Path) -> None:
    require_loader()
    if not PYTHON.exists():
        pytest.skip(f"{PYTHON} is not installed: apt install python3")
    profile = recorded(tmp_path, PYTHON)
    assert profile["python"]["implementation"] == "cp"
    assert profile["binary"] == str(PYTHON.resolve())
    executable = profile["tables"][0]["exports"]["names"]
    libraries = {n for t in profile["tables"] for n in t["exports"]["names"]}
    assert "PyList_New" in libraries
    assert executable == sorted(executable)


def test_system_libraries_that_a_policy_allows_are_recorded_behind_what_is_loaded(
    host_profile: Profile,
) -> None:
    system, loaded = host_profile["system"], host_profile["loaded"]
    assert system["libc.so.6"] < loaded
    assert system["libresolv.so.2"] >= loaded
    assert {"libstdc++.so.6", "libX11.so.6"} <= system.keys()


def test_missing_library_is_recorded_as_missing_and_told(
    s: Scenario, capsys: pytest.CaptureFixture[str]
) -> None:
    s.lib("liba.so", F)
    host = s.host(needed=["liba.so"])
    (s.directory / "liba.so").unlink()
    profile = recorded(s.directory, host)
    assert profile["missing"] == [
        {"kind": "missing-library", "object": str(host), "name": "liba.so", "detail": ""}
    ]
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"collide: {host}: needs liba.so: missing-library; recorded as missing"


def test_name_is_the_one_that_is_given(tmp_path: Path) -> None:
    require_loader()
    assert recorded(tmp_path, HOST, "--name", "mine")["name"] == "mine"


# -- options of the host --------------------------------------------------------------------------


def test_global_library_is_recorded_with_its_closure_at_the_end_of_the_scope(s: Scenario) -> None:
    s.lib("libdep.so", F)
    plugin = s.lib("plugin.so", needed=["libdep.so"])
    host = s.host()
    plain, profile = (
        recorded(s.directory, host),
        recorded(s.directory, host, "--global", str(plugin)),
    )
    assert profile["global"] == [str(plugin)]
    assert scope(profile) == [*scope(plain), "plugin.so", "libdep.so"]


def test_preload_is_recorded_behind_the_executable(s: Scenario) -> None:
    s.lib("liba.so", F)
    library = s.lib("libpre.so", F)
    profile = recorded(s.directory, s.host(needed=["liba.so"]), "--preload", str(library))
    assert profile["preload"] == [str(library)]
    assert scope(profile)[:3] == ["host", "libpre.so", "liba.so"]
    assert profile["objects"][at(profile, "libpre.so")]["found"]["how"] == "preload"


def test_library_path_is_recorded_and_found_by(s: Scenario) -> None:
    s.lib("one/liba.so", F)
    host = s.host(needed=["one/liba.so"], runpath=None)
    (s.directory / "none").mkdir()
    path = f"{s.directory}/none:{s.directory}/one"
    profile = recorded(s.directory, host, "--library-path", path)
    assert profile["loader"]["library_path"] == path.split(":")
    assert profile["objects"][at(profile, "liba.so")]["found"]["how"] == "library-path"
    assert profile["missing"] == []


@pytest.mark.parametrize("option", ["--global", "--preload"])
def test_what_was_recorded_takes_symbols_from_a_wheel(
    s: Scenario, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    extra = s.lib("extra.so", F)
    s.lib("w/m.so", F + "int use(void) { return f(); }")
    recorded(s.directory, s.host(), option, str(extra))
    capsys.readouterr()
    profile = str(s.directory / "recorded.json")
    assert main(["bindings", str(s.directory / "w"), "--profile", profile]) == 0
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    (line,) = (line for line in lines if line["symbol"] == "f")
    assert (line["provider"], line["origin"], line["shadowed"]) == (str(extra), "host", True)


def test_what_the_library_path_holds_is_recorded_under_all_its_names(
    s: Scenario, capsys: pytest.CaptureFixture[str]
) -> None:
    host = s.host(runpath=None)
    s.lib("deeper/libdeep.so")
    s.lib("one/liba.so.1", F, needed=["deeper/libdeep.so"], runpath="$ORIGIN/../deeper")
    s.lib("one/link.so", F, soname="link.so")
    calls = "int f(void); int use(void) { return f(); }"
    s.lib("w/m.so", calls, needed=["one/liba.so.1"], runpath=None)
    s.lib("w/n.so", calls, needed=["one/link.so"], runpath=None)
    (s.directory / "one/link.so").unlink()
    (s.directory / "one/link.so").symlink_to("liba.so.1")
    (s.directory / "one/liba.so.txt").write_text("no library")
    search = ("--library-path", f"{s.directory}/one")
    profile = recorded(s.directory, host, *search)
    assert profile["system"]["liba.so.1"] == at(profile, "liba.so.1")
    capsys.readouterr()
    said = []
    for of in ([str(s.directory / "recorded.json")], [str(host), *search]):
        assert main(["bindings", str(s.directory / "w"), "--profile", *of]) == 0
        said.append(sorted(capsys.readouterr().out.splitlines()))
    assert said[0] == said[1]
    assert str(s.directory / "one/liba.so.1") in said[0][0]


def test_library_path_of_the_host_serves_wheels_too(
    s: Scenario, capsys: pytest.CaptureFixture[str]
) -> None:
    s.lib("one/liba.so", F)
    host = s.host(needed=["one/liba.so"], runpath=None)
    s.lib(
        "w/m.so", "int f(void); int use(void) { return f(); }", needed=["one/liba.so"], runpath=None
    )
    recorded(s.directory, host, "--library-path", f"{s.directory}/one")
    profile = str(s.directory / "recorded.json")
    assert main(["check", str(s.directory / "w"), "--profile", profile]) == 0
    assert ": clean\n" in capsys.readouterr().out


# -- another root ---------------------------------------------------------------------------------


@pytest.fixture
def root(s: Scenario) -> Path:
    """A root with /bin/host, its library, libc and loader, linked absolutely."""
    s.lib("root/opt/liba.so.1", F, soname="liba.so")
    (s.directory / "root/opt/liba.so").symlink_to("liba.so.1")
    s.host(name="root/usr/bin/host", needed=["root/opt/liba.so"], runpath="/opt")
    root = s.directory / "root"
    (root / "usr/lib").mkdir()
    (root / "opt/liba.so").unlink()
    (root / "opt/liba.so").symlink_to("/opt/liba.so.1")
    (root / "bin").symlink_to("/usr/bin")
    (root / "lib64").symlink_to("/usr/lib")
    for name in ("ld-linux-x86-64.so.2", "libc.so.6"):
        place = next(
            p for d in ("/lib64", "/lib/x86_64-linux-gnu") if (p := Path(d, name)).exists()
        )
        shutil.copy(place, root / "usr/lib" / name)
    return root


def test_root_directory_is_the_hosts_and_paths_are_those_inside_it(
    root: Path, tmp_path: Path
) -> None:
    profile = recorded(tmp_path, "/bin/host", "--root", str(root))
    assert profile["binary"] == "/usr/bin/host"
    assert [profile["objects"][i]["path"] for i in profile["scope"]] == [
        *("/usr/bin/host", "/opt/liba.so.1", "/usr/lib/libc.so.6"),
        "/usr/lib/ld-linux-x86-64.so.2",
    ]
    assert str(root) not in (tmp_path / "recorded.json").read_text()


def test_binary_may_be_named_without_the_leading_slash(root: Path, tmp_path: Path) -> None:
    assert recorded(tmp_path, "bin/host", "--root", str(root))["binary"] == "/usr/bin/host"


def test_recording_does_not_depend_on_where_the_root_lies(root: Path, tmp_path: Path) -> None:
    recorded(tmp_path, "/bin/host", "--root", str(root))
    before = (tmp_path / "recorded.json").read_bytes()
    root.rename(tmp_path / "moved")
    recorded(tmp_path, "/bin/host", "--root", str(tmp_path / "moved"))
    assert (tmp_path / "recorded.json").read_bytes() == before


def test_packages_of_the_root_are_recorded(root: Path, tmp_path: Path) -> None:
    info = root / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    (info / "liba.list").write_text("/opt\n/opt/liba.so.1\n")
    (root / "var/lib/dpkg/status").write_text("Package: liba\nVersion: 1:2.3-4\n")
    profile = recorded(tmp_path, "/bin/host", "--root", str(root))
    liba = profile["objects"][at(profile, "liba.so.1")]
    assert liba["package"] == {"name": "liba", "version": "1:2.3-4"}


# -- nothing is executed --------------------------------------------------------------------------


def test_nothing_of_the_host_is_executed(s: Scenario) -> None:
    marker = s.directory / "marker"
    constructor = (
        "#include <fcntl.h>\n__attribute__((constructor)) static void init(void) "
        f'{{ open("{marker}", O_CREAT | O_WRONLY, 0600); }}'
    )
    s.lib("liba.so", constructor)
    s.lib("plugin.so", constructor)
    host = s.host(constructor, needed=["liba.so"])
    profile = recorded(s.directory, host, "--global", str(s.directory / "plugin.so"))
    assert {"host", "liba.so", "plugin.so"} <= set(scope(profile))
    assert not marker.exists()
    # The marker is what running it would leave.
    s.compare(host, "plugin.so")
    assert marker.exists()


def test_host_need_not_be_executable(s: Scenario) -> None:
    s.lib("liba.so", F)
    host = s.host(needed=["liba.so"])
    before = recorded(s.directory, host)
    for path in s.directory.iterdir():
        path.chmod(0o644)
    assert recorded(s.directory, host) == before


# -- real wheels ----------------------------------------------------------------------------------


@pytest.mark.corpus
@pytest.mark.parametrize("spec", ["lxml==6.1.3", "psycopg2-binary==2.9.13"])
def test_recorded_python_binds_real_wheels_as_python_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spec: str
) -> None:
    require_loader()
    if not PYTHON.exists():
        pytest.skip(f"{PYTHON} is not installed: apt install python3")
    wheel = str(download(spec))
    recorded(tmp_path, PYTHON)
    printed = []
    for profile in (str(PYTHON), str(tmp_path / "recorded.json")):
        capsys.readouterr()
        assert main(["bindings", wheel, "--profile", profile]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0].count("\n") > 1000
    assert printed[0] == printed[1]
