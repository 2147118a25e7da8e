"""The findings about loading, COL201 to COL211.

They come from the reasons why a module cannot be opened, and from libraries of
the host that the loader uses in place of those that the wheel brings.
"""

from __future__ import annotations

from collide.findings.code import Code, Severity, Shape
from collide.findings.finding import Finding
from collide.hosts.as_if import API_PREFIXES
from collide.loader.libc import libc_of
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from collide.analysis.analysis import Analysis, Capture, Module
    from collide.loader.host import Host
    from collide.loader.link_map import LoadFailure

MISSING_LIBRARY = Code(
    "COL201",
    "missing-library",
    Severity.WARNING,
    Shape.LOAD_FAILURE,
    "needs a library that the loader finds neither in the wheel nor on the host",
    "The import fails, unless another package has loaded a library of that name before.",
    "A DT_NEEDED name that is not loaded and that the loader's search does not find. An error "
    "where an extension module fails for it and no policy of the wheel's manylinux or musllinux "
    "tags allows it. What another input of one command brings is not missing. A library that lies "
    "in the wheel itself, where no run path leads, is told with its place. No error is what a "
    "wheel may bring that this one requires (Requires-Dist): where the run path leads out of the "
    "wheel, or a requirement has the name of a library that is lacking.",
    "Bundle the library (auditwheel repair), or depend on the package that brings it.",
    example="A wheel that auditwheel has not seen needs libpq.so.5, which is not installed.",
    fixes=("grafted-library", "libpython"),
)
VERSION_NOT_FOUND = Code(
    "COL202",
    "version-not-found",
    Severity.ERROR,
    Shape.LOAD_FAILURE,
    "needs a symbol version that the loaded library does not have",
    'The import fails with "version `...\' not found".',
    "The load-time check of DT_VERNEED against the library loaded under that name.",
    "Build against the oldest release that must be supported, or bundle the library under a name "
    "of its own (auditwheel repair).",
    example=(
        "In gdb, the libssl.so.3 of mysql-connector-python needs OPENSSL_3.2.0, and gdb has "
        "already loaded a libcrypto.so.3 of OpenSSL 3.0."
    ),
    fixes=("plain-soname", "older-system"),
)
UNDEFINED_SYMBOL = Code(
    "COL203",
    "undefined-symbol",
    Severity.ERROR,
    Shape.SYMBOLS,
    "needs a symbol that neither the host nor any library loaded with it defines",
    'The import fails with "undefined symbol".',
    "A strong reference without a definition in the global scope, the module and its closure.",
    "Link the library that defines it, or check that the module is meant for this interpreter.",
    example=(
        "A module with the tag cp39-abi3 calls PyType_GetModuleByDef, which Python has from "
        "3.11 on."
    ),
    fixes=("older-system", "plain-soname"),
)
UNLOADABLE_FILE = Code(
    "COL204",
    "unloadable-file",
    Severity.ERROR,
    Shape.LOAD_FAILURE,
    "needs a file that is damaged, no shared library, or refused by the loader",
    "The import fails: the file found first under the name is no object that can be mapped.",
    "The search's first hit is empty, no ELF file, truncated, an executable, or has an ELF header "
    "that glibc does not take (e_version, EI_ABIVERSION, e_phentsize).",
    "Replace the file in the wheel.",
    example="A library in the wheel is the pointer file of Git LFS, a few lines of text.",
)
CAPTURED_SONAME = Code(
    "COL205",
    "captured-soname",
    Severity.WARNING,
    Shape.CAPTURE,
    "is given a library of the host in place of the one of the same name in the wheel",
    "The host has already loaded a library of this name, so the wheel's copy stays unused.",
    "A DT_NEEDED name for which the wheel has a file equals the path, an alias or the DT_SONAME of "
    "an object that the host has loaded.",
    "Give the needed library, as it is in the wheel, a name (DT_SONAME) of its own, as auditwheel "
    "repair does.",
    example=(
        "PyQt6 brings libQt6Core.so.6 of Qt 6.7 under its plain name. In a program that links "
        'Qt 6.4 the loader keeps that one, and the import fails: "version `Qt_6.7\' not found".'
    ),
    fixes=("plain-soname", "grafted-library"),
)

