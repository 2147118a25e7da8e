"""What ``--profile`` names: shipped profiles, profile files, binaries."""

from __future__ import annotations

import fnmatch
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from collide.dynamic import is_elf
from collide.errors import InputError, UsageError
from collide.host import Host, extract
from collide.profiles import load_shipped, shipped_names
from collide.recorded import load
from collide.rootfs import Root


def select_hosts(
    specs: Iterable[str],
    *,
    preload: Sequence[str] = (),
    rtld_global: Sequence[str] = (),
) -> Iterator[Host]:
    """The hosts of all ``--profile`` values, in order; all shipped ones when there is none.

    A value is a shipped name or a pattern of names, a profile file, or a path
    to a binary; only for a binary can ``preload`` and ``rtld_global`` apply.
    Raises InputError or UsageError.
    """
    specs = list(specs)
    for spec in specs or shipped_names():
        shipped = shipped_names()
        names = [spec] if spec in shipped else fnmatch.filter(shipped, spec)
        if names:
            _refuse_openings(spec, preload, rtld_global)
            for name in names:
                yield load_shipped(name)._replace(arguments=("--profile", name))
            continue
        path = _existing(spec)
        if path.is_file() and _is_profile(path):
            _refuse_openings(spec, preload, rtld_global)
            yield load(path)._replace(arguments=("--profile", spec))
        else:
            host = extract(str(path), Root(), preload=preload, rtld_global=rtld_global)
            opened = (("--preload", preload), ("--global", rtld_global))
            options = [
                word for option, names in opened for name in names for word in (option, name)
            ]
            yield host._replace(arguments=("--profile", spec, *options))


def _refuse_openings(spec: str, preload: Sequence[str], rtld_global: Sequence[str]) -> None:
    if preload or rtld_global:
        raise UsageError(
            f"--preload and --global need a binary as --profile; {spec} is recorded already"
        )


def _existing(spec: str) -> Path:
    path = Path(spec)
    if spec and path.exists():
        if not path.is_file():
            raise InputError(spec, "not a regular file")
        return path.absolute()
    found = shutil.which(spec) if "/" not in spec else None
    if found is None:
        shipped = ", ".join(shipped_names())
        raise InputError(spec, f"no such profile, file or binary (shipped profiles: {shipped})")
    return Path(found)


def _is_profile(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
    except OSError as e:
        raise InputError(str(path), e.strerror or str(e)) from e
    return not is_elf(head) and not head.startswith(b"#!")
