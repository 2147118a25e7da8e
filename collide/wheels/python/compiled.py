"""The names of modules that an extension module may import itself, in C, read from its texts.

``PyImport_ImportModule`` and its kin take a text that ends in a zero. Cython's ``cimport``, the
capsules of C APIs and pybind11 name modules so. Sources: the C API's documentation, "Importing
Modules"; ``Cython/Utility/ImportExport.c``. A name that is put together at run time, or that is
stored without its end, as Rust does, is not found.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection
from contextlib import suppress
from mmap import ACCESS_READ, mmap
from pathlib import Path

from collide.elf.code.call_graph import BROKEN, LARGEST
from collide.elf.code.imports import IMPORT, imported_at_start
from collide.elf.constants import DT_NEEDED, DT_RPATH, DT_RUNPATH
from collide.elf.headers import Image
from collide.support.records import NamedTuple

_IMPORTS = b"PyImport_"
_ORIGIN = re.compile(r"\$(?:ORIGIN|\{ORIGIN\})(?=/|\Z)")
_TEXT = re.compile(rb"\0([A-Za-z_][\w.]{1,199})(?=\0)", re.ASCII)


def calls_dlopen(path: str) -> bool:
    """Whether an object has the name of dlopen: it may open more, in C."""
    try:
        with Path(path).open("rb") as f, mmap(f.fileno(), 0, access=ACCESS_READ) as data:
            return data.find(b"\0dlopen\0") >= 0
    except (OSError, ValueError):
        return False


class Named(NamedTuple):
    """The texts of an extension module that have the form of a module's name.

    ``own`` are in its file, ``linked`` in those libraries that it links and that import something;
    ``imports`` is whether one of them has a function of the C API for it. ``called`` are those
    that its initialisation surely imports, as its machine code says.
    """

    own: tuple[str, ...]
    linked: tuple[str, ...] = ()
    imports: bool = True
    called: tuple[str, ...] = ()


def named_modules(path: str, tops: Collection[str]) -> Named:
    """The names of modules below one of ``tops`` in the texts of an extension module.

    They come in the order of the file, each once. Libraries are those beside it in the tree, by
    run paths with ``$ORIGIN``. Raises OSError or ValueError for what cannot be read.
    """
    linked: list[str] = []
    paths, imports = [path], False
    for at in paths:
        with Path(at).open("rb") as f, mmap(f.fileno(), 0, access=ACCESS_READ) as data:
            has = data.find(_IMPORTS) >= 0
            imports |= has
            if at == path:
                own, calls = _names_in(data, tops), data.find(IMPORT.encode()) >= 0
                calls &= len(data) <= LARGEST
            elif has:
                linked += _names_in(data, tops)
            with suppress(*BROKEN):
                paths += [one for one in _libraries(at, data) if one not in paths]
    called = imported_at_start(Path(path).read_bytes(), own) if calls else ()
    return Named(own, tuple(dict.fromkeys(linked)), imports, called)


def _names_in(data: mmap, tops: Collection[str]) -> tuple[str, ...]:
    known = {top.encode() for top in tops}
    texts = dict.fromkeys(_TEXT.findall(data))
    names = (text.decode() for text in texts if text.partition(b".")[0] in known)
    return tuple(name for name in names if all(map(str.isidentifier, name.split("."))))


def _libraries(path: str, data: mmap) -> list[str]:
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
    return [place for place in found if place]
