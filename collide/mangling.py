"""Libraries of a wheel that get a name of their own, so that no host's library is taken for them.

The loader takes an object that it has loaded for any DT_NEEDED that equals its
DT_SONAME (glibc ``_dl_lookup_map``), without a look at the files. auditwheel
gives what it grafts a DT_SONAME with a hash; the same is done here for a
library that a host captures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from collide.analysis import Analysis
from collide.integrity import ObjectChange
from collide.repair_plan import Kept, Plan, Request
from collide.repair_proof import captured
from collide.search import File
from collide.wheel import Target, is_extension_module

_HASHED = re.compile(r"-[0-9a-f]{8,}\.so")


def make_mangling(target: Target, analyses: Sequence[Analysis], request: Request) -> Plan:
    """New names for the libraries that a host captures; with ``everything``, that one could."""
    names = {name for analysis in analyses for name in captured(analysis)}
    if request.everything:
        names |= {n for n in _needed(target.members.values()) if not _HASHED.search(n)}
    objects: dict[str, ObjectChange] = {}
    moved: dict[str, str] = {}
    kept = []
    libraries = {
        name: [f for p, f in target.members.items() if p.rpartition("/")[2] == name]
        for name in sorted(names)
    }
    new_names = {}
    for name, files in libraries.items():
        if not files:
            continue
        reason = _unmovable(name, files, target, request)
        if reason is not None:
            kept.append(Kept(name, reason))
            continue
        base, _, extension = name.partition(".")
        new_names[name] = f"{base}-{request.tag[1:]}.{extension}"
        for file in files:
            member = target.names[file.path]
            moved[member] = f"{member.rpartition('/')[0]}/{new_names[name]}".lstrip("/")
    for path, file in sorted(target.members.items()):
        needed = {n: new_names[n] for n in file.object.needed if n in new_names}
        soname = new_names.get(path.rpartition("/")[2])
        if needed or soname:
            objects[target.names[file.path]] = ObjectChange(soname=soname, needed=needed)
    return Plan(objects, moved, tuple(kept), {})


def _needed(files: Iterable[File]) -> set[str]:
    return {name for file in files for name in file.object.needed}


def _unmovable(name: str, files: Sequence[File], target: Target, request: Request) -> str | None:
    if name in request.reachable:
        return request.reachable[name]
    if any(is_extension_module(f) for f in files):
        return "is an extension module"
    if not any(is_extension_module(f) for f in target.members.values()):
        return "is in a wheel without modules, whose libraries are there for other packages"
    return None


def merged(first: Plan, second: Plan) -> Plan:
    """One plan that does both; the names in ``second`` are those after ``first``."""
    back = {new: old for old, new in first.moved.items()}
    later: Mapping[str, ObjectChange] = {back.get(n, n): c for n, c in second.objects.items()}
    objects = {}
    for name in sorted({*first.objects, *later}):
        one = first.objects.get(name, ObjectChange())
        two = later.get(name, ObjectChange())
        objects[name] = ObjectChange(two.closed, two.renamed, one.soname, one.needed)
    return Plan(objects, first.moved, (*first.kept, *second.kept), second.takers)


def file_names(target: Target) -> AbstractSet[str]:
    """The base names under which the wheel's libraries may be asked for."""
    return {path.rpartition("/")[2] for path in target.members}
