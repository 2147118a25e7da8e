"""The script that opens one object inside a host and tells what became of it.

It runs in whatever Python the host has (CPython 2.7 to today's, PyPy), next to
whatever the host does, so it is small, imports little before the object is
open, and answers in a file of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_NO_MODULE = "_no_such_module_"
# The initialiser of a module of another name is looked for, and not found, after dlopen() has
# succeeded: the object is open and none of its Python code has run.
_SCRIPT = f"""\
import sys


def read_maps():
    with open("/proc/self/maps") as stream:
        return stream.read()


def open_alone(path):
    try:
        if sys.version_info < (3, 5):
            import imp
            imp.load_dynamic("{_NO_MODULE}", path)
        else:
            import _imp
            spec = type(sys.implementation)(name="{_NO_MODULE}", origin=path)
            _imp.create_dynamic(spec)
    except ImportError as e:
        return str(e)


def read_memory(maps, request):
    import binascii
    with open("/proc/self/mem", "rb", 0) as memory:
        for line in maps.splitlines():
            fields = line.split(None, 5)
            for offset, size in request.get(fields[5], ()) if len(fields) > 5 else ():
                start, end = [int(a, 16) for a in fields[0].split("-")]
                bias = start - int(fields[2], 16)
                at, stop = max(start, bias + offset), min(end, bias + offset + size)
                if at < stop and "r" in fields[1]:
                    memory.seek(at)
                    yield at, binascii.hexlify(memory.read(stop - at)).decode()


def answer(path, to, request):
    before = read_maps()
    error = open_alone(path)
    maps = read_maps()
    memory = list(read_memory(maps, request)) if request else []
    import json
    import os
    said = dict(pid=os.getpid(), error=error, before=before, maps=maps, memory=memory)
    with open(to, "w") as stream:
        stream.write(json.dumps(said))


"""


class Answer(NamedTuple):
    """What the script has told.

    ``error`` is why the object did not open, in the loader's words; ``before``
    and ``maps`` are ``/proc/self/maps`` on both sides of the opening.
    """

    pid: int
    error: str | None
    before: str
    maps: str
    memory: tuple[tuple[int, str], ...]


def script(
    path: str, answer: str, request: Mapping[str, Sequence[tuple[int, int]]] | None = None
) -> str:
    """Python that opens ``path`` and writes to the file ``answer``.

    ``request`` is what it reads of its own memory (:mod:`collide.slots`).
    """
    # JSON's strings are Python's; surrogates of undecodable names stay escapes in both.
    arguments = ", ".join((json.dumps(path), json.dumps(answer), json.dumps(request or {})))
    return f"{_SCRIPT}answer({arguments})\n"


def read_answer(file: Path) -> Answer | None:
    """The answer; None when the host has not come so far."""
    try:
        said = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    error = said["error"]
    return Answer(
        said["pid"],
        None if error and _NO_MODULE in error else error or "no error",
        said["before"],
        said["maps"],
        tuple((address, content) for address, content in said["memory"]),
    )
