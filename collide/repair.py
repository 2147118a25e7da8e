"""A wheel that no host can take symbols from: planned, proven in memory, written, proven again.

The steps are in modules of their own: :mod:`collide.entrypoints` (what must
stay), :mod:`collide.mangling` and :mod:`collide.repair_plan` (what to change),
:mod:`collide.repair_mind` (in memory), :mod:`collide.patching` (in bytes),
:mod:`collide.integrity` and :mod:`collide.repair_proof` (whether it is right).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from collide.analysis import Analysis, analyse
from collide.archive import Archive, Edit, Member, rewrite_wheel, signatures
from collide.dynamic import DT_STRSZ, DT_STRTAB, Image
from collide.elf import read_object
from collide.entrypoints import asks_by_name, entry_points, names_in_python, names_in_text
from collide.errors import FormatError, InputError, UsageError
from collide.host import Host
from collide.integrity import ObjectChange, difference
from collide.mangling import file_names, make_mangling, merged
from collide.patching import (
    close_symbols,
    file_offset,
    find_patchelf,
    rename_libraries,
    rename_symbols,
)
from collide.repair_mind import apply
from collide.repair_plan import Method, Plan, Request, make_plan
from collide.repair_proof import Proof, prove
from collide.tags import oldest_glibc
from collide.wheel import Target, read_target

REPORT = "collide-repair.json"
"""The member of ``.dist-info`` that says what was changed."""
_ATTESTATIONS = (".attestation", ".asc", ".sig", ".sigstore", ".sigstore.json")


class Options(NamedTuple):
    """What the user asks for; ``glibc`` None means what the wheel's tags allow."""

    method: Method = "auto"
    everything: bool = False
    glibc: tuple[int, ...] | None = None


