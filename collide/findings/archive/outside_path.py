"""COL601: the wheel has members that would be installed outside of the environment."""

from __future__ import annotations

from collide.findings.code import Code, Severity, Shape

OUTSIDE_PATH = Code(
    "COL601",
    "outside-path",
    Severity.ERROR,
    Shape.ARCHIVE,
    "has members that would be installed outside of the environment",
    "No wheel with such a member is installed by pip. The index takes it, and an unpacker that "
    "does not look at names writes over files of the system; a name that leads out of .data "
    "stands in for a library of the host.",
    "A name that is absolute, leads upwards with .. beyond its top, or lies in a .data "
    "directory under no scheme of installation (purelib, platlib, headers, scripts, data). "
    "Such a member is not bound.",
    "Build the wheel again with relative names below site-packages or a scheme.",
    example="A member is called ../../bin/python.",
)
