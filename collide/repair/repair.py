"""Plans the repair of a wheel, proves it in memory, writes it, and proves what was written.

The steps are in modules of their own: :mod:`collide.repair.entry_points` (what must
stay), :mod:`collide.repair.sonames` and :mod:`collide.repair.plan` (what to change),
:mod:`collide.repair.apply` (in memory), :mod:`collide.repair.patch` (in bytes),
:mod:`collide.repair.integrity` and :mod:`collide.repair.proof` (whether it is right).
"""

from __future__ import annotations

import hashlib
import posixpath
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from pathlib import Path
from shutil import copyfileobj

from collide.analysis.analysis import Analysis, analyse
from collide.elf.object import read_object
from collide.hosts.as_if import fitting
from collide.hosts.select import Candidate, as_candidates
from collide.loader.host import Host
from collide.repair.apply import apply_plan
from collide.repair.integrity import difference
from collide.repair.old_names import keep_old_names
from collide.repair.patch import close_symbols, find_patchelf, rename_libraries, rename_symbols
from collide.repair.plan import NO_CHANGES, ObjectChange, Plan, RepairRequest, make_plan
from collide.repair.proof import Proof, prove
from collide.repair.request import RepairOptions, RunTimeUse, contents_tag, make_request
from collide.repair.sonames import (
    capturable,
    member_file_names,
    merge_plans,
    plan_sonames,
    renamed_libraries,
    show_where_moved,
)
from collide.repair.takers import captured
from collide.support.errors import FormatError, InputError, UsageError
from collide.support.files import new_file, working_directory
from collide.support.records import NamedTuple, Protocol
from collide.wheels.archive import Archive, Member, WheelChanges, rewrite_wheel, signatures
from collide.wheels.irregular import LINK, OUTSIDE, Irregularity
from collide.wheels.target import Target, read_target
from collide.wheels.zip_records import DUPLICATE, HEADER, STORAGE

REPORT = "collide-repair.json"
"""The member of ``.dist-info`` that lists what was changed."""
_WRONG = {
    OUTSIDE: "its name is no relative path below the wheel",
    HEADER: "its local header says something else",
    DUPLICATE: "another member is installed at its place, too",
}
_ATTESTATIONS = (".attestation", ".asc", ".sig", ".sigstore", ".sigstore.json")


class Accept(Protocol):
    """A callable that is asked before repaired wheels appear."""

    def __call__(self, before: Sequence[Path], after: Sequence[Path], /) -> bool:
        """Whether the wheels ``after``, in a directory to work in, may replace those ``before``."""


class Repair(NamedTuple):
    """A repair that is proven in memory, of one wheel or of several that belong together.

    ``analyses`` are those of the wheels as they are, on every host that they
    fit; ``left_out`` are names of hosts that they do not fit, with the reasons.
    ``invalidated`` are signatures and attestations that are not valid for the result.
    ``written`` are the repaired wheels, in the order of ``paths``; empty as long as
    nothing is written.
    """

    paths: tuple[Path, ...]
    target: Target
    request: RepairRequest
    analyses: tuple[Analysis, ...]
    left_out: tuple[tuple[str, str], ...]
    plan: Plan
    proofs: tuple[Proof, ...]
    invalidated: tuple[str, ...]
    written: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        """The wheels, as the user named them."""
        return ", ".join(map(str, self.paths))

    @property
    def changes(self) -> bool:
        """Whether there is anything to change."""
        return bool(self.plan.objects)

    @property
    def incomplete(self) -> bool:
        """Whether any host still takes a symbol, or captures a library, after the repair."""
        return any(proof.left or proof.captured for proof in self.proofs)


class UnchangeableError(InputError):
    """An object that cannot be changed as planned; ``names`` are what the plan changes of it."""

    def __init__(self, path: str, why: str, names: frozenset[str]) -> None:
        super().__init__(path, f"not repaired: {why}")
        self.why = why
        self.names = names

    def left_alone(self, options: RepairOptions) -> RepairOptions:
        """Options for a plan that leaves these names alone; raises this error if they were."""
        if self.names <= options.left_alone.keys():
            raise self
        member = self.path.rpartition(": ")[2]
        reason = f"{member}, which has it, cannot be changed: {self.why}"
        left_alone = {**options.left_alone, **dict.fromkeys(self.names, reason)}
        return options._replace(left_alone=left_alone)


