"""Which modules the initialisation of an extension module imports by a call of C.

``PyImport_ImportModule`` takes a text. A function that calls it and refers to the text of a
module's name imports that module; it runs when the extension module is imported if calls lead to
it from ``PyInit_*``, or from what its definition has for ``Py_mod_exec``. Sources: the C API's
documentation, "Importing Modules" and "Module Objects"; ``Include/moduleobject.h``. A name that
reaches the call through a variable, or as a parameter of a function, is not found.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterator, Mapping

from collide.elf.code.call_graph import BROKEN, LARGEST, read_calls
from collide.elf.code.cffi_tables import IMPORT
from collide.elf.code.linker_tables import Tables
from collide.elf.constants import PT_LOAD
from collide.elf.headers import Image
from collide.elf.object import read_object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.elf.code.call_graph import Calls

_EXEC = 2
_SLOTS = 0x48
"""Where ``PyModuleDef`` has ``m_slots``: behind PyModuleDef_Base and five words."""
_MOST_SLOTS = 32
_TEXT = re.compile(rb"(?<=\0)[A-Za-z_][\w.]{1,199}(?=\0)", re.ASCII)
_WORD = struct.Struct("<q")


def imported_at_start(data: bytes, names: Collection[str]) -> tuple[str, ...]:
    """Those of ``names`` that an extension module imports when it is initialised.

    They come in the order in which their functions are reached. None is found where the code is
    not read (:func:`collide.elf.code.call_graph.read_calls`), or the file is corrupt.
    """
    if len(data) > LARGEST:
        return ()
    try:
        image = Image(memoryview(data))
        texts = dict(_places(image, data, names))
        entries = _entries(data) if texts else []
        calls = read_calls(data) if entries else None
        if calls is None:
            return ()
        entries += _executed(image, calls, entries)
        found = (texts[at] for at in _reached(calls, entries, texts))
        return tuple(dict.fromkeys(found))
    except BROKEN:
        return ()


def _places(image: Image, data: bytes, names: Collection[str]) -> Iterator[tuple[int, str]]:
    """The addresses of texts that are whole names."""
    wanted = {name.encode() for name in names}
    for found in _TEXT.finditer(data):
        if found[0] not in wanted:
            continue
        for s in image.segments:
            if s.kind == PT_LOAD and s.offset <= found.start() < s.offset + s.size:
                yield found.start() - s.offset + s.address, found[0].decode()


def _entries(data: bytes) -> list[int]:
    exports = read_object(data).exports
    names = [name for name in exports.names if name.startswith("PyInit_")]
    return [d.value for name in names for d in exports.candidates(name) if d.value]


def _executed(image: Image, calls: Calls, entries: list[int]) -> list[int]:
    """The functions that the module's definition has for the slot ``Py_mod_exec``."""
    pointers = Tables(image).pointers
    definitions = {place - _SLOTS for place in pointers}
    known = frozenset(calls.functions)
    found: list[int] = []
    for entry in entries:
        for definition in calls.referred(entry, definitions):
            slots = pointers[definition + _SLOTS]
            for slot in range(slots, slots + 16 * _MOST_SLOTS, 16):
                function = pointers.get(slot + 8)
                if function not in known or function is None:
                    break
                if _WORD.unpack_from(image.at(slot, 8)) == (_EXEC,):
                    found.append(function)
    return found


def _reached(calls: Calls, entries: list[int], texts: Mapping[int, str]) -> Iterator[int]:
    """The texts in those functions that call what imports, in the order of their calls."""
    pending, seen = list(entries), set(entries)
    for function in pending:
        names, called = calls.body(function)
        if IMPORT in names:
            yield from calls.referred(function, texts)
        pending += sorted(set(called) - seen)
        seen |= set(called)
