"""The rules: what a cut does, and why it is believed. One function for each code.

A rule reads one :class:`collide.analysis.interposition.Interposition` and says nothing, or a
severity with evidence. None knows a library by its name: each states in its docstring which
mechanism it sees and why that mechanism is the same in any library.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from collide.analysis.interposition import Interposition
from collide.analysis.library_copies import (
    is_older,
    library_name,
    other_major,
    other_series,
    release_difference,
    same_library,
    same_series,
    wide_integers,
)
from collide.elf.constants import STT_OBJECT, STT_TLS
from collide.elf.names import split_pairs
from collide.findings import codes_shadowed as codes
from collide.findings.code import Severity
from collide.findings.evidence import (
    RESERVED,
    Verdict,
    differs,
    file_name,
    file_names,
    in_use,
    is_code,
    is_data,
    is_text,
    size,
    some,
)
from collide.findings.settled import settle
from collide.loader.model import Dso

FEW, SMALL = 3, 0.1
"""Up to this many functions, and less than this part, a copy is the other's neighbour release."""
INSIDE = 0.075
"""Less than this part of what one object calls in itself: a shared build hides as many."""
_WORD = 8
"""Bytes of a variable that may be a pointer or a number, and no structure."""
WIDE = 150
"""From this many symbols on, code is compiled against a library's inside, not its front."""


FindingRule = Callable[[Interposition], Verdict | None]


def decide(interposition: Interposition, rules: Sequence[FindingRule] | None = None) -> Verdict:
    """The verdict on one cut: what settles it, or what is weighed."""
    return settle(interposition) or weigh(interposition, rules)


def weigh(interposition: Interposition, rules: Sequence[FindingRule] | None = None) -> Verdict:
    """Of a cut that nothing settles: the worst of what ``rules`` say, with the evidence of all."""
    said = [
        v for rule in (RULES if rules is None else rules) if (v := rule(interposition)) is not None
    ]
    said.append(replaced_library(interposition))
    worst = max(said, key=lambda v: v.severity)
    evidence = dict.fromkeys(line for v in (worst, *said) for line in v.evidence)
    return Verdict(worst.code, worst.severity, (*evidence, *_limits(interposition)))


def split_library(interposition: Interposition) -> Verdict | None:
    """Both copies of one library are called on the same structures.

    What stays does so because the host's copy has no such name. Where it is
    called from another object it belongs to the library's interface, so the
    wheel's is a later release; up to three names that are less than a tenth
    differ between neighbours too, which share their layouts. Inside one object
    it may as well be a function that a shared build of the same release hides:
    there it takes a larger part, unless the two say that they are of different
    series. It holds for any library with state, the more
    the further the releases are apart; routines in assembly have none. Where so
    few functions lead into the victim, the most of it lies idle.
    """
    if not interposition.kept:
        return None
    share = len(interposition.kept) / (len(interposition.kept) + len(interposition.used_names))
    if set(interposition.intended) <= {interposition.victim}:
        few = share < INSIDE and not other_series(interposition.intended, interposition.provider)
        few = few or _assembly(interposition)
    else:
        few = _few(len(interposition.kept), len(interposition.used_names)) or _few(
            *interposition.entered
        )
    stay = "stays" if len(interposition.kept) == 1 else "stay"
    what = (
        f"{in_use(interposition)}, {len(interposition.kept)} of the same library {stay} in "
        f"{file_names(interposition.intended)}, "
        f"because {file_name(interposition.provider)} does not offer {some(interposition.kept)}."
    )
    lines = [what]
    for one, other in split_pairs(interposition.used_names, interposition.kept)[:1]:
        lines.append(
            f"{one} is the host's and {other} the wheel's: what one makes, the other gets."
        )
    return Verdict(codes.SPLIT_LIBRARY, Severity.WARNING if few else Severity.ERROR, tuple(lines))


def _few(stay: int, gone: int) -> bool:
    """Whether what stays of a library is what a neighbour release may lack."""
    return 0 < stay <= FEW and stay < SMALL * (stay + gone)


def _assembly(interposition: Interposition) -> bool:
    """Whether what is taken inside one object are routines in assembly, and what is like them.

    Compilers write an unwind table for every function (System V ABI for x86-64,
    4.2.4), and ``-fvisibility=hidden`` hides what they compile. Assembly needs
    neither: it is what a library shows by mistake, kernels that get numbers and
    addresses in registers, and that keep and call nothing. So do compiled
    functions that call and use nothing; of these alone it may be the accessors
    of a structure.
    """
    calls = interposition.victim.calls
    if calls is None or not calls.functions:
        return False
    intended = [b.intended.definition for b in interposition.used if b.intended is not None]
    if len(intended) < len(interposition.used) or not all(
        is_code(definition.type) for definition in intended
    ):
        return False
    known = frozenset(calls.functions)
    compiled = [d.value for d in intended if d.value is not None and d.value in known]
    return len(compiled) < len(interposition.used) / 2 and calls.leaves(compiled) >= set(compiled)


