"""How likely a finding changes what a wheel does, by pairs of wheel and host that were run.

A list by code and severity: of the measured pairs whose worst finding was such a one, how many
broke. Few pairs say little, so that as many as :data:`PRIOR` of all pairs of that severity are
counted in. The numbers of ``likelihood.json`` are those of ``tests/tools/fit_likelihood.py``, from
pairs on which no rule was made; it also tells how far they are off for libraries that were left
out.
"""

from __future__ import annotations

from functools import cache

from collide.findings.code import Family, Severity
from collide.support.records import NamedTuple
from collide.support.text import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from collide.findings.finding import Finding

PRIOR = 4
"""So many pairs with the average of a severity are counted to those of each code."""
VERY_LIKELY = 0.85
LIKELY = 0.5
POSSIBLE = 1 - VERY_LIKELY


class Measured(NamedTuple):
    """How many pairs were run, and how many of them broke."""

    broke: int
    pairs: int


@cache
def measured() -> Mapping[str, Mapping[str, Measured]]:
    """The counts by severity and by the code of the worst finding."""
    import json  # late: start-up
    from pathlib import Path  # late: start-up

    text = Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
    return {
        severity: {code: Measured(*counts) for code, counts in codes.items()}
        for severity, codes in json.loads(text).items()
    }


def _sum(of: Mapping[str, Measured]) -> Measured:
    return Measured(sum(one.broke for one in of.values()), sum(one.pairs for one in of.values()))


class Likelihood(NamedTuple):
    """``probability`` from 0 to 1 that what the wheel does is changed, and what it stands on."""

    probability: float
    measured: Measured

    @property
    def word(self) -> str:
        """The probability as people say it."""
        if self.probability >= VERY_LIKELY:
            return "very likely"
        if self.probability >= LIKELY:
            return "likely"
        return "possible" if self.probability >= POSSIBLE else "unlikely"

    def __str__(self) -> str:
        broke, pairs = self.measured
        if pairs > PRIOR:
            told = f"of {pairs} wheels with such a finding that were run, {broke} broke"
        else:
            # Mostly the average of its severity: "1 of 1 broke" would not explain 29 %.
            run = f"only {plural(pairs, 'wheel')}" if pairs else "no wheel"
            told = f"an estimate, as {run} with this code {'were' if pairs > 1 else 'was'} run"
        return f"{self.word}, about {self.probability:.0%}: {told}"


def likelihood(finding: Finding) -> Likelihood | None:
    """That of one finding; None of notes, and of all but shadowing: what fails to load is sure."""
    if finding.severity == Severity.NOTE or finding.code.family is not Family.SHADOWING:
        return None
    table = measured()[str(finding.severity)]
    return weighed(table.get(finding.code.id, Measured(0, 0)), _sum(table))


def weighed(of_code: Measured, of_all: Measured) -> Likelihood:
    """The likelihood of one code among all of its severity."""
    average = of_all.broke / of_all.pairs if of_all.pairs else 0.0
    return Likelihood((of_code.broke + PRIOR * average) / (of_code.pairs + PRIOR), of_code)
