"""What a finding is about in the eyes of a maintainer: the one thing that can be changed.

Findings of several objects and hosts with one subject have one cause: a copy of a library
in the wheel, names that an object of the host uses for something else, or what is the same for
all findings of a code.
"""

from __future__ import annotations

import posixpath
from enum import Enum

from collide.findings.code import Family, Severity, Shape
from collide.findings.finding import Finding
from collide.support.records import NamedTuple


class Kind(Enum):
    """What kind of thing it is that can be changed."""

    COPY = "a copy of a library"
    NAMES = "names that an unrelated object of the host defines too"
    CODE = "what is the same for all findings of a code"


class Subject(NamedTuple):
    """``name`` is that of a library without its numbers and its hash, or of a file.

    It is the slug of the code where that is all that findings have in common. ``scope`` keeps
    apart what is changed in other places although it has one name: a code, a word, or nothing.
    """

    kind: Kind
    name: str
    scope: str = ""


def subject_of(finding: Finding) -> Subject:
    """The subject of one finding."""
    code = finding.code
    if code.per_binding and finding.severity == Severity.NOTE:
        return Subject(Kind.CODE, code.slug, code.id)
    if is_captured(finding):
        # What the host's library lacks and that it is taken have one remedy.
        return Subject(Kind.COPY, library(finding.intended[0]), "captured")
    match code.shape:
        case Shape.INTERPOSITION | Shape.SPLIT if code.family is Family.SHADOWING:
            if code.foreign:
                return Subject(Kind.NAMES, library(finding.provider or ""))
            return Subject(Kind.COPY, meant_library(finding))
        case Shape.LOAD_FAILURE:
            return Subject(Kind.COPY, library(finding.provider or finding.victim), code.id)
        case Shape.EXPOSURE:
            return Subject(Kind.COPY, library(finding.intended[0]), code.family.name)
        case Shape.INTERPOSITION | Shape.SPLIT | Shape.CHANGED_BINDINGS:
            return Subject(Kind.COPY, library(finding.provider or ""), code.id)
    return Subject(Kind.CODE, code.slug, code.id)


def is_captured(finding: Finding) -> bool:
    """Whether a library of the host is loaded in place of one that the wheel brings."""
    shapes = (Shape.CAPTURE, Shape.LOAD_FAILURE, Shape.SYMBOLS)
    return bool(finding.intended) and finding.code.shape in shapes


def meant_library(finding: Finding) -> str:
    """The library that was meant: linked into the victim, it has the name of the provider's."""
    if finding.library:
        return finding.library
    own, theirs = library(finding.victim), library(finding.provider or "")
    if finding.intended != (finding.victim,) and finding.intended:
        meant = [name for name in finding.intended if name != finding.victim]
        return library(meant[0])
    if own == posixpath.basename(finding.victim):
        return theirs
    # What is no copy of anything takes names of the victim itself.
    alike = theirs.startswith(own) or own.startswith(theirs) or finding.code.foreign
    return own if alike or ".so" not in (finding.provider or "") else theirs


def library(path: str) -> str:
    """``libssl`` of ``demo.libs/libssl-8bd944e8.so.3``; the file's name of what is no library."""
    from collide.analysis.library_copies import parse_soname  # late: start-up

    name = posixpath.basename(path)
    soname = parse_soname(name) if name.startswith("lib") else None
    # Behind the first dot of a module's name stands what interpreter it is for.
    tagged = soname and not soname.numbers and soname.base.partition(".")[2][:1].isalpha()
    return name if soname is None or tagged else soname.base


def object_name(path: str) -> str:
    """A library by its name, a module without the tags of its file: ``etree``."""
    name = library(path)
    return name.partition(".")[0] if name.endswith(".so") else name


def is_linked_into(finding: Finding) -> bool:
    """Whether the library is linked into the victim, which is no such library itself."""
    statically = finding.intended == (finding.victim,)
    return statically and library(finding.victim) != meant_library(finding)
