"""Makes a host from a binary and the files of its system.

Nothing is executed. What the loader would ask the kernel for, or has from its own
build, is read from PT_INTERP, from the strings in ld.so and from ``/proc/cpuinfo``
of the root.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from collide.binding.binder import Binder
from collide.filesystems.root import Root
from collide.hosts.identify_glibc import read_glibc
from collide.hosts.identify_musl import is_musl, read_musl
from collide.hosts.own_modules import environment, own_modules
from collide.loader.host import Host, Python
from collide.loader.libc import libc_of
from collide.loader.link_map import LoadFailure
from collide.loader.model import Dso, Loader, LoadError
from collide.loader.opening import GLOBAL
from collide.loader.process import Process
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
    cwd: str = "/",
) -> Host:
    """The host that ``binary`` of ``root`` makes.

    ``preload`` are LD_PRELOAD names, ``rtld_global`` libraries that the binary
    opens RTLD_GLOBAL later, ``library_path`` the elements of LD_LIBRARY_PATH, or lists of
    them as the loader takes these; ``cwd`` is what relative ones of all three are relative to.
    ``ldconfig`` makes up for a missing ld.so.cache as ldconfig(8) would; without
    it a loader that has no cache searches its system directories only.
    Raises InputError when the binary or one of those cannot be read, or its
    loader is not one whose rules are known.
    """
    root.count_tries()
    preload, rtld_global = _absolute(preload, cwd), _absolute(rtld_global, cwd)
    executable = _open(root, binary)
    interpreter_path = executable.elf.interpreter
    if interpreter_path is None:
        raise InputError(binary, "has no dynamic loader (a shared library or a static executable)")
    interpreter = _open(root, interpreter_path)
    loader = loader_of(root, interpreter_path, executable, library_path, cwd)
    if ldconfig:
        _make_cache(root, executable, loader)
    process, failures = start(executable, interpreter, loader, root, preload)
    problems = [f for f in failures if _is_of(f, preload)]
    failures += tuple(_open_global(process, rtld_global, problems))
    for problem in problems:
        raise _refused(problem, (*preload, *rtld_global))
    python = find_python(m.dso for m in process.global_scope) or _original(root, binary)
    return Host(
        name=name or _default_name(root, executable.path),
        path=executable.path,
        architecture=executable.elf.architecture,
        python=python,
        process=process,
        failures=failures,
        preload=preload,
        rtld_global=rtld_global,
        own=own_modules(process, root, python, binary),
    )


def _open_global(
    process: Process, libraries: Iterable[str], problems: list[LoadFailure]
) -> Iterator[LoadFailure]:
    """Open ``libraries`` RTLD_GLOBAL; ``problems`` gets why one cannot be."""
    for library in libraries:
        opened = process.dlopen(library, GLOBAL)
        if isinstance(opened, LoadFailure):
            problems.append(opened)
            continue
        problems += opened.failures
        # Opened with RTLD_LAZY it may do without a function: reported, and not refused.
        bound = Binder(process).bind(opened)
        process.static_tls = bound.static_tls
        yield from (f for f in bound.failures if f not in problems)


def _is_of(failure: LoadFailure, asked: Sequence[str]) -> bool:
    if failure.kind in ("load-command", "executable-stack", "cpu-level"):
        return failure.name in [posixpath.basename(name) for name in asked]
    return failure.name in asked


def _refused(failure: LoadFailure, asked: Sequence[str]) -> InputError:
    """The error for a library that was asked for by name and is not in the host."""
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


def _make_cache(root: Root, executable: Dso, loader: Loader) -> None:
    """Give ``root`` the cache that ldconfig(8) would write, where its loader finds none."""
    if root.cache is not None or loader.flavour != "upstream" or not libc_of(loader).has_ld_cache:
        return
    from collide.hosts.ldconfig import make_cache  # late: start-up

    flags = executable.elf.machine.cache_flags
    root.cache = make_cache(root, executable.elf, flags, loader.system_dirs)
    root.cache_flags, root.hwcaps = flags, loader.hwcaps


# -- names ----------------------------------------------------------------------------------------

_LIBPYTHON = r"(?:lib)?(python|pypy)(\d)\.(\d+)([a-z]*)(?:-c)?(?:\.so(?:\.[\d.]+)?)?"


def find_python(scope: Iterable[Dso]) -> Python | None:
    """The interpreter among these objects, by the name of libpython or of the binary.

    None when there is none, or its version cannot be known without running it.
    """
    names = (name for dso in scope for name in (dso.elf.soname, posixpath.basename(dso.path)))
    return next(filter(None, map(_named, names)), None)


def _original(root: Root, binary: str) -> Python | None:
    """The interpreter of which ``binary`` is the copy in a virtual environment, called python."""
    return _named(posixpath.basename(environment(root, binary).get("executable", "")))


def _named(name: str | None) -> Python | None:
    """The interpreter that a binary or a libpython of this name has."""
    found = re.fullmatch(_LIBPYTHON, name or "")
    if found is None:
        return None
    # d, m and u are no part of today's ABI tags; t is free threading.
    flags = "t" if "t" in found[4] else ""
    version = int(found[2]), int(found[3])
    return Python("cp" if found[1] == "python" else "pp", version, flags)


def _default_name(root: Root, path: str) -> str:
    release = (root.read_bytes("/etc/os-release") or b"").decode("utf-8", "replace")
    fields = dict(line.split("=", 1) for line in release.splitlines() if "=" in line)
    parts = [fields.get("ID", ""), fields.get("VERSION_ID", ""), posixpath.basename(path)]
    return "-".join(p.strip("\"'") for p in parts if p)


def _absolute(libraries: Iterable[str], cwd: str) -> tuple[str, ...]:
    """Names of libraries; one with a slash is a path, which is not searched."""
    return tuple(posixpath.join(cwd, name) if "/" in name else name for name in libraries)


def loader_of(
    root: Root,
    path: str,
    executable: Dso,
    library_path: Sequence[str] = (),
    cwd: str = "/",
) -> Loader:
    """The loader at ``path``, as it serves ``executable``."""
    data = root.read_bytes(path) or b""
    if is_musl(data):
        loader = read_musl(data, path, root)
    else:
        loader = read_glibc(data, path, root, executable)
    expanded = libc_of(loader).expand_library_path(library_path, executable, loader)
    absolute = (posixpath.join(cwd, element).rstrip("/") or "/" for element in expanded)
    return loader._replace(library_path=tuple(absolute))
