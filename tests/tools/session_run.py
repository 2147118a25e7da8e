"""Real wheels in one process: every line of the loader against one session of collide."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import corpus
from collide.analysis.analysis import Analysis, analyse
from collide.analysis.install import analyse_session
from collide.analysis.pair_orders import PairOrder, both_orders
from collide.analysis.pair_traces import shared, traces
from collide.filesystems.root import Root
from collide.findings.pairs import judge_pair_order
from collide.hosts.commands import command_line
from collide.hosts.extract import extract
from collide.loader.host import Host
from collide.loader.messages import says
from collide.loader.model import Dso
from collide.loader.opening import ModePatterns
from collide.report import bindings
from collide.support.patterns import matches
from collide.verify import ld_debug
from collide.verify.compare import install
from collide.wheels.target import installed_path, read_target
from corpus_cases import HOSTS, Case, wheel_of
from corpus_cases import Host as RealHost

_MARK = "session: "
# The flags of dlopen are asked for by CPython and by PyPy alike; an error keeps to one line.
_SCRIPT = """\
import _imp, os, sys
for path, flags in {opens!r}:
    sys.setdlopenflags(flags)
    try:
        _imp.create_dynamic(type(sys.implementation)(name="_no_such_module_", origin=path))
    except ImportError as e:
        sys.stderr.write("{mark}%s\\n" % str(e).replace("\\n", " "))
