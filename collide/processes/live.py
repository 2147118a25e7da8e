"""A running process as an image, without stopping it.

``/proc/PID/mem`` is read, for which the kernel asks the same permission as for
process_vm_readv(2): that of ptrace(2), PTRACE_MODE_ATTACH. Nothing is attached, so nothing has to
be continued. The process goes on while it is read; what its loader has bound stays.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from collide.elf.headers import is_elf
from collide.processes.image import ProcessImage
from collide.processes.maps import parse_maps
from collide.support.errors import InputError


def open_process(pid: int, thread: int | None = None) -> ProcessImage:
    """The image of a process; raises InputError where there is none, or it may not be read.

    ``thread`` is one that is still there, where the first one may have ended: that has no memory
    any more.
    """
    directory, source = Path(f"/proc/{thread or pid}"), f"process {pid}"
    try:
        maps = parse_maps((directory / "maps").read_text("utf-8", "surrogateescape"))
        auxv = (directory / "auxv").read_bytes()
        with (directory / "exe").open("rb") as stream:
            head = stream.read(20)
        executable = str((directory / "exe").readlink())
        memory = os.open(directory / "mem", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        what = "is a thread of the kernel"
        if not directory.exists():
            what = "there is no such process, and no core file of it where the system keeps them"
        raise InputError(source, what) from None
    except PermissionError:
        raise InputError(source, _denied(directory)) from None
    except OSError as e:
        raise InputError(source, e.strerror or str(e)) from e

    def read(address: int, size: int) -> bytes:
        try:
            return os.pread(memory, size, address)
        except (OSError, OverflowError, ValueError):
            return b""

    if not is_elf(head) or len(head) < 20:
        os.close(memory)
        raise InputError(source, "runs no ELF file")
    order = ">" if head[5] == 2 else "<"
    (machine,) = struct.unpack_from(f"{order}H", head, 18)
    word = f"{order}{'QQ' if head[4] == 2 else 'II'}"
    entries = struct.iter_unpack(word, auxv[: len(auxv) - len(auxv) % struct.calcsize(word)])
    return ProcessImage(
        source,
        read,
        bits=64 if head[4] == 2 else 32,
        big_endian=order == ">",
        e_machine=machine,
        maps=maps,
        auxv=dict(entries),
        executable=executable,
        close=lambda: os.close(memory),
    )


def is_there(pid: int) -> bool:
    """Whether a process of this number runs."""
    return Path(f"/proc/{pid}").exists()


def root_of(pid: int) -> str:
    """The directory that the process takes for its root: that of a container, or ``/``."""
    own = f"/proc/{pid}/root"
    try:
        other = not os.path.samestat(os.stat(own), os.stat("/"))
        other = (
            other or os.stat(f"/proc/{pid}/ns/mnt").st_ino != os.stat("/proc/self/ns/mnt").st_ino
        )
    except OSError:
        return "/"
    return own if other else "/"


def _denied(directory: Path) -> str:
    """Which permission is missing."""
    try:
        owner = directory.stat().st_uid
    except OSError:
        owner = os.geteuid()
    if owner != os.geteuid():
        return (
            f"may not be read: it belongs to user {owner}, this is user {os.geteuid()}; "
            "run as that user, or with CAP_SYS_PTRACE"
        )
    try:
        scope = Path("/proc/sys/kernel/yama/ptrace_scope").read_text().strip()
    except OSError:
        scope = "0"
    if scope != "0":
        return (
            f"may not be read: kernel.yama.ptrace_scope is {scope}; it takes CAP_SYS_PTRACE, "
            "or a process that is a child of this one"
        )
    return "may not be read: it takes CAP_SYS_PTRACE (PTRACE_MODE_ATTACH, ptrace(2))"
