"""COL116: structures that the victim lays out and the host's copy uses at other offsets."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collide.analysis.analysis import analyse
from collide.filesystems.root import Root
from collide.findings.finding import Finding
from collide.findings.judge import judge
from collide.hosts.database.reader import Database
from collide.hosts.extract import extract
from collide.hosts.profile_file.read import load
from collide.hosts.profile_file.write import record, to_bytes
from collide.loader.host import Host
from collide.wheels.target import Target, read_target
from corpus import download, unavailable, unpacked
from judging import ERROR, WARNING, judged, of, only_x86_64
from linked_hosts import LINKED
from packing import pack, summary_of, unpack
from scenario import Scenario

_STRUCT = "struct frob {{ long id; {} int state; long total; struct frob *next; }};"
_LIBRARY = """
long frob_sum(struct frob *f) { return f->total + f->state + (f->next ? f->next->id : 0); }
void frob_reset(struct frob *f) { f->id = 0; f->total = 0; f->state = 0; f->next = 0; }
struct frob *frob_next(struct frob *f) { f->state++; f->total++; return f->next; }
"""
_MADE = """
#include <stdlib.h>
struct frob *frob_new(void) { return calloc(1, sizeof(struct frob)); }
"""
_DECLARED = """
long frob_sum(struct frob *); void frob_reset(struct frob *); struct frob *frob_next(struct frob *);
struct frob *frob_new(void);
"""
_USERS = {
    "stack": "struct frob f; frob_reset(&f); frob_next(&f); return frob_sum(&f);",
    "variable": "frob_reset(&own); frob_next(&own); return frob_sum(&own);",
    "inside": "frob_reset(&w->inner); frob_next(&w->inner); return frob_sum(&w->inner);",
    "opaque": "struct frob *f = frob_new(); frob_reset(f); frob_next(f); return frob_sum(f);",
    "one": "struct frob f; frob_reset(&f); return 0;",
}


def user(body: str, struct: str) -> str:
    """A module that works on a structure of the library."""
    wrapped = "struct wrapped { long count; struct frob inner; }; static struct frob own;"
    inner = f"static long work(struct wrapped *w) {{ {body} }}"
    return f"{struct}{_DECLARED}{wrapped}{inner} long PyInit_m(void *w) {{ return work(w); }}"


@only_x86_64
@pytest.mark.parametrize(
    ("kind", "flag", "code"),
    [
        ("stack", "-O0", ("COL116", ERROR)),
        ("stack", "-O2", ("COL116", ERROR)),
        ("variable", "-O2", ("COL116", ERROR)),
        ("inside", "-O2", ("COL116", ERROR)),
        ("opaque", "-O0", ("COL102", WARNING)),
        ("opaque", "-O2", ("COL102", WARNING)),
        ("one", "-O2", ("COL102", WARNING)),
    ],
)
def test_it_is_an_error_where_the_memory_is_the_victims(
    s: Scenario, kind: str, flag: str, code: tuple[str, object]
) -> None:
    theirs, ours = _STRUCT.format(""), _STRUCT.format("long added;")
    s.lib("libhost.so", theirs + _LIBRARY + _MADE, flag)
    s.lib("w/liblib.so", ours + _LIBRARY + _MADE, flag)
    s.lib("w/m.so", user(_USERS[kind], ours), flag, needed=["w/liblib.so"])
    found = judged(s, "libhost.so")
    assert of(found, "m.so") == code
    evidence = " ".join(next(f for f in found if f.victim == "m.so").evidence)
    line = (
        "functions that use it at other offsets: frob_next up to 32 in the wheel's copy, 24 in the"
    )
    assert (line in evidence) == (code[0] == "COL116")


@only_x86_64
def test_it_is_none_where_both_copies_have_one_layout(s: Scenario) -> None:
    struct = _STRUCT.format("")
    s.lib("libhost.so", struct + _LIBRARY + _MADE)
    s.lib("w/liblib.so", struct + _LIBRARY + _MADE)
    s.lib("w/m.so", user(_USERS["stack"], struct), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so") == ("COL102", WARNING)


@only_x86_64
@pytest.mark.parametrize("replaced", [True, False])
def test_a_static_library_may_lend_to_itself(s: Scenario, replaced: bool) -> None:
    """Its own functions that lend to others run only where the host's do not in their place."""
    theirs, ours = _STRUCT.format(""), _STRUCT.format("long added;")
    lending = """
    long frob_both(void) { struct frob f; frob_reset(&f); frob_next(&f); return frob_sum(&f); }
    """
    entry = "long PyInit_m(void) { frob_next(frob_new()); return frob_both(); }"
    s.lib("libhost.so", theirs + _LIBRARY + _MADE + (lending if replaced else ""))
    s.lib("w/m.so", ours + _LIBRARY + _MADE + lending + entry)
    (found,) = (f for f in judged(s, "libhost.so") if f.victim == "m.so")
    assert any("lends memory" in line for line in found.evidence) is not replaced


