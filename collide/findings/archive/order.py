"""The findings about the archives of wheels: which code each irregularity is."""

from __future__ import annotations

from collide.findings.archive.ambiguous_path import AMBIGUOUS_PATH
from collide.findings.archive.control_name import CONTROL_NAME
from collide.findings.archive.duplicate_name import DUPLICATE_NAME
from collide.findings.archive.hidden_bytes import HIDDEN_BYTES
from collide.findings.archive.other_header import OTHER_HEADER
from collide.findings.archive.outside_path import OUTSIDE_PATH
from collide.findings.archive.several_info import SEVERAL_DIST_INFO
from collide.findings.archive.unsupported_storage import UNSUPPORTED_STORAGE
from collide.findings.finding import Finding
from collide.wheels.irregular import AMBIGUOUS, LINK, NOWHERE, OUTSIDE, SEVERAL_INFO
from collide.wheels.zip_records import DUPLICATE, HEADER, HIDDEN, NAME, STORAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.findings.code import Code
    from collide.wheels.target import Target

_CODES: dict[str, Code] = {
    OUTSIDE: OUTSIDE_PATH,
    NOWHERE: OUTSIDE_PATH,
    DUPLICATE: DUPLICATE_NAME,
    SEVERAL_INFO: SEVERAL_DIST_INFO,
    HEADER: OTHER_HEADER,
    HIDDEN: HIDDEN_BYTES,
    NAME: CONTROL_NAME,
    STORAGE: UNSUPPORTED_STORAGE,
    AMBIGUOUS: AMBIGUOUS_PATH,
    LINK: AMBIGUOUS_PATH,
}


def judge_archive(target: Target) -> tuple[Finding, ...]:
    """What pip or the index refuses of a wheel, or takes for something else; the worst first."""
    found = []
    for irregular in target.irregularities:
        code = _CODES[irregular.kind]
        found.append(
            Finding(
                code,
                code.severity,
                target.name,
                symbols=irregular.members,
                detail=irregular.sentence,
                remedy=code.remedy,
            )
        )
    return tuple(sorted(found, key=lambda f: (-f.severity, f.code.id, f.detail, f.symbols)))
