"""COL101, split-library: both copies of one library are in use, on the same structures."""

from __future__ import annotations

from collide.analysis.library_copies import (
    overlap,
    renamed,
    same_library,
    same_series,
)
from collide.elf.names import before_parameters, split_pairs
from collide.elf.symbols import is_code
from collide.findings.code import Code, Severity, Shape
from collide.findings.evidence import (
    RESERVED,
    WITNESSES,
    RuleResult,
    differs,
    file_name,
    file_names,
    in_use,
    is_assembly,
    is_inside,
    lie_alike,
    some,
)
from collide.findings.shadowing.foreign_symbol import is_unlike
from collide.support.text import number_in_words, part_in_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition
    from collide.loader.model import Dso

FEW = 3
"""What is opened to be asked for its functions, and calls no more of them by name, is no error."""
PART = 0.1
"""A library that calls less than this part of the functions itself may have a table or a sum."""

SPLIT_LIBRARY = Code(
    "COL101",
    "split-library",
    Severity.ERROR,
    Shape.SPLIT,
    "calls two copies of one library, its own and the host's",
    "Some functions of one library come from the host's copy and some from the wheel's, and code "
    "that runs uses both. Where they work on the same structures with different ideas of their "
    "layout, it crashes or gives wrong results.",
    "Symbols in use that the victim's own closure defines bind to the host, while others of the "
    "same library, in use too, still bind to the wheel's copy, since the host's does not offer "
    "them. In a static library they are the functions that lie between the first and the last "
    "taken one and begin with the same word, which several of the taken share, and those with the "
    "prefix that all of the taken have in common. They are in use where code outside of the "
    "library leads to them, and not only a constructor, or tables of a library whose own "
    "functions nothing else calls. A warning where the code of both copies shows that structures "
    "lie alike: all functions that are taken and use a structure by a pointer do it at equal "
    "offsets, or at least all offsets that the host's use are among those that the wheel's use, "
    "none has moved, and all that stays uses structures, at no others; if the host's offers none "
    "of those that stay with other parameters, and these use less than "
    f"{number_in_words(WITNESSES)} variables of the library that what is taken uses in the wheel's "
    "copy (x86-64). A warning too where what is taken inside one object are routines in assembly, "
    "which have no unwind "
    "table, and, fewer than those, compiled functions that call nothing; and where code "
    "only reads the addresses of what stays, as of callbacks, and calls what is taken. Another "
    "way to split a library: "
    "most of its names were given a prefix, all but those of its inside, and a host of another "
    "release, with which it shares few names else (see COL104), has these. Another: the object "
    f"that was meant calls {part_in_words(PART)} or more of the functions itself, by addresses "
    "that it was linked with, and is in use by other names. And another: ctypes or cffi open it "
    "and ask it for its functions, which are then its own, while more than "
    f"{number_in_words(FEW)} that these call by name are those of a host's library of that name, "
    "and nothing tells that both are of one series.",
    "Keep the bundled library's symbols from being looked up by name: link a static one with "
    "-Wl,--exclude-libs,ALL, a shared one with -Bsymbolic, and rename what crosses from one "
    "bundled library to another (patchelf --rename-dynamic-symbols).",
    example=(
        "In gdb, psycopg2-binary 2.9.13 gets OpenSSL's functions in part from gdb: gdb links "
        "libcrypto 3.0 and no libssl, so that the wheel's libssl 3.5 calls 585 functions of "
        "that libcrypto. The first TLS connection dies with SIGSEGV. See `collide check "
        "psycopg2_binary-2.9.13-*.whl --profile debian-12-gdb`."
    ),
    fixes=("static-copy", "own-sources", "grafted-library"),
)


def split_library(interposition: Interposition) -> RuleResult | None:
    """Some of a library's functions in use are preempted, and others are kept.

    A function is kept because the host's copy has no such name. If code outside of the library
    calls it, it belongs to the interface that the wheel's copy has, which is of a later release or
    of another build, and it gets what functions of the host's copy have made. One is enough for
    that. Routines in assembly have no state to share.

    This holds for any library that keeps state in structures, because both
    copies get the same structures and may lay them out differently. Where the
    code of both shows that they do not, it is a warning.
    """
    kept = interposition.kept
    if not kept:
        return None
    line = (
        f"{in_use(interposition)}, {len(kept)} of the same library "
        f"{'stays' if len(kept) == 1 else 'stay'} in {file_names(interposition.intended)}, "
        f"because {file_name(interposition.provider)} does not offer {some(kept)}."
    )
    lines = [line]
    for one, other in split_pairs(interposition.used_names, kept)[:1]:
        lines.append(
            f"{one} is {interposition.theirs} and {other} {interposition.ours}: "
            "what one makes, the other gets."
        )
    compared = interposition.compare()
    alike = bool(compared and compared.compared) and (
        lie_alike(interposition) or _is_known(interposition)
    )
    if alike and (changed := _with_other_parameters(interposition)):
        alike = False
        lines.append(f"With other parameters, the host's copy has {some(changed)}.")
    if alike and (shared := _shared_variables(interposition)) >= WITNESSES:
        alike = False
        lines.append(
            f"What stays uses {shared} variables of the library that the others use, too: each "
            "copy has its own."
        )
    stateless = is_inside(interposition) and is_assembly(interposition)
    given = _only_given(interposition)
    if given:
        lines.append("Code only gives away the addresses of what stays: the host's may call it.")
    severity = Severity.WARNING if alike or stateless or given else Severity.ERROR
    return RuleResult(SPLIT_LIBRARY, severity, tuple(lines))


