"""The script that opens objects inside a host, one after the other, and writes down the outcome.

It runs in any Python that a host may have (CPython since 2.7, PyPy): it is
small, imports no module that loads a shared object unless it is asked to, answers in a file of its
own, and ends the host's process itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from collide.loader.opening import NOW, Mode
from collide.support.records import NamedTuple

_NO_MODULE = "_no_such_module_"
# The initialiser of a module of another name is looked for, and not found, after dlopen() has
# succeeded: the object is open and none of its Python code has run.
_SCRIPT = f"""\
import os
import sys


def read_maps():
    with open("/proc/self/maps", "rb") as stream:
        return stream.read()


def open_library(name):
    # create_dynamic opens files only; what is searched, only dlopen itself finds.
    import ctypes
    flags = sys.getdlopenflags()
    try:
        ctypes.CDLL(name.decode("utf-8") if str is not bytes else name, mode=flags)
    except OSError as e:
        return str(e)
    return "{_NO_MODULE}"


def open_module(path):
    try:
        if sys.version_info < (3, 5):
            import imp
            imp.load_dynamic("{_NO_MODULE}", path)
        else:
            import _imp
            # PyPy opens a name as UTF-8 whatever the locale says.
            pypy = sys.implementation.name == "pypy"
            encoding = "utf-8" if pypy else sys.getfilesystemencoding()
            origin = path.decode(encoding, "surrogateescape")
            spec = type(sys.implementation)(name="{_NO_MODULE}", origin=origin)
            _imp.create_dynamic(spec)
    except ImportError as e:
        return str(e)
    return ""


def open_alone(path):
    error = open_module(path) if b"/" in path else open_library(path)
    return error if isinstance(error, bytes) else error.encode("utf-8", "backslashreplace")


def read_memory(maps, request):
    with open("/proc/self/mem", "rb", 0) as memory:
        for line in maps.splitlines():
            fields = line.split(None, 5)
            for offset, size in request.get(fields[5], ()) if len(fields) > 5 else ():
                start, end = [int(a, 16) for a in fields[0].split(b"-")]
                bias = start - int(fields[2], 16)
                at, stop = max(start, bias + offset), min(end, bias + offset + size)
                if at < stop and b"r" in fields[1]:
                    memory.seek(at)
                    yield str(at).encode()
                    yield memory.read(stop - at)


def answer(openings, to, request, imports):
    for name in imports:
        __import__(name)
    old, said = [], [str(os.getpid()).encode(), str(len(openings)).encode()]
    for path, flags in openings:
        if flags and not old:
            old.append(sys.getdlopenflags())
        if old:
            sys.setdlopenflags(flags or old[0])
        if b"/" not in path:
            import ctypes
        before = read_maps()
        error = open_alone(path)
        maps = read_maps()
        said += [error, before, maps]
    with open(to, "wb") as stream:
        for field in said + list(read_memory(maps, request)):
            stream.write(str(len(field)).encode() + b":" + field)
    os._exit(0)


"""


class Step(NamedTuple):
    """One opening as the script has seen it.

    ``error`` is why the object did not open, in the loader's words; ``before`` and ``maps`` are
    ``/proc/self/maps`` on both sides of it.
    """

    error: str | None
    before: str
    maps: str


class Answer(NamedTuple):
    """What the script has written; ``memory`` are the requested bytes by address."""

    pid: int
    steps: tuple[Step, ...]
    memory: tuple[tuple[int, bytes], ...]

    @property
    def last(self) -> Step:
        """The last opening."""
        return self.steps[-1]


def script(
    openings: Sequence[tuple[str, Mode]],
    answer: str,
    request: Mapping[str, Sequence[tuple[int, int]]] | None = None,
    imports: Sequence[str] = (),
) -> str:
    """Python that imports ``imports``, opens ``openings`` and writes to the file ``answer``.

    A name without a slash is searched. ``request`` is what it reads of its own memory
    (:mod:`collide.verify.got_slots`).
    """
    # The one literal that means the same in Python 2 and 3, for any name.
    wanted = {os.fsencode(file): list(pieces) for file, pieces in (request or {}).items()}
    # Numbers, as old Pythons have no names for the flags; 0 leaves those from the start.
    opened = [(os.fsencode(name), 0 if mode == NOW else mode.flags) for name, mode in openings]
    arguments = opened, os.fsencode(answer), wanted, list(imports)
    return f"{_SCRIPT}answer({', '.join(map(repr, arguments))})\n"


def read_answer(file: Path) -> Answer | None:
    """The answer in ``file``; None when the script did not run to its end."""
    try:
        pid, count, *fields = _fields(file.read_bytes())
        end = 3 * int(count)
        told, memory = fields[:end], fields[end:]
        steps = zip(told[::3], told[1::3], told[2::3], strict=True)
        return Answer(
            int(pid),
            tuple(Step(_error(os.fsdecode(e)), *map(os.fsdecode, maps)) for e, *maps in steps),
            tuple((int(a), content) for a, content in zip(memory[::2], memory[1::2], strict=True)),
        )
    except (OSError, ValueError):
        return None


def _error(said: str) -> str | None:
    return None if _NO_MODULE in said else said or "no error"


def _fields(data: bytes) -> Iterator[bytes]:
    """The fields; the length of each comes before it. Raises ValueError for an incomplete one."""
    at = 0
    while at < len(data):
        start = data.index(b":", at) + 1
        at = start + int(data[at : start - 1])
        if at > len(data):
            raise ValueError("an answer without its end")
        yield data[start:at]
