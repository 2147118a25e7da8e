"""The end of a process: its stack, and whether a collision is on it.

A *crossing* is a frame that a victim has called in a provider: the victim has taken the name of
the function from it. Evidence is weighed by where it is on the stack.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from enum import IntEnum

from collide.analysis.layouts import compare_layouts
from collide.analysis.libpython import is_libpython
from collide.binding.binding import Binding
from collide.elf.constants import PF_X, PT_LOAD
from collide.elf.headers import Image
from collide.elf.symbols import is_code
from collide.findings.code import Family, Severity
from collide.findings.finding import Finding
from collide.inspect.bound import RealBindings
from collide.inspect.snapshot import Loaded, Places, Snapshot
from collide.loader.libc import libc_of
from collide.loader.link_map import closure
from collide.loader.model import Dso
from collide.processes.eh_frame import CallFrames
from collide.processes.image import Fault, ProcessImage, Thread
from collide.processes.maps import range_at
from collide.processes.unwind import Code, Stack, walk
from collide.support.errors import FormatError
from collide.support.records import NamedTuple
from collide.support.signals import signal_name

_RUNTIME = ("libstdc++.so", "libgcc_s.so", "libc++abi.so", "libc++.so")
"""File names of what aborts and unwinds for others, beside the C library."""


class Likelihood(IntEnum):
    """How likely a collision has ended the process."""

    POSSIBLE = 1
    LIKELY = 2
    VERY_LIKELY = 3

    def __str__(self) -> str:
        return self.name.lower().replace("_", " ")


class Frame(NamedTuple):
    """One frame: the object and its name in the report, the function, and the distance into it.

    ``object`` is what the kernel calls a mapping that is no object, and empty for none.
    ``function`` is that of the dynamic symbol that holds the address, empty without one.
    ``guessed`` says that no call frame information led to it. ``taken`` is whether the frame that
    called it has taken this function from this object in place of the one that was meant.
    """

    address: int
    object: str
    function: str
    offset: int
    guessed: bool = False
    taken: bool = False


class Blame(NamedTuple):
    """A collision that may have ended the process: its finding, and why it is believed."""

    likelihood: Likelihood
    finding: Finding
    target: str
    because: str


class Placed(NamedTuple):
    """A finding with its objects; ``intended`` are paths."""

    finding: Finding
    target: str
    victim: Dso
    provider: Dso | None
    intended: frozenset[str]

    def blame(self, likelihood: Likelihood, because: str) -> Blame:
        """It as what may have ended the process."""
        return Blame(likelihood, self.finding, self.target, because)


class Crash(NamedTuple):
    """How a process has ended.

    ``signal`` is the name of the signal, ``address`` what could not be reached. ``frames`` are the
    innermost first, ``ended`` says why the walk stopped early. ``start`` is the position of the
    frame that the signal has met: those before it are of a handler, which has sent it once more.
    ``blame`` is the most likely collision, None for none.
    """

    signal: str
    address: int | None
    thread: int
    frames: tuple[Frame, ...]
    start: int
    ended: str
    blame: Blame | None


def read_crash(snapshot: Snapshot, real: RealBindings, judged: Iterable[Placed]) -> Crash | None:
    """The end of a process; None for one that no signal has ended, or without registers."""
    fault, threads = snapshot.image.fault, snapshot.image.threads
    if fault is None or not threads:
        return None
    reader = _Reader(snapshot)
    thread, stack = _crashed(snapshot.image, reader)
    if fault.handled and not stack.interrupted:
        return None
    found = [reader.place(address) for address in stack.addresses]
    crossings = Crossings(real)
    frames = []
    for n, (address, place) in enumerate(zip(stack.addresses, found, strict=True)):
        frame, names = reader.frame(address, place)
        caller = found[n + 1] if n + 1 < len(found) else None
        taken = crossings.has(caller, place, names)
        frames.append(frame._replace(guessed=n in stack.guessed, taken=taken))
    start = _first_met(stack, fault)
    # An object whose data was called does not run.
    runs = (
        place if reader.code_at(at) else None
        for at, place in zip(stack.addresses, found, strict=True)
    )
    dsos = tuple(place.map.dso if place else None for place in runs)
    met = _Stack(tuple(frames[start:]), dsos[start:])
    blame = _Judge(snapshot, judged, crossings, met).blame()
    return Crash(
        signal_name(fault.signal),
        fault.address,
        thread.number,
        tuple(frames),
        start,
        stack.ended,
        blame,
    )


def _crashed(image: ProcessImage, reader: _Reader) -> tuple[Thread, Stack]:
    """The thread that the signal has met, and its stack: the first one, or one in a handler.

    A handler that sends the signal to the process once more (kill(2)) may hit another thread.
    """
    assert image.fault is not None
    stack = walk(image, image.threads[0], reader.code_at)
    if image.fault.address is None and not stack.interrupted:
        for thread in image.threads[1:]:
            other = walk(image, thread, reader.code_at)
            if other.interrupted:
                return thread, other
    return image.threads[0], stack


def _first_met(stack: Stack, fault: Fault) -> int:
    """The position of the frame that the first fatal signal has met."""
    if stack.faulted:
        # What fails in the handler of a fault comes of that fault: the outermost was the first.
        return stack.faulted[-1]
    # A fault of its own has an address; a handler that ends the process sends the signal.
    return stack.interrupted[0] if fault.address is None and stack.interrupted else 0


class _Reader:
    """Objects, code and names of addresses."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._image = snapshot.image
        self._places = Places(snapshot.loaded)
        self._code: dict[Dso, _Text] = {}
        self._functions: dict[Dso, Functions] = {}

    def place(self, address: int) -> Loaded | None:
        """The object at an address."""
        return self._places.at(address)

    def code_at(self, address: int) -> Code | None:
        """See :func:`collide.processes.unwind.walk`."""
        one = self._places.at(address)
        if one is None:
            known = range_at(self._image.maps, address)
            return Code(known.start, None) if known is not None and known.executable else None
        dso = one.map.dso
        if dso not in self._code:
            self._code[dso] = _Text(dso)
        text = self._code[dso]
        # Damaged pointers to functions lead to data: there is nothing to return from.
        is_code = bool(text.read(address - one.base, 1))
        return Code(one.base, text.frames, text.read) if is_code else None

    def frame(self, address: int, place: Loaded | None) -> tuple[Frame, Sequence[str]]:
        """An address as a frame, and all names of its function."""
        if place is None:
            known = range_at(self._image.maps, address)
            return Frame(address, known.path if known else "", "", 0), ()
        value, dso = address - place.base, place.map.dso
        if dso not in self._functions:
            self._functions[dso] = Functions(dso)
        names, start = self._functions[dso].at(value)
        return Frame(address, dso.path, names[0] if names else "", value - start), names


