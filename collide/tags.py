"""Which hosts a wheel's tags let it be installed on.

``packaging`` knows the order of tags; what it cannot know is the libc of a
host that is not this machine (PEP 600, PEP 656).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.tags import Tag, compatible_tags, cpython_tags, generic_tags

from collide.host import Host, Python

_MANYLINUX = r"manylinux_(\d+)_(\d+)_(\w+)"
_LEGACY = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}


def unsuitable(tags: Iterable[Tag], host: Host) -> str | None:
    """Why a wheel with these tags cannot be installed on ``host``; None when it can.

    A host without a known Python is not held against the wheel.
    """
    tags = frozenset(tags)
    platforms = sorted({t.platform for t in tags if _runs(t.platform, host)})
    if not platforms:
        named = ", ".join(sorted({t.platform for t in tags}))
        return f"its platform tags ({named}) do not fit {_describe(host)}"
    if host.python is None:
        return None
    if tags.isdisjoint(_supported(host.python, platforms)):
        named = ", ".join(sorted({f"{t.interpreter}-{t.abi}" for t in tags}))
        return f"its Python tags ({named}) do not fit {host.python}"
    return None


def _describe(host: Host) -> str:
    version = ".".join(map(str, host.loader.version))
    return f"{host.architecture} with {host.loader.libc} {version}"


def _runs(platform: str, host: Host) -> bool:
    """Whether the platform part of a tag fits the host's architecture and libc."""
    if platform == "any" or platform == f"linux_{host.architecture}":
        return True
    for alias, (major, minor) in _LEGACY.items():
        platform = re.sub(rf"^{alias}_", f"manylinux_{major}_{minor}_", platform)
    found = re.fullmatch(_MANYLINUX, platform)
    return (
        found is not None
        and found[3] == host.architecture
        and host.loader.libc == "glibc"
        and (int(found[1]), int(found[2])) <= host.loader.version
    )


def _supported(python: Python, platforms: list[str]) -> set[Tag]:
    major, minor = python.version
    if python.implementation == "cp":
        # cp36m and older carried the pymalloc flag; later releases do not.
        flags = python.abi_flags or ("m" if python.version < (3, 8) else "")
        interpreter = f"cp{major}{minor}"
        specific = set(cpython_tags(python.version, [f"{interpreter}{flags}"], platforms))
    else:
        interpreter = f"pp{major}{minor}"
        specific = set(generic_tags(interpreter, [f"pypy{major}{minor}_pp73"], platforms))
    return specific | set(compatible_tags(python.version, interpreter, [*platforms, "any"]))
