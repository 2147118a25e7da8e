"""Reads from the file of musl's loader, which is its libc, what it is: release and directories.

Source: musl ``ldso/dynlink.c`` (``load_library``: the path file), ``VERSION``
(``__libc_version``). Nothing is executed.
"""

from __future__ import annotations

import re

from collide.filesystems.root import Root
from collide.loader.libc import MUSL
from collide.loader.model import Loader
from collide.support.errors import InputError

_PATH_FILE = rb"%\.\*s(/etc/ld-musl-[!-~]+\.path)\0"
_RELEASE = rb"(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?:-git-[!-~]+)?\0"
# A constant that is no text may stand before it (i386): no NUL then.
_VERSIONS = (rb"\0" + _RELEASE, rb"(?<![\w.-])" + _RELEASE)
_DEFAULT_PATH = rb"\0((?:/[!-9;-~]*lib:)+/[!-9;-~]*lib)\0"


def is_musl(data: bytes) -> bool:
    """Whether these are the bytes of a musl libc."""
    return re.search(_PATH_FILE, data) is not None


def read_musl(data: bytes, path: str, root: Root) -> Loader:
    """The loader whose file ``data`` is, found at ``path`` in ``root``.

    Raises InputError when it names no release or no directories.
    """
    version = next(filter(None, (re.search(pattern, data) for pattern in _VERSIONS)), None)
    path_file, default = re.search(_PATH_FILE, data), re.search(_DEFAULT_PATH, data)
    if version is None or path_file is None or default is None:
        raise InputError(path, "names no musl release, or no directories to search")
    # The prefix is what stands in front of the loader's own directory.
    prefix = path.rpartition("/")[0].rpartition("/")[0]
    configured = root.read_bytes(f"{prefix}{path_file[1].decode()}")
    searched = (default[1] if configured is None else configured).partition(b"\0")[0]
    return Loader(
        libc=MUSL.name,
        version=tuple(map(int, version.groups())),
        path=path,
        system_dirs=tuple(
            d.decode("utf-8", "surrogateescape") for d in re.split(rb"[:\n]", searched) if d
        ),
    )
