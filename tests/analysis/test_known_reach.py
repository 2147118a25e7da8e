"""What can run on one host after the other, as it is on each alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from collide.analysis.analysis import analyse
from collide.binding.definers import ReferencesByDefiner
from collide.elf.code.graph import Running
from collide.filesystems.root import Root
from collide.findings.finding import Finding
from collide.findings.judge import JudgedInterpositions, judge
from collide.hosts.extract import extract
from collide.loader.host import Host
from collide.wheels.target import read_target
from judging import caller, calls, functions, many, module, only_x86_64
from scenario import Scenario

pytestmark = only_x86_64
C, INNER = many("c", 4), many("inner", 3)


@pytest.fixture
def hosts(tmp_path: Path) -> list[Host]:
    """Hosts that take equal names of an object, but other names of what leads to its functions.

    In ``w`` a module calls a library, whose ``blue`` alone uses ``C``; and ``libv.so``, which is
    opened by its name, has a static library that ``outer`` alone uses. The last host takes what
    the first one does.
    """
    s = Scenario(tmp_path)
    s.lib("w/libc1.so", functions(*C))
    s.lib("w/libb1.so", functions("red", "green") + calls(*C, entry="blue"), needed=["w/libc1.so"])
    s.lib("w/m.so", module("red", "green", "blue"), needed=["w/libb1.so"])
    s.lib("w/libv.so", functions("other", *INNER) + caller(*INNER, entry="outer"))
    s.lib("libc2.so", functions(*C))
    s.lib("libred.so", functions("red"))
    s.lib("libblue.so", functions("blue"))
    s.lib("libinner.so", functions(*INNER))
    s.lib("libouter.so", functions(*INNER, "outer"))
    linked = (["c2"], ["c2", "red"], ["c2", "blue"], ["inner"], ["outer"], ["c2"])
    return [
        extract(str(s.host(name=f"host{n}", needed=[f"lib{one}.so" for one in some])), Root())
        for n, some in enumerate(linked)
    ]


def found(directory: Path, hosts: Sequence[Host]) -> list[tuple[Finding, ...]]:
    """The findings on each host, on one after the other."""
    target, known = read_target(directory / "w"), JudgedInterpositions()
    by_definer = ReferencesByDefiner(target.members.values())
    return [judge(analyse(target, host, by_definer=by_definer), known=known) for host in hosts]


def test_what_is_known_of_other_hosts_changes_nothing(hosts: list[Host], tmp_path: Path) -> None:
    alone = [found(tmp_path, [host])[0] for host in hosts]
    assert [len(one) for one in alone] == [1, 2, 2, 1, 1, 1]
    assert [f.code.id for one in alone for f in one].count("COL110") == 2
    assert found(tmp_path, hosts) == alone
    assert found(tmp_path, hosts[::-1]) == alone[::-1]


def test_what_runs_by_the_same_bindings_is_found_once(
    hosts: list[Host], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    enter = Running.enter

    def counted(running: Running) -> frozenset[str]:
        asked.append(running)
        return enter(running)

    monkeypatch.setattr(Running, "enter", counted)
    found(tmp_path, [hosts[0]])
    once = len(asked)
    assert once
    # The last one takes what the first one does, by an equal file.
    found(tmp_path, [hosts[0], hosts[-1]])
    assert len(asked) == 2 * once
