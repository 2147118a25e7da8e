"""Builds the process that start-up leaves: the executable, preloads, and all that they need.

Source: glibc ``elf/rtld.c`` (``dl_main``, ``handle_preload_list``), musl
``ldso/dynlink.c`` (``__dls3``).
"""

from __future__ import annotations

from collections.abc import Sequence

from collide.loader.libc import libc_of
from collide.loader.link_map import LoadFailure
from collide.loader.model import Dso, FileSystem, FoundVia, Loader
from collide.loader.process import Process


def start(
    executable: Dso,
    interpreter: Dso | None,
    loader: Loader,
    files: FileSystem,
    preload: Sequence[str] = (),
) -> tuple[Process, tuple[LoadFailure, ...]]:
    """The process after start-up: executable, preloads, and their breadth-first closure (Rule 1).

    A preload that cannot be found is a failure in the result, as ld.so warns
    and goes on.
    """
    process = libc_of(loader).new_process(executable, executable.path, loader, files)
    if interpreter is not None:
        process.add_loader(interpreter)
    roots = [process.executable]
    failures: list[LoadFailure] = []
    for name in preload:
        result = process.preload(name)
        if isinstance(result, LoadFailure):
            failures.append(result)
        elif result not in roots:
            result.found = FoundVia("preload")
            roots.append(result)
    scope, missing = process.closure(roots)
    process.end_start_up(scope)
    versions = () if missing else tuple(process.check_failures(scope))
    return process, (*failures, *missing, *versions)
