"""Records of the loader, of files and file systems, and of how a library was found.

Source of the search steps: ld.so(8), "DESCRIPTION"; glibc ``elf/dl-load.c``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cache, wraps
from io import BytesIO

from collide.elf.object import ElfObject
from collide.elf.references import referred_names
from collide.support.errors import CollideError
from collide.support.records import NamedTuple, Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

    from collide.elf.code.call_graph import Calls
    from collide.elf.string_abi import StringAbi
    from collide.elf.symbols import Definition, Uses

    Parameters = ParamSpec("Parameters")
    Result = TypeVar("Result")
    FoundBy = Literal[
        "executable", "loader", "preload", "opened", "already-loaded", "path", "rpath",
        "library-path", "resolution-cache", "runpath", "ld.so.cache", "system-directory",
    ]  # fmt: skip
    """How an object was found: the steps of the loader, in their order."""


class FoundVia(NamedTuple):
    """How a library was found: the step, and the object or path that decided it."""

    how: FoundBy
    by: str | None = None

    def __str__(self) -> str:
        match self.how:
            case "rpath" | "runpath":
                return f"{self.how.upper()} of {self.by}"
            case "resolution-cache":
                return f"resolution cache of {self.by}"
            case "already-loaded":
                return f"already loaded as {self.by}"
            case "library-path":
                return "LD_LIBRARY_PATH"
            case "system-directory":
                return f"system directory {self.by}"
            case "path":
                return f"path in {self.by}" if self.by else "path"
        return self.how


class Dso:
    """One ELF file of a file system, read; compared by identity.

    ``path`` is its canonical path (no symbolic links), ``identity`` is equal for two paths of
    the same file (device and inode). Notes, texts and calls are read when they are first asked
    for, from the bytes that ``contents`` gives again. A recorded object has no bytes; its
    profile gives ``version_strings``, ``build_id`` and ``package``, the name and exact version of
    the distribution package that it came from, and ``recorded_uses`` of its functions.
    ``found`` has what functions that are :func:`once_of` an object gave for it.
    """

    __slots__ = (
        *("_build_id", "_calls", "_contents", "_of_glibc", "_refusals", "_string_abi", "_uses"),
        *("_version_strings", "elf", "found", "identity", "package", "path", "recorded_uses"),
    )

    def __init__(
        self,
        path: str,
        identity: Hashable,
        elf: ElfObject,
        contents: Callable[[], bytes | bytearray] | None = None,
        version_strings: tuple[str, ...] | None = None,
        build_id: str | None = None,
        package: tuple[str, str] | None = None,
        recorded_uses: Callable[[Definition], Uses | None] | None = None,
    ) -> None:
        self.path = path
        self.identity = identity
        self.elf = elf
        self._contents = contents
        self._version_strings = version_strings
        self._refusals: tuple[str, ...] | None = None
        self._build_id = build_id
        self.package = package
        self.recorded_uses = recorded_uses
        self._uses: dict[Definition, Uses] = {}
        self.found: dict[tuple[object, ...], Any] = {}
        self._calls: tuple[Calls | None] | None = None
        self._string_abi: tuple[StringAbi | None] | None = None
        self._of_glibc: bool | None = None

    def read(self) -> bytes | bytearray:
        """Its bytes, once more; none of a recorded object."""
        return self._contents() if self._contents else b""

    @property
    def build_id(self) -> str | None:
        """NT_GNU_BUILD_ID, hexadecimal: files that have the same are of one build."""
        if self._build_id is None and self._contents:
            from collide.elf.notes import read_notes  # late: start-up

            self._build_id = read_notes(BytesIO(self.read())).build_id
        return self._build_id

    @property
    def version_strings(self) -> tuple[str, ...]:
        """The texts that name its version (:mod:`collide.elf.strings`), and what functions and
        variables tell of it (:mod:`collide.elf.code.told_versions`).
        """
        if self._version_strings is None:
            from collide.elf.code.told_versions import told_versions  # late: start-up
            from collide.elf.strings import read_version_strings  # late: start-up

            data = self.read()
            told = told_versions(data, self.elf.exports)
            self._version_strings = (*read_version_strings(data), *told)
        return self._version_strings

    @property
    def refusals(self) -> tuple[str, ...]:
        """The texts with which it refuses a library that it was not compiled for."""
        if self._refusals is None:
            from collide.elf.strings import read_refusals  # late: start-up

            self._refusals = read_refusals(self.read())
        return self._refusals

    @property
    def string_abi(self) -> StringAbi | None:
        """The class std::string that it is compiled for (:mod:`collide.elf.string_abi`)."""
        if self._string_abi is None:
            from collide.elf.string_abi import ANY, string_abi  # late: start-up

            exported = self.elf.exports.beginning(ANY)
            names = (*exported, *referred_names(self.elf.references))
            self._string_abi = (string_abi(names),)
        return self._string_abi[0]

    def uses(self, definitions: Iterable[Definition]) -> Mapping[Definition, Uses]:
        """What functions of it use of what their arguments point to, of these and perhaps others.

        See :mod:`collide.elf.code.pointer_uses`. Those are left out of which it is not known:
        for a machine whose code is not read, or of a recorded object whose profile does not tell.
        """
        wanted = [one for one in definitions if one not in self._uses]
        if wanted and self.recorded_uses is not None:
            told = {one: self.recorded_uses(one) for one in wanted}
            self._uses.update({one: uses for one, uses in told.items() if uses is not None})
        elif wanted and self._contents is not None:
            from collide.elf.code.pointer_uses import pointer_uses  # late: start-up

            self._uses.update(pointer_uses(self.read(), wanted))
        return self._uses

    @property
    def is_of_glibc(self) -> bool:
        """Whether it is one of glibc's own: only these define or need GLIBC_PRIVATE."""
        if self._of_glibc is None:
            needs = (need.version for need in self.elf.version_needs)
            self._of_glibc = "GLIBC_PRIVATE" in (*(self.elf.version_definitions or ()), *needs)
        return self._of_glibc

    @property
    def calls(self) -> Calls | None:
        """The graph of its calls (:mod:`collide.elf.code.call_graph`); None where not known."""
        if self._calls is None:
            from collide.elf.code.call_graph import LARGEST, read_calls  # late: start-up

            again = self._contents if self.elf.code_size <= LARGEST else None
            self._calls = (read_calls(again(), again) if again else None,)
        return self._calls[0]