class _Text:
    """The code of one object; ``frames`` is its call frame information, None without any."""

    def __init__(self, dso: Dso) -> None:
        self._data = memoryview(dso.read())
        segments = Image(self._data).segments
        self._code = [s for s in segments if s.kind == PT_LOAD and s.flags & PF_X]
        try:
            self.frames: CallFrames | None = CallFrames(self._data)
        except FormatError:
            self.frames = None

    def read(self, address: int, size: int) -> bytes:
        """Bytes at a virtual address, fewer at the end of the code that is there."""
        for s in self._code:
            if s.address <= address < s.address + s.size:
                start = s.offset + address - s.address
                return bytes(self._data[start : min(start + size, s.offset + s.size)])
        return b""


class Functions:
    """The functions of one object by address, from its dynamic symbols."""

    def __init__(self, dso: Dso) -> None:
        self._by_start: dict[int, tuple[int, list[str]]] = {}
        exports = dso.elf.exports
        for name in sorted(exports.names):
            for d in exports.candidates(name):
                if is_code(d.type) and d.value and not d.undefined:
                    size, names = self._by_start.get(d.value, (0, []))
                    if name not in names:
                        names.append(name)
                    self._by_start[d.value] = max(size, d.size), names
        self._starts = sorted(self._by_start)

    def at(self, value: int) -> tuple[Sequence[str], int]:
        """The names of the function that holds a virtual address, and where it starts."""
        number = bisect_right(self._starts, value) - 1
        if number >= 0:
            start = self._starts[number]
            size, names = self._by_start[start]
            if value < start + size:
                return names, start
        return (), 0


class Crossings:
    """The names that objects have taken from others, by victim and provider."""

    def __init__(self, real: RealBindings) -> None:
        self._taken: dict[tuple[Dso, Dso], list[Binding]] = {}
        self._meant: dict[tuple[Dso, Dso], set[str]] = {}
        for one in real.objects.values():
            for b in one.bindings:
                if b.actual is not None:
                    pair = one.dso, b.actual.dso
                    if b.shadowed:
                        self._taken.setdefault(pair, []).append(b)
                    else:
                        self._meant.setdefault(pair, set()).add(b.reference.name)

    def bindings(self, victim: Dso, provider: Dso) -> Sequence[Binding]:
        """What a victim has taken from a provider."""
        return self._taken.get((victim, provider), ())

    def has(self, caller: Loaded | None, callee: Loaded | None, names: Sequence[str]) -> bool:
        """Whether a frame runs a function that its caller has taken.

        ``names`` are those of the function. One without a name is internal: a function that
        was taken has jumped there. So it has to one that the caller does not refer to, if it
        refers to nothing else of that object.
        """
        if caller is None or callee is None:
            return False
        pair = caller.map.dso, callee.map.dso
        taken = {b.reference.name for b in self._taken.get(pair, ())}
        if not taken or not names or not taken.isdisjoint(names):
            return bool(taken)
        return pair not in self._meant


