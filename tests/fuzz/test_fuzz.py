"""The seeds of the fuzzer are valid, and its mutators give inputs that cost one problem at most."""

from __future__ import annotations

import random

import pytest

from findings import FINDINGS
from targets import TARGETS, execute


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_read(name: str) -> None:
    for seed in TARGETS[name].seeds():
        TARGETS[name].run(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_changed_seeds_raise_nothing_but_collides_own_errors(name: str) -> None:
    target, rand = TARGETS[name], random.Random(1)
    for seed in target.seeds():
        data = seed
        for number in range(150):
            data = target.mutate(seed if number % 4 == 0 else data, rand)
            assert execute(name, data) is None


@pytest.mark.parametrize("finding", FINDINGS)
def test_what_was_found_is_not_found_again(finding: str) -> None:
    name, make = FINDINGS[finding]
    assert execute(name, make()) is None