"""
_RTLD_NOW, _RTLD_GLOBAL = 2, 0x100


class Line(NamedTuple):
    """One binding that was printed or predicted, by real paths."""

    object: str
    symbol: str
    version: str | None
    provider: str


class SessionCase(NamedTuple):
    """Wheels of the index, opened in this order on one host.

    ``modules`` and ``rtld_global`` are the patterns of ``collide bindings``.
    """

    host: str
    specs: tuple[str, ...]
    modules: tuple[str, ...] = ()
    rtld_global: tuple[str, ...] = ()

    def __str__(self) -> str:
        promoted = "".join(f"+{pattern}" for pattern in self.rtld_global)
        return "|".join((self.host, *self.specs, *self.modules)) + promoted


@dataclass
class Outcome:
    """How one session ended.

    ``lines`` are those the loader printed of what it brought, ``across`` the
    predicted ones whose provider is of another wheel than what holds the reference,
    ``failing`` the modules that neither opens.
    """

    analysis: Analysis
    lines: int = 0
    across: int = 0
    failing: int = 0
    differences: list[str] = field(default_factory=list)


def compare(case: SessionCase, host: RealHost | None = None) -> Outcome:
    """Open everything in the real host, and predict it."""
    host = host or HOSTS[case.host]
    wheels = [_wheel(case.host, spec) for spec in case.specs]
    with TemporaryDirectory() as directory:
        scratch = Path(directory).resolve()
        site = Path(f"{scratch}{installed_path('x', '')}").parent
        targets = [read_target(wheel) for wheel in wheels]
        for target in targets:
            install(target, scratch)
        extracted = predicted(host)
        analysis = analyse_session(targets, extracted, case.modules, ModePatterns(case.rtld_global))
        outcome = Outcome(analysis)
        owners = {name: t.name for t in targets for name in t.names.values()}
        command = command_line(extracted.path, host.run)
        started = observe(command, scratch, [])
        observed = observe(command, scratch, _opens(analysis, site, case))
        _judge(outcome, site, owners, started, observed)
        outcome.differences = [d.replace(f"{site}/", "") for d in outcome.differences]
        return outcome


def predicted(host: RealHost) -> Host:
    """The host as collide reads it."""
    return extract(host.binary, Root(), rtld_global=host.rtld_global)


def _wheel(host: str, spec: str) -> Path:
    return (
        wheel_of(Case(spec, host, HOSTS[host].python)) if host in HOSTS else corpus.download(spec)
    )


def _opens(analysis: Analysis, site: Path, case: SessionCase) -> list[tuple[str, int]]:
    return [
        (
            str(site / _below(m.name)),
            _RTLD_NOW | (_RTLD_GLOBAL if matches(m.name, case.rtld_global) else 0),
        )
        for m in analysis.modules
    ]


def _below(member: str) -> str:
    """A member below site-packages, as installed."""
    return installed_path(member, member.partition(".data/")[0]).partition("/site-packages/")[2]


def observe(
    command: Sequence[str], scratch: Path, opens: list[tuple[str, int]]
) -> tuple[set[Line], list[str]]:
    """The lines of the loader, and what each dlopen said."""
    script = scratch / "open.py"
    script.write_text(_SCRIPT.format(opens=opens, mark=_MARK))
    ran = ld_debug.run(
        [word.replace("{script}", str(script)) for word in command],
        environment={
            **{k: v for k, v in os.environ.items() if not k.startswith(("LD_", "PYTHON"))},
            "HOME": str(scratch),
            "PYTHONNOUSERSITE": "1",
        },
        cwd=scratch,
    )
    said = [
        line.removeprefix(_MARK)
        for line in f"{ran.stderr}\n{ran.stdout}".splitlines()
        if line.startswith(_MARK)
    ]
    if len(said) != len(opens):
        raise RuntimeError(f"{command[0]} did not open all: {ran.ending}")
    log = ld_debug.read_log(ran)
    return {Line(b.object, b.symbol, b.version, b.provider) for b in log.bindings}, said


def _judge(
    outcome: Outcome,
    site: Path,
    owners: Mapping[str, str],
    started: tuple[set[Line], list[str]],
    observed: tuple[set[Line], list[str]],
) -> None:
    say = outcome.differences.append
    failing = set()
    for module, message in zip(outcome.analysis.modules, observed[1], strict=True):
        if "_no_such_module_" in message:
            if module.failures:
                say(f"{module.name}: collide fails, the loader does not: {module.failures[0]}")
        elif not module.failures:
            say(f"{module.name}: the loader fails, collide does not: {message}")
        else:
            outcome.failing += 1
            failing.add(module.name)
            if not says(message, module.failures[0]):
                say(f"{module.name}: another reason: {message}: {module.failures[0]}")
    lines: dict[Line, bool] = {}
    for text in bindings.render(outcome.analysis):
        x = json.loads(text)
        if x["provider"] is not None:
            names = (n if n.startswith("/") else str(site / _below(n)) for n in
                     (x["object"], x["provider"]))  # fmt: skip
            line = Line(next(names), x["symbol"], x["version"], next(names))
            lines[line] = lines.get(line, False) or x["module"] not in failing
            giver = owners.get(x["provider"])
            outcome.across += giver is not None and giver != owners.get(x["object"])
    known = {o for line in started[0] for o in (line.object, line.provider)}
    # Of what start-up bound, dlsym adds lines while the process runs.
    printed = {p for p in observed[0] if p.object not in known or p in lines}
    outcome.lines = len(printed)
    for line in sorted(printed - lines.keys(), key=str):
        say(f"printed, not predicted: {line}")
    for line in sorted({p for p, certain in lines.items() if certain} - printed, key=str):
        say(f"predicted, not printed: {line}")


# -- pairs ----------------------------------------------------------------------------------------


@dataclass
class PairOutcome:
    """What two wheels change for each other: references that the loader binds otherwise."""

    codes: set[str] = field(default_factory=set)
    changed: int = 0
    differences: list[str] = field(default_factory=list)


def compare_pair(name: str, specs: tuple[str, str]) -> PairOutcome:
    """What ``collide check`` tells of two wheels, against four runs of the real host."""
    host = predicted(HOSTS[name])
    command = command_line(host.path, HOSTS[name].run)
    outcome = PairOutcome()
    with TemporaryDirectory() as directory:
        scratch = Path(directory).resolve()
        site = Path(f"{scratch}{installed_path('x', '')}").parent
        one, other = (read_target(_wheel(name, spec)) for spec in specs)
        for target in (one, other):
            install(target, scratch)
        shares = shared(traces(analyse(one, host)), traces(analyse(other, host)))
        modules = {t.name: m for t, m in zip((one, other), shares.modules, strict=True)}
        for pair_order in both_orders((one, other), host, shares):
            outcome.codes |= {f.code.id for f in judge_pair_order(pair_order)}
            before, after = (
                _providers(command, scratch, [site / _below(m) for t in order for m in modules[t]])
                for order in (
                    [pair_order.second.name],
                    [pair_order.first.name, pair_order.second.name],
                )
            )
            _judge_sequel(outcome, pair_order, site, before, after)
    return outcome


_Providers = dict[tuple[str, str, str | None], set[str]]


def _providers(command: Sequence[str], scratch: Path, modules: list[Path]) -> _Providers:
    lines, said = observe(command, scratch, [(str(path), _RTLD_NOW) for path in modules])
    assert all("_no_such_module_" in message for message in said), said
    found: _Providers = {}
    for line in lines:
        found.setdefault((line.object, line.symbol, line.version), set()).add(line.provider)
    return found


def _judge_sequel(
    outcome: PairOutcome, pair_order: PairOrder, site: Path, before: _Providers, after: _Providers
) -> None:
    def place(dso: Dso) -> str:
        name = pair_order.name_of(dso)
        return name if name.startswith("/") else str(site / _below(name))

    told = {
        (place(c.holder), b.reference.name, b.reference.version): place(c.provider)
        for c in pair_order.changes
        for b, _ in c.bindings
    }
    changed = {key for key in before.keys() & after.keys() if before[key] != after[key]}
    outcome.changed += len(changed)
    for key in sorted(changed - told.keys(), key=str):
        outcome.differences.append(f"not told: {key}: {before[key]} then {after[key]}")
    for key, provider in told.items():
        if provider not in after.get(key, set()):
            outcome.differences.append(f"told: {key}: {provider}, bound to {after.get(key)}")
