"""COL115, split-class: member functions of one C++ class come from two copies of a library."""

from __future__ import annotations

import re

from collide.elf.constants import STB_GLOBAL
from collide.elf.symbols import is_code
from collide.findings.code import Code, Severity, Shape
from collide.findings.evidence import RuleResult, file_name, some
from collide.loader.model import Dso, once_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from collide.analysis.interposition import Interposition
    from collide.binding.binding import Binding
    from collide.elf.symbols import Definition, Exports

SPLIT_CLASS = Code(
    "COL115",
    "split-class",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "has member functions of one C++ class from two copies of a library",
    "One copy's function stores what the other's reads, in the same object. Two releases may keep "
    "other things in an object of one size: a file descriptor here, a pointer there.",
    "Functions of a class that is no template, defined as strong symbols, bind to another object. "
    "It lacks functions of that class, no constructors, that the library has from a later release "
    "on than those taken, as its version nodes say: so the class has changed since. A class is "
    "what has const functions, constructors, or type information by the mangled names (Itanium "
    "C++ ABI 5.1.4).",
    "Keep the parts of a library that are linked statically from being looked up by name: "
    "-Wl,--exclude-libs,ALL.",
    example=(
        "A module links libstdc++ of GCC 13 statically and visibly. std::basic_filebuf opens a "
        "file by the system's function, and reads it by the module's own."
    ),
    fixes=("compiler-runtime", "static-copy", "cxx-templates"),
)

_VERSION = re.compile(r"(.*?)_?(\d+(?:\.\d+)*)")
_CONSTRUCTOR = re.compile(r"[CD]\dE")
_LENGTH = re.compile(r"\d+")
_SPECIAL = re.compile(r"[CD]\d")
"""A constructor or destructor (Itanium C++ ABI 5.1.4.3)."""


def split_class(interposition: Interposition) -> RuleResult | None:
    """Some functions of a class are preempted, and it has got others since, which are not.

    The compiler emits a template's functions wherever they are used, from the source that it
    is given, and any copy serves (Itanium C++ ABI 5.2). A strong function is in the library
    alone: a second one is of a second copy of it, which was linked in part. That a library adds
    functions to a class, in a version node of their own, shows that a later release does other
    things with its objects. Constructors are left out, which may only take something else.
    """
    if set(interposition.intended) != {interposition.victim}:
        return None
    found = _split(interposition.used, interposition.victim)
    if found is None:
        return None
    taken, stay = found
    line = (
        f"{some(taken)} {'is' if len(taken) == 1 else 'are'} of "
        f"{file_name(interposition.provider)}, {some(stay)} of "
        f"{file_name(interposition.victim)}, which has got {'it' if len(stay) == 1 else 'them'} "
        "in a later release: functions of one class, which share its objects."
    )
    return RuleResult(SPLIT_CLASS, Severity.ERROR, (line,))


def _split(taken: Iterable[Binding], victim: Dso) -> tuple[Sequence[str], Sequence[str]] | None:
    """Functions of one class that are taken, and later ones of the victim, not the provider's."""
    own = victim.elf.exports
    by_class: dict[str, list[Binding]] = {}
    for b in taken:
        if b.actual is None or b.intended is None:
            continue
        one, other = b.actual.definition, b.intended.definition
        strong = one.binding == other.binding == STB_GLOBAL
        if strong and is_code(one.type) and (of := class_of(b.reference.name)):
            by_class.setdefault(of, []).append(b)
    if not by_class:
        return None
    members: dict[str, list[str]] = {}
    # To read a mangled name takes time, and there are thousands.
    for name in _beginning(victim, tuple(f"_ZN{k}{of}" for of in by_class for k in ("", "K"))):
        members.setdefault(class_of(name) or "", []).append(name)
    for of, bindings in sorted(by_class.items()):
        if _is_class(of, members.get(of, ()), own):
            stay = sorted(_later(members[of], bindings, own))
            if stay:
                return sorted({b.reference.name for b in bindings}), stay
    return None


@once_of
def _beginning(dso: Dso, prefixes: tuple[str, ...]) -> Sequence[str]:
    return [name for name in dso.elf.exports.names if name.startswith(prefixes)]


def _later(members: Iterable[str], taken: Sequence[Binding], own: Exports) -> Iterator[str]:
    """The functions of a class that the provider lacks and that are later than all taken ones."""
    nodes = [n for b in taken if b.intended and (n := _node(b.intended.definition))]
    if not nodes:
        return
    theirs = [b.actual.dso.elf.exports for b in taken if b.actual]
    for name in members:
        if _CONSTRUCTOR.search(name) or any(e.candidates(name) for e in theirs):
            continue
        series = [n for d in own.candidates(name) if (n := _node(d)) and n[0] == nodes[0][0]]
        if series and min(series) > max(nodes):
            yield name


def _node(definition: Definition) -> tuple[str, tuple[int, ...]] | None:
    """``GLIBCXX_3.4.21`` as a name and numbers, which later releases count on."""
    found = _VERSION.fullmatch(definition.version or "")
    return (found[1], tuple(map(int, found[2].split(".")))) if found else None


def class_of(name: str) -> str | None:
    """The scope of a function with a mangled nested name, as it is mangled; None of templates.

    ``St13random_device`` of ``_ZNSt13random_device7_M_initERKSs``.
    """
    found = re.match(r"_ZNK?((?:St)?)", name)
    if found is None:
        return None
    at, parts = found.end(), list[str]()
    while number := _LENGTH.match(name, at):
        end = number.end() + int(number[0])
        parts.append(name[at:end])
        at = end
    if (special := _SPECIAL.match(name, at)) is not None:
        at = special.end()
    elif parts:
        parts.pop()
    return found[1] + "".join(parts) if parts and name[at : at + 1] == "E" else None


def _is_class(scope: str, members: Iterable[str], own: Exports) -> bool:
    """Whether a scope is a class and no namespace."""
    return bool(own.candidates(f"_ZTIN{scope}E") or own.candidates(f"_ZTI{scope}")) or any(
        n.startswith(f"_ZNK{scope}") or re.match(rf"_ZN{scope}[CD]\d", n) for n in members
    )
