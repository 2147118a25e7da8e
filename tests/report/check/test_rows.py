"""What a check found in one row: findings of pairs merged, and whose a problem is."""

from __future__ import annotations

import pytest

from collide.analysis.pair_traces import Shared
from collide.check.check import Report
from collide.check.pairs import Order, Pair
from collide.check.rows import ReportRow, rows
from collide.findings.finding import Finding
from collide.findings.pairs import FILE_ACROSS, SONAME_ACROSS
from collide.hosts.database import load_shipped
from collide.report.check.rows import owner, where
from merging import HOSTS, finding


def rows_of_pairs(*pairs: Pair) -> tuple[ReportRow, ...]:
    """The rows of these pairs."""
    return rows(Report((), (), (), pairs))


def paired(host: str, *orders: Order, common: tuple[Finding, ...] = ()) -> Pair:
    """What two targets have with each other on one host."""
    return Pair(("a.whl", "b.whl"), load_shipped(host), Shared(sonames=("x",)), common, orders)


def test_findings_of_a_pair_on_several_hosts_are_one() -> None:
    found = finding(SONAME_ACROSS)
    newer = found._replace(provider="/usr/lib/libz.so.1.3.1")
    met = rows_of_pairs(
        paired(HOSTS[0], Order("a.whl", "b.whl", (found,)), Order("b.whl", "a.whl", (found,))),
        paired(HOSTS[1], Order("a.whl", "b.whl", (newer,))),
        paired(HOSTS[2])._replace(left_out="cannot be read again"),
    )
    assert [(m.targets, m.after, m.hosts, m.checked) for m in met] == [
        (("b.whl",), "a.whl", HOSTS[:2], 2),
        (("a.whl",), "b.whl", HOSTS[:1], 2),
    ]
    assert met[0].providers == ("/lib/libz.so.1.2.13", "/usr/lib/libz.so.1.3.1")


def test_finding_of_both_is_about_the_victim_first() -> None:
    replaced = finding(FILE_ACROSS, victim="b.whl", provider="a.whl")
    (met,) = rows_of_pairs(paired(HOSTS[0], common=(replaced,)))
    assert (met.targets, met.after) == (("b.whl", "a.whl"), None)


def test_finding_says_on_which_hosts_and_after_what() -> None:
    found = finding(SONAME_ACROSS)
    after, both = (
        (Order("a.whl", "b.whl", (found,)), ()),
        (Order("a.whl", "b.whl", ()), (found,)),
    )
    for (order, common), told in ((after, "after a.whl"), (both, "both installed")):
        pairs = [paired(host, order, common=common) for host in HOSTS]
        assert where(rows_of_pairs(*pairs)[0]) == f"on all 3 hosts, {told}"
        assert where(rows_of_pairs(pairs[0])[0]) == f"on {HOSTS[0]}, {told}"
        one, *others = pairs
        clean = [other._replace(orders=(), common=()) for other in others]
        assert where(rows_of_pairs(one, *clean)[0]) == f"on 1 of 3 hosts: {HOSTS[0]}, {told}"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("a.whl", "a.whl"),
        ("a.whl: m.so", "a.whl"),
        ("tree/m.so", "tree"),
        ("a.whl.bak", None),
        ("tree2", None),
    ],
)
def test_problem_is_of_the_target_that_it_is_in(path: str, target: str | None) -> None:
    assert owner(path, ["a.whl", "tree"]) == target
