"""Decides from a wheel's tags on which hosts it can be installed.

``packaging`` knows the order of tags; it cannot know the libc of a host that is not
this machine (PEP 600, PEP 656).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from collide.loader.host import Python
from collide.loader.libc import GLIBC, libc_of
from collide.loader.model import Loader
from collide.support.errors import MissingPackageError
from collide.support.records import NamedTuple, Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    MisfitKind = Literal[
        "other architecture", "other C library", "older C library", "other interpreter",
        "like another", "nothing to open",
    ]  # fmt: skip


_LEGACY = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}


def distribution_of(filename: str) -> str:
    """The normalised name (PEP 503) of the distribution whose wheel has this file name.

    Without packaging, which a check of one wheel does not import for it.
    """
    return re.sub(r"[-_.]+", "-", filename.partition("-")[0]).lower()


class Misfit(NamedTuple):
    """Why something cannot be installed on a host: what kind of reason, and a sentence."""

    kind: MisfitKind
    reason: str


class Platform(Protocol):
    """The part of a host that decides which wheels can be installed on it."""

    @property
    def architecture(self) -> str:
        """Platform part of a wheel tag."""

    @property
    def python(self) -> Python | None:
        """Its interpreter, where that is known."""

    @property
    def loader(self) -> Loader:
        """Its dynamic loader."""

    @property
    def as_if(self) -> bool:
        """Whether the interpreter is the one that a wheel wants, in thought."""


def unsuitable(tags: Iterable[str], host: Platform) -> str | None:
    """Why a wheel with these tags cannot be installed on ``host``; None when it can."""
    found = misfit(tags, host)
    return found.reason if found else None


def misfit(tags: Iterable[str], host: Platform) -> Misfit | None:
    """What keeps a wheel with these tags from being installed on ``host``; None when nothing does.

    A tag is ``interpreter-abi-platform`` with one of each (PEP 425). Where the host's
    Python is not known, or is as the wheel wants it, any Python tag fits.
    """
    parts = [tag.split("-") for tag in tags]
    fitting = [p for p in parts if _runs(p[2], host)]
    if not fitting:
        platforms = sorted({p[2] for p in parts})
        reason = f"its platform tags ({', '.join(platforms)}) do not fit {_describe(host)}"
        return Misfit(_platform_kind(platforms, host), reason)
    if host.python is None or host.as_if:
        return None
    # packaging is asked only where the answer is not plain: its import costs more than a
    # small wheel.
    plain = [_plainly(p[0], p[1], host.python) for p in fitting]
    if True in plain:
        return None
    left = [p for p, known in zip(fitting, plain, strict=True) if known is None]
    platforms = sorted({p[2] for p in left})
    if left and not {"-".join(p) for p in left}.isdisjoint(_supported(host.python, platforms)):
        return None
    named = ", ".join(sorted({f"{p[0]}-{p[1]}" for p in parts}))
    return Misfit("other interpreter", f"its Python tags ({named}) do not fit {host.python}")


def _platform_kind(platforms: Iterable[str], host: Platform) -> MisfitKind:
    same = [p for p in platforms if p.endswith(f"_{host.architecture}")]
    if not same:
        return "other architecture"
    own = libc_of(host.loader).wheel_platform
    return "older C library" if any(p.startswith(own) for p in same) else "other C library"


def oldest_glibc(tags: Iterable[str]) -> tuple[int, int]:
    """The oldest glibc release on which the tags allow a wheel; (0, 0) when they name none."""
    oldest = []
    for platform in {tag.split("-")[2] for tag in tags}:
        policy, release, _ = platform_release(platform) or ("", (0, 0), "")
        oldest.append(release if policy == GLIBC.wheel_platform else (0, 0))
    return min(oldest, default=(0, 0))


def wanted_python(tags: Iterable[str]) -> Python | None:
    """The interpreter that a wheel with these tags was built for; None for any, or an unknown one.

    Of several it is the newest: CPython before others.
    """
    found = (_built_for(*tag.split("-")[:2]) for tag in tags)
    return max(
        (python for python in found if python is not None),
        key=lambda p: (p.implementation == "cp", p.version, p.abi_flags),
        default=None,
    )


def _built_for(interpreter: str, abi: str) -> Python | None:
    release = interpreter[2:]
    if abi == "none" or not release.isdecimal() or len(release) < 2:
        return None
    version = int(release[0]), int(release[1:])
    match interpreter[:2]:
        case "cp":
            return Python("cp", version, "t" if abi == f"{interpreter}t" else "")
        case "pp":
            return Python("pp", version)
        case "gp":
            return Python("gp", version)
    return None


def module_misfit(name: str, python: Python | None) -> str | None:
    """Why an interpreter would not import a module of this file name; None when it would.

    CPython tells by ``EXTENSION_SUFFIXES``: ``.cpython-311-x86_64-linux-gnu.so``
    is for 3.11 alone, ``.abi3.so`` and ``.so`` are for any (PEP 3149); PyPy's
    begin with ``.pypy39-``.
    """
    for part in name.rpartition("/")[2].split(".")[1:-1]:
        words = part.split("-")
        if words[0] == "cpython" and len(words) > 1:
            wanted = f"cp{words[1]}"
        elif words[0].startswith("pypy"):
            wanted = f"pp{words[0].removeprefix('pypy')}"
        else:
            continue
        if python is not None and wanted.rstrip("dmu") != str(python):
            return f"is a module for {wanted}, the host has {python}"
    return None


def _describe(host: Platform) -> str:
    version = ".".join(map(str, host.loader.version))
    return f"{host.architecture} with {host.loader.libc} {version}"


def _runs(platform: str, host: Platform) -> bool:
    """Whether the platform part of a tag fits the host's architecture and libc."""
    if platform == "any" or platform == f"linux_{host.architecture}":
        return True
    policy, release, architecture = platform_release(platform) or ("", (0, 0), "")
    return (
        policy == libc_of(host.loader).wheel_platform
        and architecture == host.architecture
        and release <= host.loader.version
    )