class _Stack(NamedTuple):
    """The objects of a stack beside its frames."""

    frames: tuple[Frame, ...]
    dsos: tuple[Dso | None, ...]


class _Judge:
    """Weighs the findings of a process by its stack."""

    def __init__(
        self, snapshot: Snapshot, judged: Iterable[Placed], crossings: Crossings, stack: _Stack
    ) -> None:
        process = snapshot.host.process
        self._judged = tuple(p for p in judged if p.finding.code.family is Family.SHADOWING)
        self._stack = stack
        self._crossings_of = crossings
        self._maps = {m.dso: m for m in process.maps}
        parts = libc_of(process.loader).parts
        self._runtime = frozenset(
            dso
            for dso in self._maps
            if dso.elf.soname in parts
            or dso.path == process.loader.path
            or dso.elf.soname == posixpath.basename(process.loader.path)
            or posixpath.basename(dso.path).startswith(_RUNTIME)
        )
        self._interpreter = {
            process.executable.dso,
            *(d for d in self._maps if is_libpython(posixpath.basename(d.path))),
        }

    def blame(self) -> Blame | None:
        """The most likely collision; of equal ones that of the innermost frame."""
        found = [*self._crossings(), *self._without_crossing()]
        return max(found, key=lambda b: b.likelihood, default=None)

    def _crossings(self) -> Iterator[Blame]:
        frames, dsos = self._stack
        for n, frame in enumerate(frames):
            if frame.taken:
                callee, caller = dsos[n], dsos[n + 1]
                for one in self._judged:
                    if one.victim is caller and one.provider is callee:
                        yield self._crossing(n, one)

    def _crossing(self, number: int, one: Placed) -> Blame:
        frame = self._stack.frames[number]
        called = f"{frame.function} of " if frame.function else ""
        because = (
            f"{one.finding.victim} has called {called}{frame.object}, "
            "which it was not meant to call"
        )
        involved = self._involved(one)
        between = [d for d in self._stack.dsos[:number] if d is not None and d not in involved]
        if between:
            more = posixpath.basename(between[-1].path)
            return one.blame(
                Likelihood.POSSIBLE, f"{because}; from there the stack leads to {more}"
            )
        if one.finding.severity == Severity.NOTE:
            return one.blame(Likelihood.POSSIBLE, because)
        return one.blame(Likelihood.VERY_LIKELY, because)

    def _involved(self, one: Placed) -> AbstractSet[Dso]:
        """The objects that a call into the provider may lead to without leaving the collision."""
        needed = closure(self._maps[one.provider]) if one.provider in self._maps else ()
        found = {m.dso for m in needed} - self._interpreter
        provider = {one.provider} if one.provider is not None else set()
        return found | {one.victim} | provider | self._runtime

    def _moved(self, one: Placed) -> bool:
        """Whether the code of the two copies has structures at different offsets."""
        if one.provider is None:
            return False
        found = compare_layouts(self._crossings_of.bindings(one.victim, one.provider), one.victim)
        return found is not None and bool(found.moved)

    def _without_crossing(self) -> Iterator[Blame]:
        """What the innermost object that is no part of the C runtime has to do with a finding."""
        dsos = [d for d in self._stack.dsos if d is not None and d not in self._runtime]
        if not dsos:
            return
        inner, others = dsos[0], frozenset(dsos[1:])
        name = posixpath.basename(inner.path)
        for one in self._judged:
            error = one.finding.severity == Severity.ERROR
            likely = Likelihood.LIKELY if error else Likelihood.POSSIBLE
            if one.finding.severity == Severity.NOTE:
                continue
            if one.victim is inner and not error and self._moved(one):
                yield one.blame(
                    Likelihood.LIKELY,
                    f"{name}, where it ended, uses structures of a library whose functions here "
                    "have them at other offsets",
                )
            elif one.victim is inner:
                yield one.blame(
                    likely, f"{name}, where it ended, has functions of two copies of a library"
                )
            elif inner in self._interpreter or one.victim not in others:
                continue
            elif one.provider is inner:
                yield one.blame(
                    likely, f"{name}, where it ended, works for {one.finding.victim} as well"
                )
            elif inner.path in one.intended:
                yield one.blame(
                    likely,
                    f"{name}, where it ended, was to serve {one.finding.victim}, which has taken "
                    "a part of it elsewhere",
                )
