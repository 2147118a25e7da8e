"""The traces of a wheel: what it brings into a host and needs there, as rows of a dataset.

Two wheels change nothing for each other unless one of these names meets another
(:mod:`collide.analysis.pair_traces`), so a join over the rows finds the pairs to look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from collide.analysis.pair_traces import ModuleTraces, TargetTraces, traces
from collide.check.check import check_one
from collide.hosts.select import select
from collide.loader.link_map import LoadFailure
from collide.survey.bounded import answered
from collide.survey.rows import trace_row
from collide.wheels.target import read_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from collide.analysis.analysis import Analysis
    from collide.survey.rows import Row


def trace(wheel: str, hosts: Sequence[Mapping[str, str]]) -> Iterator[Row]:
    """The rows of a wheel on hosts, each with ``spec`` and ``digest``. Raises CollideError."""
    target = read_target(wheel)
    for host in hosts:
        seen: list[Analysis] = []
        check_one(target, list(select([host["spec"]])), False, False, False, seen=seen.append)
        key = {"host": host["name"], "digest": host["digest"]}
        fitting = [one for one in seen if not one.host.as_if]
        rows = rows_of_traces(traces(fitting[0])) if fitting else [trace_row("none")]
        yield from ({**key, **row} for row in rows)


def rows_of_traces(found: TargetTraces) -> Iterator[Row]:
    """The rows of a wheel on one host, without the key columns."""
    yield trace_row("target", found.distribution or "", "", (m.name for m in found.modules))
    yield from (trace_row("file", path) for path in sorted(found.paths))
    if taking := [m.static_tls for m in found.modules if m.static_tls[0]]:
        taken, room = sum(size for size, _ in taking), min(left for _, left in taking)
        yield trace_row("static-tls", str(taken), str(room))
    modules: dict[tuple[str, str, str], list[str]] = {}
    for module in found.modules:
        for key in _of_module(module):
            modules.setdefault(key, []).append(module.name)
    yield from (trace_row(*key, modules[key]) for key in sorted(modules))


def _of_module(module: ModuleTraces) -> Iterator[tuple[str, str, str]]:
    yield from (("brings", name, path) for name, path in module.brings.items())
    yield from (("needs", name, path or "") for name, path in module.needs.items())
    yield from (("unique", name, path) for name, path in module.unique.items())
    yield from (("system", name, "") for name in module.system)
    yield from (("taken", name, "") for name in module.taken)
    yield from {("failure", f.name, f.kind) for f in module.failures}
    if module.promotes:
        yield "promotes", "", ""
    if module.static_tls[0]:
        taken, room = module.static_tls
        yield "module-tls", str(taken), str(room)


def traces_of(wheel: str, rows: Iterable[Row]) -> TargetTraces:
    """The traces that rows of one wheel on one host were made of."""
    modules: dict[str, dict[str, Any]] = {}
    distribution, paths = "", list[str]()
    for row in rows:
        kind, name, path = row["kind"], row["name"], row["path"]
        if kind == "target":
            distribution = name
            # In their order, which says what is opened first.
            modules = {one: _nothing() for one in row["modules"]} | modules
        elif kind == "file":
            paths.append(name)
        for one in row["modules"] if kind in _FIELDS else ():
            field, value = _FIELDS[kind], modules.setdefault(one, _nothing())
            if kind in ("brings", "needs", "unique"):
                value[field][name] = path or None
            elif kind == "failure":
                value[field].append(LoadFailure(path, "", name))
            elif kind == "module-tls":
                value[field] = [(int(name), int(path))]
            else:
                value[field].append(name)
    found = (
        ModuleTraces(
            name=name,
            brings=of["brings"],
            needs=of["needs"],
            unique=of["unique"],
            system=frozenset(of["system"]),
            taken=frozenset(of["taken"]),
            failures=tuple(of["failures"]),
            promotes=bool(of["promotes"]),
            static_tls=of["static_tls"][0] if of["static_tls"] else (0, 0),
        )
        for name, of in modules.items()
    )
    return TargetTraces(wheel, distribution or None, frozenset(paths), tuple(found))


_FIELDS = {
    **{kind: kind for kind in ("brings", "needs", "unique", "system", "taken", "promotes")},
    "failure": "failures",
    "module-tls": "static_tls",
}


def _nothing() -> dict[str, Any]:
    named: dict[str, Any] = {kind: {} for kind in ("brings", "needs", "unique")}
    return named | {kind: [] for kind in ("system", "taken", "promotes", "failures", "static_tls")}


def answer() -> None:
    """The rows of one wheel, for :func:`collide.survey.bounded.ask`."""
    answered(lambda asked: list(trace(asked["wheel"], asked["hosts"])))
