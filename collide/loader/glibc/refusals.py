"""Objects that glibc maps and then refuses.

Source: glibc ``elf/dl-load.c`` (``_dl_map_object_from_fd``).
"""

from __future__ import annotations

from collections.abc import Iterable

from collide.loader.link_map import LinkMap
from collide.loader.model import Dso, Loader

_NO_LATER_STACK = (2, 41)


def refuses_stack(loader: Loader, dso: Dso, start_up: Iterable[LinkMap]) -> bool:
    """Whether dlopen refuses ``dso`` for its executable stack, since 2.41 (Rule 6.4).

    Start-up grants one (``_dl_stack_flags``), and what is opened later may then ask for it too. An
    executable whose profile does not record its stack is taken to have none.
    """
    if not dso.elf.executable_stack or loader.version < _NO_LATER_STACK:
        return False
    return not any(m.elf.executable_stack for m in start_up)
