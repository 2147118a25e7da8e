"""Objects that glibc opens and then refuses.

Sources: glibc ``elf/dl-load.c`` (``open_verify``, ``_dl_map_object_from_fd``),
``sysdeps/x86/dl-prop.h`` (``dl_isa_level_check``).
"""

from __future__ import annotations

from collections.abc import Iterable

from collide.elf.headers import PAGE
from collide.loader.link_map import LinkMap
from collide.loader.model import Dso, Loader

_NO_LATER_STACK = (2, 41)
_ANY_ALIGNMENT = (2, 35)
_ISA_LEVELS, _GNU_PROPERTY = (2, 33), (2, 39)
_LEVEL_BITS = {"x86-64-v2": 2, "x86-64-v3": 4, "x86-64-v4": 8}


def refused_load(loader: Loader, dso: Dso) -> str | None:
    """What the loader says against the PT_LOAD segments of ``dso`` (Rule 6.4).

    Up to 2.34 it held them to their own p_align, since then to the page size of the kernel. That
    is taken to be 4096 bytes: a kernel with larger pages refuses more.
    """
    for s in dso.elf.misaligned_loads:
        apart = s.address - s.offset
        if loader.version >= _ANY_ALIGNMENT:
            if apart & (PAGE - 1):
                return "ELF load command address/offset not page-aligned"
        elif s.align & (PAGE - 1):
            return "ELF load command alignment not page-aligned"
        elif apart & (s.align - 1):
            return "ELF load command address/offset not properly aligned"
    return None


def refuses_stack(loader: Loader, dso: Dso, start_up: Iterable[LinkMap]) -> bool:
    """Whether dlopen refuses ``dso`` for its executable stack, since 2.41 (Rule 6.4).

    Start-up grants one (``_dl_stack_flags``), and what is opened later may then ask for it too. An
    executable whose profile does not record its stack is taken to have none.
    """
    if not dso.elf.executable_stack or loader.version < _NO_LATER_STACK:
        return False
    return not any(m.elf.executable_stack for m in start_up)


def lacking_levels(loader: Loader, dso: Dso) -> tuple[str, ...]:
    """What ``dso`` demands of an x86 CPU and this one is not known to have (Rule 6.4).

    Checked since 2.33. Levels by the names of the psABI, the lowest first; a bit that stands for
    none is ``unknown``.
    """
    asked = dso.elf.isa_needed
    needed = asked.all if loader.version >= _GNU_PROPERTY else asked.notes
    if loader.version < _ISA_LEVELS or not needed:
        return ()
    names = [name for name, bit in _LEVEL_BITS.items() if needed & bit]
    unknown = needed & ~sum(_LEVEL_BITS.values(), start=1)
    return tuple(n for n in names if n not in loader.hwcaps) + ("unknown",) * bool(unknown)


def refuses_cpu(loader: Loader, dso: Dso) -> bool:
    """Whether dlopen refuses ``dso`` for the level of the CPU.

    A host without any level beyond the baseline is one whose CPU nobody has recorded (a shipped
    host, an image): it is taken to have them all.
    """
    lacking = lacking_levels(loader, dso)
    return bool(lacking if loader.hwcaps else "unknown" in lacking)
