"""Compares two copies of a library by their names, their versions and their symbols.

Everything is read from the objects themselves; no library is known by its name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from collide.elf.names import first_word
from collide.loader.model import Dso, once_of
from collide.support.records import NamedTuple
from collide.wheels.grafted import is_grafted, without_hash


class Soname(NamedTuple):
    """``libpng16.so.16.40.0`` in parts: the name, and the numbers behind ``.so``."""

    base: str
    numbers: tuple[int, ...]


def parse_soname(name: str | None) -> Soname | None:
    """The parts of a library's name; None for what is not of the form.

    The eight hexadecimal digits that auditwheel puts before the first dot
    (``libssl-8bd944e8.so.3``) are left out.
    """
    plain = without_hash((name or "").rpartition("/")[2])
    found = re.fullmatch(r"(.+?)((?:[.-]\d+)*)\.so((?:\.\d+)*)[a-z]?", plain)
    if found is None:
        return None
    return Soname(found[1] + found[2], tuple(map(int, found[3].split(".")[1:])))


def _names(one: Dso, other: Dso) -> tuple[Soname | None, Soname | None]:
    """The names to compare: both DT_SONAMEs, or both names of files.

    auditwheel makes the new DT_SONAME of a library from the name of its file,
    whose numbers need not begin as those of the old one do.
    """
    if one.elf.soname and other.elf.soname and not is_grafted(one.elf.soname):
        return parse_soname(one.elf.soname), parse_soname(other.elf.soname)
    return parse_soname(one.path), parse_soname(other.path)


def other_major(intended: Dso, provider: Dso) -> tuple[int, int] | None:
    """The first numbers behind ``.so``, where one library has two; None otherwise.

    A library changes it when programs linked with the one cannot run with the
    other (libtool manual "Versioning"). Numbers are compared only where one name
    begins with the other: libraries of other names count differently.
    """
    ours, theirs = _names(intended, provider)
    if ours is None or theirs is None or not ours.numbers or not theirs.numbers:
        return None
    if not (ours.base.startswith(theirs.base) or theirs.base.startswith(ours.base)):
        return None
    first, second = ours.numbers[0], theirs.numbers[0]
    return (first, second) if first != second else None


_NUMBERED = re.compile(r"(.*[A-Za-z])(\d+)")


def other_name(intended: Dso, provider: Dso) -> tuple[str, str] | None:
    """The names of two copies that differ in the number they end with, as ``libembree4``, alone.

    A library gets another name when programs have to be changed for it, so that both can be
    installed beside each other (H. Pennington, "Parallel Installation").
    """
    ours, theirs = (
        _NUMBERED.fullmatch(dso.base if dso else "") for dso in _names(intended, provider)
    )
    if ours and theirs and ours[1] == theirs[1] and ours[2] != theirs[2]:
        return ours[0], theirs[0]
    return None


def release_difference(
    intended: Iterable[Dso],
    provider: Dso,
    whose: tuple[str, str] = ("the wheel's", "the host's"),
) -> str | None:
    """How the releases of two copies differ, in words; None where nothing shows that they do.

    Compared are their version strings, else the numbers in the names of their files. ``whose``
    are the intended copies and the provider's, as genitives in a sentence.
    """
    from collide.elf.strings import different_versions  # late: start-up

    for dso in intended:
        differing = different_versions(dso.version_strings, provider.version_strings)
        for text, (ours, theirs) in differing.items():
            return f'{whose[0]} says "{text} {ours}", {whose[1]} "{text} {theirs}"'
        ours_name, theirs_name = parse_soname(dso.path), parse_soname(provider.path)
        if (
            ours_name
            and theirs_name
            # Of a copy that is linked into another library the file's numbers say nothing.
            and ours_name.base == theirs_name.base
            # A distribution may have dropped or added numbers.
            and len(ours_name.numbers) == len(theirs_name.numbers) > 1
            and ours_name.numbers != theirs_name.numbers
        ):
            names = [f.path.rsplit("/", 1)[-1] for f in (dso, provider)]
            return f"the files are {names[0]} and {names[1]}"
    return None


def releases(intended: Iterable[Dso], provider: Dso) -> tuple[str, str] | None:
    """The versions that texts of both copies name, ours and theirs, which may be one; else None."""
    from collide.elf.strings import common_versions, different_versions  # late: start-up

    dsos, own = tuple(intended), _own_texts(provider)
    for dso in dsos:
        for found in different_versions(dso.version_strings, own).values():
            if "." in found[0]:
                return found
    for dso in dsos:
        for same in common_versions(dso.version_strings, own):
            return same, same
    return None


_VERSION_WORD = re.compile(r"_?(?:get|check|lib)?_?(?:version|vernum|release)", re.IGNORECASE)
_TELLING = 3
"""Letters of a name that are found in other words by chance only seldom."""


@once_of
def _own_texts(library: Dso) -> tuple[str, ...]:
    from collide.elf.strings import named_by  # late: start-up

    return tuple(text for text in library.version_strings if _is_own(named_by(text), library))


def _is_own(text: str, library: Dso) -> bool:
    """Whether what stands before a version is about the library itself.

    Of a library that it links it keeps the version from when it was built (``BLOSC_VERSION``
    in libgdal). What a function or variable tells is its own under its name, or under the prefix
    that most of its symbols have; others are of a library inside (``nc_utf8proc_version``).
    """
    plain, name = text.lower().replace("_", ""), _letters(library.elf.soname or library.path)
    if name and (name in plain if len(name) >= _TELLING else plain.startswith(name)):
        return True
    linked = {_letters(needed) for needed in library.elf.needed}
    if any(one in plain for one in linked if len(one) >= _TELLING):
        return False
    if not re.fullmatch(r"\w*_\w*|\w+\(\)", text):
        return True
    return _is_usual(library, _VERSION_WORD.split(text)[0])


@once_of
def _is_usual(library: Dso, prefix: str) -> bool:
    """Whether half of its symbols begin so."""
    exports = library.elf.exports
    return 2 * len([*exports.beginning((prefix,))]) >= exports.count


def _letters(name: str) -> str:
    """``geos`` of ``libgeos_c.so.1``."""
    return re.sub(r"^lib|[^a-z].*", "", name.rpartition("/")[2].lower().removeprefix("lib"))


def library_name(dso: Dso) -> str | None:
    """``libcurl`` of ``libcurl-0f8b79dc.so.4.5.0``."""
    soname = parse_soname(dso.elf.soname or dso.path)
    return None if soname is None else soname.base


def is_older(intended: Iterable[Dso], provider: Dso) -> bool:
    """Whether the provider lacks names of the wheel's copy, and has none that it lacks.

    Interfaces only grow within one ABI number, whatever the files are called.
    The names of version nodes, which have no size, are no part of it.
    """
    ours = _names_of(intended)
    exports = provider.elf.exports
    added = frozenset(exports.names) - ours
    return bool(ours - frozenset(exports.names)) and not any(
        d.size for name in added for d in exports.candidates(name)
    )


def is_later(intended: Iterable[Dso], provider: Dso) -> bool:
    """Whether the provider is of one ABI number with the wheel's copy and of a later release.

    Told by the versions that both name, else by the numbers of their files, which only grow.
    """
    dsos = tuple(intended)
    if any(other_major(dso, provider) for dso in dsos):
        return False
    if named := releases(dsos, provider):
        ours, theirs = (tuple(map(int, re.findall(r"\d+", version))) for version in named)
        return theirs > ours
    files = ((parse_soname(dso.path), parse_soname(provider.path)) for dso in dsos)
    return any(
        one and other and one.base == other.base and one.numbers < other.numbers
        for one, other in files
    )


def same_series(intended: Iterable[Dso], provider: Dso) -> bool:
    """Whether both name a release under the library's own name, and of one series."""
    name = library_name(provider)
    if name is None:
        return False
    from collide.elf.strings import series_of  # late: start-up

    # Functions that tell it are called after the library without the lib before its name.
    short = _letters(name)
    called = short if len(short) >= _TELLING else name
    theirs = series_of(provider.version_strings, called)
    return any(theirs & series_of(dso.version_strings, called) for dso in intended)


