"""Checks inputs in several processes: each is read, analysed and judged on all hosts in one.

The report is that of :func:`collide.check.check.check`, in its order. Workers send
little back: hosts are sent as numbers, and of a target that may be needed again
for its pairs its symbol tables, packed as they were read.
"""

from __future__ import annotations

import io
import os
import pickle
import struct
import sys
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copyreg import dispatch_table
from functools import partial
from itertools import chain, groupby
from time import process_time
from typing import Any

from collide.analysis.pair_traces import TargetTraces, traces
from collide.check.check import (
    Judged,
    OneTarget,
    Outcome,
    Report,
    check_one,
    joined,
    with_pairs,
)
from collide.check.pairs import KeptTargets, Pair, PairTraces, Row
from collide.hosts.as_if import taken_for
from collide.hosts.select import Candidate, as_candidates
from collide.loader.host import Host, Python
from collide.loader.opening import ALL_NOW, ModePatterns
from collide.support import limits
from collide.support.errors import InputError, UsageError
from collide.support.faults import problem_of
from collide.support.processes import Lost, Raised, share_out
from collide.support.progress import Progress, no_progress
from collide.support.records import NamedTuple
from collide.support.time_limit import timed
from collide.wheels.target import Target, try_read

_PATIENCE = 6
"""How often the limit on CPU time goes by until a process that has not ended itself is killed."""
_LONGEST, _PIECES = 64, 400
_HOSTS_EACH = 4
_PACKED_SYMBOLS = 4_000_000  # some 70 bytes each


class CheckOptions(NamedTuple):
    """The options of :func:`collide.check.check.check`."""

    insist: bool = False
    together: bool = False
    modes: ModePatterns = ALL_NOW
    remedies: bool = False
    exposure: bool = False


class _Result(NamedTuple):
    """What a worker sends for one input; ``packed`` is its target where pairs may need it."""

    report: Report
    traces: tuple[tuple[Host, TargetTraces], ...] = ()
    packed: bytes | None = None


