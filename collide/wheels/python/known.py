"""What the standard library answers on Linux to the questions that loading code asks.

The environment variables are taken as unset. Sources: the documentation of ``os``, ``sys``,
``ctypes``, ``pathlib``, ``sysconfig``; ``bits/dlfcn.h`` for the numbers of the flags.
"""

from __future__ import annotations

import builtins
import posixpath
import sys
from collections.abc import Callable, Mapping, Sequence

from collide.loader.opening import RTLD_DEEPBIND, RTLD_GLOBAL, RTLD_LAZY, RTLD_NOW
from collide.wheels.python.containers import copied, elements
from collide.wheels.python.paths import path_of, path_text, path_texts
from collide.wheels.python.values import (
    UNKNOWN,
    BoundMethod,
    CodeClass,
    CodeFunction,
    External,
    Instance,
    PathValue,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.wheels.python.values import Value

_MOST = 200
_FLAGS = {
    "RTLD_LAZY": RTLD_LAZY,
    "RTLD_NOW": RTLD_NOW,
    "RTLD_NOLOAD": 4,
    "RTLD_DEEPBIND": RTLD_DEEPBIND,
    "RTLD_GLOBAL": RTLD_GLOBAL,
    "RTLD_LOCAL": 0,
    "RTLD_NODELETE": 0x1000,
}
CONSTANTS: Mapping[str, Value] = {
    "sys.platform": "linux",
    "sys.builtin_module_names": tuple(sys.builtin_module_names),
    "sys.dont_write_bytecode": UNKNOWN,
    # Neither options nor environment variables are given.
    **{f"sys.flags.{name}": 0 for name in ("debug", "inspect", "optimize", "verbose", "no_site")},
    "os.name": "posix",
    "os.sep": "/",
    "os.path.sep": "/",
    "os.pathsep": ":",
    "os.curdir": ".",
    "os.pardir": "..",
    "os.path.curdir": ".",
    "os.path.pardir": "..",
    "os.extsep": ".",
    "typing.TYPE_CHECKING": False,
    "ctypes.DEFAULT_MODE": 0,
    **{
        f"{module}.{name}": flag
        for module in ("os", "ctypes", "cffi.FFI()")
        for name, flag in _FLAGS.items()
    },
}
"""Attributes of the standard library's modules."""
OPENERS: Mapping[str, tuple[str, int]] = {
    "ctypes.CDLL": ("mode", RTLD_NOW),
    "ctypes.PyDLL": ("mode", RTLD_NOW),
    "ctypes.cdll.LoadLibrary": ("mode", RTLD_NOW),
    "ctypes.pydll.LoadLibrary": ("mode", RTLD_NOW),
    "_ctypes.dlopen": ("flag", RTLD_NOW),
    "cffi.FFI().dlopen": ("flags", RTLD_NOW),
}
"""The functions that open a library: the keyword of their flags, and what they add to them.

Of ctypes ``py_dl_open`` adds RTLD_NOW (``Modules/_ctypes/callproc.c``), cffi where no binding
flag is given.
"""
ELSEWHERE = frozenset(
    (
        *("_msi", "_overlapped", "_scproxy", "_winapi", "_wmi", "msvcrt", "nt", "winreg"),
        "winsound",
    )
)
"""Modules of the standard library that Linux has not (Doc/library, "Availability")."""
AT_START = frozenset(
    (
        *("sys", "builtins", "_frozen_importlib", "_imp", "_thread", "_warnings", "_weakref"),
        *("_io", "marshal", "posix", "_frozen_importlib_external", "time", "zipimport", "_codecs"),
        *("codecs", "encodings", "encodings.aliases", "encodings.utf_8", "_signal", "_abc"),
        *("abc", "io", "__main__", "_stat", "stat", "_collections_abc", "posixpath"),
        *("genericpath", "os.path", "os", "_sitebuiltins", "site"),
    )
)
"""Modules that an interpreter has imported before it runs a program (CPython 3.9 to 3.14)."""
EXISTING = frozenset(("sys.getdlopenflags", "sys.setdlopenflags", "os.RTLD_GLOBAL", "os.fspath"))
"""Names for which ``hasattr`` is true on Linux."""
IMPORTING: Mapping[str, str] = {
    "importlib.resources.files": "importlib.readers",
    "importlib.resources.path": "importlib.readers",
}
"""Functions that import a module when they are called (``importlib/_bootstrap_external.py``)."""
ABSENT = frozenset(
    (
        *("sys.frozen", "sys._MEIPASS", "sys.getwindowsversion", "sys.winver", "sys.dllhandle"),
        *("sys.getandroidapilevel", "sys.real_prefix", "os.add_dll_directory", "os.startfile"),
        *("ctypes.windll", "ctypes.oledll", "ctypes.WinDLL", "ctypes.OleDLL", "ctypes.WinError"),
    )
)
"""Names that no interpreter on Linux has which runs the files of a program."""


def _with_paths(function: Callable[..., Value]) -> Callable[..., Value]:
    def on_paths(*values: Value) -> Value:
        texts = path_texts(values)
        return function(*texts) if texts else UNKNOWN

    return on_paths


def _environment(*values: Value) -> Value:
    return values[1] if len(values) > 1 else None


def _sequence(make: Callable[[Sequence[Value]], Value]) -> Callable[..., Value]:
    def on_sequence(*values: Value) -> Value:
        found = elements(values[0]) if len(values) == 1 else None if values else []
        try:
            return UNKNOWN if found is None else make(found)
        except (TypeError, ValueError):
            return UNKNOWN

    return on_sequence


def _copy(make: Callable[[Sequence[Value]], Value]) -> Callable[..., Value]:
    """A function that keeps all elements: where its argument has more, its result has."""

    def on_copy(*values: Value) -> Value:
        found = copied(values[0]) if len(values) == 1 else None if values else []
        try:
            return UNKNOWN if found is None else make(found)
        except TypeError:
            return UNKNOWN

    return on_copy


def _zip(*values: Value) -> Value:
    found = [part for value in values if (part := elements(value)) is not None]
    return list(zip(*found, strict=False)) if len(found) == len(values) else UNKNOWN


def _range(*values: Value) -> Value:
    if not values or any(type(value) is not int for value in values) or len(values) > 3:
        return UNKNOWN
    numbers = range(*values) if values[2:] != (0,) else range(_MOST + 1)
    return UNKNOWN if len(numbers) > _MOST else list(numbers)


def _as_file(*values: Value) -> Value:
    return values[0] if len(values) == 1 and isinstance(values[0], PathValue) else UNKNOWN


def is_plain(values: Sequence[Value]) -> bool:
    """Whether all values are constants."""
    return all(value is None or type(value) in (str, int, bool) for value in values)


def _same(value: Value) -> Value:
    return value


def _hasattr(*values: Value) -> Value:
    if len(values) != 2 or not isinstance(values[0], External):
        return UNKNOWN
    name = f"{values[0].name}.{values[1]}"
    if name in EXISTING or name in CONSTANTS:
        return True
    return False if _is_absent(name) else UNKNOWN


def _is_absent(name: str) -> bool:
    """Whether a module of the standard library surely lacks an attribute.

    What a program has put among the built-in names is for its settings: it counts as unset.
    """
    module, _, attribute = name.rpartition(".")
    return name in ABSENT or (module == "builtins" and not hasattr(builtins, attribute))


def _getattr(*values: Value) -> Value:
    if len(values) >= 2 and isinstance(values[0], External) and isinstance(values[1], str):
        name = f"{values[0].name}.{values[1]}"
        if len(values) == 3 and _is_absent(name):
            return values[2]
        return CONSTANTS.get(name, External(name) if name in EXISTING else UNKNOWN)
    return UNKNOWN


def _callable(*values: Value) -> Value:
    if len(values) != 1 or isinstance(values[0], (Instance, External, type(UNKNOWN))):
        return UNKNOWN
    return isinstance(values[0], (CodeFunction, BoundMethod, CodeClass))


_KINDS: Mapping[str, type] = {
    f"builtins.{kind.__name__}": kind for kind in (str, int, bool, list, tuple, dict, set)
}


def _isinstance(*values: Value) -> Value:
    kinds = values[1] if len(values) == 2 and isinstance(values[1], tuple) else values[1:]
    sorts = (*_KINDS.values(), CodeFunction, BoundMethod, CodeClass, PathValue)
    known = values and (is_plain(values[:1]) or type(values[0]) in sorts)
    found = [_KINDS.get(kind.name) for kind in kinds if isinstance(kind, External)]
    if not known or len(values) != 2 or None in found or len(found) != len(kinds):
        return UNKNOWN
    # The records that stand for functions and paths are tuples here, not there.
    kind = type(values[0])
    return kind in found or (kind is bool and int in found)


def _text(*values: Value) -> Value:
    if len(values) != 1:
        return UNKNOWN
    return str(values[0]) if type(values[0]) is int else path_text(values[0]) or UNKNOWN


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "os.path.join": _with_paths(posixpath.join),
    "os.path.dirname": _with_paths(lambda *p: posixpath.dirname(p[0])),
    "os.path.basename": _with_paths(lambda *p: posixpath.basename(p[0])),
    "os.path.expandvars": _with_paths(lambda *p: UNKNOWN if "$" in p[0] else p[0]),
    "os.path.expanduser": _with_paths(lambda *p: UNKNOWN if p[0][:1] == "~" else p[0]),
    "os.path.isabs": _with_paths(lambda *p: posixpath.isabs(p[0])),
    "os.path.abspath": _with_paths(lambda *p: posixpath.normpath(p[0])),
    "os.path.realpath": _with_paths(lambda *p: posixpath.normpath(p[0])),
    "os.path.normpath": _with_paths(lambda *p: posixpath.normpath(p[0])),
    "os.path.split": _with_paths(lambda *p: posixpath.split(p[0])),
    "os.path.splitext": _with_paths(lambda *p: posixpath.splitext(p[0])),
    "os.fspath": _with_paths(lambda *p: p[0]),
    "os.fsdecode": _with_paths(lambda *p: p[0]),
    "os.getenv": _environment,
    "os.environ.get": _environment,
    "sys.modules.get": _environment,
    "os.getcwd": lambda *_: ".",
    "platform.system": lambda *_: "Linux",
    "pathlib.Path.cwd": lambda *_: path_of(["."]),
    "importlib.resources.as_file": _as_file,
    "importlib_resources.as_file": _as_file,
    "contextlib.ExitStack": lambda *_: External("contextlib.ExitStack()"),
    "contextlib.ExitStack().enter_context": _as_file,
    "pathlib.Path": lambda *p: path_of(p),
    "pathlib.PurePath": lambda *p: path_of(p),
    "pathlib.PosixPath": lambda *p: path_of(p),
    "builtins.str": _text,
    "builtins.sorted": _sequence(sorted),
    "builtins.list": _copy(list),
    "builtins.tuple": _copy(tuple),
    "builtins.reversed": _sequence(lambda v: list(reversed(v))),
    "builtins.len": _sequence(len),
    "builtins.set": _copy(set),
    "builtins.frozenset": _copy(set),
    "builtins.dict": _sequence(dict),
    "builtins.enumerate": _sequence(lambda v: list(enumerate(v))),
    "builtins.zip": _zip,
    "builtins.range": _range,
    "builtins.ord": lambda *v: ord(v[0]) if v and type(v[0]) is str and len(v[0]) == 1 else UNKNOWN,
    "builtins.any": _sequence(lambda v: UNKNOWN if not is_plain(v) else any(v)),
    "builtins.all": _sequence(lambda v: UNKNOWN if not is_plain(v) else all(v)),
    "builtins.callable": _callable,
    "builtins.isinstance": _isinstance,
    "builtins.hasattr": _hasattr,
    "builtins.getattr": _getattr,
    "builtins.bool": lambda *v: bool(v[0]) if v and type(v[0]) in (bool, int, str) else UNKNOWN,
}
"""Functions of the standard library that ask nothing of the file system."""