def same_library(one: Dso, other: Dso) -> bool:
    """Whether the name of one begins with that of the other, numbers aside."""
    ours, theirs = library_name(one), library_name(other)
    if ours is None or theirs is None:
        return False
    return ours.startswith(theirs) or theirs.startswith(ours)


class Overlap(NamedTuple):
    """How many names two sets of objects both export, and how many each of them exports."""

    common: int
    ours: int
    theirs: int

    @property
    def share(self) -> float:
        """The part of the names of the smaller one that the other has too, 0 to 1."""
        return self.common / (min(self.ours, self.theirs) or 1)

    @property
    def of_theirs(self) -> float:
        """The part of the provider's names that the wheel's has too, 0 to 1."""
        return self.common / (self.theirs or 1)


def overlap(intended: Iterable[Dso], provider: Dso) -> Overlap:
    """The names in common of a library (or the object it is linked into) and its provider."""
    ours, theirs = _names_of(intended), provider.elf.exports
    return Overlap(len(theirs.defined(ours)), len(ours), theirs.count)


def _names_of(dsos: Iterable[Dso]) -> AbstractSet[str]:
    """The names of all objects; those of a single one are not copied, as they may be many."""
    names = [f.elf.exports.names for f in dsos]
    return names[0] if len(names) == 1 else frozenset().union(*names)


