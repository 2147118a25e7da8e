"""Real wheels on real hosts: collide predicts every line that the loader prints."""

from __future__ import annotations

import os
import warnings

import pytest

import corpus_run
from corpus_cases import CASES, Case
from corpus_run import Row

pytestmark = pytest.mark.corpus

Rows = dict[Case, Row]


@pytest.fixture(scope="module")
def rows(request: pytest.FixtureRequest) -> Rows:
    """The rows of all selected tests, which run side by side."""
    selected = {
        item.callspec.params["case"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.path == request.path
        and hasattr(item, "callspec")
    }
    cases = [case for case in CASES if case in selected]
    return {row.case: row for row in corpus_run.run(cases)}


@pytest.mark.filterwarnings("default:counts not compared")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_predicts_every_line_of_the_loader(case: Case, rows: Rows) -> None:
    row = rows[case]
    if row.left_out:
        if os.environ.get("CI") == "true":
            pytest.fail(row.left_out)
        pytest.skip(row.left_out)

    assert row.told == []
    assert row.agreed == row.seen
    assert row.seen or row.failing == row.modules, "the loader's log is empty"

    expected = corpus_run.recorded_counts().get(row.key)
    assert expected is not None, (
        f"no counts for {row.key}: python tests/tools/corpus_run.py --update"
    )
    if expected["closure"] != row.closure:
        warnings.warn(
            f"counts not compared: {case.host} has other libraries here than those recorded",
            stacklevel=1,
        )
    else:
        assert row.counts == expected