def check_in_parallel(
    paths: Sequence[str],
    hosts: Sequence[Candidate | Host],
    jobs: int,
    options: CheckOptions,
    progress: Progress = no_progress,
) -> tuple[Report, dict[int, InputError]]:
    """The report on the inputs at ``paths``, and by number those that cannot be read.

    An input whose worker dies is among these.
    """
    candidates = as_candidates(hosts)
    kept = KeptTargets(_PACKED_SYMBOLS // jobs)
    pair_traces = PairTraces(options.modes)
    unreadable: dict[int, InputError] = {}
    reports: list[Report] = []

    def work(number: int) -> bytes:
        return _dumps(_examine(paths[number], candidates, options, kept), candidates)

    order = sorted(range(len(paths)), key=lambda n: _size(paths[n]), reverse=True)
    shared_out = share_out(work, order, jobs, _PATIENCE * limits.value("time"))
    for number, answer in _in_order(shared_out, range(len(paths)), "input", progress):
        if isinstance(answer, Lost | Raised):
            unreadable[number] = _problem([paths[number]], answer)
            continue
        result = _loads(answer, candidates)
        if isinstance(result, InputError):
            unreadable[number] = result
            continue
        reports.append(result.report)
        for host, found in result.traces:
            pair_traces.add_traces(host, found)
        if result.packed:
            pair_traces.kept.put(paths[number], partial(pickle.loads, result.packed))
    pairs = _pairs(pair_traces, candidates, jobs, progress)
    return with_pairs(joined(reports), pairs), unreadable


def check_hosts_in_parallel(
    path: str,
    hosts: Sequence[Candidate | Host],
    jobs: int,
    options: CheckOptions,
    progress: Progress = no_progress,
) -> Report | InputError:
    """The report on one input, whose hosts are shared out; an error where it cannot be read.

    The first host that the input fits is looked at before: much of what is read then is for all.
    Each process may take the CPU time that is for one input.
    """
    candidates = as_candidates(hosts)
    target = try_read(path)
    if isinstance(target, InputError):
        return target
    one = OneTarget(target, candidates, options.insist, options.remedies, options.modes, None)
    with target.keeping():
        try:
            with timed(target.name):
                first = tuple(_first(one))
            others = _outcomes(one, target.name, candidates, len(first), jobs, progress)
            return one.report(chain(first, others), options.exposure)
        except UsageError:
            raise
        except Exception as e:
            return Report((), (), (*target.problems, problem_of(target.name, e)))


def _first(one: OneTarget) -> Iterator[Outcome]:
    """What is found on the hosts up to the first one that the input fits."""
    for candidate in one.candidates:
        outcome = one.outcome(candidate)
        yield outcome
        if isinstance(outcome, Judged):
            return


def _outcomes(
    one: OneTarget,
    name: str,
    candidates: Sequence[Candidate],
    start: int,
    jobs: int,
    progress: Progress,
) -> Iterator[Outcome]:
    """What is found on each host from number ``start`` on.

    Raises what a process raises, and its CPU time being over.
    """
    fitting = one.candidates
    numbers = range(start, len(fitting))

    def work(number: int) -> bytes:
        # What this process has used since it was forked.
        with timed(name, process_time()):
            return _dumps(one.outcome(fitting[number]), candidates)

    patience = _PATIENCE * limits.value("time")
    # Hosts of one release of a system have most libraries in common.
    order = sorted(numbers, key=lambda n: (fitting[n].suite, n))
    shared_out = share_out(work, order, jobs, patience, alike=True)
    for number, answer in _in_order(shared_out, numbers, "host", progress):
        if isinstance(answer, Raised):
            raise answer.error
        if isinstance(answer, Lost):
            yield _problem([f"{name} on {fitting[number].name}"], answer)
        else:
            yield _loads(answer, candidates)


def _size(path: str) -> int:
    """The size of a file in bytes; that of a tree is not known, and may be large."""
    return os.path.getsize(path) if os.path.isfile(path) else sys.maxsize


def _problem(names: Iterable[str], answer: Lost | Raised) -> InputError:
    name = " and ".join(names)
    if isinstance(answer, Raised):
        return problem_of(name, answer.error)
    return InputError(name, f"the process that looked at it {answer.reason}")


def _examine(
    path: str, candidates: Sequence[Candidate], options: CheckOptions, kept: KeptTargets
) -> _Result | InputError:
    target = try_read(path)
    if isinstance(target, InputError):
        return target
    left: list[tuple[Host, TargetTraces]] = []
    packed = None
    if options.together and target.on_disk is None and kept.has_room(target):
        # Packed before anything is looked up in its tables, which makes them larger.
        packed = _pack(target)
    report = check_one(
        target,
        candidates,
        options.insist,
        options.remedies,
        options.exposure,
        options.modes,
        seen=(lambda a: left.append((a.host, traces(a)))) if options.together else None,
    )
    return _Result(report, tuple(left), packed if left else None)


def _pairs(
    pair_traces: PairTraces, candidates: Sequence[Candidate], jobs: int, progress: Progress
) -> list[Pair | InputError]:
    """All pairs, with a problem in place of those that fail or whose worker died."""
    tasks = _pieces(pair_traces, jobs)
    found: list[Pair | InputError] = []

    def work(number: int) -> bytes:
        pairs = chain.from_iterable(map(pair_traces.pairs_of, tasks[number]))
        return _dumps(tuple(pairs), candidates)

    shared_out = share_out(work, range(len(tasks)), jobs, _PATIENCE * limits.value("time"))
    for number, answer in _in_order(shared_out, range(len(tasks)), "pairs", progress):
        if isinstance(answer, Lost | Raised):
            names = dict.fromkeys(n for row in tasks[number] for n in pair_traces.names(row))
            found.append(_problem(names, answer))
        else:
            found += _loads(answer, candidates)
    return found


def _pieces(pair_traces: PairTraces, jobs: int) -> list[list[Row]]:
    """All pairs in pieces, in their order.

    With many hosts a piece is one of them, so that no target is opened by several processes on
    the same one.
    """
    whole = [list(rows) for _, rows in groupby(pair_traces.rows(), lambda row: row.place)]
    if len(whole) >= _HOSTS_EACH * jobs:
        return whole
    total = sum(len(row.others) for rows in whole for row in rows)
    return [[row] for row in pair_traces.rows(max(1, min(_LONGEST, total // _PIECES)))]


def _in_order(
    answers: Iterable[tuple[int, bytes | Raised | Lost]],
    numbers: Sequence[int],
    what: str,
    progress: Progress,
) -> Iterator[tuple[int, bytes | Raised | Lost]]:
    """All answers in the order of their ``numbers``."""
    early: dict[int, bytes | Raised | Lost] = {}
    following = iter(numbers)
    number = next(following, None)
    for done, (answered, answer) in enumerate(answers, 1):
        progress(what, done, len(numbers))
        early[answered] = answer
        while number is not None and number in early:
            yield number, early.pop(number)
            number = next(following, None)


# -- between processes ----------------------------------------------------------------------------


class _Pickler(pickle.Pickler):
    """Pickles candidates' hosts as their numbers, with the Python that they were taken for."""

    def __init__(self, stream: io.BytesIO, candidates: Sequence[Candidate]) -> None:
        super().__init__(stream, pickle.HIGHEST_PROTOCOL)
        self._numbers: dict[int, tuple[int, Python | None]] = {}
        for number, candidate in enumerate(candidates):
            for python, one in ((None, candidate), *candidate.others.items()):
                if one.is_loaded:
                    self._numbers[id(one.host)] = number, python

    def persistent_id(self, obj: object) -> tuple[int, Python | None] | None:
        """See :class:`pickle.Pickler`."""
        return self._numbers[id(obj)] if type(obj) is Host else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, candidates: Sequence[Candidate]) -> None:
        super().__init__(stream)
        self._candidates = candidates

    def persistent_load(self, place: tuple[int, Python | None]) -> Host:
        """See :class:`pickle.Unpickler`."""
        number, python = place
        candidate = self._candidates[number]
        return (taken_for(candidate, python) if python else candidate).host


def _dumps(value: object, candidates: Sequence[Candidate]) -> bytes:
    stream = io.BytesIO()
    _Pickler(stream, candidates).dump(value)
    return stream.getvalue()


def _loads(data: bytes, candidates: Sequence[Candidate]) -> Any:
    # Written by a process of this check.
    return _Unpickler(io.BytesIO(data), candidates).load()


def _pack(target: Target) -> bytes:
    """A pickled target in which nothing was looked up yet."""
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCERS
    pickler.dump(target)
    return stream.getvalue()


def _reduce_struct(layout: struct.Struct) -> tuple[type[struct.Struct], tuple[str]]:
    return struct.Struct, (layout.format,)


_REDUCERS: Mapping[type, Callable[[Any], Any]] = ChainMap(
    {struct.Struct: _reduce_struct}, dispatch_table
)
