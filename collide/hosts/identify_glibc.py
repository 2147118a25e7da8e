"""Reads from the file of glibc's loader what it is: release, system directories, cache, hwcaps.

Nothing is executed. Sources: glibc ``elf/dl-load.c`` (``system_dirs``), ``csu/version.c`` (the
banner), ``sysdeps/x86/cpu-features.c``; proc(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from collide.elf.machines import Machine
from collide.filesystems.root import Root
from collide.loader.libc import GLIBC
from collide.loader.model import Dso, Loader
from collide.support.errors import InputError

_RELEASE = rb"(?:GNU C Library|ld\.so) \([^)]*\) \w+ release version (\d{1,4})\.(\d{1,4})"
# system_dirs in elf/dl-load.c: one string of NUL-terminated directories, each ending in "/".
_SYSTEM_DIRS = rb"(?:/[!-~]*lib[!-~]*/\0){2,}"
_CACHE_FILE = rb"(/[!-~]*/ld\.so\.cache)\0"


def read_glibc(data: bytes, path: str, root: Root, executable: Dso) -> Loader:
    """The loader whose file ``data`` is, interpreter ``path`` of ``executable``.

    Its ld.so.cache is loaded into ``root``. Raises InputError when it is no
    glibc loader, or names no release.
    """
    directories = re.search(_SYSTEM_DIRS, data)
    if directories is None:
        raise InputError(path, "is no glibc loader (no system directories in it)")
    system_dirs = tuple(d.decode().rstrip("/") for d in directories[0].split(b"\0") if d)
    machine = executable.elf.machine
    hwcaps, platform = cpu_features(root.read_bytes("/proc/cpuinfo") or b"", machine)
    real = root.realpath(path) or path
    guix = real.startswith("/gnu/store/")
    loader = Loader(
        libc=GLIBC.name,
        version=_release(root, data, system_dirs, path),
        path=path,
        system_dirs=system_dirs,
        hwcaps=hwcaps,
        platform=platform,
        lib=system_dirs[0].lstrip("/"),
        flavour="guix" if guix else "nixos" if b"NixOS" in data else "upstream",
    )
    cache = re.search(_CACHE_FILE, data)
    if guix:
        # One cache a package, that of the executable (guix glibc-dl-cache.patch).
        item = "/".join(executable.path.split("/")[:4])
        root.load_cache(f"{item}/etc/ld.so.cache", machine.cache_flags, hwcaps)
    elif cache:
        root.load_cache(cache[1].decode(), machine.cache_flags, hwcaps)
    return loader


def _release(root: Root, data: bytes, system_dirs: Iterable[str], path: str) -> tuple[int, int]:
    """The glibc release, from ld.so's own banner or, before 2.33, from that of libc.so.6."""
    sources = [data, *(root.read_bytes(f"{d}/libc.so.6") or b"" for d in system_dirs)]
    for source in sources:
        found = re.search(_RELEASE, source)
        if found:
            return int(found[1]), int(found[2])
    raise InputError(path, "names no glibc release")


_LEVELS = (
    ("x86-64-v4", {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}),
    ("x86-64-v3", {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"}),
    ("x86-64-v2", {"cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"}),
)
_HASWELL = {"avx2", "bmi1", "bmi2", "fma", "abm", "movbe", "popcnt"}


def cpu_features(cpuinfo: bytes, machine: Machine) -> tuple[tuple[str, ...], str | None]:
    """Active glibc-hwcaps subdirectories, best first, and the value of ``$PLATFORM``.

    They are read from the text of ``/proc/cpuinfo`` (proc(5)); without any text it is a
    baseline CPU. Sources: the x86-64 psABI's micro-architecture levels, glibc
    ``sysdeps/x86/cpu-features.c``, where only Intel's CPUs are ``haswell``.
    """
    if machine.name != "x86_64":
        return (), machine.name if machine.name in ("aarch64", "i686", "s390x") else None
    found = re.search(rb"^flags\s*:(.*)$", cpuinfo, re.MULTILINE)
    flags = set(found[1].decode("ascii", "replace").split()) if found else set()
    needed: set[str] = set()
    active = []
    for level, more in reversed(_LEVELS):
        needed |= more
        if needed <= flags:
            active.append(level)
    haswell = b"GenuineIntel" in cpuinfo and flags >= _HASWELL
    return tuple(reversed(active)), "haswell" if haswell else "x86_64"
