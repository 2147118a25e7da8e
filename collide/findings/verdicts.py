"""The rules: what a cut does, and why it is believed. One function for each code.

A rule reads one :class:`collide.analysis.interposition.Cut` and says nothing, or a severity with
evidence. None knows a library by its name: each states in its docstring which
mechanism it sees and why that mechanism is the same in any library.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from collide.analysis.interposition import Cut
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
from collide.elf.symbols import STT_OBJECT, STT_TLS
from collide.elf.verbs import split_pairs
from collide.findings import table as codes
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
from collide.findings.table import Severity
from collide.loader.model import File

FEW, SMALL = 3, 0.1
"""Up to this many functions, and less than this part, a copy is the other's neighbour release."""
INSIDE = 0.075
"""Less than this part of what one object calls in itself: a shared build hides as many."""
_WORD = 8
"""Bytes of a variable that may be a pointer or a number, and no structure."""
WIDE = 150
"""From this many symbols on, code is compiled against a library's inside, not its front."""


Rule = Callable[[Cut], Verdict | None]


def decide(cut: Cut, rules: Sequence[Rule] | None = None) -> Verdict:
    """The verdict on one cut: what settles it, or what is weighed."""
    return settle(cut) or weigh(cut, rules)


def weigh(cut: Cut, rules: Sequence[Rule] | None = None) -> Verdict:
    """Of a cut that nothing settles: the worst of what ``rules`` say, with the evidence of all."""
    said = [v for rule in (RULES if rules is None else rules) if (v := rule(cut)) is not None]
    said.append(replaced_library(cut))
    worst = max(said, key=lambda v: v.severity)
    evidence = dict.fromkeys(line for v in (worst, *said) for line in v.evidence)
    return Verdict(worst.code, worst.severity, (*evidence, *_limits(cut)))


def split_library(cut: Cut) -> Verdict | None:
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
    if not cut.kept:
        return None
    share = len(cut.kept) / (len(cut.kept) + len(cut.used_names))
    if set(cut.meant) <= {cut.victim}:
        few = share < INSIDE and not other_series(cut.meant, cut.provider)
        few = few or _assembly(cut)
    else:
        few = _few(len(cut.kept), len(cut.used_names)) or _few(*cut.entered)
    stay = "stays" if len(cut.kept) == 1 else "stay"
    what = (
        f"{in_use(cut)}, {len(cut.kept)} of the same library {stay} in {file_names(cut.meant)}, "
        f"because {file_name(cut.provider)} does not offer {some(cut.kept)}."
    )
    lines = [what]
    for one, other in split_pairs(cut.used_names, cut.kept)[:1]:
        lines.append(
            f"{one} is the host's and {other} the wheel's: what one makes, the other gets."
        )
    return Verdict(codes.SPLIT_LIBRARY, Severity.WARNING if few else Severity.ERROR, tuple(lines))


def _few(stay: int, gone: int) -> bool:
    """Whether what stays of a library is what a neighbour release may lack."""
    return 0 < stay <= FEW and stay < SMALL * (stay + gone)


def _assembly(cut: Cut) -> bool:
    """Whether what is taken inside one object are routines in assembly, and what is like them.

    Compilers write an unwind table for every function (System V ABI for x86-64,
    4.2.4), and ``-fvisibility=hidden`` hides what they compile. Assembly needs
    neither: it is what a library shows by mistake, kernels that get numbers and
    addresses in registers, and that keep and call nothing. So do compiled
    functions that call and use nothing; of these alone it may be the accessors
    of a structure.
    """
    calls = cut.victim.calls
    if calls is None or not calls.functions:
        return False
    meant = [b.intended[1] for b in cut.used if b.intended is not None]
    if len(meant) < len(cut.used) or not all(is_code(definition.type) for definition in meant):
        return False
    known = frozenset(calls.functions)
    compiled = [d.value for d in meant if d.value is not None and d.value in known]
    return len(compiled) < len(cut.used) / 2 and calls.leaves(compiled) >= set(compiled)


