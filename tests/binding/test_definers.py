"""References by their definers: the same for all hosts, less what a host defines itself."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import pytest

from checkout import WHEELS
from collide.analysis.analysis import Analysis, analyse
from collide.binding.definers import Definers, ReferenceGroup, ReferencesByDefiner, defined_by
from collide.filesystems.root import Root
from collide.hosts.database import load_shipped
from collide.loader.model import Dso
from collide.wheels.target import read_target
from compiler import compile_so

HOSTS = (
    "debian-12-python3",
    "debian-12-uwsgi-python3",
    "debian-13-python3",
    "debian-12-gdb",
    "musl-1.2.5-cp312",
)
SPECIMENS = sorted((WHEELS / "dist").glob("*.whl"))
PROTECTED = """
__attribute__((visibility("protected"))) int guarded(void) { return 1; }
int (*pointer)(void) = guarded;
extern int elsewhere(void);
int use(void) { return elsewhere() + pointer(); }
"""


def files(tmp_path: Path, **sources: str) -> dict[str, Dso]:
    root = Root()
    return {
        name: root.read(str(compile_so(tmp_path, f"{name}.so", source)))
        for name, source in sources.items()
    }


def names_in(group: ReferenceGroup) -> set[str]:
    return {*group.simple, *group.protected, *(r.name for r in group.special)}


def names_by_definers(groups: Iterable[ReferenceGroup]) -> dict[tuple[Dso, ...], set[str]]:
    found: dict[tuple[Dso, ...], set[str]] = {}
    for group in groups:
        names = {name for name in names_in(group) if name[:1] != "_"}
        if names:
            found.setdefault(group.definers, set()).update(names)
    return found


@pytest.fixture
def made(tmp_path: Path) -> dict[str, Dso]:
    """One object that refers to what itself, another one, both, or none of them defines."""
    return files(
        tmp_path,
        one="int own(void){return 1;} int both(void){return 1;} int other(void), outside(void);"
        "int use(void){return own() + both() + other() + outside();}",
        two="int both(void){return 2;} int other(void){return 2;}",
    )


def test_references_are_grouped_by_who_defines_them(made: dict[str, Dso]) -> None:
    one, two = made["one"], made["two"]
    assert names_by_definers(ReferencesByDefiner(made.values()).groups(one)) == {
        (one,): {"own"},
        (one, two): {"both"},
        (two,): {"other"},
        (): {"outside"},
    }


def test_object_of_the_host_is_grouped_by_those_of_the_wheel(made: dict[str, Dso]) -> None:
    by_definer = ReferencesByDefiner([made["two"]])
    assert made["one"] not in by_definer
    assert names_by_definers(by_definer.groups(made["one"])) == {
        (made["two"],): {"both", "other"},
        (): {"own", "outside"},
    }


def test_host_takes_its_names_out_and_leaves_the_rest_the_same(
    made: dict[str, Dso], tmp_path: Path
) -> None:
    (host,) = files(tmp_path, host="int other(void){return 3;} int own(void){return 3;}").values()
    by_definer = ReferencesByDefiner(made.values())
    further = Definers.among(defined_by([host], by_definer.wanted))
    one, two = made["one"], made["two"]
    parts = [list(chain(*(g.split(further) for g in by_definer.groups(one)))) for _ in range(2)]
    assert names_by_definers(parts[0]) == {
        (one, host): {"own"},
        (one, two): {"both"},
        (two, host): {"other"},
        (): {"outside"},
    }
    # The same objects, which are compared by identity: what is bound of one is bound for both.
    assert parts[0] == parts[1]
    assert {p.definers for p in parts[0] if not p.is_static} == {(one, host), (two, host)}


@pytest.mark.parametrize("seed", range(10))
def test_parts_of_a_group_are_its_references_whatever_hosts_came_before(
    tmp_path: Path, seed: int
) -> None:
    """Random hosts in a random order: each gets all references, by those that define them."""
    rand = random.Random(seed)
    own, others = ([f"{kind}{n}" for n in range(8)] for kind in ("own", "other"))
    calls = "+".join(f"{name}()" for name in own + others)
    source = "".join(f"int {name}(void){{return 1;}}" for name in own)
    source += "".join(f"extern int {name}(void);" for name in others)
    made = files(tmp_path, one=f"{source} int use(void){{return {calls};}}", guarded=PROTECTED)
    hosts: list[Dso] = []
    for n in range(5):
        some = rand.sample([*own, *others, "guarded", "elsewhere"], rand.randrange(7))
        source = "".join(f"int {name}(void){{return 3;}}" for name in some)
        hosts += files(tmp_path, **{f"host{n}": source}).values()
    by_definer = ReferencesByDefiner(made.values())
    by_definer.expect(rand.sample(hosts, rand.randrange(3)))
    for _ in range(20):
        chosen = rand.sample(hosts, rand.randrange(3))
        further = Definers.among(defined_by(chosen, by_definer.wanted))
        for dso in by_definer.files:
            for group in by_definer.groups(dso):
                parts = group.split(further)
                assert Counter(chain(*map(names_in, parts))) == Counter(names_in(group))
                for part in parts:
                    definers = {(*group.definers, *further.of(name)) for name in names_in(part)}
                    assert definers == {part.definers}
                    assert part.is_static == (part.definers == group.definers)


def test_protected_references_are_kept_apart(tmp_path: Path) -> None:
    (dso,) = files(tmp_path, one=PROTECTED).values()
    groups = ReferencesByDefiner([dso]).groups(dso)
    assert {name for g in groups for name in g.protected} == {"guarded"}
    assert "elsewhere" in {name for g in groups for name in g.simple}


def bindings(analysis: Analysis) -> list[object]:
    return [
        (module.name, bound.map.dso, set(bound.bindings), module.failures)
        for module in analysis.modules
        if module.bound
        for bound in module.bound.objects
    ]


@pytest.mark.parametrize("expected", [0, 2, len(HOSTS)])
@pytest.mark.parametrize("wheel", SPECIMENS, ids=lambda p: p.name)
def test_hosts_that_share_a_universe_bind_as_each_by_itself(wheel: Path, expected: int) -> None:
    target = read_target(wheel)._replace(tags=None)
    by_definer = ReferencesByDefiner(target.members.values())
    hosts = [load_shipped(name) for name in HOSTS]
    by_definer.expect(dso for host in hosts[:expected] for dso in host.global_files)
    for host in hosts:
        shared = analyse(target, host, insist=True, by_definer=by_definer)
        alone = bindings(analyse(target, host, insist=True))
        assert alone
        assert bindings(shared) == alone
