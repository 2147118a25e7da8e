"""The names of modules that an extension module may import itself, in C, read from its texts.

``PyImport_ImportModule`` and its kin take a text that ends in a zero. Cython's ``cimport``, the
capsules of C APIs and pybind11 name modules so. Cython 3.2 and later keep the texts of a module
compressed, one behind the other. Sources: the C API's documentation, "Importing Modules";
``Cython/Utility/ImportExport.c``, ``__Pyx_DecompressString`` in ``Cython/Utility/StringTools.c``.
A name that is put together at run time, or that is stored without its end, as Rust does, is not
found.
"""

from __future__ import annotations

import bz2
import posixpath
import re
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from mmap import ACCESS_READ, mmap
from pathlib import Path

from collide.elf.code.call_graph import BROKEN, LARGEST
from collide.elf.code.cffi_tables import IMPORT
from collide.elf.code.imports import imported_at_start
from collide.elf.constants import DT_NEEDED, DT_RPATH, DT_RUNPATH
from collide.elf.headers import Image
from collide.elf.object import read_object
from collide.support.records import NamedTuple

_IMPORTS = b"PyImport_"
_CYTHON = b"__pyx_"
_ZLIB = 0x78
_BY_CFFI = "_cffi_backend"
"""What a module made by cffi imports first (``_cffi_include.h``), also inside another one."""
_ORIGIN = re.compile(r"\$(?:ORIGIN|\{ORIGIN\})(?=/|\Z)")
_PACKED = re.compile(rb"\x78[\x01\x5e\x9c\xda]|BZh[1-9]1AY&SY")
_MOST_PACKED = 1 << 22
_SHORTEST_PACKED = 64
_MOST_LIBRARIES = 256
_RUNS = (b"\0PyRun_String", b"\0PyRun_SimpleString", b"\0Py_CompileString")
_CODE = re.compile(rb"\0((?:import|from) [^\0\n]{1,200}[\n;][^\0]{1,8192})(?=\0)")
_MOST_CODE = 16
_TEXT = re.compile(rb"\0([A-Za-z_][\w.]{1,199})(?=\0)", re.ASCII)


@contextmanager
def _mapped(path: str) -> Iterator[mmap]:
    """The bytes of a file; raises OSError, or ValueError for an empty one."""
    with Path(path).open("rb") as f:
        data = mmap(f.fileno(), 0, access=ACCESS_READ)
    try:
        yield data
    finally:
        # The traceback of an error may hold a view of it.
        with suppress(BufferError):
            data.close()


def calling_dlopen(paths: Iterable[str]) -> tuple[str, ...]:
    """Which of some objects, and of the libraries that they link, may open more, in C.

    They have the name of dlopen. Libraries are those beside an object, by run paths with
    ``$ORIGIN``. What cannot be read is passed over: whoever opens it says so.
    """
    pending, found = list(dict.fromkeys(paths)), list[str]()
    for path in pending:
        with suppress(OSError, ValueError, *BROKEN), _mapped(path) as data:
            if data.find(b"\0dlopen\0") >= 0:
                found.append(path)
            pending += [one for one in _libraries(path, data) if one not in pending]
    return tuple(sorted(found))


def defined_by(path: str) -> frozenset[str]:
    """The names that a library, or one beside it that it links, defines.

    What cannot be read defines none, and of a very large one no name is known.
    """
    pending, names = [path], set[str]()
    for at in pending:
        with suppress(OSError, ValueError, *BROKEN), _mapped(at) as data:
            if len(data) <= LARGEST:
                exports = read_object(data).exports
                names |= exports.defined(exports.names)
            pending += [one for one in _libraries(at, data) if one not in pending]
        if len(pending) > _MOST_LIBRARIES:
            break
    return frozenset(names)


class Named(NamedTuple):
    """The texts of an extension module that have the form of a module's name.

    ``own`` are in its file, ``linked`` in those libraries that it links and that import something;
    ``imports`` is whether one of them has a function of the C API for it. ``called`` are those
    that its initialisation surely imports, as its machine code says. ``packed`` are the
    compressed texts of a Cython module (``is_cython``), without the places where they end.
    ``code`` are texts of Python code that begins with an import, of a module that runs such.
    """

    own: tuple[str, ...]
    linked: tuple[str, ...] = ()
    imports: bool = True
    called: tuple[str, ...] = ()
    packed: str = ""
    is_cython: bool = False
    code: tuple[str, ...] = ()


