"""Libraries that each need the next one, as many as one likes."""

from __future__ import annotations

from pathlib import Path

import pytest

import seeds
from collide import api
from collide.loader.link_map import LinkMap
from collide.report.check.formats import FORMATS, Shown
from tiny_elf import library

COUNT = 1500
"""More than the interpreter's stack has frames."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel whose module needs the first library of a chain."""
    members = [
        (seeds.MODULE, library(defines=["PyInit_x"], needs=["l0.so"], runpath="$ORIGIN/x.libs"))
    ]
    for number in range(COUNT):
        needs = [f"l{number + 1}.so"] if number + 1 < COUNT else []
        data = library(
            f"l{number}.so", defines=["deflate"], uses=["inflate"], needs=needs, runpath="$ORIGIN"
        )
        members.append((f"x.libs/l{number}.so", data))
    path = tmp_path_factory.mktemp("chain") / seeds.WHEEL
    path.write_bytes(seeds.wheel(members))
    return path


def test_chain_of_libraries_is_loaded_and_relocated_from_its_end(wheel: Path) -> None:
    (host,) = api.load_hosts("debian-12-python3")
    (module,) = api.analyse(wheel, host).modules
    assert module.bound is not None
    opened = module.bound.opened
    assert len(opened.searchlist) == COUNT + 1
    process = host.process.copy(host.files)

    def name(m: LinkMap) -> str:
        return m.elf.soname or "module"

    order = [name(m) for m in process.relocation_order(opened.searchlist)]
    assert order == [*(f"l{n}.so" for n in reversed(range(COUNT))), "module"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_chain_is_checked_and_reported(wheel: Path, tmp_path: Path, jobs: int) -> None:
    (tmp_path / "y-1.0-cp311-cp311-manylinux_2_17_x86_64.whl").write_bytes(
        seeds.wheel(seeds.members())
    )
    paths = [str(wheel), *map(str, tmp_path.iterdir())]
    report = api.check(paths, api.load_hosts("debian-12-python3"), exposure=False, jobs=jobs)
    assert report.problems == ()
    assert len(report.judged) == 2
    for form in FORMATS.values():
        form.render(Shown(report))
