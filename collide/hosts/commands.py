"""The command lines with which hosts run a Python script.

A host that is no Python interpreter has a way of its own to run one; those that are known by
the name of their program need no ``--run``.
"""

from __future__ import annotations

import fnmatch
import posixpath
import shlex
from collections.abc import Sequence

from collide.support.errors import UsageError

PLAIN = ("-E", "-s", "-S", "{script}")
"""Arguments of an interpreter of any version that runs a script without site-packages."""

EMBEDDING = {
    "blender*": ("-b", "-noaudio", "--python-exit-code", "1", "--python", "{script}"),
    "fontforge*": ("-lang=py", "-script", "{script}"),
    "gdb*": ("-nx", "-batch", "-ex", "source {script}"),
    "lldb*": ("-b", "-o", "command script import {script}"),
    "uwsgi*": ("--plugin", "python3", "--pyrun", "{script}"),
    "vim*": ("-u", "NONE", "-es", "-T", "dumb", "-c", "py3file {script}", "-c", "qa!"),
    "weechat-headless*": ("-t", "-r", "/python load {script}", "-r", "/quit"),
}
"""Arguments of programs that embed an interpreter, by patterns of their file names."""


def command_line(
    binary: str, template: str | None = None, plain: Sequence[str] = PLAIN
) -> tuple[str, ...]:
    """The words of a command that runs a Python script in ``binary``; raises UsageError.

    ``template`` is quoted as for a shell and holds ``{script}``. Without one, a program of
    :data:`EMBEDDING` is run as that says, and any other is taken for a Python interpreter, with
    the arguments ``plain``.
    """
    if template is None:
        name = posixpath.basename(binary)
        fitting = (words for p, words in EMBEDDING.items() if fnmatch.fnmatchcase(name, p))
        return (binary, *next(fitting, plain))
    try:
        words = shlex.split(template)
    except ValueError as e:
        raise UsageError(f"--run {template}: {e}") from e
    if not any("{script}" in word for word in words):
        raise UsageError(f"--run {template}: {{script}} is not in it")
    return tuple(words)
