"""Real wheels in one process: collide predicts every line that the loader prints."""

from __future__ import annotations

import os

import pytest

import session_run
from corpus_cases import HOSTS
from session_run import SessionCase

pytestmark = pytest.mark.corpus

ARROW = ("pyarrow==17.0.0", "numpy==1.26.4", "pandas==2.1.4")
XML = ("psycopg2-binary==2.9.13", "lxml==6.1.3", "xmlsec==1.3.17")
# Both bring libgfortran-040039e1.so.5 and libquadmath-96973f99.so.0.
FORTRAN = ("numpy==1.26.4", "scipy==1.11.4")
# Each exports parts of libstdc++, which is relocated where it is opened first.
CXX = ("grpcio==1.62.1", "pyproj==3.6.1", "numba==0.58.1")
CASES = (
    *(SessionCase("python3", specs) for specs in (ARROW, XML, FORTRAN, CXX)),
    *(SessionCase("python3", specs[::-1]) for specs in (ARROW, XML, FORTRAN, CXX)),
    SessionCase("uwsgi", XML),
    SessionCase("uwsgi", XML[::-1]),
    SessionCase("gdb", XML),
    SessionCase("gdb", (*CXX, *FORTRAN)),
    SessionCase("pypy3", ("numpy==1.25.2", "pillow==9.5.0", "lxml==6.1.3")),
    SessionCase("python3", ARROW, rtld_global=("pyarrow/lib.*",)),
    SessionCase("python3", CXX, rtld_global=("grpc*",)),
    SessionCase("python3", ("h5py==3.10.0", "pyproj==3.6.1", "pillow==10.0.0"), rtld_global=("*",)),
    SessionCase("python3", ARROW, modules=("pandas/*/aggregations.*", "pyarrow/*")),
    # Some of its plugins need libraries that no Debian brings: these fail, others open after them.
    SessionCase("python3", ("pyqt5-qt5==5.15.2", "pyarrow==17.0.0")),
)


def require(host: str) -> None:
    missing = HOSTS[host].missing
    if missing:
        unavailable = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        unavailable(f"{missing[0]} is not installed: tests/tools/install-hosts.sh")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_predicts_every_line_of_a_session(case: SessionCase) -> None:
    require(case.host)
    outcome = session_run.compare(case)
    assert outcome.differences == []
    assert outcome.lines
    if set(case.specs) >= set(FORTRAN):
        assert outcome.across, "neither wheel gets the other's libgfortran"


@pytest.mark.parametrize(
    ("host", "specs", "code"),
    [
        ("python3", FORTRAN, "COL302"),
        ("gdb", FORTRAN, "COL302"),
        ("python3", ("grpcio==1.62.1", "pyarrow==17.0.0"), "COL303"),
        ("python3", ("pyarrow==17.0.0", "pyproj==3.6.1"), "COL304"),
        ("python3", ("numba==0.58.1", "pandas==2.1.4"), "COL304"),
    ],
)
def test_tells_all_that_changes_with_the_order(
    host: str, specs: tuple[str, str], code: str
) -> None:
    require(host)
    outcome = session_run.compare_pair(host, specs)
    assert outcome.differences == []
    assert outcome.changed
    assert code in outcome.codes