def prepare(
    paths: Sequence[Path], hosts: Iterable[Candidate | Host], options: RepairOptions
) -> Repair:
    """Plan the repair and prove it in memory; nothing is written.

    Several wheels are one target: installed together, and linked by no others.
    Raises InputError for a wheel that cannot be read whole, or that cannot be
    repaired without breaking something else, UsageError for wheels with equal files.
    """
    paths = tuple(paths)
    if not paths:
        raise UsageError("no wheel is given")
    targets = [_read(path) for path in paths]
    target = _joined(targets)
    analyses, left_out = _analyses(targets, target, hosts)
    if not analyses:
        return Repair(paths, target, RepairRequest(), (), left_out, NO_CHANGES, (), ())
    names = RunTimeUse(target, paths)
    request = make_request(targets, analyses, names, options, contents_tag(paths))
    tried = in_memory(target, analyses, request)
    proofs = []
    for original, between, after in zip(analyses, tried.between, tried.after, strict=True):
        proof = prove(between, after, tried.second)
        worse = proof.broken
        if tried.freed:
            worse += new_failures(original, after, tried.plan.moved)
        elif original is not between:
            worse += prove(original, between, tried.first).broken
        if worse:
            raise InputError(target.name, f"not repaired: on {proof.host}, {worse[0]}")
        proofs.append(proof)
    plan = tried.plan
    invalidated = tuple(n for path in paths for n in invalid_after(path, plan))
    return Repair(paths, target, request, analyses, left_out, plan, tuple(proofs), invalidated)


class InMemory(NamedTuple):
    """A plan and its result, before anything is written.

    The ``first`` part of the ``plan`` gives libraries other names, ``between`` are the
    analyses after it; the ``second`` part is made from these, ``after`` are the analyses
    after both. ``freed`` is set when a library was captured, so that others are loaded
    after the repair.
    """

    plan: Plan
    first: Plan
    second: Plan
    between: tuple[Analysis, ...]
    after: tuple[Analysis, ...]
    freed: bool


def in_memory(target: Target, analyses: Sequence[Analysis], request: RepairRequest) -> InMemory:
    """Plan the repair of ``target`` and bind the result."""
    libraries = capturable(target, analyses, request)
    first, moved, between = _with_sonames(target, analyses, libraries, request)
    second = make_plan(moved, between, request)
    renamed = renamed_libraries(moved, second) & member_file_names(target)
    if renamed:
        names = libraries | renamed
        first, moved, between = _with_sonames(target, analyses, names, request)
        pinned = renamed & {kept.name for kept in first.kept}
        second = make_plan(moved, between, request._replace(pinned=frozenset(pinned)))
    plan = merge_plans(first, second)
    after = between
    if second.objects:
        _, after = _analysed_after(second, moved, analyses)
    return InMemory(plan, first, second, between, after, bool(libraries))


def _with_sonames(
    target: Target, analyses: Sequence[Analysis], names: AbstractSet[str], request: RepairRequest
) -> tuple[Plan, Target, tuple[Analysis, ...]]:
    """The plan that gives libraries other names, and the result of it.

    An object that looked for one of these where it is not got whatever the process had
    loaded under its name. It is shown where the library is.
    """
    taken = {name for analysis in analyses for name in captured(analysis)}
    plan = plan_sonames(target, names, request, taken)
    if not plan.objects:
        return plan, target, tuple(analyses)
    moved, between = _analysed_after(plan, target, analyses)
    shown = show_where_moved(moved, between, plan)
    if shown != plan:
        moved, between = _analysed_after(shown, target, analyses)
    return shown, moved, between


def _analysed_after(
    plan: Plan, target: Target, analyses: Iterable[Analysis]
) -> tuple[Target, tuple[Analysis, ...]]:
    changed = apply_plan(target, plan)
    return changed, tuple(analyse(changed, a.host) for a in analyses)


def new_failures(before: Analysis, after: Analysis, moved: Mapping[str, str]) -> tuple[str, ...]:
    """Sentences about what fails to load in ``after`` only.

    ``moved`` are new names of members by old ones: what was missing before and is
    missing under another name does not count.
    """
    names = {posixpath.basename(old): posixpath.basename(new) for old, new in moved.items()}
    failures = [f for m in before.modules for f in m.failures]
    known = {(f.kind, name) for f in failures for name in (f.name, names.get(f.name, f.name))}
    return tuple(
        f"{m.name} would fail to load: {f.kind} {f.name}"
        for m in after.modules
        for f in m.failures
        if (f.kind, f.name) not in known
    )


