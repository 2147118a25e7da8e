"""COL606: the wheel has members whose names are no printable text."""

from __future__ import annotations

from collide.findings.code import Code, Severity, Shape

CONTROL_NAME = Code(
    "COL606",
    "control-name",
    Severity.ERROR,
    Shape.ARCHIVE,
    "has members whose names are no printable text",
    "The index refuses the upload. Such a name shows as another one on a terminal, and ends "
    "early for readers that stop at a NUL.",
    "A name with a character below U+0020 or U+007F, or that is not UTF-8, in the "
    "directory, a header or an extra field.",
    "Rename the file.",
    example="A member is called demo.py followed by a carriage return.",
)
