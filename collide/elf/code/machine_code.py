"""The machines whose code can be read, and what of their ABIs that takes."""

from __future__ import annotations

from collide.elf.code import aarch64
from collide.elf.code.branches import Segment
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class CodeReader(NamedTuple):
    """What reads the code of a machine, and its types of relocations.

    ``names_data`` says that code refers to each variable by its own address. GCC refers to those
    of AArch64 from an anchor (``-fsection-anchors``).
    """

    segment: Any
    glob_dat: int
    jump_slot: int
    relative: int
    irelative: int
    names_data: bool


READABLE = {
    "x86_64": CodeReader(Segment, 6, 7, 8, 37, names_data=True),
    "aarch64": CodeReader(aarch64.Segment, 1025, 1026, 1027, 1032, names_data=False),
}
"""System V ABI for x86-64, table 4.9; AAELF64, 5.7.11."""

ARGUMENTS = {
    "x86_64": {7: 0, 6: 1, 2: 2, 1: 3},
    "aarch64": {0: 0, 1: 1, 2: 2, 3: 3},
}
"""The registers of the first four arguments (System V ABI 3.2.3; AAPCS64, 6.8.2)."""
