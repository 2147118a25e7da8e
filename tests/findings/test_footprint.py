"""What a footprint gained and lost, what of it is growth, and what is allowed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from collide.cli.main import main
from collide.findings.code import Severity
from collide.findings.footprint import Allowed, compare, read_allowed
from collide.hosts.database import load_shipped
from collide.hosts.footprint import ExportedNames, Footprint, FootprintLibrary, of_host
from collide.support.errors import InputError
from scenario import Scenario


def entry(name: str, *unversioned: str, versioned: str = "", by: str = "bin") -> FootprintLibrary:
    names = frozenset(versioned.split())
    versions = frozenset(name.partition("@")[2] for name in names)
    exports = ExportedNames(frozenset(unversioned), names, versions)
    return FootprintLibrary(name, (by,) if by else (), len(unversioned), not by, exports)


def host(*libraries: FootprintLibrary, **more: tuple[str, ...]) -> Footprint:
    fields = {"openings": (), "search_paths": (), "missing": (), **more}
    return Footprint("h", (entry("bin", by=""), *libraries), **fields)


def changes(old: Footprint, new: Footprint) -> list[tuple[str, bool, str, tuple[str, ...]]]:
    return [(c.code.id, c.gained, c.subject, c.names) for c in compare(old, new).changes]


A, B = entry("liba.so.1", "a"), entry("libb.so.1", "b")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (host(A), host(A), []),
        (host(A), host(B), [("501", True, "libb.so.1", "b"), ("501", False, "liba.so.1", "a")]),
        (host(A), host(entry("liba.so.1", "a", "c")), [("502", True, "liba.so.1", "c")]),
        (host(A), host(entry("liba.so.1")), [("502", False, "liba.so.1", "a")]),
        (
            host(entry("libv.so", versioned="f@V1")),
            host(entry("libv.so", versioned="f@V1 g@V1 f@V2")),
            [("503", True, "libv.so", "f@V2 g@V1"), ("504", True, "libv.so", "V2")],
        ),
        (
            host(entry("libv.so", versioned="f@V1")),
            host(entry("libv.so", "f")),
            [
                ("502", True, "libv.so", "f"),
                ("503", False, "libv.so", "f@V1"),
                ("504", False, "libv.so", "V1"),
            ],
        ),
        (
            host(entry("libicu.so.72", "u_72")),
            host(entry("libicu.so.76", "u_76")),
            [
                ("508", True, "libicu.so.76", ""),
                ("502", True, "libicu.so.76", "u_76"),
                ("502", False, "libicu.so.76", "u_72"),
            ],
        ),
        (host(), host(openings=("opens x",)), [("505", True, "opens x", "")]),
        (host(openings=("opens x",)), host(), [("505", False, "opens x", "")]),
        (host(), host(history=("x RTLD_NOW",)), [("509", True, "x RTLD_NOW", "")]),
        (host(history=("x RTLD_NOW",)), host(), [("509", False, "x RTLD_NOW", "")]),
        (
            host(search_paths=("RPATH /a of bin",)),
            host(search_paths=("RPATH /b of bin",)),
            [("506", True, "RPATH /b of bin", ""), ("506", False, "RPATH /a of bin", "")],
        ),
        (host(), host(missing=("libx.so",)), [("507", True, "libx.so", "")]),
        (host(missing=("libx.so",)), host(), [("507", False, "libx.so", "")]),
        (host(A), host(missing=("liba.so.1",)), [("501", False, "liba.so.1", "a")]),
    ],
)
def test_every_kind_of_change(
    old: Footprint, new: Footprint, expected: list[tuple[str, bool, str, str]]
) -> None:
    told = [(f"COL{c}", gained, s, tuple(n.split())) for c, gained, s, n in expected]
    assert changes(old, new) == told


def test_two_releases_of_one_name_are_not_paired() -> None:
    old = host(entry("libx.so.1"))
    new = host(entry("libx.so.2"), entry("libx.so.3"))
    assert {c[0] for c in changes(old, new)} == {"COL501"}


def test_binary_of_another_name_is_the_same_thing_and_so_are_its_search_paths() -> None:
    old = host(A, search_paths=("RPATH /a of bin",))
    first = entry("python3", by="")
    new = Footprint("n", (first, A), (), ("RPATH /a of python3",), ())
    assert [(c.code.id, c.subject, c.detail) for c in compare(old, new).changes] == [
        ("COL508", "python3", "was bin")
    ]


@pytest.mark.parametrize(
    ("old", "new", "grew"),
    [
        (host(A, B), host(A), False),
        (host(A), host(A, B), True),
        (host(entry("libv.so", versioned="f@V1")), host(entry("libv.so", versioned="f@V2")), False),
        (host(A), host(entry("liba.so.1", "a", "c")), True),
        (host(A), host(entry("liba.so.2", "a")), False),
        (host(), host(missing=("libx.so",)), True),
        (host(), host(search_paths=("RPATH /b of bin",)), True),
    ],
)
def test_growth_is_what_more_can_be_bound_to(old: Footprint, new: Footprint, grew: bool) -> None:
    assert compare(old, new).grew() == grew


def small(footprint: Footprint) -> Footprint:
    """As a baseline has it."""
    return footprint._replace(
        libraries=tuple(
            e._replace(exports=None, unversioned=e.unversioned if e.own else min(e.unversioned, 1))
            for e in footprint.libraries
        )
    )


def test_baseline_counts_the_names_of_the_binary() -> None:
    old, new = (Footprint("n", (entry("bin", *n, by=""),), (), (), ()) for n in ("ab", "abc"))
    (change,) = compare(small(old), new).changes
    assert (change.code.id, change.gained, change.detail) == ("COL502", True, "2 then, 3 now")
    assert not compare(small(new), old).grew()


@pytest.mark.parametrize(
    ("old", "new", "detail"),
    [("a", "abc", None), ("", "a", "none then, some now"), ("", "", None)],
)
def test_baseline_knows_of_a_library_whether_it_has_names_without_a_version(
    old: str, new: str, detail: str | None
) -> None:
    """Their number changes with every security update."""
    found = compare(small(host(entry("libx.so.1", *old))), host(entry("libx.so.1", *new))).changes
    assert [c.detail for c in found] == ([detail] if detail else [])


# -- what is allowed ------------------------------------------------------------------------------


def test_allowed_growth_is_a_note_with_its_reason() -> None:
    allowed = [Allowed("libb.so.*", "wanted"), Allowed("libz*", "old")]
    comparison = compare(host(A), host(A, B), allowed)
    (change,) = comparison.changes
    assert (change.allowed, change.severity) == ("wanted", Severity.NOTE)
    assert not comparison.grew()
    assert comparison.unused == ("libz*",)


def test_allowing_a_name_that_went_is_no_use() -> None:
    comparison = compare(host(A, B), host(A), [Allowed("libb.so.*", "wanted")])
    assert comparison.unused == ("libb.so.*",)


def test_list_of_what_is_allowed(tmp_path: Path) -> None:
    file = tmp_path / "allowed"
    file.write_text("# for 8.0\n\nlibbz2.so.*   # the bz2 module  # is old\nRPATH /a of b # why\n")
    assert read_allowed(file) == [
        Allowed("libbz2.so.*", "the bz2 module  # is old"),
        Allowed("RPATH /a of b", "why"),
    ]


@pytest.mark.parametrize("line", ["libbz2.so.*", "libbz2.so.* #", "libbz2.so.*  #  "])
def test_reason_is_required(line: str, tmp_path: Path) -> None:
    file = tmp_path / "allowed"
    file.write_text(f"\n{line}\n")
    told = r"line 2: libbz2\.so\.\* has no reason; write libbz2\.so\.\*  # why"
    with pytest.raises(InputError, match=told):
        read_allowed(file)


def test_list_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_allowed(tmp_path / "none")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not a text file"):
        read_allowed(tmp_path / "binary")


# -- real hosts -----------------------------------------------------------------------------------


def test_what_pypy_links_that_cpython_does_not() -> None:
    cpython, pypy = (of_host(load_shipped(f"debian-12-{n}")) for n in ("python3", "pypy3"))
    gained = {c.subject for c in compare(cpython, pypy).changes if c.code.id == "COL501"}
    assert gained == {
        *("libpypy3.9-c.so", "libbz2.so.1.0", "libffi.so.8", "libtinfo.so.6", "libgcc_s.so.1")
    }


# -- the command ----------------------------------------------------------------------------------

Out = pytest.CaptureFixture[str]


def test_command_compares_two_hosts_either_way(capsys: Out) -> None:
    assert main(["diff", "debian-12-python3", "debian-12-pypy3"]) == 1
    either = capsys.readouterr().out
    assert main(["diff", "debian-12-pypy3", "--against", "debian-12-python3"]) == 1
    assert capsys.readouterr().out == either
    assert either.startswith("debian-12-python3 -> debian-12-pypy3: the link footprint grew\n")
    assert "  error   COL501 links libbz2.so.1.0 too (needed by libpypy3.9-c.so; 35 unv" in either


def test_command_of_a_host_and_itself_is_clean(capsys: Out) -> None:
    assert main(["diff", "debian-12-python3", "debian-12-python3"]) == 0
    assert "the link footprint is equal" in capsys.readouterr().out


def test_json_holds_every_name(capsys: Out) -> None:
    assert main(["diff", "debian-12-python3", "debian-12-pypy3", "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["grew"]) == ("collide-diff/1", True)
    (bz2,) = (c for c in document["changes"] if c["subject"] == "libbz2.so.1.0")
    assert bz2["severity"] == "error"
    assert "BZ2_bzCompress" in bz2["names"]
    assert len(bz2["names"]) == 35


def test_level_that_fails_can_be_chosen(tmp_path: Path, capsys: Out) -> None:
    s = Scenario(tmp_path)
    s.lib("libv.so", "int f(void) { return 1; }", versions="V1 { f; };")
    old, new = s.host(needed=["libv.so"]), tmp_path / "new"
    first = tmp_path / "old.json"
    assert main(["profile", str(old), "-o", str(first)]) == 0
    s.lib("libv.so", "int f(void) { return 1; } int g;", versions="V1 { f; }; V2 { g; };")
    old.rename(new)
    command = ["diff", str(first), str(new), "--allow", "host*", "--allow", "new"]
    for level, status in {"note": 1, "warning": 0, "error": 0, "never": 0}.items():
        assert main([*command, "--fail-on", level]) == status, level
        assert "libv.so exports more versioned symbols: 1: g@V2" in capsys.readouterr().out


def test_wrong_use_is_one_line(capsys: Out) -> None:
    told = "collide: diff needs OLD and NEW, or one host and --against another\n"
    for arguments in (["a"], ["a", "b", "c"], ["a", "b", "--against", "c"]):
        assert main(["diff", *arguments]) == 2
        assert capsys.readouterr().err == told
    command = ["diff", "debian-12-*pypy3", "debian-12-pypy3", "--impact", "m.so"]
    assert main(command) == 2
    assert capsys.readouterr().err == "collide: --impact compares two hosts, no groups\n"
