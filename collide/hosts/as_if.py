"""Takes a shipped host as if it had another Python: the one that a wheel was built for.

What a module finds in a process depends on the libraries of its program, hardly on the minor
release of the interpreter. The host keeps everything but the C API of its Python, whose names
begin with ``Py`` and ``_Py`` (CPython, "C API Stability"; PyPy's with ``PyPy``, GraalPy's with
``GraalPy``): they are neither taken from it nor missed in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import cache

from collide.hosts.select import Candidate
from collide.loader.host import Host, Python
from collide.loader.model import Dso
from collide.support.errors import InputError
from collide.support.records import NamedTuple
from collide.wheels.tags import Misfit, misfit, wanted_python

API_PREFIXES = ("Py", "_Py", "GraalPy", "_GraalPy")
"""How the names of the C API begin, those that programs should not use included."""
_MARKS = frozenset(("Py_IsInitialized", "PyPy_IsInitialized"))
"""Every interpreter that can be embedded has one of them."""


class Fitting(NamedTuple):
    """The hosts for some wheels, exact ones first, and those that do not take them, with why."""

    hosts: tuple[Candidate, ...]
    others: tuple[tuple[Candidate, Misfit], ...]


def fitting(wheels: Sequence[Iterable[str]], candidates: Sequence[Candidate]) -> Fitting:
    """The hosts that take all wheels with these tags: as they are, or with another Python.

    Shipped hosts of the wheels' architecture and C library whose interpreter alone does not fit
    are taken as if they had the one that the wheels want, those of the newest suite first. Of
    those that have the same libraries, by DT_SONAME, as one that is taken already, none is taken.
    """
    all_tags = [frozenset(tags) for tags in wheels]
    wanted = _wanted(all_tags)
    exact: list[Candidate] = []
    near: list[Candidate] = []
    others: dict[str, Misfit] = {}
    for candidate in candidates:
        found = _worst(all_tags, candidate)
        if wanted is not None and _stands_for(candidate, wanted, found):
            near.append(candidate)
        elif found is None:
            exact.append(candidate)
        else:
            others[candidate.name] = found
    taken: list[Candidate] = []
    known = {_libraries(c): c.name for c in exact if c.is_shipped} if near else {}
    for candidate in sorted(near, key=lambda c: (c.loader.version, c.suite), reverse=True):
        assert wanted is not None
        same = known.setdefault(_libraries(candidate), candidate.name)
        if same == candidate.name:
            taken.append(taken_for(candidate, wanted))
        else:
            reason = f"as if for {wanted.release} it has the libraries of {same}"
            others[candidate.name] = Misfit("like another", reason)
    left = tuple((c, others[c.name]) for c in candidates if c.name in others)
    return Fitting((*exact, *taken), left)


def _wanted(wheels: Iterable[AbstractSet[str]]) -> Python | None:
    """The one interpreter that all wheels want which want one."""
    found = {python for tags in wheels if (python := wanted_python(tags)) is not None}
    return found.pop() if len(found) == 1 else None


def _worst(wheels: Iterable[AbstractSet[str]], candidate: Candidate) -> Misfit | None:
    """Why a host does not take all the wheels: rather for its platform than for its Python."""
    found = [reason for tags in wheels if (reason := misfit(tags, candidate)) is not None]
    return min(found, key=lambda reason: reason.kind == "other interpreter", default=None)


def _stands_for(candidate: Candidate, wanted: Python, found: Misfit | None) -> bool:
    """Whether a host that does not fit for ``found`` would with another interpreter.

    PyPy has libraries of its own, so a program that is one stands for no other implementation.
    """
    if not candidate.is_shipped:
        return False
    own = candidate.python
    if own is None:
        return found is None
    near = found is not None and found.kind == "other interpreter"
    same = own.implementation in ("cp", wanted.implementation)
    return near and same and own.version[0] == wanted.version[0]


def _libraries(candidate: Candidate) -> frozenset[str]:
    """The names of the libraries of a host, without its own program and interpreter."""
    try:
        process = candidate.host.process
    except InputError:
        # It is told where the host is used.
        return frozenset((candidate.name,))
    scope = (m for m in process.global_scope if m is not process.executable)
    return frozenset(m.elf.soname or m.dso.path for m in scope if not _is_interpreter(m.dso))


@cache
def _is_interpreter(dso: Dso) -> bool:
    return bool(dso.elf.exports.defined(_MARKS))


@cache
def _without_api(dso: Dso) -> Dso:
    """An interpreter without its C API: one object for all hosts that have it."""
    from collide.elf.without_names import WithoutNames  # late: start-up

    exports = WithoutNames(dso.elf.exports, API_PREFIXES)
    other = dso.elf._replace(exports=exports)
    return Dso(
        dso.path,
        dso.identity,
        other,
        version_strings=dso.version_strings,
        build_id=dso.build_id,
        package=dso.package,
        recorded_uses=dso.recorded_uses,
    )


def taken_for(candidate: Candidate, python: Python) -> Candidate:
    """A candidate with another Python: the same one each time."""
    if python not in candidate.others:

        def load() -> Host:
            return as_if(candidate.host, python)

        other = Candidate(candidate.summary._replace(python=python), load, as_if=True)
        candidate.others[python] = other
    return candidate.others[python]


def as_if(host: Host, python: Python) -> Host:
    """``host`` with ``python`` in the place of its interpreter."""
    from collide.loader.replaced import replaced  # late: start-up

    own = [m for m in host.process.global_scope if _is_interpreter(m.dso)]
    version = ".".join(map(str, python.version))
    libraries = (m for m in own if m is not host.process.executable)
    names = {f"libpython{version}{python.abi_flags}.so.1.0": m for m in libraries}
    process = replaced(host.process, {m.dso: _without_api(m.dso) for m in own}, names)
    process.assumed = API_PREFIXES
    return host._replace(python=python, process=process, as_if=True)
