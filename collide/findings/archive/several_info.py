"""COL603: the wheel has several .dist-info directories."""

from __future__ import annotations

from collide.findings.code import Code, Severity, Shape

SEVERAL_DIST_INFO = Code(
    "COL603",
    "several-dist-info",
    Severity.ERROR,
    Shape.ARCHIVE,
    "has several .dist-info directories",
    "It is refused by pip, since each of them may have other metadata and another RECORD. "
    "The index reads the one of the file's name.",
    "More than one directory at the top whose name ends with .dist-info.",
    "Keep the one that is named like the wheel, and list all files in its RECORD.",
    example=(
        "A wheel has demo-1.0.dist-info and demo-1.1.dist-info, since an old build folder was "
        "packed, too."
    ),
)
