"""What is found on a host does not depend on the hosts that are looked at beside it."""

from __future__ import annotations

import pytest

from collide.check.check import Judged, check
from collide.hosts.select import Candidate, select
from collide.wheels.target import read_target
from corpus import download


def found(wheel: str, hosts: list[Candidate]) -> dict[str, Judged]:
    report = check([read_target(wheel)], hosts)
    assert not report.problems
    return {one.analysis.host.name: one for one in report.judged}


@pytest.mark.corpus
@pytest.mark.parametrize(
    "requirement",
    [
        "zstandard==0.25.0",
        *(
            pytest.param(one, marks=pytest.mark.long)
            for one in ("psycopg2-binary==2.9.13", "lxml==6.1.3", "pillow==12.0.0")
        ),
    ],
)
def test_each_host_alone_has_the_findings_that_it_has_among_all(requirement: str) -> None:
    wheel = str(download(requirement))
    together = found(wheel, list(select(())))
    assert len(together) > 1
    for name, one in together.items():
        # Read anew: what was found out for one host is kept with the objects of a target.
        alone = found(wheel, [host for host in select(()) if host.name == name])
        assert list(alone) == [name]
        assert alone[name].findings == one.findings, name
        assert alone[name].repairable == one.repairable, name