def wide_interface(interposition: Interposition) -> Verdict | None:
    """So much is used, structures among it, that the library's inside is compiled in.

    A library that hides its structures is used through some dozen functions;
    one whose structures are read directly and of which hundreds of functions are
    called shares its layouts with its users, and these change between releases
    without a change of names. Only functions are no sign: an interface of
    Fortran routines is wide and holds no state. Nor is a variable of one word:
    a number, a pointer, a short text has no layout.
    """
    data = [b.reference.name for b in interposition.used if b.intended and size(b.intended) > _WORD]
    if len(interposition.used_names) < WIDE or not data:
        return None
    line = (
        f"{len(interposition.used_names)} symbols are in use, structures among them: "
        f"{some(sorted(data))}. "
        "So the layout of the wheel's release is compiled in, and another release runs."
    )
    return Verdict(codes.WIDE_INTERFACE, Severity.ERROR, (line,))


def asked_by_name(interposition: Interposition) -> Verdict | None:
    """A library that is opened for its functions runs half in itself, half in the host's copy.

    What opens a library by itself (ctypes, cffi) asks it for functions by name,
    and dlsym(3) looks in the object first: these are the wheel's. What they call
    of each other goes through the global scope and is the host's, which gets the
    structures that they have made, and has static variables of its own. It holds
    for any library that calls its own front by name. No error where few do, or
    where both say that they are of one series, which shares its layouts.
    """
    names = interposition.used_names
    if (
        not interposition.asked
        or set(interposition.intended) != {interposition.victim}
        or len(names) <= FEW
    ):
        return None
    if not same_library(interposition.victim, interposition.provider) or same_series(
        interposition.intended, interposition.provider
    ):
        return None
    front = sorted(_functions(interposition.victim) & _functions(interposition.provider) - {*names})
    if not front:
        return None
    line = (
        f"{file_name(interposition.victim)} is opened to be asked for its functions, "
        "and gives its own: "
        f"{some(front)}. They call {some(names)} by name, and these are the host's."
    )
    return Verdict(codes.SPLIT_LIBRARY, Severity.ERROR, (line,))


def _functions(dso: Dso) -> set[str]:
    exports = dso.elf.exports
    return {n for n in exports.names if any(is_code(d.type) for d in exports.candidates(n))}


_BUILDS = re.compile(r"_ZN.*(?:C[12]|D[012])E")


def static_objects(interposition: Interposition) -> Verdict | None:
    """C++ objects of the wheel's copy are built or destroyed by the host's copy.

    That is done when the copy is loaded and when the program ends, whether it
    is used or not: its static objects are made with the constructors of the
    class, which are looked up by name. So two copies hold objects of one class
    that only one of them manages. It holds for any C++ library with static
    objects of classes of its own.
    """
    if not set(interposition.intended) <= {interposition.victim}:
        return None
    names = [n for n in interposition.used_names if _BUILDS.match(n) and not RESERVED.match(n)]
    if not names or interposition.victim.calls is None:
        return None
    at_load = interposition.victim.calls.used_at_load()
    builders = [name for name in names if name in at_load]
    if not builders:
        return None
    line = (
        f"The static initialisation of {file_name(interposition.victim)}, "
        "which runs when it is loaded, "
        f"builds objects with functions of the host's copy: {some(builders)}."
    )
    return Verdict(codes.STATIC_OBJECTS, Severity.ERROR, (line,))


def data_mismatch(interposition: Interposition) -> Verdict | None:
    """A variable of another size or kind: whoever was compiled for the larger reads past the end.

    The size in a symbol table is that of the type it was compiled with. That
    the host's is larger harms nobody who reads only what he knows, nor does a
    text of another length, which carries its end in itself.
    """
    lines = []
    for b in sorted(interposition.used, key=lambda b: b.reference.name):
        if b.actual is None or b.intended is None:
            continue
        ours, theirs = b.intended.definition, b.actual.definition
        kinds = {ours.type, theirs.type}
        if len(kinds) == 2 and STT_TLS in kinds:
            lines.append(f"{b.reference.name} is thread-local in only one of the copies.")
        elif is_data(ours.type) and is_code(theirs.type):
            lines.append(f"{b.reference.name} is data in the wheel and code in the host.")
        elif kinds == {STT_OBJECT} and 0 < theirs.size < ours.size and not is_text(b.intended):
            lines.append(
                f"{b.reference.name} has {theirs.size} bytes in the host, {ours.size} in the wheel."
            )
    if not lines:
        return None
    more = [f"{len(lines) - 3} more variables differ so."] if len(lines) > 3 else []
    return Verdict(codes.DATA_MISMATCH, Severity.ERROR, (*lines[:3], *more))