def platform_release(platform: str) -> tuple[str, tuple[int, int], str] | None:
    """The word that a platform tag begins with, the release that it needs, and the architecture.

    None for a tag that names no release (PEP 600, PEP 656).
    """
    word, _, rest = platform.partition("_")
    if word in _LEGACY:
        return GLIBC.wheel_platform, _LEGACY[word], rest
    numbers = rest.split("_", 2)
    if len(numbers) < 3 or not (numbers[0].isdecimal() and numbers[1].isdecimal()):
        return None
    return word, (int(numbers[0]), int(numbers[1])), numbers[2]


def _plainly(interpreter: str, abi: str, python: Python) -> bool | None:
    """Whether a tag of CPython 3 fits ``python``; None where only packaging can tell.

    Those of one release fit no other one, those of the stable ABI all later
    ones but the free-threaded (PEP 425, PEP 384, PEP 703).
    """
    minor = interpreter.removeprefix("cp3")
    if minor == interpreter or not minor.isdecimal():
        return None
    release = (3, int(minor))
    if abi == "abi3" and release >= (3, 2) and not python.abi_flags:
        return python.implementation == "cp" and release <= python.version
    if (python.implementation, python.version) != ("cp", release):
        return False if abi.startswith(interpreter) else None
    # cp37 and older have the letter of pymalloc behind it.
    return True if abi == interpreter and release >= (3, 8) and not python.abi_flags else None


def _supported(python: Python, platforms: list[str]) -> set[str]:
    try:
        from packaging.tags import compatible_tags, cpython_tags, generic_tags  # late: start-up
    except ImportError:
        raise MissingPackageError("packaging") from None

    major, minor = python.version
    if python.implementation == "cp":
        # cp36m and older carried the pymalloc flag; later releases do not.
        flags = python.abi_flags or ("m" if python.version < (3, 8) else "")
        interpreter = f"cp{major}{minor}"
        specific = set(cpython_tags(python.version, [f"{interpreter}{flags}"], platforms))
    else:
        interpreter = f"pp{major}{minor}"
        specific = set(generic_tags(interpreter, [f"pypy{major}{minor}_pp73"], platforms))
    general = compatible_tags(python.version, interpreter, [*platforms, "any"])
    return {str(tag) for tag in (*specific, *general)}
