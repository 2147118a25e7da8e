"""The public interface of collide: what its commands compute, as functions and immutable records.

These names are all that is public: every other module, and a field whose type is
not among them, may change with any release.

The functions take and give records and print nothing. They raise
:class:`CollideError` and nothing else on purpose; what cannot be analysed beside
other inputs is part of a result instead, with the reason. Of the environment
they read PATH, for a host that is named like a command and for patchelf. Only
:func:`measure` executes anything of a wheel or a host.

In the examples ``wheel`` is the path of a wheel that carries a static library
``vault`` and exports it, ``binary`` that of a program that links another build
of this library, ``scratch`` an empty directory, ``interpreter`` a Python, and ``script`` a
program that imports the wheel.

>>> report = check(wheel, load_hosts(binary))
>>> [(str(finding.severity), finding.code.id, finding.symbols) for finding in report.findings]
[('error', 'COL101', ('vault_free', 'vault_new', 'vault_size', 'vault_version'))]
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from collide.support.errors import CollideError, InputError, UsageError
from collide.support.progress import Progress, no_progress

# fmt: off
__all__ = [
    "CODES", "Analysis", "Balance", "Binding", "BoundModule", "BoundObject", "Cause", "Code",
    "CollideError", "Definition", "Dso", "Edit", "Exposed", "Finding", "Host", "InputError",
    "Judged", "LeftOut", "LoadFailure", "Match", "Measured", "Misfit", "ModePatterns", "Module",
    "Move", "Order", "Outcome", "Pair", "Progress", "Proof", "Reference", "Remedy", "Repair",
    "Report", "ScopeStep", "ScopeTrace", "Severity", "Skipped", "Summary", "Target", "UsageError",
    "WhatIf", "analyse", "causes", "check", "explain", "extract_host", "interposed", "load_hosts",
    "measure", "read_target", "repair", "summary", "whatif",
]
# fmt: on

_METHODS = ("auto", "visibility", "rename")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from collide.analysis.analysis import Analysis, Module
    from collide.analysis.explain import ScopeStep, ScopeTrace
    from collide.binding.binding import Binding, BoundModule, BoundObject
    from collide.check.causes import Cause, Summary
    from collide.check.check import Exposed, Judged, LeftOut, Report
    from collide.check.pairs import Order, Pair
    from collide.elf.symbols import Definition, Reference
    from collide.findings.code import Code, Severity
    from collide.findings.finding import Finding
    from collide.findings.table import CODES
    from collide.loader.host import Host
    from collide.loader.link_map import LoadFailure
    from collide.loader.lookup import Match
    from collide.loader.model import Dso
    from collide.loader.opening import ModePatterns
    from collide.repair.proof import Proof
    from collide.repair.repair import Accept, Repair
    from collide.verify.measure import Measured
    from collide.whatif.edits import Edit
    from collide.whatif.remedies import Remedy
    from collide.whatif.whatif import Balance, Move, Outcome, WhatIf
    from collide.wheels.tags import Misfit
    from collide.wheels.target import Skipped, Target

    StrPath: TypeAlias = str | os.PathLike[str]
else:
    # Each record comes from its module when it is asked for: most callers need few of them.
    _RECORDS = {
        "collide.analysis.analysis": "Analysis Module",
        "collide.analysis.explain": "ScopeStep ScopeTrace",
        "collide.binding.binding": "Binding BoundModule BoundObject",
        "collide.check.causes": "Cause Summary",
        "collide.check.check": "Exposed Judged LeftOut Report",
        "collide.check.pairs": "Order Pair",
        "collide.elf.symbols": "Definition Reference",
        "collide.findings.code": "Code Severity",
        "collide.findings.finding": "Finding",
        "collide.findings.table": "CODES",
        "collide.loader.host": "Host",
        "collide.loader.link_map": "LoadFailure",
        "collide.loader.lookup": "Match",
        "collide.loader.model": "Dso",
        "collide.loader.opening": "ModePatterns",
        "collide.repair.proof": "Proof",
        "collide.repair.repair": "Repair",
        "collide.verify.measure": "Measured",
        "collide.wheels.tags": "Misfit",
        "collide.wheels.target": "Skipped Target",
        "collide.whatif.edits": "Edit",
        "collide.whatif.remedies": "Remedy",
        "collide.whatif.whatif": "Balance Move Outcome WhatIf",
    }

    def __getattr__(name):
        from importlib import import_module  # late: start-up

        for module, names in _RECORDS.items():
            if name in names.split():
                return getattr(import_module(module), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return __all__


# -- what is looked at ----------------------------------------------------------------------------


def read_target(path: StrPath) -> Target:
    """Read a wheel, a directory tree with shared objects in it, or one shared object.

    ``path`` is a wheel if its name ends in ``.whl``. A tree is looked at as it
    lies on disk, a wheel as an installer would unpack it. Members that cannot
    be read are in ``problems`` of the result, those that are no module in
    ``skipped``. Raises InputError if nothing of it can be read.

    >>> target = read_target(wheel)
    >>> list(target.names.values())
    ['specimen_static_exported.abi3.so']
    """
    from collide.wheels import target  # late: start-up

    return target.read_target(path)


def load_hosts(
    names: StrPath | Iterable[StrPath] = (),
    *,
    preload: Sequence[str] = (),
    rtld_global: Sequence[str] = (),
    library_path: Sequence[str] = (),
) -> tuple[Host, ...]:
    """The hosts that ``collide check --profile`` takes, each once; all shipped ones without names.

    Each of ``names`` is a shipped host, a pattern (``debian-12-*``) or a group
    (``cpython``) of them, a profile file, or the path of a binary, in this
    order; a bare name that is none of these is looked up in PATH. For binaries
    ``preload`` are libraries in LD_PRELOAD, ``rtld_global`` libraries that they
    open RTLD_GLOBAL after start-up, ``library_path`` the elements of
    LD_LIBRARY_PATH; relative ones are so to the working directory. Libraries that a host
    misses itself are in its ``failures``. Raises InputError for a name that stands for nothing and
    for a file that cannot be read, UsageError for ``preload``,
    ``rtld_global`` and ``library_path`` with a host that is recorded already, and for a
    directory that is not there.

    >>> [host.name for host in load_hosts(["debian-12-python3", "debian-12-*-pypy3"])]
    ['debian-12-python3', 'debian-12-arm64-pypy3']
    """
    from collide.hosts.select import select_hosts  # late: start-up

    return tuple(
        select_hosts(
            _paths(names), preload=preload, rtld_global=rtld_global, library_path=library_path
        )
    )


def extract_host(
    binary: StrPath,
    *,
    root: StrPath = "/",
    image: str | None = None,
    name: str | None = None,
    preload: Sequence[str] = (),
    rtld_global: Sequence[str] = (),
    library_path: Sequence[str] = (),
    ldconfig: bool = False,
) -> Host:
    """The host that a binary makes, out of the files of its system: ``collide profile``.

    ``root`` is the root file system of ``binary``: a directory, a tar archive,
    an image of ``docker save`` or an OCI layout, of which ``image`` chooses one
    by tag or platform. In the root of this system a bare name that is no file is
    looked up in PATH. ``name`` is the name of the host, by default made of the
    system's and the binary's. ``preload``, ``rtld_global`` and
    ``library_path`` are those of :func:`load_hosts`; in another root than that of this system
    they are relative to ``/``, and directories that are not there are passed over.
    With ``ldconfig`` a root without ld.so.cache is searched as if ldconfig(8)
    had been run in it. Raises InputError if the binary, the root or a library
    that was named cannot be read, or if the loader is none whose rules are
    known.

    >>> host = extract_host(binary, name="vault-host")
    >>> host.name, host.architecture, host.failures
    ('vault-host', 'x86_64', ())
    """
    from collide.filesystems.container_image import open_root  # late: start-up
    from collide.hosts import select  # late: start-up
    from collide.hosts.extract import extract  # late: start-up

    where, path = os.fspath(root), os.fspath(binary)
    host = extract(
        select.locate(path) if where == "/" else f"/{path.lstrip('/')}",
        open_root(where, image),
        name=name,
        preload=preload,
        rtld_global=rtld_global,
        library_path=library_path,
        ldconfig=ldconfig,
        cwd=select.working_directory() if where == "/" else "/",
    )
    if where != "/":
        return host
    return select.with_arguments(host, path, preload, rtld_global, library_path)


# -- what is computed -----------------------------------------------------------------------------


def check(
    inputs: StrPath | Target | Iterable[StrPath | Target],
    hosts: Host | Iterable[Host] | None = None,
    *,
    together: bool = True,
    modes: ModePatterns | None = None,
    remedies: bool = False,
    exposure: bool = True,
    imports: Sequence[str] = (),
    jobs: int | None = 1,
    progress: Progress = no_progress,
) -> Report:
    """Find what breaks, every input on every host: ``collide check``.

    ``inputs`` are targets, or paths for :func:`read_target`; a directory of
    wheels stands for these. ``hosts`` are by default all shipped ones that fit.
    On hosts that are given, modules of a tree or a bare object are opened even
    if their names are for another interpreter.

    With ``together`` every two inputs that share something are opened in one process, too.
    Modules that match a pattern of ``modes`` are opened with these flags. With ``remedies``
    changes are tried against each finding above a note. With ``exposure`` the report has what any
    host could take. What shares a library's name with the interpreter's own modules is opened
    behind an import of these, too. With ``imports`` inputs are paths of installed trees, and judged
    is what importing these modules opens, in one process of each host: ``together``, ``exposure``,
    ``jobs`` and ``progress`` have no effect then. ``progress`` is called meanwhile else.
    ``jobs`` is the number of processes, None for as many as CPUs where there is work for them.
    Targets, and what an iterator gives one by one, are checked in this process.

    What cannot be read is in ``problems`` of the report, inputs that do not fit
    a host in ``left_out``, each with the reason. Raises UsageError for no host,
    a pattern that matches no module, and global modules without ``together``; with ``imports`` for
    a name that is nowhere, for targets in place of paths, and for ``remedies``.

    >>> report = check(wheel)
    >>> report.findings, len(report.judged) + len(report.left_out) == len(load_hosts())
    ((), True)
    >>> report.left_out[0].host, report.left_out[0].misfit.kind
    ('debian-11-pypy3', 'other interpreter')
    """
    from collide.check.inputs import check_inputs  # late: start-up

    return check_inputs(
        inputs, hosts, together=together, modes=modes, remedies=remedies, exposure=exposure,
        imports=imports, jobs=jobs, progress=progress,
    )  # fmt: skip


def causes(report: Report) -> tuple[Cause, ...]:
    """The findings of ``report`` by what can be changed, for each input the worst first.

    >>> (cause,) = causes(check(wheel, load_hosts(binary), exposure=False))
    >>> cause.subject, str(cause.severity), cause.linked_into, len(cause.symbols)
    ('libvault', 'error', ('specimen_static_exported.abi3.so',), 4)
    """
    from collide.check import causes  # late: start-up

    return causes.causes(report)


def summary(report: Report) -> Summary:
    """What ``report`` has, counted; every format of ``collide check`` tells these counts.

    >>> counted = summary(check(wheel, load_hosts(binary)))
    >>> counted.causes[Severity.ERROR], counted.inputs[0].clean
    (1, ())
    """
    from collide.check.causes import causes, summarised  # late: start-up

    return summarised(report, causes(report))


def analyse(
    target: StrPath | Target,
    host: Host,
    *,
    after: Sequence[str] = (),
    modes: ModePatterns | None = None,
) -> Analysis:
    """Open every module of a target alone in a fresh process of a host, and bind it.

    This gives the facts of ``collide bindings``: each reference of each object
    with the definition it gets. ``target`` is a target or a path for
    :func:`read_target`. If nothing of it could be opened on ``host``,
    ``left_out`` of the result is the reason. ``after`` are modules of the interpreter itself
    that the process has imported before, as ``ssl``; ``modes`` are the flags of each dlopen.
    Raises InputError if nothing of the target can be read, UsageError for a module that the host
    has not.

    >>> (host,) = load_hosts(binary)
    >>> (module,) = analyse(wheel, host).modules
    >>> bindings = [binding for bound in module.bound.objects for binding in bound.bindings]
    >>> sorted(binding.reference.name for binding in bindings if binding.shadowed)
    ['vault_free', 'vault_new', 'vault_size', 'vault_version']
    """
    from collide.analysis import analysis  # late: start-up

    if after:
        from collide.analysis.history import after_import  # late: start-up

        host = after_import(host, after)
    from collide.loader.opening import ALL_NOW  # late: start-up

    return analysis.analyse(_target(target), host, insist=True, modes=modes or ALL_NOW)


def explain(analysis: Analysis, symbol: str) -> tuple[ScopeTrace, ...]:
    """The search for every reference to a symbol, object by object: ``collide explain``.

    ``analysis`` is a result of :func:`analyse`. There is a trace for each
    reference named ``symbol`` in each module, none if there is no such
    reference. What a code of findings means is in :data:`CODES`.

    >>> (host,) = load_hosts(binary)
    >>> (trace,) = explain(analyse(wheel, host), "vault_new")
    >>> [(step.dso.path.rpartition("/")[2], len(step.candidates)) for step in trace.steps]
    [('host', 0), ('libvault.so.1', 1)]
    >>> CODES["COL101"].title
    "calls two copies of one library, its own and the host's"
    """
    from collide.analysis import explain  # late: start-up

    return tuple(explain.explain(analysis, symbol))


def whatif(
    target: StrPath | Target,
    host: Host,
    edits: str | Edit | Iterable[str | Edit] = (),
    host_edits: str | Edit | Iterable[str | Edit] = (),
) -> WhatIf:
    """Bind a target again after changes of it or of the host, in memory: ``collide whatif``.

    ``target`` is a target or a path for :func:`read_target`. ``edits`` link members of it in
    another way, each ``MEMBER=CHANGE`` as after ``--apply``, ``host_edits`` do so with libraries
    of ``host``, as after ``--apply-host``; there ``LIB=without`` takes a library away. With
    ``host_edits`` the bindings of the host itself are compared, too. If nothing of the target can
    be opened, ``before.left_out`` of the result is the reason. Raises InputError if nothing of
    the target can be read, UsageError if there is no edit, or for one that is unknown or matches
    no object.

    >>> (host,) = load_hosts(binary)
    >>> balance = whatif(wheel, host, "*.so=-Bsymbolic").balance
    >>> balance.shadowed_before, balance.shadowed_after, balance.new
    (4, 0, ())
    """
    from collide.whatif import whatif  # late: start-up

    own, of_host = _edits(edits), _edits(host_edits)
    if not own and not of_host:
        raise UsageError("nothing to try: there is no edit")
    return whatif.whatif(_target(target), host, own, of_host)


def interposed(hosts: Host | Iterable[Host]) -> Report:
    """Find what the objects of ``hosts`` take from each other: ``collide interposed``.

    Start-up is the only module of each analysis. A host of which it is not known what its objects
    refer to, as a shipped one, is in ``problems``. Raises UsageError for no host.

    >>> report = interposed(load_hosts([binary, "debian-12-python3"]))
    >>> [j.analysis.modules[0].name for j in report.judged], [p.path for p in report.problems]
    (['(start-up)'], ['debian-12-python3'])
    """
    from collide.check import interposed  # late: start-up

    return interposed.report_of(hosts)


def repair(
    wheels: StrPath | Iterable[StrPath],
    hosts: Host | Iterable[Host] | None = None,
    *,
    directory: StrPath | None = None,
    method: Literal["auto", "visibility", "rename"] = "auto",
    everything: bool = False,
    glibc: tuple[int, ...] | None = None,
    write: bool = True,
    accept: Accept | None = None,
) -> Repair:
    """Write a wheel that the hosts cannot take symbols from, and prove it: ``collide repair``.

    Several ``wheels`` are repaired by one plan, as with ``--together``: they
    are installed together, and no others link their libraries. ``hosts`` are by
    default all shipped ones that they fit. The result goes to ``directory``, by
    default ``repaired`` beside each wheel. ``method`` and ``everything`` are
    ``--method`` and ``--all``. ``glibc`` is the oldest release to repair for,
    as ``(2, 17)``, by default that of the wheels' tags. Without ``write`` no
    file is written, and ``written`` of the result is empty; so it is where ``accept``
    is false of the paths of the wheels and those of their changed copies.

    Wheels that fit none of the hosts are copied as they are; then ``analyses`` is empty.
    The names of an object that cannot be changed are left alone, if others can; the reason is
    in ``plan.kept``, what is taken even then in ``proofs``. Raises InputError for what is no
    wheel, cannot be read whole or repaired without breaking something else, UsageError where
    an original would be replaced, patchelf is missing, or arguments make no sense.

    >>> made = repair(wheel, load_hosts(binary), directory=scratch)
    >>> made.incomplete, [(proof.taken, proof.remaining) for proof in made.proofs]
    (False, [(4, 0)])
    >>> check(made.written, load_hosts(binary)).findings
    ()
    """
    from pathlib import Path  # late: start-up

    from collide.hosts.select import candidates_of  # late: start-up
    from collide.repair import repair  # late: start-up
    from collide.repair.request import RepairOptions  # late: start-up
    from collide.report.repair import document  # late: start-up

    if method not in _METHODS:
        raise UsageError(f"{method} is no method of repair: {', '.join(_METHODS)}")
    paths = [Path(path) for path in _paths(wheels)]
    options = RepairOptions(method, everything, glibc)
    candidates = candidates_of(hosts)
    if not write:
        return repair.prepare(paths, candidates, options)
    places = [Path(directory or path.parent / "repaired") for path in paths]
    return repair.prepare_and_write(paths, candidates, options, places, document, accept)


def measure(
    wheels: StrPath | Iterable[StrPath],
    host: Host,
    script: StrPath,
    *,
    command: str | None = None,
    environment: Mapping[str, str] | None = None,
    runs: int = 3,
    timeout: float = 120,
) -> Measured:
    """Run a script with wheels in plain Python, in a host, and there with the repaired wheels.

    This is ``collide verify --exercise``: it **executes** ``script``, and with it code of the
    ``wheels``. These are installed together; what else they need must be among them. There are
    ``runs`` of each kind, each in a fresh process and an empty directory. ``command`` is how the
    binary of ``host`` runs a Python ``{script}``, as after ``--run``; ``environment`` is that of
    the processes, by default empty, and ``timeout`` is in seconds for one run. The plain
    interpreter is one of this machine that fits the wheels. Raises InputError without one, and
    for a host that does not run a script.

    >>> (python,) = load_hosts(interpreter)
    >>> measure(wheel, python, script, runs=1).verdict
    'works'
    """
    from pathlib import Path  # late: start-up

    from collide.verify.measure import host_run, measure, plain_run  # late: start-up

    paths, variables = [Path(path) for path in _paths(wheels)], environment or {}
    plain = plain_run(paths, host, variables, timeout)
    hosted = host_run(host, command, variables, timeout)

    def repaired(directory: Path) -> list[Path]:
        changing = [path for path in paths if read_target(path).members]
        made = repair(changing, host, directory=directory)
        return [*made.written, *(p for p in paths if p not in changing)] if made.changes else []

    return measure(paths, Path(script), plain, hosted, repaired, runs)


# -- arguments ------------------------------------------------------------------------------------


def _paths(given: StrPath | Iterable[StrPath]) -> list[str]:
    if isinstance(given, str | os.PathLike):
        return [os.fspath(given)]
    return [os.fspath(path) for path in given]


def _target(given: StrPath | Target) -> Target:
    from collide.wheels.target import Target  # late: start-up

    return given if isinstance(given, Target) else read_target(given)


def _edits(given: str | Edit | Iterable[str | Edit]) -> list[Edit]:
    from collide.whatif.edits import Edit, parse_edit  # late: start-up

    edits = [given] if isinstance(given, str | Edit) else given
    return [parse_edit(edit) if isinstance(edit, str) else edit for edit in edits]
