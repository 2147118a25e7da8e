"""COL605: the wheel has bytes that belong to no member."""

from __future__ import annotations

from collide.findings.code import Code, Severity, Shape

HIDDEN_BYTES = Code(
    "COL605",
    "hidden-bytes",
    Severity.ERROR,
    Shape.ARCHIVE,
    "has bytes that belong to no member",
    "The index refuses the upload. Before, between or behind the members there may be "
    "another archive, which some readers take for this one.",
    "The records of the archive do not follow each other from the first byte to the last: "
    "something is before, between or behind them, an entry of the directory has a comment, "
    "or the end names another place, size or number of entries.",
    "Write the archive again, without a comment and with nothing before or behind it.",
    example=(
        "A wheel was written over a longer file, and the end of the old one is still behind it."
    ),
)
