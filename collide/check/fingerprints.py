"""Numbers by which a cause is known again in the check of another release of the wheel."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections import Counter
from collections.abc import Sequence

from collide.check.causes import Cause
from collide.findings.subject import object_name, subject_of
from collide.wheels.tags import distribution_of


def fingerprint(cause: Cause) -> str:
    """The number of one cause: 32 hexadecimal digits.

    It is made of the distribution and of what is changed: no code, no severity, no object, since
    all these may be others in the next release although nobody has changed anything. So one cause
    has the same one in all wheels of a release.
    """
    scope = subject_of(cause.rows[0].finding).scope
    targets = [distribution(target) for target in cause.targets]
    parts = [cause.kind.name, scope, _plain(object_name(cause.subject), targets), *targets]
    data = "\0".join(parts).encode(errors="backslashreplace")
    return hashlib.sha256(data).hexdigest()[:32]


def _plain(library: str, distributions: Sequence[str]) -> str:
    """The name of a library without that of the distribution behind it.

    Some builds put it there, before auditwheel's hash: ``libssl-rasterio-6c758070.so.1.1``.
    """
    for one in distributions:
        written = "[-_.]+".join(map(re.escape, one.split("-")))
        if found := re.fullmatch(rf"(.+)-{written}", library, re.IGNORECASE):
            return found[1]
    return library


def fingerprints(found: Sequence[Cause]) -> list[str]:
    """One for each cause of a report, and all distinct."""
    seen: Counter[str] = Counter()
    named = []
    for one in map(fingerprint, found):
        seen[one] += 1
        named.append(f"{one}:{seen[one]}")
    return named


def distribution(target: str) -> str:
    """The name of a wheel's distribution, normalised; of anything else the base name."""
    name = posixpath.basename(posixpath.normpath(target))
    if not name.endswith(".whl"):
        return name
    return distribution_of(name)
