"""Reads the releases that functions and variables of an object tell: what zlibVersion() gives.

By convention a library exports its release: as a function that returns a text or a number, or as
a variable of either. Only functions are read that do nothing else than return a constant. So the
release of a library is known that has no text with a word before its version, and of one that
is linked statically, where several libraries have such texts.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from collide.elf.constants import STT_FUNC, STT_OBJECT
from collide.elf.headers import Image
from collide.support.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from collide.elf.symbols import Definition, Exports

    _Reader = Callable[[Image, int], str | None]

_NAME = re.compile(r"version|vernum|_release$", re.IGNORECASE)
_OF_OTHERS = re.compile(r"_Z|Py|.*(?:info|check|require|min|max|set|abi)", re.IGNORECASE)
"""C++ has its type in the name; what takes or compares a version is no teller of one."""
_OF_THREE_PARTS = 10_000
"""From here on the number of an interface is a release: it has three parts of two digits."""
_VERSION = re.compile(r"(?<![\d.])\d{1,5}\.\d[\w.+-]*(?<![.+-])")
_DIGITS = re.compile(r"\d{2,9}")
_MOST = 16
_LONGEST = 64
_INT, _SIGNED, _ADDRESS = struct.Struct("<I"), struct.Struct("<i"), struct.Struct("<Q")

# An ENDBR64 or not; a number stored behind the first argument unless that is 0, or not; then
# lea rax, [rip + text], or mov eax, constant or [rip + number]; ret.
_X86_64 = re.compile(
    rb"(?:\xf3\x0f\x1e\xfa)?(?:\x48\x85\xff\x74\x06\xc7\x07....)?"
    rb"(?:\x48\x8d\x05(?P<text>....)|\xb8(?P<number>....)|\x8b\x05(?P<at>....))\xc3",
    re.DOTALL,
)
_BTI, _RET = 0xD503245F, 0xD65F03C0


def told_versions(data: bytes | bytearray, exports: Exports) -> tuple[str, ...]:
    """``zlibVersion() 1.3.1`` for each name of ``exports`` that tells a release, sorted.

    Numbers stand as they are: ``ZSTD_versionNumber() 10507``. At most 16; () where the object
    is of a machine that is not known here, or corrupt.
    """
    # Most names of a library of C++ are told by how they begin.
    names = [name for name in exports.names if not name.startswith("_Z")]
    names = sorted(name for name in names if _NAME.search(name) and not _OF_OTHERS.match(name))
    if not names:
        return ()
    try:
        image = Image(memoryview(data))
    except (FormatError, struct.error, IndexError, ValueError):
        return ()
    read = {"x86_64": _x86_64, "aarch64": _aarch64}.get(image.machine.name)
    if read is None:
        return ()
    found = []
    for name in names:
        for definition in exports.candidates(name):
            try:
                value = _value(image, definition, read)
            except (FormatError, struct.error, IndexError, ValueError):
                continue
            if value is not None and _is_release(name, value):
                found.append(f"{name}{'()' * (definition.type == STT_FUNC)} {value}")
                break
    return tuple(found[:_MOST])


def _is_release(name: str, value: str) -> bool:
    """Whether it is no number of an interface alone."""
    return "api" not in name.lower() or (value.isdigit() and int(value) >= _OF_THREE_PARTS)


def _value(image: Image, definition: Definition, read: _Reader) -> str | None:
    if definition.value is None or definition.undefined:
        return None
    if definition.type == STT_FUNC:
        return read(image, definition.value)
    if definition.type != STT_OBJECT:
        return None
    if definition.size == _INT.size:
        return _number(_INT.unpack(image.at(definition.value, _INT.size))[0])
    return _text(image, definition.value)


def _x86_64(image: Image, address: int) -> str | None:
    """Intel SDM, LEA, MOV and RET."""
    found = _X86_64.match(bytes(image.at(address)[:_LONGEST]))
    if found is None:
        return None
    if (number := found["number"]) is not None:
        return _number(_INT.unpack(number)[0])
    which = "text" if found["text"] is not None else "at"
    place = address + found.end(which) + _SIGNED.unpack(found[which])[0]
    if which == "text":
        return _text(image, place)
    return _number(_INT.unpack(image.at(place, _INT.size))[0])


def _aarch64(image: Image, address: int) -> str | None:
    """ADRP and ADD, or MOVZ and MOVK, of register 0, and RET (Arm ARM C6.2)."""
    code = image.at(address)
    words = list(_words(bytes(code[:20])))
    if words[:1] == [_BTI]:
        words, address = words[1:], address + 4
    end = words.index(_RET) if _RET in words else 0
    match words[:end]:
        case [page, add] if page & 0x9F00001F == 0x90000000 and add & 0xFFC003FF == 0x91000000:
            offset = page >> 3 & 0x1FFFFC | page >> 29 & 3
            offset -= 2 * (offset & 1 << 20)
            return _text(image, (address & ~0xFFF) + (offset << 12) + (add >> 10 & 0xFFF))
        case [low] if low & 0x7FC0001F == 0x52800000:
            return _number((low >> 5 & 0xFFFF) << (low >> 21 & 1) * 16)
        case [low, high] if low & 0x7FE0001F == 0x52800000 and high & 0x7FE0001F == 0x72A00000:
            return _number((low >> 5 & 0xFFFF) | (high >> 5 & 0xFFFF) << 16)
    return None


def _words(code: bytes) -> Iterator[int]:
    return (word for (word,) in _INT.iter_unpack(code[: len(code) // 4 * 4]))


def _number(value: int) -> str | None:
    """A number of one digit may mean anything, and so may one that has the highest bit."""
    return str(value) if 10 <= value < 1 << 31 else None


def _text(image: Image, address: int) -> str | None:
    """The version in the text at an address: with points, or all digits."""
    raw = bytes(image.at(address)[:_LONGEST]).partition(b"\0")
    if not raw[1] or not raw[0].isascii():
        return None
    text = raw[0].decode()
    if _DIGITS.fullmatch(text):
        return text
    found = _VERSION.search(text)
    return found[0] if found else None
