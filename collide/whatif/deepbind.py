"""RTLD_DEEPBIND as a change of the wheel's side: its modules search their own closure first.

What they no longer take from the host is then in the process twice, and in use twice. Sources:
dlopen(3); ISO C 7.22.3 and Itanium C++ ABI 2.5 (one allocator frees what it has allocated), 2.9.1
and 5.2 (one definition of type information and of exceptions in flight).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from collide.analysis.analysis import Analysis
from collide.binding.binding import Binding
from collide.elf.constants import STT_COMMON, STT_OBJECT, STT_TLS
from collide.loader.model import Dso
from collide.loader.opening import ModePatterns
from collide.support.errors import UsageError
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from collide.whatif.edits import Edit

    SplitKind = Literal[
        "allocator", "cpp-allocator", "cpp-runtime", "freed-elsewhere", "variables"
    ]  # fmt: skip

_DATA = frozenset((STT_OBJECT, STT_COMMON, STT_TLS))
# ISO C 7.22.3, POSIX and [new.delete] in Itanium mangling: what replacement allocators define.
ALLOCATORS = frozenset(
    ("malloc", "calloc", "realloc", "free", "aligned_alloc", "posix_memalign", "memalign")
)
# malloc(3) of the process answers in these (POSIX, asprintf(3), getcwd(3), realpath(3)), and the
# caller frees what they return.
ALLOCATED_FOR_THE_CALLER = frozenset(
    (
        *("strdup", "__strdup", "strndup", "__strndup", "wcsdup", "getline", "getdelim"),
        *("__getdelim", "open_memstream", "open_wmemstream", "realpath", "__realpath_chk"),
        *("canonicalize_file_name", "scandir", "scandir64", "getcwd", "__getcwd_chk", "tempnam"),
        *("get_current_dir_name", "asprintf", "__asprintf_chk", "vasprintf", "__vasprintf_chk"),
    )
)
OPERATORS = ("_Znw", "_Zna", "_Zdl", "_Zda")
_RUNTIME = (
    *("__cxa_", "__gxx_personality", "_ZSt", "_ZNSt", "_ZNKSt", "_ZTISt", "_ZTVSt"),
    *("_ZTVN10__cxxabiv1", "_ZTIN10__cxxabiv1"),
)
# Of libc, in Itanium names.
_NO_RUNTIME = ("__cxa_finalize", "__cxa_atexit", "__cxa_thread_atexit")
_CONSTANTS = ("_ZTI", "_ZTS", "_ZTV", "_ZTT")


class Split(NamedTuple):
    """What is in use twice behind the change: ``names`` of the host's ``first`` and of ``second``.

    Both are names of members or paths.
    """

    kind: SplitKind
    first: str
    second: str
    names: tuple[str, ...]


def deepbind_modes(analysis: Analysis, edits: Iterable[Edit]) -> ModePatterns:
    """The flags of the modules with RTLD_DEEPBIND for those that an edit names.

    Raises UsageError for an edit that matches no module.
    """
    found: dict[str, None] = dict.fromkeys(analysis.modes.deepbind)
    for edit in edits:
        names = [m.name for m in analysis.modules if edit.matches(m.name)]
        if not names:
            raise UsageError(f"--deepbind {edit.pattern}: no module matches it")
        # With its brackets quoted a name is a pattern that matches only itself.
        found.update((name.replace("[", "[[]"), None) for name in names)
    return analysis.modes._replace(deepbind=tuple(found))


def splits(before: Analysis, after: Analysis) -> tuple[Split, ...]:
    """What the objects of a wheel took from the host before and take from elsewhere after."""
    found: dict[tuple[SplitKind, str, str], set[str]] = {}
    for holder, was, now in _moved(before, after):
        assert was.provider is not None
        assert now.provider is not None
        kind = _kind(now)
        if kind is not None:
            key = kind, before.name_of(was.provider), after.name_of(now.provider)
            found.setdefault(key, set()).add(now.reference.name)
        if now.reference.name == "free":
            names = {r.name for r in holder.elf.references} & ALLOCATED_FOR_THE_CALLER
            if names:
                # The C library's own call of malloc goes to the host as before.
                key = "freed-elsewhere", before.name_of(was.provider), after.name_of(holder)
                found.setdefault(key, set()).update(names)
    return tuple(Split(*key, tuple(sorted(names))) for key, names in sorted(found.items()))


def _moved(before: Analysis, after: Analysis) -> Iterator[tuple[Dso, Binding, Binding]]:
    """The bindings to the host that have another provider after the change, with the new ones.

    Each with the object whose reference it is.
    """
    now = {m.name: m for m in after.modules}
    for module in before.modules:
        then = now.get(module.name)
        if module.bound is None or then is None or then.bound is None or then.bound is module.bound:
            continue
        objects = {o.dso.path: o for o in then.bound.objects}
        for bound in module.bound.objects:
            if bound.dso.path not in objects:
                continue
            new = {b.reference: b for b in objects[bound.dso.path].bindings}
            for b in bound.bindings:
                other = new.get(b.reference)
                if b.provider is None or other is None or other.provider is None:
                    continue
                # A file that is linked in another way keeps its path.
                if other.provider.path != b.provider.path and before.is_host(b.provider):
                    yield bound.dso, b, other


def _kind(now: Binding) -> SplitKind | None:
    name = now.reference.name
    if name in ALLOCATORS:
        return "allocator"
    if name.startswith(OPERATORS):
        return "cpp-allocator"
    if name.startswith(_RUNTIME) and not name.startswith(_NO_RUNTIME):
        return "cpp-runtime"
    assert now.actual is not None
    if now.actual.definition.type in _DATA and not name.startswith(_CONSTANTS):
        return "variables"
    return None


def fatal(found: Sequence[Split]) -> Split | None:
    """The first of what must not be in use twice: operator new and the rest of the C++ runtime.

    Inline functions allocate in one object and free in another. So does an object that frees what
    the C library has allocated for it: Debian's Blender brings an allocator of its own, and
    tables 3.11.1 ends in it with "free(): invalid pointer". Variables of a library that is there
    twice are each copy's own.
    """
    kinds = ("cpp-allocator", "cpp-runtime", "freed-elsewhere")
    return next((s for s in found if s.kind in kinds), None)
