"""What fuzzing has found, each as small as it gets: the kind of input, and how to make it."""

from __future__ import annotations

import json
import struct
import tarfile
from collections.abc import Callable

import seeds
from collide.elf.constants import DT_INIT_ARRAYSZ
from targets import TARGETS


def _replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) == 1, data.count(old)
    return data.replace(old, new)


def _constructors_without_end() -> bytes:
    old = struct.pack("<QQ", DT_INIT_ARRAYSZ, 16)
    return _replaced(seeds.module(), old, struct.pack("<QQ", DT_INIT_ARRAYSZ, 1 << 62))


def _root_with(name: str, contents: bytes) -> bytes:
    kept = [entry for entry in seeds.system() if entry[0] != name]
    return seeds.tar([*kept, (name, tarfile.REGTYPE, contents)])


def _member_before_itself() -> bytes:
    info = tarfile.TarInfo("x")
    info.size = -tarfile.BLOCKSIZE
    return seeds.tar(seeds.system())[:1024] + info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)


def _baseline_with(value: object) -> bytes:
    (seed,) = TARGETS["baseline"].seeds()
    document = json.loads(seed)
    document["libraries"]["x"] = {"unversioned": value, "needed_by": []}
    return json.dumps(document).encode()


def _profile_with(old: bytes, new: bytes) -> bytes:
    (seed,) = TARGETS["profile"].seeds()
    assert old in seed
    return seed.replace(old, new, 1)


FINDINGS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "constructors without end": ("object", _constructors_without_end),
    "features of a CPU that are no text": (
        "root",
        lambda: _root_with("proc/cpuinfo", b"flags\t: \xf8\x83\n"),
    ),
    "a member of a tar archive that ends before it begins": ("root", _member_before_itself),
    "infinitely many names": ("baseline", lambda: _baseline_with(float("inf"))),
    "names without a number": ("baseline", lambda: _baseline_with(float("nan"))),
    "a name in a column that is a number": (
        "profile",
        lambda: _profile_with(b'"names":["', b'"names":[2147483648,"'),
    ),
    "a needed library that is a list": (
        "profile",
        lambda: _profile_with(b'"auxiliary":[]', b'"auxiliary":[[]]'),
    ),
    "a path that is a number": (
        "profile",
        lambda: _profile_with(b'"path":"/opt/libvault.so.1"', b'"path":5'),
    ),
}
"""By what is odd about each."""
