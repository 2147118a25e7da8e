"""The limits on what an input may ask for: one table, with names, defaults and meanings.

Inputs come from strangers, and a few KiB can say that they hold gigabytes. Whatever goes beyond a
limit is a :class:`LimitError` that names the limit and the input. The defaults are far above what
wheels on the index and images of distributions need. ``--limit NAME=VALUE`` and the environment
(``COLLIDE_LIMIT_NAME``) change them for a run; ``docs/security.md`` has the same table.
"""

from __future__ import annotations

from collections.abc import Mapping

from collide.support.errors import InputError, UsageError
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Unit = Literal["bytes", "seconds", "times", ""]

_FACTORS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class Limit(NamedTuple):
    """One limit: its name, its default in ``unit``, and what is counted."""

    name: str
    default: int
    unit: Unit
    what: str


LIMITS = (
    Limit("member-size", 4 << 30, "bytes", "one member of a wheel, inflated"),
    Limit("wheel-size", 16 << 30, "bytes", "all members of a wheel, inflated"),
    Limit("ratio-from", 64 << 20, "bytes", "inflated bytes up to which no ratio counts"),
    Limit("member-ratio", 200, "times", "inflated bytes of a member to those in the archive"),
    Limit("wheel-ratio", 50, "times", "inflated bytes of a wheel to its size, as on PyPI"),
    Limit("entries", 500_000, "", "entries in the directory of a wheel"),
    Limit("record-size", 16 << 20, "bytes", "RECORD of a wheel"),
    Limit("object-size", 2 << 30, "bytes", "one ELF object on disk or in a root"),
    Limit("segments", 512, "", "program headers of an object"),
    Limit("symbols", 100_000, "", "dynamic symbols of an object, above one for each 192 bytes"),
    Limit("names", 512 << 20, "bytes", "names of an object in all"),
    Limit("name-ratio", 8, "times", "names of an object in all to its string table"),
    Limit("needs", 2_000_000, "", "DT_NEEDED of all modules with their closures, on one host"),
    Limit("run-path", 1 << 20, "bytes", "DT_RPATH or DT_RUNPATH of an object"),
    Limit("tries", 1_000_000, "", "paths that a search for libraries tries, on one host"),
    Limit("profile-size", 256 << 20, "bytes", "a profile, inflated"),
    Limit("text-size", 32 << 20, "bytes", "a baseline, an allow-list, the JSON of an image"),
    Limit("configuration-size", 256 << 10, "bytes", "pyproject.toml or collide.toml"),
    Limit("json-values", 8_000_000, "", "values in a JSON document"),
    Limit("nesting", 16, "", "files of one kind that name each other: indexes, ld.so.conf"),
    Limit("layers", 500, "", "layers of an image"),
    Limit("root-size", 32 << 30, "bytes", "compressed layers and archives of a root, inflated"),
    Limit("held-size", 2 << 30, "bytes", "of these, what xz, bzip2 and zstd keep in memory"),
    Limit("root-ratio", 200, "times", "inflated bytes of a layer or archive to its own"),
    Limit("root-entries", 3_000_000, "", "files and directories of a root in an archive"),
    Limit("path-length", 4096, "bytes", "a path in an archive, or one with $ORIGIN replaced"),
    Limit("links", 10_000_000, "", "parts of paths behind symbolic links in an archive"),
    Limit("includes", 1_000_000, "", "names that ld.so.conf compares with its patterns"),
    Limit("cache-size", 8 << 20, "bytes", "ld.so.cache"),
    Limit("database-size", 512 << 20, "bytes", "a file of a package database"),
    Limit("python-size", 4 << 20, "bytes", "a Python file that is read for openings"),
    Limit("python-steps", 1_000_000, "", "steps of Python code: a package's imports, or a module"),
    Limit("core-segments", 1_000_000, "", "segments of a core file"),
    Limit("core-notes", 256 << 20, "bytes", "notes of a core file in all"),
    Limit("snapshot-size", 100 << 20, "bytes", "memory of a process that is copied at a stop"),
    Limit("loaded-objects", 50_000, "", "objects in one link map of a process"),
    Limit("namespaces", 64, "", "link maps of a process"),
    Limit("frames", 4096, "", "frames of a stack that are walked"),
    Limit("special-files", 0, "", "1 reads files that are no regular ones: pipes, devices"),
    Limit("time", 600, "seconds", "CPU time of a process for one input, read and checked; 0: none"),
)  # fmt: skip
"""All limits, in the order of ``docs/security.md``."""

_BY_NAME = {limit.name: limit for limit in LIMITS}
_values = {limit.name: limit.default for limit in LIMITS}


class LimitError(InputError):
    """An input that goes beyond a limit; ``path`` is empty as long as it is not known."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        if not path:
            self.args = (reason,)

    def inside(self, path: str) -> LimitError:
        """The same of what is called ``path``; of a part of it when a name is known already."""
        return LimitError(f"{path}: {self.path}" if self.path else path, self.reason)


def value(name: str) -> int:
    """The value of a limit in this run."""
    return _values[name]


def exceeded(name: str, path: str = "") -> LimitError:
    """The error for what goes beyond a limit."""
    limit = _BY_NAME[name]
    shown = show(value(name), limit.unit)
    return LimitError(path, f"beyond the limit {name} ({limit.what}: at most {shown})")


def limit_in(reason: str) -> str:
    """The name of the limit that the reason of :func:`exceeded` tells; empty for another reason."""
    _, _, behind = reason.partition("beyond the limit ")
    name = behind.partition(" ")[0]
    return name if name in _BY_NAME else ""


def hold(name: str, found: int, path: str = "") -> None:
    """Raise LimitError where ``found`` is beyond a limit."""
    if found > _values[name]:
        raise exceeded(name, path)


def hold_ratio(name: str, inflated: int, packed: int, path: str = "") -> None:
    """Raise LimitError where what inflates beyond ``ratio-from`` does so too many times."""
    if inflated > _values["ratio-from"] and inflated > _values[name] * packed:
        raise exceeded(name, path)


def show(number: int, unit: Unit) -> str:
    """A value as the page about security has it: ``64 MiB``, ``200 times``, ``4,096``."""
    if unit == "bytes":
        for factor, name in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
            if number and not number % (1 << factor):
                return f"{number >> factor:,} {name}"
    return f"{number:,} {unit}".rstrip()


def override(settings: Mapping[str, str]) -> None:
    """Set limits by name; a value may end in K, M or G (1024, its square, its cube).

    Raises UsageError for a name or a value that is none.
    """
    found = {}
    for name, text in settings.items():
        if name not in _BY_NAME:
            raise UsageError(f"no limit is called {name}; there are {', '.join(_BY_NAME)}")
        digits = text[:-1] if text[-1:].upper() in _FACTORS else text
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 20):
            raise UsageError(f"{text!r} is no value of the limit {name}: write 100, 64M or 2G")
        found[name] = int(digits) * _FACTORS.get(text[-1:].upper(), 1)
    _values.update(found)