class Prepared(NamedTuple):
    """A repair that is proven in memory.

    ``analyses`` are those of the wheel as it is, on every host that it fits,
    ``left_out`` those that it does not; ``invalidated`` are signatures and
    attestations that do not hold for the result.
    """

    path: Path
    target: Target
    request: Request
    analyses: tuple[Analysis, ...]
    left_out: tuple[Analysis, ...]
    plan: Plan
    proofs: tuple[Proof, ...]
    invalidated: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Whether there is anything to change."""
        return bool(self.plan.objects)


def prepare(path: Path, hosts: Iterable[Host], options: Options) -> Prepared:
    """Plan the repair of one wheel and prove it in memory; nothing is written.

    Raises InputError for a wheel that cannot be read whole, or that cannot be
    repaired without breaking something else.
    """
    if path.suffix != ".whl" or not path.is_file():
        raise InputError(str(path), "is no wheel")
    target = read_target(path)
    if target.problems:
        raise target.problems[0]
    analyses = [analyse(target, host) for host in hosts]
    fitting = tuple(a for a in analyses if a.left_out is None)
    left_out = tuple(a for a in analyses if a.left_out is not None)
    nothing = Plan({}, {}, (), {})
    if not fitting:
        return Prepared(path, target, Request(), (), left_out, nothing, (), ())
    with Archive(path) as archive:
        request = _request(archive, target, fitting, options)
        first = make_mangling(target, fitting, request)
        moved = apply(target, first) if first.objects else target
        between = tuple(analyse(moved, a.host) for a in fitting) if first.objects else fitting
        second = make_plan(moved, between, request)
        plan = merged(first, second)
        invalidated = tuple(_invalidated(archive, path, plan)) if plan.objects else ()
    after = apply(moved, second)
    proofs = tuple(
        _proof(original, a, analyse(after, a.host), second)
        for original, a in zip(fitting, between, strict=True)
    )
    for proof in proofs:
        if proof.broken:
            raise InputError(str(path), f"not repaired: on {proof.host}, {proof.broken[0]}")
    return Prepared(path, target, request, fitting, left_out, plan, proofs, invalidated)


def _proof(original: Analysis, before: Analysis, after: Analysis, plan: Plan) -> Proof:
    """Besides what :func:`prove` says: nothing fails that did not before names were mangled."""
    proof = prove(before, after, plan)
    if original is before:
        return proof
    known = {(f.kind, f.name) for m in original.modules for f in m.failures}
    new = [
        f"{m.name} would fail to load: {f.kind} {f.name}"
        for m in after.modules
        for f in m.failures
        if (f.kind, f.name) not in known
    ]
    return proof._replace(broken=(*proof.broken, *new))


def write(prepared: Prepared, directory: Path, report: Callable[[Prepared], bytes]) -> Path:
    """Write the repaired wheel into ``directory`` under its own name and return its path.

    ``report`` makes the report that goes into ``.dist-info``. The file appears
    whole, after its bindings were proven again, or not at all. A wheel that
    needs no change is copied as it is. Raises InputError with object and
    reason.
    """
    path = prepared.path
    output = directory / path.name
    if output.exists() and output.samefile(path):
        raise UsageError(f"{path}: the result would be written over it; name another directory")
    directory.mkdir(parents=True, exist_ok=True)
    if not prepared.changes:
        _copy(path, output)
        return output
    with Archive(path) as archive:
        contents = dict(_patched(archive, prepared.plan))
        info = archive.record.filename.rpartition("/")[0]
        added = (Member(f"{info}/{REPORT}", report(prepared)),)
        edit = Edit(contents, prepared.plan.moved, added)
        try:
            rewrite_wheel(archive, output, edit, lambda made: _prove_written(prepared, made))
        except OSError as e:
            raise InputError(str(output), e.strerror or str(e)) from e
    return output


def _copy(source: Path, output: Path) -> None:
    partial = output.with_name(f".{output.name}.partial")
    try:
        partial.write_bytes(source.read_bytes())
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)


def _patched(archive: Archive, plan: Plan) -> Iterator[tuple[str, bytes]]:
    needs_patchelf = any(c.renamed or c.soname or c.needed for c in plan.objects.values())
    patchelf = find_patchelf() if needs_patchelf else ""
    for info in archive.elf_members():
        change = plan.objects.get(info.filename)
        if change is not None:
            data = archive.read(info)
            try:
                changed = patched_object(data, change, patchelf)
            except FormatError as e:
                raise InputError(f"{archive.path}: {info.filename}", f"not repaired: {e}") from e
            yield info.filename, changed


def patched_object(data: bytes, change: ObjectChange, patchelf: str) -> bytes:
    """The bytes of one object after ``change``; FormatError when they would be wrong."""
    changed = rename_libraries(data, change.soname, change.needed, patchelf)
    changed = rename_symbols(changed, change.renamed, patchelf)
    closed = {change.renamed.get(n, n): visibility for n, visibility in change.closed.items()}
    changed = close_symbols(changed, closed)
    wrong = difference(data, changed, change)
    if wrong is not None:
        raise FormatError(wrong)
    return changed


def _prove_written(prepared: Prepared, made: Path) -> None:
    """Bind the written wheel on every host: it must be what was proven in memory."""
    target = read_target(made)
    if target.problems:
        raise InputError(str(prepared.path), f"not repaired: {target.problems[0].reason}")
    expected = apply(prepared.target, prepared.plan)
    same = Plan({}, {}, (), {})
    for analysis in prepared.analyses:
        host = analysis.host
        proof = prove(analyse(expected, host), analyse(target, host), same)
        if proof.broken:
            raise InputError(str(prepared.path), f"not repaired: on {host.name}, {proof.broken[0]}")


# -- what must stay -------------------------------------------------------------------------------


def _request(
    archive: Archive, target: Target, analyses: Sequence[Analysis], options: Options
) -> Request:
    names = {n for f in target.members.values() for n in f.object.exports.names}
    names |= file_names(target)
    by_member = {target.names[f.path]: f.object for f in target.members.values()}
    python: dict[str, frozenset[str]] = {}
    text: dict[str, frozenset[str]] = {}
    fixed: dict[str, str] = {}
    digest = hashlib.sha256()
    for info in archive.members():
        if info.filename.endswith(".py"):
            python[info.filename] = names_in_python(archive.read(info))
    for info in archive.elf_members():
        data = archive.read(info)
        digest.update(hashlib.sha256(data).digest())
        obj = by_member.get(info.filename)
        if obj is None:
            fixed |= _names_of_executable(info.filename, data)
        elif asks_by_name(r.name for r in obj.references):
            text[info.filename] = names_in_text(_loaded(data))
    oldest = oldest_glibc(target.tags or ())
    defined = {member: by_member[member].exports.names for member in text}
    return Request(
        method=options.method,
        everything=options.everything,
        glibc=oldest if options.glibc is None else options.glibc,
        musl=any(a.host.loader.libc == "musl" for a in analyses),
        reachable=entry_points(names, python=python, text=text, defined=defined),
        fixed=fixed,
        tag=f"c{digest.hexdigest()[:8]}",
    )


def _names_of_executable(member: str, data: bytes) -> dict[str, str]:
    """What an executable of the wheel refers to or exports: it may hold copies of data."""
    try:
        obj = read_object(data)
    except FormatError:
        return {}
    names = {*obj.exports.names, *(r.name for r in obj.references)}
    return dict.fromkeys(names, f"is used by {member}, an executable of the wheel")


def _loaded(data: bytes) -> Iterator[bytes]:
    """The contents of the segments but for ``.dynstr``; no debug information, no ``.strtab``."""
    image = Image(memoryview(data))
    start = file_offset(image, image.one(DT_STRTAB))
    end = start + image.one(DT_STRSZ)
    for _, offset, size in image.loads:
        yield data[offset : max(offset, min(start, offset + size))]
        yield data[min(max(end, offset), offset + size) : offset + size]


def _invalidated(archive: Archive, path: Path, plan: Plan) -> Iterator[str]:
    """Signatures and hashes of the old contents, inside the wheel and beside it."""
    yield from signatures(archive)
    for beside in sorted(path.parent.glob(f"{path.name}.*")):
        if beside.name.endswith(_ATTESTATIONS):
            yield beside.name
    members = {info.filename: info for info in archive.members()}
    digests = [
        hashlib.sha256(archive.read(members[name])).hexdigest().encode() for name in plan.objects
    ]
    record = archive.record.filename
    info = record.rpartition("/")[0]
    for name, member in members.items():
        if not name.startswith(f"{info}/") or name.startswith(record) or member.is_dir():
            continue
        if any(digest in archive.read(member) for digest in digests):
            yield name
