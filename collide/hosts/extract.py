"""A host out of the files of its system.

Nothing is executed. What the loader would read from the kernel or from its own
build is read from the same places: PT_INTERP, the strings in ld.so,
``/proc/cpuinfo`` of the root.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence

from collide.binding.binder import Binder
from collide.elf.machines import Machine
from collide.filesystems.root import Root
from collide.hosts.identify_musl import is_musl, read_loader
from collide.loader.host import Host, Python
from collide.loader.libc import expand_library_path
from collide.loader.link_map import LoadFailure
from collide.loader.model import Dso, Loader, LoadError
from collide.loader.startup import start
from collide.support.errors import InputError


def extract(
    binary: str,
    root: Root,
    *,
    name: str | None = None,
    preload: Sequence[str] = (),
    rtld_global: Sequence[str] = (),
    library_path: Sequence[str] = (),
    ldconfig: bool = False,
) -> Host:
    """The host that ``binary`` of ``root`` makes.

    ``preload`` are LD_PRELOAD names, ``rtld_global`` libraries that the binary
    opens RTLD_GLOBAL later, ``library_path`` the elements of LD_LIBRARY_PATH.
    ``ldconfig`` makes up for a missing ld.so.cache as ldconfig(8) would; without
    it a loader that has no cache searches its system directories only.
    Raises InputError when the binary or one of those cannot be read, or its
    loader is not one whose rules are known.
    """
    executable = _open(root, binary)
    interpreter_path = executable.elf.interpreter
    if interpreter_path is None:
        raise InputError(binary, "has no dynamic loader (a shared library or a static executable)")
    interpreter = _open(root, interpreter_path)
    loader = _loader(root, interpreter_path, executable)
    if ldconfig and root.cache is None and loader.libc == "glibc" and loader.flavour == "upstream":
        _make_cache(root, executable, loader)
    loader = loader._replace(library_path=expand_library_path(library_path, executable, loader))
    process, failures = start(executable, interpreter, loader, root, preload)
    problems = [f for f in failures if f.name in preload]
    for library in rtld_global:
        opened = process.dlopen(library, rtld_global=True)
        if isinstance(opened, LoadFailure):
            problems.append(opened)
            continue
        problems += opened.failures
        # Opened with RTLD_LAZY it may do without a function: told, and not refused.
        failures += tuple(f for f in Binder(process).bind(opened).failures if f not in problems)
    for problem in problems:
        raise _refused(problem, (*preload, *rtld_global))
    return Host(
        name=name or _default_name(root, executable.path),
        path=executable.path,
        architecture=executable.elf.architecture,
        python=find_python(m.dso for m in process.global_scope),
        process=process,
        failures=failures,
        preload=tuple(preload),
        rtld_global=tuple(rtld_global),
    )


def _refused(failure: LoadFailure, asked: Sequence[str]) -> InputError:
    """Why a library that was asked for by name is not in the host."""
    if failure.name in asked:
        return InputError(failure.name, failure.detail or "no such library on this host")
    why = f"{failure.kind} {failure.name} {failure.detail}".rstrip()
    return InputError(failure.object, f"cannot be opened: {why}")


def _open(root: Root, path: str) -> Dso:
    head = root.read_head(path)
    if head is None:
        raise InputError(path, "no such file")
    if head.startswith(b"#!"):
        line = head.split(b"\n")[0].decode("utf-8", "replace")
        raise InputError(path, f"is a script ({line}); name the binary that runs it")
    try:
        dso = root.open(path)
    except LoadError as e:
        raise InputError(path, str(e).removeprefix(f"{path}: ")) from e
    if dso is None:
        raise InputError(path, "is no ELF file of a known machine, or cannot be read")
    return dso


# -- the loader ---------------------------------------------------------------------------------

_RELEASE = rb"(?:GNU C Library|ld\.so) \([^)]*\) \w+ release version (\d+)\.(\d+)"
# system_dirs in elf/dl-load.c: one string of NUL-terminated directories, each ending in "/".
_SYSTEM_DIRS = rb"(?:/[!-~]*lib[!-~]*/\0){2,}"
_CACHE_FILE = rb"(/[!-~]*/ld\.so\.cache)\0"


def _loader(root: Root, path: str, executable: Dso) -> Loader:
    data = root.read_bytes(path) or b""
    if is_musl(data):
        return read_loader(data, path, root)
    directories = re.search(_SYSTEM_DIRS, data)
    if directories is None:
        raise InputError(path, "is no glibc loader (no system directories in it)")
    system_dirs = tuple(d.decode().rstrip("/") for d in directories[0].split(b"\0") if d)
    machine = executable.elf.machine
    hwcaps, platform = cpu_features(root.read_bytes("/proc/cpuinfo") or b"", machine)
    real = root.realpath(path) or path
    guix = real.startswith("/gnu/store/")
    loader = Loader(
        libc="glibc",
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


def _make_cache(root: Root, executable: Dso, loader: Loader) -> None:
    from collide.hosts.ldconfig import make_cache

    flags = executable.elf.machine.cache_flags
    root.cache = make_cache(root, executable.elf, flags, loader.system_dirs)
    root.cache_flags, root.hwcaps = flags, loader.hwcaps


def _release(root: Root, data: bytes, system_dirs: Iterable[str], path: str) -> tuple[int, int]:
    """The glibc release, from ld.so's own banner or, before 2.33, from libc.so.6's."""
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
    """Active glibc-hwcaps subdirectories, best first, and ``$PLATFORM``.

    From the text of ``/proc/cpuinfo`` (proc(5)); an empty one is a baseline
    CPU. Sources: the x86-64 psABI's micro-architecture levels, glibc
    ``sysdeps/x86/cpu-features.c``, where only Intel's CPUs are ``haswell``.
    """
    if machine.name != "x86_64":
        return (), machine.name if machine.name in ("aarch64", "i686", "s390x") else None
    found = re.search(rb"^flags\s*:(.*)$", cpuinfo, re.MULTILINE)
    flags = set(found[1].decode().split()) if found else set()
    needed: set[str] = set()
    active = []
    for level, more in reversed(_LEVELS):
        needed |= more
        if needed <= flags:
            active.append(level)
    haswell = b"GenuineIntel" in cpuinfo and flags >= _HASWELL
    return tuple(reversed(active)), "haswell" if haswell else "x86_64"


# -- names ----------------------------------------------------------------------------------------

_LIBPYTHON = r"(?:lib)?(python|pypy)(\d)\.(\d+)([a-z]*)(?:-c)?(?:\.so(?:\.[\d.]+)?)?"


def find_python(scope: Iterable[Dso]) -> Python | None:
    """The interpreter among these objects: by the name of libpython or of the binary.

    None when there is none, or its version cannot be told without running it.
    """
    for dso in scope:
        for name in (dso.elf.soname, posixpath.basename(dso.path)):
            found = re.fullmatch(_LIBPYTHON, name or "")
            if found:
                # d, m and u are no part of today's ABI tags; t is free threading.
                flags = "t" if "t" in found[4] else ""
                version = int(found[2]), int(found[3])
                return Python("cp" if found[1] == "python" else "pp", version, flags)
    return None


def _default_name(root: Root, path: str) -> str:
    release = (root.read_bytes("/etc/os-release") or b"").decode("utf-8", "replace")
    fields = dict(line.split("=", 1) for line in release.splitlines() if "=" in line)
    parts = [fields.get("ID", ""), fields.get("VERSION_ID", ""), posixpath.basename(path)]
    return "-".join(p.strip("\"'") for p in parts if p)
