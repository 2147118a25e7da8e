"""COL114, other-string: templates are the host's, compiled for the other class std::string."""

from __future__ import annotations

from collide.binding.shadowing import has_other_strings
from collide.elf.references import referred_names
from collide.elf.string_abi import string_names
from collide.elf.symbols import is_data
from collide.findings.code import Code, Severity, Shape
from collide.findings.evidence import RuleResult, file_name, some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from collide.analysis.interposition import Interposition
    from collide.loader.lookup import Match
    from collide.loader.model import Dso

OTHER_STRING = Code(
    "COL114",
    "other-string",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "uses C++ code of the host that is compiled for the other layout of std::string",
    "The library libstdc++ has two classes std::string. An object is compiled for one of them "
    "(_GLIBCXX_USE_CXX11_ABI). What holds a string inside has one mangled name and two layouts: "
    "std::regex, whose parts work on each other's memory then.",
    "A shadowed function with a mangled name that the object itself defines, where one object "
    "refers to members of std::string (Ss) alone and the other to those of std::__cxx11 "
    "alone, and the intended function leads to some of them. Code that can run refers to one of "
    "these functions, not only tables of virtual functions. A warning where calls are not known, "
    "as on all machines but x86-64 and aarch64.",
    "Compile both with the same _GLIBCXX_USE_CXX11_ABI, or with -fvisibility-inlines-hidden.",
    fixed_remedy=True,
    example=(
        "A wheel is built on manylinux2014, where std::string has its old layout, and uses "
        "std::regex; the host is built for the new one and exports the parts of std::regex that"
        " it uses."
    ),
    fixes=("cxx-templates",),
)


def other_string(interposition: Interposition) -> RuleResult | None:
    """Inline functions that work on strings are compiled for another class of that name.

    The two classes have different sizes and layouts. Where a type's own name does not tell
    that it holds one, its members have one mangled name for both. Functions that lead to no
    member of a string are left to the rule of vague linkage.
    """
    provider = interposition.provider
    victim = interposition.victim
    own = [
        b
        for b in interposition.used
        if b.reference.name.startswith("_Z") and _may_be_code(b.intended)
    ]
    # All names are read to tell which strings an object has.
    if not own or not has_other_strings(provider, victim):
        return None
    line = (
        f"{file_name(victim)} is compiled for {_NAMES[victim.string_abi or 'old']}, "
        f"{file_name(provider)} for {_NAMES[provider.string_abi or 'old']}."
    )
    if victim.calls is None:
        return RuleResult(OTHER_STRING, Severity.WARNING, (line,))
    working = _working_on_strings(victim)
    names = sorted(
        b.reference.name
        for b in own
        if b.intended and b.intended.dso is victim and b.intended.definition.value in working
    )
    # Virtual functions matter to objects of the class, which another function has to make.
    if not names or victim.calls.data_symbols.issuperset(names):
        return None
    which = f"{some(names)} {'works' if len(names) == 1 else 'work'} on strings inside."
    return RuleResult(OTHER_STRING, Severity.ERROR, (line, which))


def _may_be_code(match: Match | None) -> bool:
    # Variables are most of what is unique in a process, and no code is read for them.
    return match is not None and not is_data(match.definition.type)


_NAMES = {"old": "the old std::string", "cxx11": "std::__cxx11::string"}


def _working_on_strings(dso: Dso) -> AbstractSet[int]:
    """The functions of an object that lead to a use of a member of std::string."""
    assert dso.calls is not None
    names: Sequence[str] = string_names(referred_names(dso.elf.references))
    return dso.calls.leading_to(names)
