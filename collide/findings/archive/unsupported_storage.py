"""COL607: the wheel has members that are stored in a way that is not accepted."""

from __future__ import annotations

from collide.findings.code import Code, Severity, Shape

UNSUPPORTED_STORAGE = Code(
    "COL607",
    "unsupported-storage",
    Severity.ERROR,
    Shape.ARCHIVE,
    "has members that are stored in a way that is not accepted",
    "The index refuses other compression than deflate, and sizes that only follow the "
    "contents (a data descriptor, as writers of streams leave); pip cannot install what is "
    "encrypted.",
    "The method and the flags of a member. Of an archive with a data descriptor, what comes "
    "behind it is not looked at.",
    "Write the archive with deflate, to a file that can be sought in, without a password.",
    example="A wheel was packed with bzip2, or written to a pipe.",
)
