"""COL602: the wheel has several members of one name."""

from __future__ import annotations

from collide.findings.code import Code, Severity, Shape

DUPLICATE_NAME = Code(
    "COL602",
    "duplicate-name",
    Severity.ERROR,
    Shape.ARCHIVE,
    "has several members of one name",
    "The index refuses the upload. pip installs the last one, other readers the first, so "
    "that two people see two wheels.",
    "A name that the directory of the archive, or the headers before the members, has twice.",
    "Build the wheel again, with each file in it once: a build backend that is told twice "
    "to include a folder writes it twice.",
    example=(
        "A wheel has demo/__init__.py twice, since the build backend was told of the folder and"
        " of the file."
    ),
)
