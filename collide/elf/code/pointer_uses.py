"""What functions use of what their arguments point to: all that rules read from a host's code.

A profile keeps it of the exported functions of a host (``pointer_uses``), so that the code of a
recorded host can be compared like that of a binary. A function keeps it for the reason for which
it can be compared: it uses two places or more of what one argument points to, as of a structure.
Inline functions and templates of C++ have vague linkage, which is judged by itself: none is kept.
"""

from __future__ import annotations

from collections.abc import Iterable

from collide.elf.code.machine_code import ARGUMENTS
from collide.elf.code.pointers import used_offsets
from collide.elf.constants import STB_GLOBAL, STT_FUNC
from collide.elf.headers import Image
from collide.elf.symbols import NO_USES
from collide.support.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.elf.symbols import Definition, Uses

LONGEST = 3000
"""Bytes of a function that are looked at."""
FEWEST = 2
"""Offsets of one pointer from which on it is one to a structure."""


def is_comparable(definition: Definition) -> bool:
    """Whether a definition is a function of the object itself, and none of vague linkage."""
    vague = definition.binding != STB_GLOBAL and definition.name.startswith("_Z")
    return definition.type == STT_FUNC and not (definition.undefined or definition.zero or vague)


def pointer_uses(
    data: bytes | bytearray, definitions: Iterable[Definition]
) -> dict[Definition, Uses]:
    """What functions of the object with these contents use; arguments to no structure are left out.

    Empty for an object of a machine whose code is not read.
    """
    try:
        image = Image(memoryview(data))
    except FormatError:
        return {}
    arguments = ARGUMENTS.get(image.machine.name)
    if arguments is None:
        return {}
    found: dict[Definition, Uses] = {}
    for one in definitions:
        found[one] = NO_USES
        if not is_comparable(one) or not one.value:
            continue
        try:
            code = bytes(image.at(one.value)[: min(one.size, LONGEST)])
        except FormatError:
            continue
        uses = used_offsets(image.machine.name, code, arguments)
        found[one] = {number: at for number, at in uses.items() if len(at) >= FEWEST}
    return found
