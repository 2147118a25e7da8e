"""COL608: the wheel has members that are not the same file everywhere."""

from __future__ import annotations

from collide.findings.code import Code, Severity, Shape

AMBIGUOUS_PATH = Code(
    "COL608",
    "ambiguous-path",
    Severity.WARNING,
    Shape.ARCHIVE,
    "has members that are not the same file everywhere",
    "Both pip and the index take the wheel, and what is installed is not what the names say: of "
    "two members for one path the last one stays, a symbolic link becomes a file, a "
    "backslash is a separator on Windows only, and some tools go by the header before a "
    "member or by its Unicode path field.",
    "Two names for one path below site-packages, the mode of a symbolic link, a name with a "
    "backslash, a drive or a part that is empty or of dots, or a header or a Unicode path "
    "field with another name, checksum or method.",
    "Keep one member for each file, with a plain name, and copies in place of links.",
    example=(
        "A wheel has libdemo.so as a symbolic link to libdemo.so.1: pip writes a file that "
        "holds the link's text."
    ),
)
