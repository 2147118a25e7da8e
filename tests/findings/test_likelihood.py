"""How likely findings are to break something: the numbers are those of the measured pairs."""

from __future__ import annotations

import fit_likelihood
import score
from collide.findings.code import Severity
from collide.findings.finding import Finding
from collide.findings.likelihood import Measured, likelihood, measured, weighed
from collide.findings.shadowing.own_shadow import OWN_SHADOW
from collide.findings.shadowing.replaced_library import REPLACED_LIBRARY
from collide.findings.shadowing.split_library import SPLIT_LIBRARY


def test_numbers_are_counted_from_the_pairs_that_are_kept() -> None:
    assert fit_likelihood.tables(fit_likelihood.pairs()) == measured()


def test_every_pair_that_is_kept_is_a_case_with_its_label() -> None:
    broke = {c["id"]: c["label"] == "breaks" for s in fit_likelihood.SETS for c in score.cases(s)}
    kept = {pair.id: pair.broke for pair in fit_likelihood.pairs()}
    assert kept.items() <= broke.items()
    assert len(kept) > 90


def test_libraries_that_were_left_out_break_about_as_often_as_is_told() -> None:
    told = list(fit_likelihood.left_out(fit_likelihood.pairs()))
    assert fit_likelihood.calibration_error(told) < 0.1


def test_a_finding_says_it_in_words_with_the_pairs_it_stands_on() -> None:
    error = likelihood(Finding(SPLIT_LIBRARY, Severity.ERROR, "a.so"))
    warning = likelihood(Finding(REPLACED_LIBRARY, Severity.WARNING, "a.so"))
    assert error is not None and warning is not None
    assert error.word == "very likely" and error.probability > 0.85
    assert warning.probability < 0.2
    broke, pairs = measured()["warning"]["COL102"]
    assert f"of {pairs} wheels with such a finding that were run, {broke} broke" in str(warning)
    assert warning.word == "unlikely"


def test_nothing_is_told_of_notes_and_of_what_no_host_does() -> None:
    assert likelihood(Finding(REPLACED_LIBRARY, Severity.NOTE, "a.so")) is None
    assert likelihood(Finding(OWN_SHADOW, Severity.WARNING, "a.so")) is None


def test_few_pairs_say_little() -> None:
    every = Measured(8, 10)
    assert weighed(Measured(0, 0), every).probability == 0.8
    assert weighed(Measured(1, 1), every).probability < 0.9
    assert str(weighed(Measured(1, 1), every)).endswith("as only 1 wheel with this code was run")
    assert str(weighed(Measured(2, 3), every)).endswith("as only 3 wheels with this code were run")
    assert str(weighed(Measured(0, 0), every)).endswith("as no wheel with this code was run")
    assert weighed(Measured(20, 20), every).word == "very likely"