def _read(path: Path) -> Target:
    if path.suffix != ".whl" or not path.is_file():
        raise InputError(str(path), "is no wheel")
    target = read_target(path)
    _refuse_irregular(path, target.irregularities)
    if target.problems:
        raise target.problems[0]
    return target


def _refuse_irregular(path: Path, irregularities: Iterable[Irregularity]) -> None:
    """Raise InputError for an archive that installers refuse, or of which readers differ.

    It would be written again, and then with a directory that says one thing.
    """
    try:
        zipfile.ZipFile(path).close()
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError) as e:
        raise InputError(str(path), f"not repaired: zipfile cannot read it ({e})") from e
    for irregular in irregularities:
        # How members are stored is mended when they are written again; what they are is not.
        if irregular.kind not in (STORAGE, LINK):
            wrong = filter(None, (_WRONG.get(irregular.kind), irregular.sentence))
            where = ": ".join([str(path), *irregular.members[:1]])
            raise InputError(where, f"not repaired: {'; '.join(wrong)}")


def _joined(targets: Sequence[Target]) -> Target:
    """All wheels in one tree, without tags: these are compared with hosts wheel by wheel."""
    if len(targets) == 1:
        return targets[0]
    members = {path: dso for t in targets for path, dso in t.members.items()}
    if len(members) < sum(len(t.members) for t in targets):
        raise UsageError("wheels that hold the same files cannot be repaired together")
    return Target(
        name=", ".join(t.name for t in targets),
        tags=None,
        members=members,
        names={path: name for t in targets for path, name in t.names.items()},
        skipped=tuple(s for t in targets for s in t.skipped),
    )


def _analyses(
    targets: Sequence[Target], joined: Target, hosts: Iterable[Candidate | Host]
) -> tuple[tuple[Analysis, ...], tuple[tuple[str, str], ...]]:
    """The analyses on all hosts that fit, and the other hosts, which are not even loaded."""
    candidates = as_candidates(hosts)
    found = fitting([t.tags or () for t in targets], candidates)
    left_out = {c.name: misfit.reason for c, misfit in found.others}
    analyses = []
    for candidate in found.hosts:
        analysis = analyse(joined, candidate.host)
        if analysis.left_out is None:
            analyses.append(analysis)
        else:
            left_out[candidate.name] = analysis.left_out
    order = (c.name for c in candidates if c.name in left_out)
    return tuple(analyses), tuple((name, left_out[name]) for name in order)


def write_repaired(
    prepared: Repair,
    directories: Sequence[Path],
    report: Callable[[Repair], bytes],
    accept: Accept | None = None,
) -> tuple[Path, ...]:
    """Write each repaired wheel into its directory under its own name; their paths.

    ``report`` makes the report that goes into ``.dist-info``. All files appear
    whole, after their bindings were proven again and ``accept`` was asked, or none
    does; then the result is empty. A wheel that needs no change is copied as it is.
    Raises InputError with object and reason, UsageError where an input would be
    written over.
    """
    outputs = tuple(d / p.name for d, p in zip(directories, prepared.paths, strict=True))
    for output in outputs:
        if any(output.exists() and output.samefile(path) for path in prepared.paths):
            raise UsageError(f"{output}: would be written over; name another directory (-w)")
    try:
        for output in outputs:
            output.parent.mkdir(parents=True, exist_ok=True)
        with working_directory() as directory:
            staged = []
            for number, path in enumerate(prepared.paths):
                made = Path(directory, str(number), path.name)
                made.parent.mkdir()
                staged.append(_write_one(prepared, path, made, report))
            if prepared.changes:
                _prove_written(prepared, staged)
                if accept is not None and not accept(prepared.paths, staged):
                    return ()
            _publish(staged, outputs)
    except OSError as e:
        raise InputError(str(e.filename or outputs[0]), e.strerror or str(e)) from e
    return outputs