def wide_interface(cut: Cut) -> Verdict | None:
    """So much is used, structures among it, that the library's inside is compiled in.

    A library that hides its structures is used through some dozen functions;
    one whose structures are read directly and of which hundreds of functions are
    called shares its layouts with its users, and these change between releases
    without a change of names. Only functions are no sign: an interface of
    Fortran routines is wide and holds no state. Nor is a variable of one word:
    a number, a pointer, a short text has no layout.
    """
    data = [b.reference.name for b in cut.used if b.intended and size(b.intended) > _WORD]
    if len(cut.used_names) < WIDE or not data:
        return None
    line = (
        f"{len(cut.used_names)} symbols are in use, structures among them: {some(sorted(data))}. "
        "So the layout of the wheel's release is compiled in, and another release runs."
    )
    return Verdict(codes.WIDE_INTERFACE, Severity.ERROR, (line,))


def asked_by_name(cut: Cut) -> Verdict | None:
    """A library that is opened for its functions runs half in itself, half in the host's copy.

    What opens a library by itself (ctypes, cffi) asks it for functions by name,
    and dlsym(3) looks in the object first: these are the wheel's. What they call
    of each other goes through the global scope and is the host's, which gets the
    structures that they have made, and has static variables of its own. It holds
    for any library that calls its own front by name. No error where few do, or
    where both say that they are of one series, which shares its layouts.
    """
    names = cut.used_names
    if not cut.asked or set(cut.meant) != {cut.victim} or len(names) <= FEW:
        return None
    if not same_library(cut.victim, cut.provider) or same_series(cut.meant, cut.provider):
        return None
    front = sorted(_functions(cut.victim) & _functions(cut.provider) - {*names})
    if not front:
        return None
    line = (
        f"{file_name(cut.victim)} is opened to be asked for its functions, and gives its own: "
        f"{some(front)}. They call {some(names)} by name, and these are the host's."
    )
    return Verdict(codes.SPLIT_LIBRARY, Severity.ERROR, (line,))


def _functions(file: File) -> set[str]:
    exports = file.object.exports
    return {n for n in exports.names if any(is_code(d.type) for d in exports.candidates(n))}


_BUILDS = re.compile(r"_ZN.*(?:C[12]|D[012])E")


def static_objects(cut: Cut) -> Verdict | None:
    """C++ objects of the wheel's copy are built or destroyed by the host's copy.

    That is done when the copy is loaded and when the program ends, whether it
    is used or not: its static objects are made with the constructors of the
    class, which are looked up by name. So two copies hold objects of one class
    that only one of them manages. It holds for any C++ library with static
    objects of classes of its own.
    """
    if not set(cut.meant) <= {cut.victim}:
        return None
    names = [n for n in cut.used_names if _BUILDS.match(n) and not RESERVED.match(n)]
    if not names or cut.victim.calls is None:
        return None
    at_load = cut.victim.calls.used_at_load()
    builders = [name for name in names if name in at_load]
    if not builders:
        return None
    line = (
        f"The static initialisation of {file_name(cut.victim)}, which runs when it is loaded, "
        f"builds objects with functions of the host's copy: {some(builders)}."
    )
    return Verdict(codes.STATIC_OBJECTS, Severity.ERROR, (line,))


def data_mismatch(cut: Cut) -> Verdict | None:
    """A variable of another size or kind: whoever was compiled for the larger reads past the end.

    The size in a symbol table is that of the type it was compiled with. That
    the host's is larger harms nobody who reads only what he knows, nor does a
    text of another length, which carries its end in itself.
    """
    lines = []
    for b in sorted(cut.used, key=lambda b: b.reference.name):
        if b.actual is None or b.intended is None:
            continue
        ours, theirs = b.intended[1], b.actual[1]
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


