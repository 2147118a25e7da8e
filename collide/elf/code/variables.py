"""Which variables functions of an object use: what is written to while the object is in use.

References that only write are left out: what is kept in a variable is read somewhere. x86-64 only:
compilers for AArch64 reach several variables from one address (GCC ``-fsection-anchors``).
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from collide.elf.code.linker_tables import Tables, writable
from collide.elf.constants import PT_GNU_RELRO
from collide.elf.headers import Image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.elf.code.call_graph import Calls


class _Variables:
    """The addresses of variables: not those of slots, nor of what is read-only after relocation.

    Code uses these relative to itself, in any form that leads there.
    """

    def __init__(self, image: Image) -> None:
        self._writable = writable(image)
        relocated = (s for s in image.segments if s.kind == PT_GNU_RELRO)
        self._constant = [range(s.address, s.address + s.memory) for s in relocated]
        self._slots = Tables(image).slots

    def __contains__(self, address: object) -> bool:
        if not any(address in one for one in self._writable) or address in self._slots:
            return False
        return not any(address in one for one in self._constant)


def variables_of(
    data: bytes | bytearray, calls: Calls, functions: Iterable[int]
) -> AbstractSet[int]:
    """The addresses of the variables that ``functions`` of the object with these contents use."""
    image = Image(memoryview(data))
    if image.machine.name != "x86_64":
        return frozenset()
    variables = _Variables(image)
    return frozenset(at for one in functions for at in calls.referred(one, variables))
