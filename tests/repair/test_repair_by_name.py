"""Real wheels whose code asks for names at run time work after a repair as before it."""

from __future__ import annotations

from pathlib import Path

import pytest

import corpus
import repair_by_name
from repair_by_name import PACKAGES, Package
from repair_hosts import UnavailableError

TABLE = Path(__file__).parents[1] / "data/repair_by_name.md"


LARGE = frozenset(
    ("hdf5plugin", "lightgbm", "numba", "numpy", "scipy", "unicorn", "vosk", "xgboost", "z3-solver")
)
"""Each takes half a minute or more."""
EACH = [pytest.param(p, marks=pytest.mark.long) if p.name in LARGE else p for p in PACKAGES]


@pytest.mark.corpus
@pytest.mark.parametrize("package", EACH, ids=str)
def test_works_as_before(package: Package, tmp_path: Path) -> None:
    try:
        outcome = repair_by_name.try_package(package, tmp_path)
    except UnavailableError as e:
        corpus.unavailable(str(e))
    assert outcome.works_as_before, outcome
    assert repair_by_name.row(package, outcome) in TABLE.read_text().splitlines()


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["mysql-connector-python", "mysql-connector-python-plain"])
def test_a_bundled_openssl_beside_that_of_the_interpreter(name: str, tmp_path: Path) -> None:
    """mysql-connector-python has a plain libssl.so.3, in whose place the process has another."""
    (package,) = (p for p in PACKAGES if p.name == name)
    package = package._replace(script="import ssl, _mysql_connector\nprint('imported')\n")
    try:
        outcome = repair_by_name.try_package(package, tmp_path)
    except UnavailableError as e:
        corpus.unavailable(str(e))
    if outcome.before == "imported":
        pytest.skip("no capture: the interpreter's _ssl links no libssl.so.3 before OpenSSL 3.2")
    assert "OPENSSL_3.2.0" in outcome.before
    assert outcome.after == "imported"


def test_the_table_has_every_package() -> None:
    rows = [line for line in TABLE.read_text().splitlines() if line.endswith("works as before |")]
    assert len(rows) == len(PACKAGES) >= 22
