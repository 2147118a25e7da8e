"""Plans other names for libraries of a wheel.

The loader takes an object that it has loaded for any DT_NEEDED that equals its
DT_SONAME (glibc ``_dl_lookup_map``), without a look at the files. auditwheel
gives a library that it copies into a wheel a DT_SONAME with a hash of its contents;
the same is done here for a library that a host captures. A library that defines other
names than before needs a new hash, too: another wheel may hold the old one, and the
loader would take one for the other.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from collide.analysis.analysis import Analysis
from collide.analysis.history import behind_imports
from collide.loader.model import Dso
from collide.repair.plan import KeptName, ObjectChange, Plan, RepairRequest
from collide.repair.takers import captured
from collide.wheels.grafted import is_grafted, without_hash
from collide.wheels.target import Target, is_extension_module


def capturable(target: Target, analyses: Iterable[Analysis], request: RepairRequest) -> set[str]:
    """File names of libraries that a host captures; with ``everything``, that one could capture.

    A host captures also what an import of its interpreter's own modules takes the place of, if
    something fails for that.
    """
    names: set[str] = set()
    for analysis in analyses:
        names.update(captured(analysis))
        if analysis.depends_on_history:
            names.update(_captured_by_imports(analysis))
    if request.everything:
        needed = {n for dso in target.members.values() for n in dso.elf.needed}
        names |= {name for name in needed & member_file_names(target) if not is_grafted(name)}
    return names


def _captured_by_imports(analysis: Analysis) -> Iterator[str]:
    """The same for imports behind which a module fails, or which fail behind a module."""
    bundled = member_file_names(analysis.target)
    for behind in behind_imports(analysis):
        failing = {name for name, _ in behind.refused}
        failing.update(m.name for m in behind.after.modules if m.failures)
        brings = behind.module.brings
        for module in behind.alone.modules:
            if module.name in failing:
                needs = analysis.foreign_needs(module)
                yield from (
                    n for n in bundled & needs.keys() if brings.get(n, needs[n]) != needs[n]
                )


def renamed_libraries(target: Target, plan: Plan) -> set[str]:
    """File names of libraries that others need and in which ``plan`` renames a definition."""
    needed = {name for dso in target.members.values() for name in dso.elf.needed}
    return {
        name
        for path, dso in target.members.items()
        if (name := path.rpartition("/")[2]) in needed
        and (change := plan.objects.get(target.names[dso.path]))
        and any(dso.elf.exports.candidates(name) for name in change.renamed)
    }


def plan_sonames(
    target: Target,
    names: Iterable[str],
    request: RepairRequest,
    taken: AbstractSet[str] = frozenset(),
) -> Plan:
    """The plan that gives the libraries called ``names`` other file names and DT_SONAMEs.

    Hosts have libraries of the names ``taken`` themselves.
    """
    objects: dict[str, ObjectChange] = {}
    moved: dict[str, str] = {}
    new_names: dict[str, str] = {}
    libraries = {name: dsos for name in sorted(names) if (dsos := _members_called(target, name))}
    kept = _kept_names(target, libraries, request, taken)
    for name, dsos in libraries.items():
        if name in kept:
            continue
        base, _, extension = name.partition(".")
        plain = f"{without_hash(base)}-{request.tag[1:]}.{extension}"
        twice = plain in new_names.values()
        new_names[name] = f"{base}-{request.tag[1:]}.{extension}" if twice else plain
        for dso in dsos:
            member = target.names[dso.path]
            moved[member] = f"{member.rpartition('/')[0]}/{new_names[name]}".lstrip("/")
    for path, dso in sorted(target.members.items()):
        needed = {n: new_names[n] for n in dso.elf.needed if n in new_names}
        # A library without DT_SONAME is known by the name that it is needed by.
        name = path.rpartition("/")[2]
        soname = new_names.get(name) if dso.elf.soname else None
        if needed or name in new_names:
            objects[target.names[dso.path]] = ObjectChange(soname=soname, needed=needed)
    return Plan(objects, moved, tuple(KeptName(*one) for one in sorted(kept.items())), {})


def _members_called(target: Target, name: str) -> list[Dso]:
    return [dso for path, dso in target.members.items() if path.rpartition("/")[2] == name]


def _kept_names(
    target: Target,
    libraries: Mapping[str, Sequence[Dso]],
    request: RepairRequest,
    taken: AbstractSet[str],
) -> dict[str, str]:
    """The libraries that must keep their names, with the reasons.

    Where hosts have one of these, they have those that it goes together with of the same release:
    what it needs, and what needs it, would be of another one under a name of its own.
    """
    # All that may be asked for, at once: the wheel is read for it.
    needed = {name for dso in target.members.values() for name in dso.elf.needed}
    opened = request.opened((needed & member_file_names(target)) | libraries.keys())
    kept = {
        name: reason
        for name, dsos in libraries.items()
        if (reason := opened.get(name) or _unmovable(dsos, target)) is not None
    }
    beside = [name for name in kept if name in taken]
    while beside:
        one = beside.pop()
        needed = {n for dso in _members_called(target, one) for n in dso.elf.needed}
        for name, dsos in libraries.items():
            together = name in needed or any(one in dso.elf.needed for dso in dsos)
            if together and name not in kept:
                kept[name] = f"goes together with {one}, which hosts have and which keeps its name"
                beside.append(name)
    return kept


def _unmovable(dsos: Sequence[Dso], target: Target) -> str | None:
    if any(is_extension_module(f) for f in dsos):
        return "is an extension module"
    if not any(is_extension_module(f) for f in target.members.values()):
        return "is in a wheel without modules, whose libraries are there for other packages"
    return None


def show_where_moved(target: Target, analyses: Iterable[Analysis], plan: Plan) -> Plan:
    """``plan``, of which ``target`` is the result, with search paths to what is not found in it."""
    places: dict[str, str] = {}
    for path in sorted(target.members, reverse=True):
        places[posixpath.basename(path)] = path
    new_names = {posixpath.basename(new) for new in plan.moved.values()}
    search: dict[str, set[str]] = {}
    for analysis in analyses:
        for failure in (f for module in analysis.modules for f in module.failures):
            known = failure.object in target.names and failure.name in places
            if failure.kind == "missing-library" and failure.name in new_names and known:
                start = posixpath.dirname(failure.object)
                way = posixpath.relpath(posixpath.dirname(places[failure.name]), start)
                search.setdefault(target.names[failure.object], set()).add(f"$ORIGIN/{way}")
    objects = dict(plan.objects)
    back = {new: old for old, new in plan.moved.items()}
    for name, directories in search.items():
        member = back.get(name, name)
        change = objects.get(member, ObjectChange())
        objects[member] = change._replace(search=(*change.search, *sorted(directories)))
    return plan._replace(objects=objects)


def merge_plans(first: Plan, second: Plan) -> Plan:
    """One plan that does both; the names in ``second`` are those after ``first``."""
    back = {new: old for old, new in first.moved.items()}
    later: Mapping[str, ObjectChange] = {back.get(n, n): c for n, c in second.objects.items()}
    objects = {}
    for name in sorted({*first.objects, *later}):
        one = first.objects.get(name, ObjectChange())
        two = later.get(name, ObjectChange())
        objects[name] = one._replace(closed=two.closed, renamed=two.renamed)
    return Plan(objects, first.moved, (*first.kept, *second.kept), second.takers)


def member_file_names(target: Target) -> AbstractSet[str]:
    """The file names of the target's members, without directories."""
    return {path.rpartition("/")[2] for path in target.members}