def _is_known(interposition: Interposition) -> bool:
    """Whether what stays uses structures of the host's copy only where that uses them, too."""
    from collide.loader.lookup import Match  # late: start-up

    compared = interposition.compare()
    kept = [
        Match(dso, definition)
        for dso in interposition.intended
        for name in interposition.kept
        for definition in dso.elf.exports.candidates(name)
    ]
    return compared is not None and compared.know(kept)


def _with_other_parameters(interposition: Interposition) -> list[str]:
    """Functions of C++ that the host's copy has, and the wheel's has not: the same but for these.

    Their names differ from those of what stays behind the name of the function itself.
    """
    begins = set(filter(None, map(before_parameters, interposition.kept)))
    offered = interposition.provider.elf.exports
    theirs = offered.beginning(tuple(begins)) if begins else ()
    ours = [dso.elf.exports for dso in interposition.intended]
    changed = {name for name in theirs if before_parameters(name) in begins}
    return sorted(changed.difference(*(offers.defined(changed) for offers in ours)))


def _shared_variables(interposition: Interposition) -> int:
    from collide.analysis.split_state import shared_variables  # late: start-up

    taken = frozenset(interposition.used_names)
    return sum(shared_variables(dso, interposition.kept, taken) for dso in interposition.intended)


def _only_given(interposition: Interposition) -> bool:
    """Whether code only gives away the addresses of what stays, functions all, as callbacks."""
    calls = interposition.victim.calls
    if calls is None:
        return False
    exports = [dso.elf.exports for dso in interposition.intended]
    taken = (b.actual.definition for b in interposition.used if b.actual)
    called = {definition.name for definition in taken if is_code(definition.type)}
    return all(
        any(is_code(d.type) for offers in exports for d in offers.candidates(name))
        and calls.gives(name, called)
        for name in interposition.kept
    )


def own_calls(interposition: Interposition) -> RuleResult | None:
    """The object that was meant calls the functions itself, by addresses that it was linked with.

    A library that has another one linked in, and offers both, is asked by its users for functions
    of the inner one, and calls these itself. The users' references are looked up by name and may
    get the host's; the library's own calls were bound by the linker (ld(1) ``-Bsymbolic``, or
    hidden functions behind the public ones). So both copies run, in one process, each with its
    own static variables, and objects that one has made are given to the other.

    This holds for any library. It says nothing where the object calls few of them itself, less
    than a tenth: a table, a checksum.
    """
    names = [name for name in interposition.own_calls if not RESERVED.match(name)]
    few = len(names) < PART * len(interposition.used_names)
    if is_inside(interposition) or few or not names:
        return None
    line = (
        f"{file_names(interposition.intended)} calls {len(names)} of them itself, by addresses "
        f"that it was linked with: {some(names)}. So its own copy runs as well."
    )
    return RuleResult(SPLIT_LIBRARY, Severity.ERROR, (line,))


def asked_by_name(interposition: Interposition) -> RuleResult | None:
    """A library is opened to be asked for its functions, and these call the host's copy.

    What opens a library by itself (ctypes, cffi) gets its functions with
    dlsym(3), which looks in that object first: they are the wheel's. What they
    call of each other by name is looked up in the global scope and may be the
    host's. Those functions get structures that the wheel's have made, and have
    static variables of their own.

    This holds for any library that calls its own interface by name. It says
    nothing where few names are taken, or where both copies say that they are of one series, which
    shares its layouts.
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
        f"{some(front)}. They call {some(names)} by name, and these "
        f"are {interposition.theirs}."
    )
    return RuleResult(SPLIT_LIBRARY, Severity.ERROR, (line,))


def _functions(dso: Dso) -> set[str]:
    exports = dso.elf.exports
    return {n for n in exports.names if any(is_code(d.type) for d in exports.candidates(n))}


def renamed_copy(interposition: Interposition) -> RuleResult | None:
    """The names of a library were given a prefix, and some that were not are preempted.

    The prefix is put before the interface, as the headers declare it. Functions
    that the library's own files call in each other keep their names. No release
    promises these to the next, and they get structures of the other copy.

    This holds for any library with internal functions. A warning where nothing
    shows that the releases differ.
    """
    own = [name for name in interposition.used_names if not RESERVED.match(name)]
    if not own or not is_unlike(overlap(interposition.intended, interposition.provider)):
        return None
    renaming = renamed(interposition.intended, interposition.provider)
    if renaming is None:
        return None
    line = (
        f"{file_names(interposition.intended)} is a copy of "
        f"{file_name(interposition.provider)} with other names: "
        f'{renaming.names} begin with "{renaming.prefix}" besides. Not so {some(own)}, which the '
        "host gives."
    )
    difference = interposition.release_difference()
    if difference is None:
        return RuleResult(SPLIT_LIBRARY, Severity.WARNING, (line,))
    return RuleResult(SPLIT_LIBRARY, Severity.ERROR, (line, differs(difference)))
