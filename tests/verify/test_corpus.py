"""Real wheels on real hosts: collide predicts every line that the loader prints."""

from __future__ import annotations

import os
import warnings

import pytest

import corpus_run
from corpus_cases import CASES, Case, wheel_of

pytestmark = pytest.mark.corpus


@pytest.mark.filterwarnings("default:counts not compared")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_predicts_every_line_of_the_loader(case: Case) -> None:
    row = corpus_run.compare(case, wheel_of(case))
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
