"""What is left out of a search because nothing is there: it finds what the whole search finds."""

from __future__ import annotations

import posixpath
import random

import pytest

from collide.filesystems.root import Root
from collide.hosts.database import load_shipped
from collide.hosts.profile_file.read import RecordedFiles
from collide.loader.glibc.search import Searches, find
from collide.loader.link_map import LinkMap
from collide.loader.model import Directories, Dso, FoundVia, KnownFileSystem, Loader
from collide.wheels.target import Target
from compiler import compile_so


@pytest.fixture(scope="module")
def dso(tmp_path_factory: pytest.TempPathFactory) -> Dso:
    return Root().read(str(compile_so(tmp_path_factory.mktemp("made"), "m.so", "int f;")))


LOADER = Loader("glibc", (2, 36), "/lib/ld-x86-64.so.2", ("/lib", "/usr/lib"), ("v2",), "haswell")
PARTS = ("a", "b", "lib", "..", ".", "tls", "usr", "$ORIGIN", "glibc-hwcaps/v2", "")


def some_path(rand: random.Random) -> str:
    return "/".join(("", *rand.choices(("a", "b", "lib", "tls", "usr"), k=rand.randrange(4))))


def some_run_path(rand: random.Random) -> str | None:
    paths = ("/".join(rand.choices(PARTS, k=rand.randrange(1, 5))) for _ in range(3))
    return rand.choice((None, ":".join(paths)))


def some_requesters(rand: random.Random, dso: Dso) -> list[LinkMap]:
    """Objects with run paths, some of which have pulled in others."""
    made: list[LinkMap] = []
    for n in range(6):
        obj = dso.elf._replace(
            rpath=some_run_path(rand), runpath=some_run_path(rand), nodeflib=rand.random() < 0.2
        )
        path = posixpath.join(some_path(rand), f"m{n % 4}.so")
        needed_by = rand.choice((None, *made))
        origin = posixpath.dirname(path)
        made.append(LinkMap(path, Dso(path, n, obj), FoundVia("opened"), needed_by, origin))
    return made


@pytest.mark.parametrize("seed", range(20))
def test_search_in_listed_files_finds_what_the_whole_one_does(dso: Dso, seed: int) -> None:
    rand = random.Random(seed)
    names = [f"l{n}.so" for n in range(6)]
    hits = 0
    for _ in range(40):

        def library(path: str) -> Dso:
            return Dso(path, path, dso.elf)

        def some() -> dict[str, Dso]:
            paths = [posixpath.join(some_path(rand), rand.choice(names)) for _ in range(5)]
            return {path: library(path) for path in paths}

        recorded = RecordedFiles(some(), {"l0.so": "/lib/l0.so"})
        host = load_shipped("debian-12-python3")
        host = host._replace(process=host.process.copy(recorded))
        target = Target("t", None, some(), {})
        files = target.files(host)
        assert isinstance(files, KnownFileSystem)
        executable, *requesters = some_requesters(rand, dso)
        loader = LOADER._replace(library_path=rand.choice(((), (some_path(rand),))))
        searches = Searches(executable, loader, files)
        for name in [*names, *names]:
            for requester in requesters:
                whole = find(name, requester, executable, loader, files)
                assert searches.find(name, requester) == whole
                hits += whole is not None
    assert hits


def test_directories_are_those_that_paths_lie_in() -> None:
    known = Directories(["/a/b/c.so", "/a/../d/e.so"])
    for directory in ("/", "/a", "/a/b", "/a/b/", "/a/..", "/a/../d"):
        assert directory in known
    for directory in ("/a/b/c.so", "/b", "/d", "/a/b/c"):
        assert directory not in known
