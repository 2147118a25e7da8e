"""COL604: the wheel is another archive by its headers than by its directory."""

from __future__ import annotations

from collide.findings.code import Code, Severity, Shape

OTHER_HEADER = Code(
    "COL604",
    "other-header",
    Severity.ERROR,
    Shape.ARCHIVE,
    "is another archive by its headers than by its directory",
    "The index refuses the upload. zipfile and pip go by the directory at the end, tools "
    "that read a stream by the headers before the members: each sees other files.",
    "The header of a member has another name or size than the directory, is missing, is "
    "malformed or is in no directory; or members overlap.",
    "Write the archive again with one tool in one go.",
    example="The directory says demo/a.py, and the header before that member demo/b.py.",
)
