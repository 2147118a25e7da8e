"""COL108, version-check: the library or its user refuses to run with another release."""

from __future__ import annotations

import re

from collide.analysis.library_copies import is_later, is_older, library_name, other_major
from collide.findings.code import HIDE, Code, Severity, Shape
from collide.findings.evidence import RuleResult, differs, file_name, some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition

VERSION_CHECK = Code(
    "COL108",
    "version-check",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "has a version check that is made against the host's copy, another release or build",
    "The library compares the version that its user was compiled for with its own, and ends the "
    "program or the import where they differ.",
    "A function in use that is taken from the host has both check and version in its name, and "
    "the two copies differ in their version strings or in the numbers of their files; a warning "
    "where the host's is later, of one ABI number, as most ask for a release and later, unless "
    "the wheel's copy has a text that a library's version is mismatched. Or a "
    "function with version in its name is, and the victim has an error message that names the "
    "library and that the host's copy would cause. Three kinds of message are known. It requires a "
    "later release: the host's copy lacks functions and adds none. It compares the version of "
    "compiling with the one of running: the releases differ. It expects another build: the host's "
    "file has another name. Or the name of a function in use ends in _ver, by which it takes the "
    "number of the interface that the caller was compiled for, and the ABI numbers differ.",
    HIDE,
    example=(
        'In uwsgi, `import xmlsec` (1.3.17) ends with "lxml & xmlsec libxml2 library version '
        'mismatch". In a program that links HDF5 1.10, `import h5py` (3.10) ends the process: '
        '"Headers are 1.14.2, library is 1.10.8".'
    ),
    fixes=("static-copy", "own-sources", "grafted-library"),
)
_CHECK = re.compile(r"(?:check|verify|require)_?versions?|version_?check", re.IGNORECASE)
_TAKES_NUMBER = re.compile(r"[a-z]_ver$")
_VERSION = re.compile("version", re.IGNORECASE)
_MISMATCH = re.compile(r"\blib.*version mismatch", re.IGNORECASE)
_TOO_OLD = re.compile(r"older|later|newer|at least|requires|downgrade", re.IGNORECASE)


def version_check(interposition: Interposition) -> RuleResult | None:
    """A function in use compares the compiled-in version with the running one, and they differ.

    Libraries with public structures protect themselves with such a function. By
    convention its name has both words, check and version. It refuses to run
    where the versions differ (HDF5 ``H5check_version``, whose text says that they mismatch), or,
    as most do, where the running one is older (GnuPG ``gcry_check_version``, libxml2
    ``xmlCheckVersion``): a later one of the same ABI number is a warning.
    """
    checks = [name for name in interposition.used_names if _CHECK.search(name)]
    if not checks:
        return None
    difference = interposition.release_difference()
    if difference is None:
        return None
    line = f"{checks[0]} compares the version compiled in with the one that runs."
    later = is_later(interposition.intended, interposition.provider)
    texts = (text for dso in interposition.intended for text in dso.refusals)
    same = any(_MISMATCH.search(text) and not _TOO_OLD.search(text) for text in texts)
    severity = Severity.WARNING if later and not same else Severity.ERROR
    return RuleResult(VERSION_CHECK, severity, (line, differs(difference)))


def abi_argument(interposition: Interposition) -> RuleResult | None:
    """A function in use takes the number of the interface that its caller was compiled for.

    A header defines such a number and a macro that passes it, and the function, whose name
    ends in ``_ver`` by convention, refuses any other. That the number has changed is seen
    where the makers of the library have changed the one behind ``.so`` as well.
    """
    takes = [name for name in interposition.used_names if _TAKES_NUMBER.search(name)]
    if not takes:
        return None
    for intended in interposition.intended:
        majors = other_major(intended, interposition.provider)
        if majors is not None:
            line = (
                f"{some(takes)} {'takes' if len(takes) == 1 else 'take'} the number of the "
                f"interface that the caller was compiled for, of ABI {majors[0]}; "
                f"{interposition.theirs} copy is of ABI {majors[1]}."
            )
            return RuleResult(VERSION_CHECK, Severity.ERROR, (line,))
    return None


def refusal(interposition: Interposition) -> RuleResult | None:
    """The victim has a text with which it refuses a copy like the host's.

    Code that depends on the release it was compiled for asks the library for its
    version, compares, and gives up with a message that names the library. The
    message shows what was compared: that the version is not older, that it is
    the same one, or how the library was built, where distributions give each
    build another name. If the host's copy fails that comparison, the import
    fails. This holds for any user that compares.
    """
    if not any(_VERSION.search(name) for name in interposition.used_names):
        return None
    libraries = {base for dso in interposition.intended if (base := library_name(dso))}
    # A message may name a library without the lib before its name.
    called = libraries | {m[1] for base in libraries if (m := re.match(r"lib([A-Za-z]{3,})", base))}
    for text in interposition.victim.refusals:
        if called.isdisjoint(re.findall(r"lib[\w-]*\w|\w+", text)):
            continue
        if _TOO_OLD.search(text):
            refused = is_older(interposition.intended, interposition.provider)
        elif _VERSION.search(text):
            difference = interposition.release_difference()
            refused = difference is not None
        else:
            refused = library_name(interposition.provider) not in libraries
        if refused:
            line = f'{file_name(interposition.victim)} has the error message for it: "{text}".'
            return RuleResult(VERSION_CHECK, Severity.ERROR, (line,))
    return None