EXECUTABLE_STACK = Code(
    "COL206",
    "executable-stack",
    Severity.ERROR,
    Shape.LOAD_FAILURE,
    "asks for an executable stack, which dlopen refuses",
    'The import fails with "cannot enable executable stack as shared object requires: Invalid '
    'argument". glibc up to 2.40 opens it, and so does a process that had an executable stack from '
    "its start.",
    "The loader is of glibc 2.41 or later, and the object has a PT_GNU_STACK with PF_X, or none "
    "where the architecture's default is an executable stack (x86, ARM, s390x). An executable of a "
    "profile that does not record its stack is taken to have none that is executable.",
    "Link with -z noexecstack, or clear the flag: patchelf --clear-execstack, execstack -c. Until "
    "then GLIBC_TUNABLES=glibc.rtld.execstack=2 allows it in glibc 2.42 and later.",
    example=(
        "ctranslate2 4.5.0 opens with glibc 2.36 and does not with 2.41. See `collide check "
        "ctranslate2-4.5.0-cp311-*.whl --profile debian-13-python3`."
    ),
    fixes=("executable-stack",),
)

LOAD_COMMAND = Code(
    "COL208",
    "load-command",
    Severity.ERROR,
    Shape.LOAD_FAILURE,
    "has a PT_LOAD segment that is not aligned as the loader demands",
    'The import fails with "ELF load command address/offset not page-aligned", up to glibc 2.34 '
    'with "ELF load command alignment not page-aligned" or "ELF load command address/offset not '
    'properly aligned". musl opens it.',
    "Of a PT_LOAD, p_offset and p_vaddr are not congruent modulo the page size; up to glibc 2.34: "
    "modulo p_align, or p_align is no multiple of the page size. The page size is taken to be 4096 "
    "bytes; a kernel with larger pages (64 KiB on aarch64 or ppc64le) refuses more.",
    "Write it again: run strip before patchelf, not after it, and not patchelf 0.18, whose "
    "segments glibc up to 2.34 refuses (0.17.2 and 0.19 align them). Or relink it.",
    example=(
        "A library was stripped after patchelf 0.18 had written it. It opens with glibc 2.36 "
        "and not with 2.31."
    ),
)

CPU_LEVEL = Code(
    "COL209",
    "cpu-level",
    Severity.ERROR,
    Shape.LOAD_FAILURE,
    "loads only on newer x86 CPUs, which the host's is not, or is not known to be",
    'The import fails with "CPU ISA level is lower than required", in glibc 2.33 and later.',
    "GNU_PROPERTY_X86_ISA_1_NEEDED in the object's property note, where the loader reads it "
    "(PT_GNU_PROPERTY, or a PT_NOTE with the alignment of a word), has a level that the host's CPU "
    "lacks: the levels are those of the glibc-hwcaps that the profile records. Where none is "
    "recorded (a shipped host, an image without /proc/cpuinfo) the module is taken to open, and "
    "this is a warning. musl and older glibc do not look.",
    "Build for a lower level (-march=x86-64 or x86-64-v2, without -Wl,-z,x86-64-v3 or -mneeded), "
    "or put the fast build of a library below glibc-hwcaps, beside one for every CPU.",
    example="A module is linked with -Wl,-z,x86-64-v3, and imported on a CPU without AVX2.",
)

UNDEFINED_CALL = Code(
    "COL210",
    "undefined-call",
    Severity.NOTE,
    Shape.SYMBOLS,
    "loads with RTLD_LAZY, but calls a function that none of the libraries searched for it defines",
    'The function is not defined: a call ends the process with "symbol lookup error" (musl: it '
    "jumps to no code), unless another module has been opened RTLD_GLOBAL that defines it.",
    "A strong reference without a definition to which all relocations are jump slots, in an "
    "object that is relocated lazily: no DT_BIND_NOW, DF_BIND_NOW or DF_1_NOW.",
    "Link the library that defines it; RTLD_NOW refuses the module.",
    example=(
        "A package sets RTLD_LAZY before it imports its module, which calls a function of a "
        "library that it does not link."
    ),
)

