"""Registers of a thread and the cause of a signal, as the kernel writes them.

A core file has them in notes, ptrace(2) gives the same bytes. Sources: Linux
``include/uapi/linux/elfcore.h``, ``struct user_regs_struct``, ``struct user_pt_regs``, the psABIs,
sigaction(2).
"""

from __future__ import annotations

import struct

from collide.processes.image import Fault, Thread
from collide.support.records import NamedTuple

_FAULTS = (4, 7, 8, 11)  # SIGILL, SIGBUS, SIGFPE, SIGSEGV: si_addr is that of the fault


class _Registers(NamedTuple):
    """Where registers are in the ``pr_reg`` of one machine, as indexes of words.

    ``by_dwarf`` has them in the order of their DWARF numbers.
    """

    by_dwarf: tuple[int, ...]
    pc: int
    sp: int


_REGISTERS = {
    # struct user_regs_struct: r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax
    # rip cs eflags rsp ss ...; DWARF: rax rdx rcx rbx rsi rdi rbp rsp r8 to r15 rip.
    62: _Registers((10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16), 16, 19),
    # struct user_pt_regs: x0 to x30, sp, pc, pstate; DWARF: x0 to x30, sp.
    183: _Registers(tuple(range(32)), 32, 31),
}


def thread_of(e_machine: int, order: str, pr_reg: bytes, number: int, signal: int) -> Thread | None:
    """The thread ``number`` with these registers, stopped for a signal or 0.

    ``order`` is that of struct. None for a machine whose registers are not known, and for
    ``pr_reg`` without a byte; raises struct.error where it is too short.
    """
    known = _REGISTERS.get(e_machine)
    if known is None or not pr_reg:
        return None
    count = max(known.pc, *known.by_dwarf) + 1
    words = struct.unpack_from(f"{order}{count}Q", pr_reg)
    registers = {dwarf: words[index] for dwarf, index in enumerate(known.by_dwarf)}
    return Thread(number, words[known.pc], words[known.sp], registers, signal)


def fault_of(signal: int, code: int, address: int) -> Fault:
    """A signal by the fields of its siginfo_t.

    One that a program has sent says who, in place of an address.
    """
    return Fault(signal, address if signal in _FAULTS and code > 0 else None)
