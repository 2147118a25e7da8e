"""The record of a host: a top-level binary with all that it has loaded at start-up."""

from __future__ import annotations

from collide.loader.link_map import LoadFailure
from collide.loader.model import Dso, FileSystem, Loader
from collide.loader.process import Process
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal


class Python(NamedTuple):
    """The Python interpreter inside a host, as the tags of a wheel name it.

    ``implementation`` is ``cp`` or ``pp``, ``abi_flags`` the letters behind
    the version in the ABI tag (``t`` for a free-threaded CPython).
    """

    implementation: Literal["cp", "pp"]
    version: tuple[int, int]
    abi_flags: str = ""

    def __str__(self) -> str:
        return f"{self.implementation}{self.version[0]}{self.version[1]}{self.abi_flags}"


class Host(NamedTuple):
    """A host ready to open modules in.

    ``process`` is the state after start-up and all RTLD_GLOBAL openings. ``failures`` are the
    libraries that start-up did not find, and the symbols that nothing defines for a library
    opened RTLD_GLOBAL. ``path`` is the canonical path of the binary, ``preload`` and
    ``rtld_global`` are the names of libraries that were preloaded and opened so, ``arguments``
    those of a command line that selects this host.
    """

    name: str
    path: str
    architecture: str
    python: Python | None
    process: Process
    failures: tuple[LoadFailure, ...]
    preload: tuple[str, ...] = ()
    rtld_global: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()

    @property
    def global_files(self) -> frozenset[Dso]:
        """The objects of the global scope."""
        return frozenset(m.dso for m in self.process.global_scope)

    @property
    def loader(self) -> Loader:
        """The host's dynamic loader."""
        return self.process.loader

    @property
    def files(self) -> FileSystem:
        """What the host's loader can open."""
        return self.process.files