def prepare_and_write(
    paths: Sequence[Path],
    hosts: Sequence[Candidate | Host],
    options: RepairOptions,
    directories: Sequence[Path],
    report: Callable[[Repair], bytes],
    accept: Accept | None = None,
) -> Repair:
    """:func:`prepare` and :func:`write_repaired`, around objects that cannot be changed.

    Their names are left alone as long as others are changed. Raises what these two do.
    """
    refused: UnchangeableError | None = None
    while True:
        prepared = prepare(paths, hosts, options)
        if refused is not None and not prepared.changes:
            raise refused
        try:
            written = write_repaired(prepared, directories, report, accept)
        except UnchangeableError as e:
            refused = refused or e
            options = e.left_alone(options)
        else:
            return prepared._replace(written=written)


def _publish(staged: Sequence[Path], outputs: Sequence[Path]) -> None:
    """Copy the staged wheels to their places, where they appear when all are copied."""
    with ExitStack() as stack:
        for made, output in zip(staged, outputs, strict=True):
            with made.open("rb") as whole:
                copyfileobj(whole, stack.enter_context(new_file(output)))


def _write_one(
    prepared: Repair, path: Path, output: Path, report: Callable[[Repair], bytes]
) -> Path:
    """The path of one repaired wheel; that of the original where nothing of it changes."""
    with Archive(path) as archive:
        contents = dict(_patched(archive, prepared.plan))
        if not contents:
            return path
        info = archive.record.rpartition("/")[0]
        added = (Member(f"{info}/{REPORT}", report(prepared)),)
        rewrite_wheel(archive, output, WheelChanges(contents, prepared.plan.moved, added))
    return output


def _patched(archive: Archive, plan: Plan) -> Iterator[tuple[str, bytes]]:
    needs_patchelf = any(
        c.renamed or c.soname or c.needed or c.search for c in plan.objects.values()
    )
    patchelf = find_patchelf() if needs_patchelf else ""
    for entry in archive.elf_members():
        change = plan.objects.get(entry.name)
        if change is not None:
            data = bytes(archive.read(entry))
            try:
                changed = patched_object(data, change, patchelf)
            except FormatError as e:
                names = frozenset((*change.renamed, *change.closed))
                raise UnchangeableError(f"{archive.path}: {entry.name}", str(e), names) from e
            yield entry.name, changed


def patched_object(data: bytes, change: ObjectChange, patchelf: str) -> bytes:
    """The bytes of one object after ``change``; raises FormatError when they would be wrong."""
    search = None
    if change.search:
        obj = read_object(data)
        tag, old = ("rpath", obj.rpath) if obj.runpath is None else ("runpath", obj.runpath)
        search = tag, change.search_path(old) or ""
    changed = rename_libraries(data, change.soname, change.needed, patchelf, search)
    changed = rename_symbols(changed, change.renamed, patchelf)
    closed = {change.renamed.get(n, n): visibility for n, visibility in change.closed.items()}
    changed = keep_old_names(close_symbols(changed, closed), change.renamed)
    wrong = difference(data, changed, change)
    if wrong is not None:
        raise FormatError(wrong)
    return changed


def _prove_written(prepared: Repair, made: Sequence[Path]) -> None:
    """Bind the written wheels on every host: they must be what was proven in memory."""
    targets = [_read(path) for path in made]
    target = _joined(targets)
    expected = apply_plan(prepared.target, prepared.plan)
    for analysis in prepared.analyses:
        host = analysis.host
        proof = prove(analyse(expected, host), analyse(target, host), NO_CHANGES)
        if proof.broken:
            raise InputError(prepared.name, f"not repaired: on {host.name}, {proof.broken[0]}")


def invalid_after(path: Path, plan: Plan) -> Iterator[str]:
    """Signatures and hashes of the old contents, inside the wheel and beside it."""
    with Archive(path) as archive:
        members = {entry.name: entry for entry in archive.entries}
        changed = [members[name] for name in plan.objects if name in members]
        if not changed:
            return
        yield from signatures(archive)
        digests = [hashlib.sha256(archive.read(m)).hexdigest().encode() for m in changed]
        info = archive.record.rpartition("/")[0]
        for name, member in members.items():
            if not name.startswith(f"{info}/") or name.startswith(archive.record):
                continue
            if not name.endswith("/"):
                data = archive.read(member)
                if any(digest in data for digest in digests):
                    yield name
    for beside in sorted(path.parent.glob(f"{path.name}.*")):
        if beside.name.endswith(_ATTESTATIONS):
            yield beside.name
