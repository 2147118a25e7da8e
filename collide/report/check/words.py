"""One cause in plain English: what it is about, who is concerned, and what happens there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Sequence

from collide.check.causes import Cause, relinking
from collide.findings.code import Family, Shape
from collide.findings.loading import ABSENT, CAPTURED_SONAME, NO_LIBPYTHON
from collide.findings.subject import Kind, is_captured, library, object_name
from collide.report.check.parts import demangled, headline, history
from collide.support.records import NamedTuple
from collide.support.text import listed, plural

_SHOWN_NAMES = 3
_TABLES = ("_ZT", "_ZG")
"""How names of what the compiler adds to C++ begin (Itanium C++ ABI 5.1.4): they say less."""
_STANDARD = re.compile(r"_Z(?:T\w|GV|Z)*N?K?S[a-z]")
"""How those of C++'s own library begin (5.1.10): all of its users have them."""


class Hosts(NamedTuple):
    """The names that people read for the hosts of one check: without what all have in common."""

    short: dict[str, str]

    def some(self, cause: Cause, *, named: bool = True) -> str:
        """The hosts of a cause in a sentence; counted where they are many, or without ``named``."""
        names, checked = cause.worst_hosts, cause.checked
        if checked < 2:
            return "the host"
        if len(names) == checked:
            return "both hosts" if checked == 2 else f"all {checked} hosts"
        if len(names) > _SHOWN_NAMES or not (named or len(names) == 1):
            return f"{len(names)} of {checked} hosts"
        return listed([self.short.get(name, name) for name in names])


def hosts_of(names: Sequence[str]) -> Hosts:
    """Short names: of recorded hosts of one release of one distribution, without these two."""
    long = [name for name in names if name.count("-") >= 2]
    prefixes = {"-".join(name.split("-")[:2]) + "-" for name in long}
    if len(prefixes) != 1 or len(names) < 2:
        return Hosts({})
    (prefix,) = prefixes
    return Hosts({name: name.removeprefix(prefix) for name in long})


def what(cause: Cause, *, brief: bool = False) -> str:
    """The thing that can be changed, and where it is; ``brief`` counts what is more than one."""
    told = _counted_objects if brief else listed_objects
    objects, worst = told(cause.objects), cause.worst_rows[0].finding
    if is_captured(worst):
        return f"{cause.subject}, bundled"
    match worst.code.shape:
        case Shape.INTERPOSITION | Shape.SPLIT if cause.kind is not Kind.CODE:
            copy = cause.kind is Kind.COPY
            return _library(cause, told) if copy else f"{_names(cause, brief)} in {objects}"
        case Shape.EXPOSURE:
            return f"{cause.subject}, {plural(len(cause.symbols), 'name')}"
        case Shape.CHANGED_BINDINGS:
            first = [row.after for row in cause.rows if row.after]
            return f"{cause.subject} of {listed_targets(first)}"
        case Shape.FILES | Shape.OUTCOME:
            return f"{cause.subject} of {listed_targets(cause.targets)}"
        case Shape.ARCHIVE:
            return "the archive itself"
    return objects


def _library(cause: Cause, told: Callable[[Sequence[str]], str]) -> str:
    name = f"{cause.subject} {cause.release}".rstrip()
    if cause.linked_into:
        return f"{name}, built into {told(cause.linked_into)}"
    users = [one for one in cause.objects if library(one) != cause.subject]
    return f"{name}, used by {told(users)}" if users else f"{name}, bundled"


def _names(cause: Cause, brief: bool) -> str:
    if brief and len(cause.symbols) > 1:
        return plural(len(cause.symbols), "name")
    shortest = demangled(min(cause.symbols, key=_says_little))
    more = len(cause.symbols) - 1
    return f"{shortest} and {more} more" if more else shortest


def _says_little(name: str) -> tuple[bool, bool, int]:
    return _STANDARD.match(name) is not None, name.startswith(_TABLES), len(name)


def who(cause: Cause, hosts: Hosts, *, named: bool = True, brief: bool = False) -> str:
    """On which hosts, and what happens there; see :meth:`Hosts.some` for ``named``.

    ``brief`` leaves out what the hosts have in its place.
    """
    if cause.exposed:
        return (
            f"a host that defines them, too, would replace them in {listed_objects(cause.objects)}"
        )
    worst = cause.worst_rows[0].finding
    if worst.code.shape is Shape.CHANGED_BINDINGS:
        first = [row.after for row in cause.rows if row.after]
        later = listed_targets([one for one in cause.targets if one not in first])
        users = listed_objects(cause.objects)
        earlier = f"{listed_targets(first)} is " if later else ""
        return f"if {earlier}imported first, {users} of {later or 'the other'} uses it, too"
    subject = hosts.some(cause, named=named)
    where = "" if cause.checked < 2 else f" on {subject}"
    if is_captured(worst) and worst.code.shape is not Shape.CAPTURE:
        lacking = worst.symbols[0] if worst.symbols else worst.provider or ""
        behind = all(row.finding.after_import for row in cause.worst_rows)
        when = f" {history(worst)}" if behind else ""
        return f"replaced by the host's{where}{when}, which lacks {demangled(lacking)}"
    if cause.kind is Kind.CODE or worst.code.shape not in (Shape.INTERPOSITION, Shape.SPLIT):
        return f"{where.lstrip()}: {headline(worst)}".removeprefix(": ")
    if cause.kind is Kind.NAMES:
        owner = listed(list(dict.fromkeys(map(library, cause.providers))))
        return f"replaced by {owner}'s{where}"
    return _taken(cause, subject, where, one=named and cause.checked > 1, brief=brief)


