"""The libraries in a host's search directories that its process has not loaded.

A profile keeps of most of them the name alone: a desktop has gigabytes of libraries.
"""

from __future__ import annotations

import posixpath

from collide.filesystems.root import Root
from collide.loader.host import Host
from collide.loader.libc import libc_of
from collide.wheels.policies import system_libraries

COMPILERS = (
    *("libatomic.so.1", "libgfortran.so.3", "libgfortran.so.4", "libgfortran.so.5"),
    *("libgomp.so.1", "libquadmath.so.0", "libomp.so.5", "libc++.so.1", "libc++abi.so.1"),
    *("libcrypt.so.1", "libcrypt.so.2"),
    *("libblas.so.3", "liblapack.so.3"),
)
"""What a compiler links by itself, and what needs no more than an option of it.

The runtimes of GCC and LLVM (gcc(1), ``-fopenmp``, gfortran(1)), libcrypt, which was a part of
glibc up to 2.38, and the interfaces of netlib that distributions keep for any implementation. A
wheel that was built on such a host and not repaired needs them, without a policy that allows it.
"""


def wanted_libraries(host: Host) -> tuple[str, ...]:
    """The SONAMEs that a profile records in full, as far as the host has them, sorted.

    What a policy lets a wheel need, what compilers link, and the library of the host's own Python.
    """
    names = {*system_libraries(libc_of(host.loader), host.architecture), *COMPILERS}
    if host.python is not None and host.python.implementation == "cp":
        major, minor = host.python.version
        names.add(f"libpython{major}.{minor}{host.python.abi_flags}.so.1.0")
    return tuple(sorted(names))


def findable(host: Host, root: Root) -> dict[str, str]:
    """The names for which the loader finds a library without any run path, with the paths.

    Those in its cache and in the directories built into it, sorted.
    """
    found: dict[str, str] = {}
    for name in root.cache.names(root.cache_flags) if root.cache is not None else ():
        if (path := root.cached(name)) is not None:
            found[name] = path
    for directory in host.loader.system_dirs:
        for name in root.names(directory):
            if ".so" in name:
                found.setdefault(name, posixpath.join(directory, name))
    return dict(sorted(found.items()))