UNRECORDED_LIBRARY = Code(
    "COL211",
    "unrecorded-library",
    Severity.WARNING,
    Shape.LOAD_FAILURE,
    "needs a library of the host's system that its profile does not record",
    "Whether the import works, and what it binds, is not known: nothing of the module is analysed. "
    "A shipped host has the packages of its program alone: where the package of the library is not "
    'installed, the import fails with "cannot open shared object file".',
    "A DT_NEEDED name that is not loaded, and that the host's loader would find; of the library "
    "the profile keeps the name alone. On a shipped host: one that a package of its distribution "
    "brings; an error then where an extension module of a manylinux or musllinux wheel needs what "
    "no policy allows.",
    "Record the host with --library and the name (collide profile BINARY --library NAME), or "
    "check on the machine itself (--profile BINARY). So that a wheel needs no such package, bundle "
    "the library (auditwheel repair).",
    example=(
        "A wheel needs libpq.so.5. The profile of the host knows that it is installed, and "
        "nothing of what it exports."
    ),
    fixes=("grafted-library",),
)

STATIC_TLS = Code(
    "COL207",
    "static-tls",
    Severity.ERROR,
    Shape.LOAD_FAILURE,
    "needs static TLS (for thread-local variables) that the loader can no longer give it",
    'The import fails with "cannot allocate memory in static TLS block" (musl: "initial-exec TLS '
    'resolves to dynamic definition"). Behind other modules that take of the room it can fail '
    "where it opens alone.",
    "An object has initial-exec relocations (TPOFF) to thread-local data of an object that was not "
    "there at start-up. musl refuses each of these; glibc keeps 1664 bytes for all of them, in "
    "which the whole PT_TLS of the object that defines the data must fit. TLS descriptors "
    "take of it what is free, up to 512 bytes since 2.31, and GLIBC_TUNABLES is not read. The room "
    "is exact on x86-64, elsewhere but for alignment.",
    "Build the library without -ftls-model=initial-exec (jemalloc: --disable-initial-exec-tls), or "
    "preload it (LD_PRELOAD). With glibc 2.32 and later GLIBC_TUNABLES=glibc.rtld."
    "optional_static_tls=4096 makes room.",
    example=(
        "A wheel brings a jemalloc that is built with its defaults. Opened by dlopen, its "
        "thread-local state of some kilobytes does not fit in what the loader keeps."
    ),
    fixes=("static-tls",),
)

FAILURE_CODES: dict[str, Code] = {
    "missing-library": MISSING_LIBRARY,
    "unloadable-file": UNLOADABLE_FILE,
    "version-not-found": VERSION_NOT_FOUND,
    "version-file-not-loaded": VERSION_NOT_FOUND,
    "version-tables-missing": VERSION_NOT_FOUND,
    "undefined-symbol": UNDEFINED_SYMBOL,
    "executable-stack": EXECUTABLE_STACK,
    "static-tls": STATIC_TLS,
    "load-command": LOAD_COMMAND,
    "cpu-level": CPU_LEVEL,
}
"""The code of each kind of :class:`collide.loader.link_map.LoadFailure`."""
ABSENT = (MISSING_LIBRARY, UNRECORDED_LIBRARY)
"""The codes of a library that is not found, on the host or in what is recorded of it."""
LOAD_FAILURES = frozenset((*FAILURE_CODES.values(), UNRECORDED_LIBRARY))
"""The codes of all that ends a dlopen."""


def judge_loading(analysis: Analysis) -> Iterator[Finding]:
    """The findings about what is loaded and what cannot be, in no order."""
    yield from _load_failures(analysis)
    yield from _unrecorded_levels(analysis)
    yield from _undefined_calls(analysis)
    yield from _captured(analysis)