def _taken(cause: Cause, subject: str, where: str, *, one: bool, brief: bool) -> str:
    """What the host does to a library; ``one`` names the host where it is a single one."""
    mixed = cause.worst_rows[0].finding.code.shape is Shape.SPLIT
    if brief and where:
        return f"mixed with the host's{where}" if mixed else f"replaced{where}"
    done, theirs = "mixed with" if mixed else "replaced by", theirs_of(cause)
    if one and len(cause.worst_hosts) == 1:
        return f"{done} {subject}'s {theirs}".rstrip()
    return f"{done} the host's {theirs}".rstrip() + where


class Change(NamedTuple):
    """What mends some causes: a sentence, the same in fewer words, and what explains it."""

    full: str
    short: str
    page: str


def changes(causes: Iterable[Cause]) -> tuple[Change, ...]:
    """What mends ``causes``, in their order: what is done to several things is one change."""
    found: dict[tuple[str, str, bool], dict[str, None]] = {}
    for cause in causes:
        fix = "" if cause.relinked else cause.fix
        names = found.setdefault((fix_page(cause), fix, not cause.linked_into), {})
        names.update(dict.fromkeys(cause.relinked))
    return tuple(
        Change(
            relinking([*names], statically=statically) if names else fix,
            relinking([_counted(names, statically)], statically=statically) if names else fix,
            page,
        )
        for (page, fix, statically), names in found.items()
    )


def _counted(names: Collection[str], libraries: bool) -> str:
    several = plural(len(names), "library" if libraries else "object")
    return several if len(names) > 1 else next(iter(names))


def fix_page(cause: Cause) -> str:
    """What ``collide explain`` takes to say what to write where: the name of a fix, or the code."""
    names = cause.code.fixes
    kind = "static-copy" if cause.linked_into else "grafted-library"
    if cause.fix == NO_LIBPYTHON:
        kind = "libpython"
    elif cause.fix == CAPTURED_SONAME.remedy:
        kind = "plain-soname"
    elif cause.code in ABSENT and cause.fix != cause.code.remedy:
        return cause.code.id
    elif cause.code.family is not Family.SHADOWING or cause.code.fixed_remedy:
        kind = ""
    if kind in names:
        return kind
    return names[0] if names else cause.code.id


def theirs_of(cause: Cause) -> str:
    """The copy of the host, by the release that its texts tell, or by the name of its file.

    Several files are releases of one library, for which there is no one name, or others that hold
    parts of it.
    """
    if len(cause.provider_releases) == 1:
        return cause.provider_releases[0]
    files = sorted({posixpath.basename(path) for path in cause.providers})
    if len(files) == 1:
        return files[0]
    libraries = sorted(set(map(library, files)))
    return "" if len(libraries) == 1 else listed(libraries)


def listed_objects(paths: Sequence[str]) -> str:
    """Objects in a sentence: modules without the tags of their files, libraries without hash."""
    return _some(list(dict.fromkeys(map(object_name, paths))))


def _counted_objects(paths: Sequence[str]) -> str:
    """The same by their number: ``2 libraries``."""
    names = dict.fromkeys(map(object_name, paths))
    if len(names) == 1:
        return next(iter(names))
    bundled = [path for path in paths if library(path) != posixpath.basename(path)]
    kind = "object" if bundled and len(bundled) < len(paths) else "library" if bundled else "module"
    return plural(len(names), kind)


def listed_targets(paths: Sequence[str]) -> str:
    """Inputs in a sentence."""
    return _some(list(dict.fromkeys(map(target_name, paths))))


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN_NAMES
    if more > 1:
        return f"{', '.join(names[:_SHOWN_NAMES])} and {more} more"
    return ", ".join(names)


def target_name(path: str) -> str:
    """``lxml-6.1.3`` for a wheel, the last part of a path for anything else."""
    name = posixpath.basename(posixpath.normpath(path))
    return "-".join(name.split("-")[:2]) if name.endswith(".whl") and name.count("-") > 3 else name


def target_title(path: str) -> str:
    """The same with the tag of the interpreter and the architecture: ``(cp311, x86_64)``."""
    name = posixpath.basename(path)
    if target_name(path) == name or not name.endswith(".whl"):
        return path
    *_, python, abi, platform = name.removesuffix(".whl").split("-")
    first = platform.split(".")[0]
    for kind in ("manylinux", "linux_", "musllinux"):
        if first.startswith(kind):
            libc = "musl " if kind == "musllinux" else ""
            number = first.removeprefix(kind).lstrip("_")
            while number[:1].isdigit() and "_" in number:
                number = number.partition("_")[2]
            first = libc + number
    tag = f"{python}-abi3" if abi == "abi3" else python
    return f"{target_name(path)} ({tag}, {first})"
