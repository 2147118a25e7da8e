"""The day PyPy links one library more: a baseline for each release, by the plugin's own fixture.

``pytest tests/hosts/test_pypy_footprint.py -m 'corpus or not corpus' --collide-update``
writes the baselines anew.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

import roots
from checkout import DATA
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.hosts.footprint import of_host, read_baseline
from patching import patchelf

PYPY = "/usr/bin/pypy3"
BASELINES = DATA / "footprints"
RELEASES = {"bullseye": "7.3.5", "bookworm": "7.3.11", "trixie": "7.3.19", "forky": "8.0.1"}
"""The releases of PyPy in Debian's suites; sid has that of forky."""


def baseline(release: str) -> Path:
    return BASELINES / f"pypy-{release}.json"


def release_of(root: Path) -> str:
    """What the library of a PyPy calls itself."""
    (library,) = {path.resolve() for path in root.glob("usr/lib/**/libpypy3*-c.so")}
    found = re.search(rb"\[PyPy (\d+\.\d+\.\d+)", library.read_bytes())
    assert found is not None
    return found[1].decode()


def unavailable(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def installed() -> Path:
    """The baseline of the PyPy of this machine."""
    if not Path(PYPY).exists():
        unavailable(f"{PYPY} is not installed: apt install pypy3")
    found = baseline(release_of(Path("/")))
    if not found.exists():
        pytest.skip(f"no baseline {found.name}: run on Debian 11, 12 or 13")
    return found


def test_installed_pypy_brings_what_it_did(
    installed: Path, assert_footprint: Callable[..., None]
) -> None:
    assert_footprint(PYPY, installed)


def test_pypy_with_one_library_more_fails(
    installed: Path,
    tmp_path: Path,
    assert_footprint: Callable[..., None],
    pytestconfig: pytest.Config,
) -> None:
    if pytestconfig.getoption("--collide-update"):
        pytest.skip("it would write what it means to refuse")
    host = extract(PYPY, Root())
    for m in host.process.global_scope[:2]:
        shutil.copy(m.dso.path, tmp_path)
    copy = tmp_path / Path(host.path).name
    library = Path(host.process.global_scope[1].dso.path).name
    # Beside a copy of the executable, so that its RUNPATH of $ORIGIN finds the copy.
    assert_footprint(copy, installed)
    patchelf("--add-needed", "liblzma.so.5", tmp_path / library)
    with pytest.raises(pytest.fail.Exception) as failure:
        assert_footprint(copy, installed)
    told = str(failure.value)
    assert f"COL501 links liblzma.so.5 too (needed by {library}" in told
    assert_footprint(copy, installed, allow={"liblzma.so.*": "a test"})


def test_every_baseline_names_what_makes_pypy_special() -> None:
    for release in RELEASES.values():
        names = {e.name for e in read_baseline(baseline(release)).libraries}
        assert names >= {"libbz2.so.1.0", "libexpat.so.1", "libz.so.1", "libtinfo.so.6"}
        assert any(name.startswith("libpypy3") for name in names)


@pytest.mark.corpus
@pytest.mark.parametrize("suite", RELEASES)
def test_pypy_of_a_suite_brings_what_it_did(
    suite: str, assert_footprint: Callable[..., None]
) -> None:
    try:
        root = roots.root(suite, "amd64", ["base-files", "pypy3"])
    except roots.RootError as e:
        unavailable(str(e))
    release = release_of(root)
    if release != RELEASES[suite]:
        pytest.skip(f"{suite} has PyPy {release} by now, not {RELEASES[suite]}: add a baseline")
    assert_footprint(PYPY, baseline(release), root=root)
    assert not of_host(extract(PYPY, Root(str(root)))).missing