NO_PYTHON = (
    "No Python is seen in this host: name the plugin that brings it (--global), "
    "or link the library that defines the symbols."
)
"""The remedy for a host whose program has no interpreter at start-up."""


NO_LIBPYTHON = (
    "Do not link libpython: an extension module takes its symbols from the interpreter that "
    "imports it."
)
"""The remedy for a module that needs a libpython."""


class _Group(NamedTuple):
    """What the failures of one finding have in common.

    ``remedy`` and ``intended`` are of what the host's program or its libraries bring about.
    """

    code: Code
    victim: str
    provider: str
    detail: str
    remedy: str | None = None
    intended: tuple[str, ...] = ()


def _load_failures(analysis: Analysis) -> Iterator[Finding]:
    groups: dict[_Group, tuple[set[str], set[str]]] = {}
    evidence: dict[_Group, dict[str, None]] = {}
    failing = [module for module in analysis.modules if module.failures]
    taken: dict[str, list[Capture]] = {}
    for module, capture in analysis.captures(filter(_goes_on, failing)) if failing else ():
        taken.setdefault(module.name, []).append(capture)
    for module in failing:
        for failure in module.failures:
            code = FAILURE_CODES[failure.kind]
            if code is MISSING_LIBRARY and _exists(analysis.host, failure.name):
                code = UNRECORDED_LIBRARY
            group, symbol = _group(analysis, code, failure, taken.get(module.name, ()))
            symbols, modules = groups.setdefault(group, (set(), set()))
            if symbol:
                symbols.add(symbol)
                found = _because(analysis, module, failure, group)
                evidence.setdefault(group, {}).update(dict.fromkeys(found))
            modules.add(module.name)
    for group, (symbols, modules) in groups.items():
        yield _failed(analysis, group, symbols, modules, tuple(evidence.get(group, ())))


def _group(
    analysis: Analysis,
    code: Code,
    failure: LoadFailure,
    taken: Iterable[Capture],
) -> tuple[_Group, str]:
    """The finding that a failure belongs to, and the symbol that it is about, if any."""
    victim = analysis.target.names.get(failure.object, failure.object)
    name, symbol = _subject(failure)
    group = _Group(code, victim, name, "" if symbol else failure.detail)
    for capture in taken:
        if capture.asking.path == failure.object and _would_have(capture, failure):
            host_file = analysis.name_of(capture.loaded)
            remedy, intended = CAPTURED_SONAME.remedy, (capture.name,)
            group = group._replace(provider=name or host_file, remedy=remedy, intended=intended)
            return group, symbol
    if symbol and analysis.host.python is None and symbol.startswith(API_PREFIXES):
        group = group._replace(remedy=NO_PYTHON)
    return group, symbol


def _because(
    analysis: Analysis, module: Module, failure: LoadFailure, group: _Group
) -> Iterable[str]:
    if group.intended:
        return (f"The wheel's own {group.intended[0]} defines it, {group.provider} does not.",)
    from collide.findings.expected_library import answered  # late: start-up

    return answered(analysis, module, failure)


def _would_have(capture: Capture, failure: LoadFailure) -> bool:
    """Whether the wheel's library has what the one lacks that is loaded in its place."""
    if failure.kind == "undefined-symbol":
        return any(failure.name in dso.elf.exports.names for dso in capture.own)
    versions = failure.kind == "version-not-found" and failure.detail == capture.loaded.path
    return versions and any(
        failure.name in (dso.elf.version_definitions or ()) for dso in capture.own
    )