@only_x86_64
@pytest.mark.parametrize(("whole", "code"), [(True, "COL102"), (False, "COL116")])
def test_other_fields_are_not_the_same_ones_elsewhere(s: Scenario, whole: bool, code: str) -> None:
    """Functions that use other fields look as if these had moved; where one has all, they stay."""
    struct = "struct frob { long a; long b; long c; long d; };"
    some = """
    long frob_one(struct frob *f) { return f->a + f->%s + f->%s; }
    void frob_two(struct frob *f) { f->a = 0; f->%s = 0; f->%s = 0; }
    """
    every = "long frob_every(struct frob *f) { return f->a + f->b + f->c + f->d; }" if whole else ""
    body = "struct frob f; frob_two(&f); return frob_one(&f);"
    body = body.replace("return", "return frob_every(&f) +" if whole else "return")
    s.lib("libhost.so", struct + some % ("b", "c", "b", "c") + every)
    s.lib("w/liblib.so", struct + some % ("c", "d", "c", "d") + every)
    declared = "long frob_one(void *); void frob_two(void *); long frob_every(void *);"
    entry = f"long PyInit_m(void) {{ {body} }}"
    s.lib("w/m.so", struct + declared + entry, needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so")[0] == code


# -- the same where the host's code is not at hand ------------------------------------------------


def profiles(host: Host, directory: Path) -> Iterator[tuple[str, Host]]:
    """A host as a profile file and as a database have it; without what functions use; packed anew.

    The last is what becomes of a shipped host that cannot be recorded again.
    """
    directory.mkdir()
    profile = record(host, Root())

    def written(name: str, content: dict[str, Any]) -> Host:
        file = directory / f"{name}.json"
        file.write_bytes(to_bytes(content, compressed=False))
        return load(file)

    def packed(name: str, content: Any) -> Database:
        file = directory / f"{name}.db"
        file.write_bytes(pack([(summary_of(host, ("test",), "a test"), content)]))
        return Database(file)

    yield "file", written("whole", profile)
    database = packed("whole", json.loads(to_bytes(profile, compressed=False)))
    yield "database", database.load(host.name)
    yield "packed anew", packed("again", unpack(database, host.name)).load(host.name)
    bare = [{k: v for k, v in t.items() if k != "pointer_uses"} for t in profile["tables"]]
    assert bare != profile["tables"]
    yield "old file", written("bare", {**profile, "tables": bare})
    yield "old database", packed("bare", {**profile, "tables": bare}).load(host.name)


def told(target: Target, host: Host) -> list[Finding]:
    return list(judge(analyse(target, host)))


def say_the_same(target: Target, host: Host, directory: Path) -> list[Finding]:
    """What is found on a host, as all its profiles say, but for those that know no code."""
    live = told(target, host)
    for kind, recorded in profiles(host, directory):
        found = told(target, recorded)
        if not kind.startswith("old"):
            assert found == live, kind
            continue
        assert "COL116" not in [f.code.id for f in found]
        for words in ("offsets", "could be compared"):
            assert not any(words in line for f in found for line in f.evidence), kind
    return live


@only_x86_64
@pytest.mark.usefixtures("few_libraries")
@pytest.mark.parametrize("kind", ["stack", "variable", "opaque"])
def test_a_profile_says_what_the_binary_says(s: Scenario, kind: str) -> None:
    theirs, ours = _STRUCT.format(""), _STRUCT.format("long added;")
    s.lib("libhost.so", theirs + _LIBRARY + _MADE, "-O2")
    s.lib("w/liblib.so", ours + _LIBRARY + _MADE, "-O2")
    s.lib("w/m.so", user(_USERS[kind], ours), "-O2", needed=["w/liblib.so"])
    host = extract(str(s.host(needed=["libhost.so"])), Root())
    live = say_the_same(read_target(s.directory / "w"), host, s.directory / "profiles")
    code = ("COL102", WARNING) if kind == "opaque" else ("COL116", ERROR)
    assert of(tuple(live), "m.so") == code
    assert any("other offsets" in line for f in live for line in f.evidence)


_PROGRAM = (
    "int Py_BytesMain(int, char **); int main(int c, char **v) { return Py_BytesMain(c, v); }"
)


def program(directory: Path, library: str) -> Path:
    """A program that embeds Python and links a library of Debian 12, with what that needs."""
    if shutil.which("gcc") is None:
        unavailable("gcc is not installed")
    linked, system = LINKED[library], Path("/usr/lib/x86_64-linux-gnu")
    (below := directory / "below").mkdir()
    root = unpacked("bookworm", "amd64", linked.package, "libpython3.11")
    for file in (root / system.relative_to("/")).iterdir():
        if ".so" in file.name and not (system / file.name).exists():
            (below / file.name).symlink_to(file)
    command = ["gcc", "-x", "c", "-", "-o", str(directory / "program"), "-Wl,--no-as-needed"]
    command += [f"-L{below}", f"-l:{linked.library}", "-l:libpython3.11.so.1.0"]
    command += [f"-Wl,--disable-new-dtags,-rpath,{below}", "-Wl,--allow-shlib-undefined"]
    subprocess.run(command, input=_PROGRAM, text=True, check=True)
    return directory / "program"


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("library", "wheel", "code"),
    [
        ("svm", "scikit-learn==1.9.1", "COL102"),
        ("ev", "gevent==26.9.0", "COL116"),
        ("openexrcore", "openexr==3.5.3", "COL101"),
        ("mbedtls", "pynng==0.9.0", "COL116"),
        ("wcs", "astropy==8.0.2", "COL116"),
    ],
)
def test_a_profile_of_a_real_program_says_what_its_binary_says(
    tmp_path: Path, library: str, wheel: str, code: str
) -> None:
    host = extract(str(program(tmp_path, library)), Root())
    assert not host.failures
    live = say_the_same(read_target(download(wheel)), host, tmp_path / "profiles")
    (first, *_) = (f for f in live if any("other offsets" in line for line in f.evidence))
    assert first.code.id == code