class ObjectTexts(NamedTuple):
    """What an object's file has: names of modules, functions that import, what it links."""

    names: tuple[str, ...]
    imports: bool
    calls: bool
    libraries: tuple[str, ...]
    packed: str
    is_cython: bool
    code: tuple[str, ...] = ()


def named_modules(path: str, tops: Collection[str], known: dict[str, ObjectTexts]) -> Named:
    """The names of modules below one of ``tops`` in the texts of an extension module.

    They come in the order of the file, each once. Libraries are those beside it in the tree, by
    run paths with ``$ORIGIN``; ``known`` keeps what was read of them, for more modules of the same
    ``tops``. Raises OSError or ValueError for what cannot be read.
    """
    paths, linked, imports = [path], dict[str, None](), False
    for at in paths:
        if at not in known:
            known[at] = _read(at, tops)
        found = known[at]
        imports |= found.imports
        if at != path and found.imports:
            linked |= dict.fromkeys(found.names)
        paths += [one for one in found.libraries if one not in paths]
    own = known[path].names
    called = imported_at_start(Path(path).read_bytes(), own) if known[path].calls else ()
    if imports and _BY_CFFI in own and _BY_CFFI not in called:
        called = (*called, _BY_CFFI)
    read = known[path]
    return Named(own, tuple(linked), imports, called, read.packed, read.is_cython, read.code)


def _read(path: str, tops: Collection[str]) -> ObjectTexts:
    """What one object's file has; the names of a very large one are not looked for."""
    libraries: tuple[str, ...] = ()
    with _mapped(path) as data:
        imports = data.find(_IMPORTS) >= 0
        small = len(data) <= LARGEST
        names = _names_in(data, tops) if small else ()
        calls = small and data.find(IMPORT.encode()) >= 0
        is_cython = small and data.find(_CYTHON) >= 0
        packed = _unpacked(data) if is_cython else ""
        runs = small and any(data.find(name) >= 0 for name in _RUNS)
        code = _code_in(data) if runs else ()
        with suppress(*BROKEN):
            libraries = _libraries(path, data)
    return ObjectTexts(names, imports, calls, libraries, packed, is_cython, code)


def _code_in(data: mmap) -> tuple[str, ...]:
    """The texts that begin as Python code does which imports something, of several lines."""
    found = islice(_CODE.finditer(data), _MOST_CODE)
    return tuple(match[1].decode(errors="replace") for match in found)


def _unpacked(data: mmap) -> str:
    """The texts that are compressed in an extension module, by zlib or bz2."""
    found, size = list[str](), 0
    for begin in (match.start() for match in _PACKED.finditer(data)):
        decoder = zlib.decompressobj() if data[begin] == _ZLIB else bz2.BZ2Decompressor()
        try:
            text = decoder.decompress(data[begin : begin + _MOST_PACKED], _MOST_PACKED - size)
        except (zlib.error, OSError):
            continue
        if decoder.eof and len(text) >= _SHORTEST_PACKED:
            found.append(text.decode(errors="replace"))
            size += len(text)
        if size >= _MOST_PACKED:
            break
    return " ".join(found)


def _names_in(data: mmap, tops: Collection[str]) -> tuple[str, ...]:
    known = {top.encode() for top in tops}
    texts = dict.fromkeys(_TEXT.findall(data))
    names = (text.decode() for text in texts if text.partition(b".")[0] in known)
    return tuple(name for name in names if all(map(str.isidentifier, name.split("."))))


def _libraries(path: str, data: mmap) -> tuple[str, ...]:
    """The libraries that an object links, where its run path leads to them in its own tree."""
    image = Image(memoryview(data))
    run_paths = (*image.strings_of(DT_RUNPATH), *image.strings_of(DT_RPATH))
    needed = image.strings_of(DT_NEEDED)
    del image  # else the file stays mapped
    origin = posixpath.dirname(path)
    directories = [
        _ORIGIN.sub(lambda _: origin, directory)
        for directory in ":".join(run_paths).split(":")
        if _ORIGIN.match(directory)
    ]
    places = ([posixpath.normpath(f"{one}/{name}") for one in directories] for name in needed)
    found = (next((place for place in some if Path(place).is_file()), "") for some in places)
    return tuple(place for place in found if place)