_CARRIED = 0.1
"""A library carries a copy of another one where less than this part of its names are of that."""
_TELLS = re.compile(r"version", re.IGNORECASE)


def carried_library(victim: Dso, provider: Dso, taken: Iterable[str]) -> str:
    """What a library that is linked into ``victim`` is called by its own names, ``taken`` ones.

    Empty where the provider is that library, whose name says it. A program, or a library that has
    few names of it among many others, carries a copy of its own (libruby that of Oniguruma).
    The word comes from a function that tells its version, else from most of its names.
    """
    words = Counter(map(first_word, taken))
    shared = tuple(w for w, n in words.items() if n > 1) or tuple(words)
    if parse_soname(provider.elf.soname or provider.path) is not None:
        theirs = provider.elf.exports
        alike = len([*theirs.beginning(shared)])
        if 2 * alike >= theirs.count or overlap((victim,), provider).of_theirs >= _CARRIED:
            return ""
    telling = (n for n in victim.elf.exports.names if _TELLS.search(n) and n.startswith(shared))
    found = Counter(map(first_word, telling)) or words
    return min(found, key=lambda word: (-found[word], word)).strip("_").lower()


class Renaming(NamedTuple):
    """The prefix that the names of one copy have and those of the other do not, and how often."""

    prefix: str
    names: int


_RENAMED = 0.5
"""The part of the other's C names that must have the prefix: then all that is declared has it."""


def renamed(intended: Iterable[Dso], provider: Dso) -> Renaming | None:
    """The prefix that one copy was built with before names that the other has too.

    None without one. Builders add it by macros, to have a copy for themselves. Only names
    in C are looked at, where the prefix stands in front of the whole name.
    """
    exports, ours = provider.elf.exports, _names_of(intended)
    least = _RENAMED * (exports.count - len([*exports.beginning(("_Z",))]))
    if len(ours) < least:
        return None
    theirs, tails = _names_in_c(provider)
    ours = ours - theirs
    found = Counter(
        name[:length]
        for name in ours
        if name[-4:] in tails and not name.startswith("_Z")
        for length in range(1, len(name) - 3)
        if name[length:] in theirs
    )
    for prefix, count in found.most_common(1):
        if count >= least:
            return Renaming(prefix, count)
    return None


@once_of
def _names_in_c(dso: Dso) -> tuple[AbstractSet[str], AbstractSet[str]]:
    """Its names in C of more than three characters, and the last four characters of each."""
    names = {n for n in dso.elf.exports.names if len(n) > 3 and not n.startswith("_Z")}
    return names, {name[-4:] for name in names}


# Names of machines end with 64, too.
_WIDE = re.compile(r"ilp64|(?<!x86_)(?<!amd)(?<!arm)(?<!aarch)64_?$", re.IGNORECASE)
_WIDE_BUILD = re.compile(r"\b(?:USE64BITINT|INTERFACE64|ILP64)\b")


def wide_integers(dsos: Iterable[Dso]) -> str | None:
    """A sign that objects pass 64-bit integers where others of their kind pass 32-bit ones.

    Linear algebra comes in both widths with equal names of functions (Intel
    oneMKL "Using the ILP64 Interface", LAPACK ``BUILD_INDEX64``); by convention
    a library of the wide kind says so in its name or its build options. None without a sign.
    """
    for dso in dsos:
        name = parse_soname(dso.elf.soname or dso.path)
        if name is not None and _WIDE.search(name.base):
            return name.base
        for text in dso.version_strings:
            if _WIDE_BUILD.search(text):
                return text
    return None