def _failed(
    analysis: Analysis,
    group: _Group,
    symbols: AbstractSet[str],
    modules: AbstractSet[str],
    because: tuple[str, ...],
) -> Finding:
    code, victim, name, severity = group.code, group.victim, group.provider, group.code.severity
    remedy = group.remedy or code.remedy
    if code in ABSENT and name not in analysis.host.unrecorded:
        from collide.findings.expected_library import missing  # late: start-up

        absent = missing(analysis, victim, name, modules)
        code = MISSING_LIBRARY if absent.from_wheels else code
        severity, because = absent.severity, absent.evidence
        remedy = absent.remedy or code.remedy
    if code is MISSING_LIBRARY and name.startswith("libpython"):
        remedy = NO_LIBPYTHON
    return Finding(
        code=code,
        severity=severity,
        victim=victim,
        provider=name or None,
        intended=group.intended,
        references=len(symbols),
        symbols=tuple(sorted(symbols)),
        modules=tuple(sorted(modules)),
        detail=group.detail,
        evidence=because,
        remedy=remedy,
    )


def _exists(host: Host, name: str) -> bool:
    """Whether the host's system is known to have a library that its profile does not record."""
    return name in host.unrecorded or name in host.offered


def _unrecorded_levels(analysis: Analysis) -> Iterator[Finding]:
    """The levels that new objects demand of a CPU that nobody has recorded."""
    loader, libc = analysis.host.loader, libc_of(analysis.host.loader)
    groups: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    for module in analysis.modules:
        for m in module.bound.opened.new if module.bound and not module.is_refused else ():
            if any(m.elf.isa_needed) and (levels := libc.lacking_levels(loader, m.dso)):
                groups.setdefault((analysis.name_of(m.dso), levels), set()).add(module.name)
    for (victim, lacking), modules in groups.items():
        yield Finding(
            code=CPU_LEVEL,
            severity=Severity.WARNING,
            victim=victim,
            modules=tuple(sorted(modules)),
            detail=lacking[-1],
            evidence=(
                f"It demands {lacking[-1]}; which level the CPU of this host has is not recorded.",
            ),
            remedy=CPU_LEVEL.remedy,
        )


def _undefined_calls(analysis: Analysis) -> Iterator[Finding]:
    """What a lazy dlopen leaves undefined."""
    groups: dict[str, tuple[set[str], set[str]]] = {}
    for module in analysis.modules:
        for failure in module.bound.deferred if module.bound and not module.failures else ():
            victim = analysis.target.names.get(failure.object, failure.object)
            symbols, modules = groups.setdefault(victim, (set(), set()))
            symbols.add(_subject(failure)[1])
            modules.add(module.name)
    for victim, (symbols, modules) in groups.items():
        yield Finding(
            code=UNDEFINED_CALL,
            severity=UNDEFINED_CALL.severity,
            victim=victim,
            references=len(symbols),
            symbols=tuple(sorted(symbols)),
            modules=tuple(sorted(modules)),
            remedy=UNDEFINED_CALL.remedy,
        )


def _goes_on(module: Module) -> bool:
    """Whether it matters which libraries it gets: it opens, or lacks a version of one of them."""
    versions = ("version-not-found", "version-file-not-loaded", "version-tables-missing")
    return not module.is_refused or any(f.kind in versions for f in module.failures)


def _subject(failure: LoadFailure) -> tuple[str, str]:
    """The library or version that failed, and the symbol: one of them is empty."""
    if failure.kind == "undefined-symbol":
        version = f"@{failure.detail}" if failure.detail else ""
        return "", failure.name + version
    return failure.name, ""


def _captured(analysis: Analysis) -> Iterator[Finding]:
    groups: dict[tuple[str, str, str], set[str]] = {}
    going_on = [module for module in analysis.modules if _goes_on(module)]
    for module, capture in analysis.captures(going_on):
        key = analysis.name_of(capture.asking), analysis.name_of(capture.loaded), capture.name
        groups.setdefault(key, set()).add(module.name)
    for (victim, provider, name), modules in groups.items():
        yield Finding(
            code=CAPTURED_SONAME,
            severity=CAPTURED_SONAME.severity,
            victim=victim,
            provider=provider,
            intended=(name,),
            modules=tuple(sorted(modules)),
            remedy=CAPTURED_SONAME.remedy,
        )
