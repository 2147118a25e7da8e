"""COL609: the wheel needs what its own platform tags do not allow."""

from __future__ import annotations

from itertools import groupby

from collide.findings.code import Code, Severity, Shape
from collide.findings.finding import Finding
from collide.support.text import listed
from collide.wheels.policies import violations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from collide.wheels.target import Target

VIOLATED_TAG = Code(
    "COL609",
    "violated-tag",
    Severity.WARNING,
    Shape.ARCHIVE,
    "needs what its own manylinux or musllinux tag does not allow",
    "Installers take the tag for a promise: the wheel is installed on systems that have less, and "
    'the import fails there ("version `GLIBC_2.34\' not found", "cannot open shared object file").',
    "Told with --auditwheel, by auditwheel's policies: a DT_NEEDED that the policy of the tag does "
    "not allow and the wheel does not bring, a newer symbol version, a symbol that the policy "
    "forbids to take from a library, or a higher level of the x86 CPU.",
    "Let auditwheel repair give it the tag that it keeps, or build it in the image of its tag.",
    example=(
        "A wheel is tagged manylinux2014_x86_64 by hand and needs GLIBC_2.34. `collide check "
        "--auditwheel WHEEL` says which tag it keeps."
    ),
    fixes=("older-system", "grafted-library"),
)


def judge_tags(target: Target) -> Iterator[Finding]:
    """A finding for the tags of each policy that a wheel does not keep.

    Raises UsageError without auditwheel, and for an architecture that has no policies.
    """
    for (platforms, kept), group in groupby(violations(target), lambda v: (v.platforms, v.kept)):
        found = list(group)
        yield Finding(
            VIOLATED_TAG,
            VIOLATED_TAG.severity,
            target.name,
            symbols=tuple(sorted({name for v in found for name in v.members})),
            detail=f"auditwheel: consistent with {kept}, not with {' and '.join(platforms)}",
            remedy=VIOLATED_TAG.remedy,
            evidence=tuple(f"{v.said[0].upper()}{v.said[1:]}: {listed(v.members)}." for v in found),
        )
