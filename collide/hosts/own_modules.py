"""Finds the extension modules of an interpreter itself that bring libraries: ``_ssl``, ``_ctypes``.

Nothing is executed: where the modules are follows from the landmarks that the interpreter looks
for. Sources: CPython ``Modules/getpath.py`` (``PLATSTDLIB_LANDMARK``, ``pyvenv.cfg``), PyPy
``pypy/module/sys/initpath.py`` (``find_stdlib``). A program that names another home in its own
code (Py_SetPythonHome) is not recognised.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from collide.binding.binder import Binder
from collide.binding.binding import BoundModule
from collide.elf.symbols import UnreadExports
from collide.filesystems.root import Root
from collide.loader.host import OwnModule, OwnModules, Python
from collide.loader.link_map import LinkMap, LoadFailure, Opened
from collide.loader.lookup import Match
from collide.loader.model import Dso, LoadError
from collide.loader.process import Process
from collide.wheels.tags import module_misfit

_IMPORTS = {
    "_bz2": "bz2",
    "_crypt": "crypt",
    "_ctypes": "ctypes",
    "_curses": "curses",
    "_curses_cffi": "curses",
    "_curses_panel": "curses.panel",
    "_dbm": "dbm.ndbm",
    "_decimal": "decimal",
    "_elementtree": "xml.etree.ElementTree",
    "_gdbm": "dbm.gnu",
    "_gdbm_cffi": "dbm.gnu",
    "_hashlib": "hashlib",
    "_lzma": "lzma",
    "_lzma_cffi": "lzma",
    "_pypy_openssl": "ssl",
    "_sqlite3": "sqlite3",
    "_sqlite3_cffi": "sqlite3",
    "_ssl": "ssl",
    "_tkinter": "tkinter",
    "_uuid": "uuid",
    "_zstd": "compression.zstd",
    "tklib_cffi": "tkinter",
}
"""What a program imports to get a module of that file name; others are imported themselves."""


def own_modules(process: Process, files: Root, python: Python | None, binary: str) -> OwnModules:
    """Those of the interpreter ``python`` in the host that ``binary`` of ``files`` makes."""
    if python is None:
        return OwnModules(files, tuple)
    # Their directories are read when somebody asks for the modules.
    return OwnModules(files, partial(_find, process, files, python, binary))


def _find(process: Process, files: Root, python: Python, binary: str) -> tuple[OwnModule, ...]:
    found = []
    facts = files.without_symbols()
    for path in module_paths(files, python, _starts(files, binary, process)):
        # Few need a library that the host has not loaded.
        module = _open(facts, path)
        if module is None or all(process.loaded(name) is not None for name in module.elf.needed):
            continue
        opened = process.copy(facts).dlopen(path)
        if isinstance(opened, LoadFailure) or opened.failures or len(opened.new) < 2:
            continue
        unique: dict[str, str] | None = None if any(map(_may_register, opened.new)) else {}
        found.append(OwnModule(_imported_as(path), opened.root.dso.path, brings(opened), unique))
    return tuple(sorted(found, key=lambda m: (m.name, m.path)))


def _open(files: Root, path: str) -> Dso | None:
    try:
        return files.open(path)
    except LoadError:
        return None


def _may_register(m: LinkMap) -> bool:
    exports = m.elf.exports
    return isinstance(exports, UnreadExports) and exports.has_unique


def bound(process: Process, files: Root, module: OwnModule) -> tuple[OwnModule, BoundModule] | None:
    """A module as a profile has it, with the unique symbols; None where it does not open."""
    opened = process.copy(files).dlopen(module.path)
    if isinstance(opened, LoadFailure):
        return None
    table: dict[str, Match] = {}
    result = Binder(process, [m.dso for m in opened.new]).bind(opened, table)
    if result.failures:
        return None
    unique = {name: match.dso.path for name, match in sorted(table.items())}
    return module._replace(unique=unique, opens=True), result


def brings(opened: Opened) -> dict[str, str]:
    """The names of the libraries that one dlopen brings, sorted, each with the canonical path."""
    new = {m for m in opened.new if m is not opened.root}
    named = {m.elf.soname: m.dso.path for m in new if m.elf.soname}
    for m in opened.new:
        for needed, (name, _) in zip(m.needed or (), m.resolutions, strict=True):
            if needed in new:
                named[name] = needed.dso.path
    return dict(sorted(named.items()))


def _imported_as(path: str) -> str:
    name = posixpath.basename(path).partition(".")[0]
    return _IMPORTS.get(name, name)


# -- where they are -------------------------------------------------------------------------------


def module_paths(files: Root, python: Python, starts: Iterable[str]) -> Iterator[str]:
    """The extension modules for ``python`` in the first directory that a landmark shows."""
    for directory in _directories(files, python, starts):
        for below in (directory, f"{directory}/_tkinter"):
            for name in files.names(below):
                if name.endswith(".so") and module_misfit(name, python) is None:
                    yield f"{below}/{name}"
        return


def _directories(files: Root, python: Python, starts: Iterable[str]) -> Iterator[str]:
    """Directories with the interpreter's extension modules, searched for from ``starts`` upward."""
    version = f"{python.version[0]}.{python.version[1]}"
    if python.implementation == "cp":
        name = f"python{version}{python.abi_flags}/lib-dynload"
        landmarks = [f"lib/{name}", f"lib64/{name}"]
        is_there: Callable[[str], bool] = files.is_directory
    else:
        landmarks = [f"lib/pypy{version}", f"lib/pypy{python.version[0]}/lib_pypy", "lib_pypy"]
        is_there = partial(_has_modules, files)
    for start in starts:
        directory = start
        # The root itself is no prefix (getpath.py, search_up).
        while directory not in ("/", ""):
            yield from filter(is_there, (posixpath.join(directory, name) for name in landmarks))
            directory = posixpath.dirname(directory)


def _has_modules(files: Root, directory: str) -> bool:
    return any(".pypy" in name and name.endswith(".so") for name in files.names(directory))


def _starts(files: Root, binary: str, process: Process) -> Iterator[str]:
    """Where the search begins: the home of a virtual environment, the binary, libpython."""
    executable = process.executable.dso.path
    home = (environment(files, binary) or environment(files, executable)).get("home", "")
    if home.startswith("/"):
        yield home
    yield posixpath.dirname(executable)
    for m in process.global_scope[1:]:
        if "python" in posixpath.basename(m.dso.path) or "pypy" in posixpath.basename(m.dso.path):
            yield posixpath.dirname(m.dso.path)


def environment(files: Root, binary: str) -> dict[str, str]:
    """What ``pyvenv.cfg`` says of the virtual environment that has ``binary``; empty without one.

    Source: CPython, library reference, ``venv``.
    """
    directory = posixpath.dirname(binary)
    for config in (f"{directory}/pyvenv.cfg", f"{posixpath.dirname(directory)}/pyvenv.cfg"):
        lines = (files.read_bytes(config) or b"").decode("utf-8", "replace").splitlines()
        found = (line.partition("=") for line in lines)
        if values := {key.strip().lower(): value.strip() for key, _, value in found}:
            return values
    return {}
