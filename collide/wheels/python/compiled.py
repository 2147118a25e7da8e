"""The names of modules that an extension module may import itself, in C, read from its texts.

``PyImport_ImportModule`` and its kin take a text that ends in a zero. Cython's ``cimport``, the
capsules of C APIs and pybind11 name modules so. Sources: the C API's documentation, "Importing
Modules"; ``Cython/Utility/ImportExport.c``. A name that is put together at run time, or that is
stored without its end, as Rust does, is not found.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from mmap import ACCESS_READ, mmap
from pathlib import Path

_IMPORTS = b"PyImport_"
_TEXT = re.compile(rb"\0([A-Za-z_][\w.]{1,199})(?=\0)", re.ASCII)


def calls_dlopen(path: str) -> bool:
    """Whether an object has the name of dlopen: it may open more, in C."""
    try:
        with Path(path).open("rb") as f, mmap(f.fileno(), 0, access=ACCESS_READ) as data:
            return data.find(b"\0dlopen\0") >= 0
    except (OSError, ValueError):
        return False


def named_modules(data: bytes | mmap, tops: Collection[str]) -> tuple[str, ...] | None:
    """Texts of an object that have the form of a module's name below one of ``tops``.

    They come in the order of the file, each once; None for an object that imports nothing.
    """
    if data.find(_IMPORTS) < 0:
        return None
    known = {top.encode() for top in tops}
    texts = dict.fromkeys(_TEXT.findall(data))
    names = (text.decode() for text in texts if text.partition(b".")[0] in known)
    return tuple(name for name in names if all(map(str.isidentifier, name.split("."))))