def other_abi(interposition: Interposition) -> Verdict | None:
    """The library's own makers say that the two cannot stand for each other.

    They do so by the first number behind ``.so``. Where structures of the
    library are used as variables, its types are compiled in, and that is an
    error; with functions alone, or variables of one word, often only something
    that is not used has changed.
    """
    for intended in interposition.intended:
        majors = other_major(intended, interposition.provider)
        if majors is None:
            continue
        numbers = (
            f"The wheel's library has the ABI number {majors[0]}, the host's {majors[1]}: "
            "by its own makers' word they are not compatible."
        )
        lines = [numbers]
        data = sorted(
            b.reference.name for b in interposition.used if b.intended and size(b.intended) > _WORD
        )
        if data:
            lines.append(f"Structures of it are in use: {some(data)}.")
        severity = Severity.ERROR if data else Severity.WARNING
        return Verdict(codes.OTHER_ABI, severity, tuple(lines))
    return None


def integer_width(interposition: Interposition) -> Verdict | None:
    """One of the two passes 64-bit integers where the other passes 32-bit ones.

    That is a property of how a library was built, its function names being the
    same; the two kinds are told apart by what they are called. Inner routines in
    assembly get whole registers in both.
    """
    if set(interposition.intended) <= {interposition.victim} and _assembly(interposition):
        return None
    ours, theirs = wide_integers(interposition.intended), wide_integers((interposition.provider,))
    if (ours is None) == (theirs is None):
        return None
    whose = "wheel's" if ours else "host's"
    line = f'Only the {whose} library says that its integers have 64 bits: "{ours or theirs}".'
    return Verdict(codes.INTEGER_WIDTH, Severity.ERROR, (line,))


_CHECK = re.compile(r"(?:check|verify|require)_?versions?|version_?check", re.IGNORECASE)


def version_check(interposition: Interposition) -> Verdict | None:
    """A function that compares the compiled-in version with the running one, and these differ.

    Libraries whose structures are public protect themselves so; by convention
    it has both words in its name. It refuses to run where the two differ.
    """
    checks = [name for name in interposition.used_names if _CHECK.search(name)]
    if not checks:
        return None
    difference = release_difference(interposition.intended, interposition.provider)
    if difference is None:
        return None
    line = f"{checks[0]} compares the version compiled in with the one that runs."
    return Verdict(codes.VERSION_CHECK, Severity.ERROR, (line, differs(difference)))


_TELLS_VERSION = re.compile("version", re.IGNORECASE)
_TOO_OLD = re.compile(r"older|later|newer|at least|requires|downgrade", re.IGNORECASE)


def refusal(interposition: Interposition) -> Verdict | None:
    """The wheel's code has the words ready with which it refuses another copy.

    Who depends on what he was compiled for asks the library for its version and
    compares; what he says where that is another names the library and both
    times. The words tell what is compared: that the version is not older, that
    it is the same, or how the library was built, which distributions tell by
    another name of the library. Where that is so, the import fails.
    """
    if not any(_TELLS_VERSION.search(name) for name in interposition.used_names):
        return None
    libraries = {base for dso in interposition.intended if (base := library_name(dso))}
    # An application speaks of a library without the lib before its name.
    called = libraries | {m[1] for base in libraries if (m := re.match(r"lib([A-Za-z]{3,})", base))}
    for text in interposition.victim.refusals:
        if called.isdisjoint(re.findall(r"lib[\w-]*\w|\w+", text)):
            continue
        if _TOO_OLD.search(text):
            differ = is_older(interposition.intended, interposition.provider)
        elif _TELLS_VERSION.search(text):
            differ = release_difference(interposition.intended, interposition.provider) is not None
        else:
            differ = library_name(interposition.provider) not in libraries
        if differ:
            lines = f'{file_name(interposition.victim)} has the words to refuse it: "{text}".'
            return Verdict(codes.VERSION_CHECK, Severity.ERROR, (lines,))
    return None


def replaced_library(interposition: Interposition) -> Verdict:
    """A warning, where nothing worse is known: an untested release runs in place of the tested."""
    difference = release_difference(interposition.intended, interposition.provider)
    lines = []
    if not interposition.kept:
        lines.append(
            f"{in_use(interposition)}, and none of the same library that is in use is the wheel's."
        )
    if difference:
        lines.append(differs(difference))
    return Verdict(codes.REPLACED_LIBRARY, codes.REPLACED_LIBRARY.severity, tuple(lines))


RULES: tuple[FindingRule, ...] = (
    split_library,
    asked_by_name,
    other_abi,
    data_mismatch,
    integer_width,
    version_check,
    refusal,
    wide_interface,
    static_objects,
)
"""The rules that are weighed against each other."""


def _limits(interposition: Interposition) -> Iterator[str]:
    if not interposition.calls_known:
        yield "Which functions call which is not known for this object: all count as in use."