def other_abi(cut: Cut) -> Verdict | None:
    """The library's own makers say that the two cannot stand for each other.

    They do so by the first number behind ``.so``. Where structures of the
    library are used as variables, its types are compiled in, and that is an
    error; with functions alone, or variables of one word, often only something
    that is not used has changed.
    """
    for meant in cut.meant:
        majors = other_major(meant, cut.provider)
        if majors is None:
            continue
        numbers = (
            f"The wheel's library has the ABI number {majors[0]}, the host's {majors[1]}: "
            "by its own makers' word they are not compatible."
        )
        lines = [numbers]
        data = sorted(b.reference.name for b in cut.used if b.intended and size(b.intended) > _WORD)
        if data:
            lines.append(f"Structures of it are in use: {some(data)}.")
        severity = Severity.ERROR if data else Severity.WARNING
        return Verdict(codes.OTHER_ABI, severity, tuple(lines))
    return None


def integer_width(cut: Cut) -> Verdict | None:
    """One of the two passes 64-bit integers where the other passes 32-bit ones.

    That is a property of how a library was built, its function names being the
    same; the two kinds are told apart by what they are called. Inner routines in
    assembly get whole registers in both.
    """
    if set(cut.meant) <= {cut.victim} and _assembly(cut):
        return None
    ours, theirs = wide_integers(cut.meant), wide_integers((cut.provider,))
    if (ours is None) == (theirs is None):
        return None
    whose = "wheel's" if ours else "host's"
    line = f'Only the {whose} library says that its integers have 64 bits: "{ours or theirs}".'
    return Verdict(codes.INTEGER_WIDTH, Severity.ERROR, (line,))


_CHECK = re.compile(r"(?:check|verify|require)_?versions?|version_?check", re.IGNORECASE)


def version_check(cut: Cut) -> Verdict | None:
    """A function that compares the compiled-in version with the running one, and these differ.

    Libraries whose structures are public protect themselves so; by convention
    it has both words in its name. It refuses to run where the two differ.
    """
    checks = [name for name in cut.used_names if _CHECK.search(name)]
    if not checks:
        return None
    difference = release_difference(cut.meant, cut.provider)
    if difference is None:
        return None
    line = f"{checks[0]} compares the version compiled in with the one that runs."
    return Verdict(codes.VERSION_CHECK, Severity.ERROR, (line, differs(difference)))


_TELLS_VERSION = re.compile("version", re.IGNORECASE)
_TOO_OLD = re.compile(r"older|later|newer|at least|requires|downgrade", re.IGNORECASE)


def refusal(cut: Cut) -> Verdict | None:
    """The wheel's code has the words ready with which it refuses another copy.

    Who depends on what he was compiled for asks the library for its version and
    compares; what he says where that is another names the library and both
    times. The words tell what is compared: that the version is not older, that
    it is the same, or how the library was built, which distributions tell by
    another name of the library. Where that is so, the import fails.
    """
    if not any(_TELLS_VERSION.search(name) for name in cut.used_names):
        return None
    libraries = {base for file in cut.meant if (base := library_name(file))}
    # An application speaks of a library without the lib before its name.
    called = libraries | {m[1] for base in libraries if (m := re.match(r"lib([A-Za-z]{3,})", base))}
    for text in cut.victim.refusals:
        if called.isdisjoint(re.findall(r"lib[\w-]*\w|\w+", text)):
            continue
        if _TOO_OLD.search(text):
            differ = is_older(cut.meant, cut.provider)
        elif _TELLS_VERSION.search(text):
            differ = release_difference(cut.meant, cut.provider) is not None
        else:
            differ = library_name(cut.provider) not in libraries
        if differ:
            lines = f'{file_name(cut.victim)} has the words to refuse it: "{text}".'
            return Verdict(codes.VERSION_CHECK, Severity.ERROR, (lines,))
    return None


def replaced_library(cut: Cut) -> Verdict:
    """A warning, where nothing worse is known: an untested release runs in place of the tested."""
    difference = release_difference(cut.meant, cut.provider)
    lines = []
    if not cut.kept:
        lines.append(f"{in_use(cut)}, and none of the same library that is in use is the wheel's.")
    if difference:
        lines.append(differs(difference))
    return Verdict(codes.REPLACED_LIBRARY, codes.REPLACED_LIBRARY.severity, tuple(lines))


RULES: tuple[Rule, ...] = (
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


def _limits(cut: Cut) -> Iterator[str]:
    if not cut.calls_known:
        yield "Which functions call which is not known for this object: all count as in use."
