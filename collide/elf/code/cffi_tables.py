"""The functions that a module made by cffi offers by name to the Python code of its package.

Such a module has a table with a row for each function of the C library that it declares
(cffi ``parse_c_type.h``, ``struct _cffi_global_s``: name, address, type, and of a function another
address). So its data refers to all of them, and none is called but by a name in Python.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from collide.support.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.elf.headers import Image

MARK = b"_cffi_backend\0"
"""The module that every such module imports, as its text is in the data."""
IMPORT = "PyImport_ImportModule"
"""The function by which it does."""
_LONGEST = 256


def cffi_functions(
    image: Image, pointers: Mapping[int, int], functions: AbstractSet[int]
) -> Mapping[str, AbstractSet[int]]:
    """The functions by the names under which alone Python code gets them.

    ``pointers`` are the addresses in the object's data by their places, ``functions`` where
    functions begin. A row of methods (PyMethodDef) has no second function.
    """
    rows = {
        name: (pointers[place + 8], pointers[place + 24])
        for place, text in pointers.items()
        if pointers.get(place + 8) in functions and pointers.get(place + 24) in functions
        for name in _identifier(image, text)
    }
    # What stands elsewhere in the data, too, is got in other ways.
    once = {address for address, count in Counter(pointers.values()).items() if count == 1}
    return {name: once.intersection(row) for name, row in rows.items()}


def _identifier(image: Image, address: int) -> Iterator[str]:
    try:
        text = bytes(image.at(address)[:_LONGEST]).partition(b"\0")[0]
    except FormatError:
        return
    name = text.decode("ascii", "replace")
    if name.isidentifier():
        yield name
