"""The Python frames of a thread: by pystack, or as faulthandler has written them.

pystack (the extra ``inspect``) knows the structures of every CPython, in running processes and in
core files, whatever program embeds it; of PyPy it knows nothing. Its compiled part reads memory
that strangers have made: it runs in a process of its own, with a time limit.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from subprocess import TimeoutExpired

from collide.support.commands import run_command
from collide.support.records import NamedTuple

_SECONDS = 30
_MOST = 200
_CODE = """
import json, sys
from pathlib import Path
from pystack.engine import NativeReportingMode, get_process_threads, get_process_threads_for_core
kind, what, program, wanted = sys.argv[1:]
how = {"native_mode": NativeReportingMode.OFF, "locals": False}
if kind == "core":
    threads = get_process_threads_for_core(Path(what), Path(program), **how)
else:
    threads = get_process_threads(int(what), stop_process=False, **how)
for thread in threads:
    if thread.tid == int(wanted):
        codes = [frame.code for frame in thread.frames]
        print(json.dumps([[c.filename, c.location.lineno, c.scope] for c in codes[::-1]]))
        break
"""
_HEAD = re.compile(r"(Current thread|Stack).*\(most recent call first.*\):$")
_FRAME = re.compile(r' +File "(.*)", line (\d+|\?\?\?) in (.*)')


class PythonFrame(NamedTuple):
    """One frame: the file as Python names it, the line (0: not known), and the function."""

    file: str
    line: int
    function: str


def of_faulthandler(text: str) -> tuple[PythonFrame, ...]:
    """The frames of the current thread in what faulthandler has written, the innermost first."""
    lines = iter(text.splitlines())
    if not any(_HEAD.match(line) for line in lines):
        return ()
    found = list[PythonFrame]()
    for line in lines:
        m = _FRAME.fullmatch(line)
        if m is None or len(found) == _MOST:
            break
        found.append(PythonFrame(m[1], int(m[2]) if m[2].isdigit() else 0, m[3]))
    return tuple(found)


class PythonStack(NamedTuple):
    """Frames, the innermost first, and why there are none, in a sentence."""

    frames: tuple[PythonFrame, ...] = ()
    note: str = ""


def of_process(pid: int) -> PythonStack:
    """The frames of the first thread of a process that runs."""
    return _asked("pid", str(pid), "", pid)


def of_core(path: str, program: str, thread: int) -> PythonStack:
    """The frames of one thread in a core file; ``program`` is the file of the executable."""
    return _asked("core", path, program, thread)


def _asked(kind: str, what: str, program: str, thread: int) -> PythonStack:
    if find_spec("pystack") is None:
        return PythonStack(note="Python's frames take pystack: pip install collide-wheels[inspect]")
    command = [sys.executable, "-c", _CODE, kind, what, program, str(thread)]
    try:
        ran = run_command(command, cwd=".", timeout=_SECONDS)
    except TimeoutExpired:
        return PythonStack(note=f"pystack has found no Python frames within {_SECONDS} seconds")
    if ran.status:
        said = (ran.stderr.strip().splitlines() or [f"pystack ended with status {ran.status}"])[-1]
        return PythonStack(note=f"no Python frames: {said.rpartition('Error: ')[2]}")
    return PythonStack(tuple(_frames(ran.stdout)))


def _frames(text: str) -> Iterator[PythonFrame]:
    for file, line, function in json.loads(text or "[]")[:_MOST]:
        yield PythonFrame(str(file), int(line), str(function))