def once_of(
    function: Callable[Concatenate[Dso, Parameters], Result],
) -> Callable[Concatenate[Dso, Parameters], Result]:
    """Let ``function`` be run once for an object and equal other arguments.

    What it gives is kept with the object, the arguments as well: those of an object of a host
    must not hold one of a target.
    """

    @wraps(function)
    def known(dso: Dso, /, *others: Parameters.args, **none: Parameters.kwargs) -> Result:
        key = (function, *others)
        if key not in dso.found:
            dso.found[key] = function(dso, *others, **none)
        result: Result = dso.found[key]
        return result

    return known


class LoadError(CollideError):
    """The loader stops at this file instead of searching on (Rule 6.4); str() says why."""


class FileSystem(Protocol):
    """A file system as the loader sees it: a root, a wheel's members, a recorded host."""

    def open(self, path: str) -> Dso | None:
        """The object at ``path``; None where a search goes on. Raises LoadError."""

    def cached(self, name: str) -> str | None:
        """The path ld.so.cache gives for ``name``."""


class WatchedFileSystem(FileSystem):
    """Files whose use is watched: a search says which directories it tries."""

    def tries(self, directory: str, position: int) -> bool:
        """Whether the next file is tried, in the subdirectory of that position in the list."""
        raise NotImplementedError


class Loader(NamedTuple):
    """The dynamic loader of a host.

    ``libc`` is ``glibc`` or ``musl``; ``version`` its release, (2, 36) or
    (1, 2, 5). ``system_dirs`` are the directories built into it, ``hwcaps`` the active glibc-hwcaps
    subdirectories, best first, ``platform`` and ``lib`` the values of
    ``$PLATFORM`` and ``$LIB``, ``library_path`` the elements of
    LD_LIBRARY_PATH, ``cwd`` the working directory of relative names.
    ``flavour`` is that of a patched loader: ``nixos`` reads the resolution note of
    the requester, ``guix`` asks the cache before RUNPATH.
    """

    libc: str
    version: tuple[int, ...]
    path: str
    system_dirs: tuple[str, ...]
    hwcaps: tuple[str, ...] = ()
    platform: str | None = None
    lib: str | None = None
    library_path: tuple[str, ...] = ()
    cwd: str = "/"
    flavour: Literal["upstream", "nixos", "guix"] = "upstream"

    @property
    def subdirectories(self) -> tuple[str, ...]:
        """What is tried below each directory before the directory itself (Rule 6.3).

        glibc-hwcaps since 2.33; up to 2.36 also the legacy ``tls`` and
        platform directories in all their combinations (``_dl_important_hwcaps``):
        some twice, where the platform has the name of the architecture. ``avx512_1``, since
        2.26, is of Intel's CPUs alone, as the platform ``haswell`` (``sysdeps/x86/cpu-features.c``,
        HWCAP_X86_AVX512_1).
        """
        avx512 = self.platform == "haswell" and "x86-64-v4" in self.hwcaps
        words = (
            "tls",
            self.platform,
            "avx512_1" if avx512 and self.version >= (2, 26) else None,
            "x86_64" if "x86" in self.path else None,
        )
        return _subdirectories(self.version, self.hwcaps, words)


@cache
def _subdirectories(
    version: tuple[int, ...], hwcaps: tuple[str, ...], words: tuple[str | None, ...]
) -> tuple[str, ...]:
    subdirs = []
    if version >= (2, 33):
        subdirs += [f"glibc-hwcaps/{level}" for level in hwcaps]
    if version < (2, 37):
        present = [word for word in words if word]
        for count in range(2 ** len(present) - 1, 0, -1):
            bits = f"{count:0{len(present)}b}"
            chosen = [w for w, bit in zip(present, bits, strict=True) if bit == "1"]
            subdirs.append("/".join(chosen))
    return tuple(subdirs)


class Requester(Protocol):
    """A loaded object that asks for another: the part of a link map a search needs."""

    @property
    def name(self) -> str:
        """Its path as opened."""

    @property
    def origin(self) -> str:
        """The value of ``$ORIGIN`` in its strings."""

    @property
    def elf(self) -> ElfObject:
        """Its facts."""

    @property
    def needed_by(self) -> Requester | None:
        """What pulled it in (``l_loader``); None for what was opened by path."""
