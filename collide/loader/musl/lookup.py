"""musl's rules for matching a reference with the definitions of one object.

Source: musl ``ldso/dynlink.c`` (``find_sym2``, ``gnu_lookup``, ``sysv_lookup``,
``do_relocs``, ``get_lfs64``). Only names are compared: versions only hide
definitions that are not the default one, visibility counts for nothing, and
there is neither DT_SYMBOLIC nor a table of unique symbols.

Known gaps: glibc's class of calls holds TLS references too, whereas musl refuses
an undefined symbol to jump slots only; the two differ for a TLS reference to a
name that the executable has a canonical PLT entry of. DT_BIND_NOW counts for it only with a
value, which link editors leave 0; what is linked with -z now has DF_1_NOW besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from collide.elf.constants import STT_GNU_IFUNC, STT_TLS
from collide.elf.machines import CLASS_DATA, CLASS_PLT
from collide.elf.object import ElfObject
from collide.elf.symbols import MATCHING_TYPES, Definition, Exports, Reference
from collide.loader.lookup import MATCHING_BINDINGS, Candidate, MatchRule
from collide.loader.opening import Mode
from collide.support.records import NamedTuple

_TYPES = MATCHING_TYPES - {STT_GNU_IFUNC}
# get_lfs64: glibc's names of the functions for large files, without their "64".
_LARGE_FILE_NAMES = """
    aio_cancel aio_error aio_fsync aio_read aio_return aio_suspend aio_write alphasort creat
    fallocate fgetpos fopen freopen fseeko fsetpos fstat fstatat fstatfs fstatvfs ftello ftruncate
    ftw getdents getrlimit glob globfree lio_listio lockf lseek lstat mkostemp mkostemps mkstemp
    mkstemps mmap nftw open openat posix_fadvise posix_fallocate pread preadv prlimit pwrite
    pwritev readdir scandir sendfile setrlimit stat statfs statvfs tmpfile truncate versionsort
    __fxstat __fxstatat __lxstat __xstat
"""
_LARGE_FILE = frozenset(_LARGE_FILE_NAMES.split())


class MuslLookup(NamedTuple):
    """The rules of one release of musl, (1, 2, 4): Rule 7 "lookup".

    See :class:`collide.loader.lookup.LookupRules`.
    """

    version: tuple[int, ...]

    @property
    def shares_unique(self) -> bool:
        """STB_GNU_UNIQUE is treated as STB_GLOBAL."""
        return False

    @property
    def asserts_version_tables(self) -> bool:
        """Nothing is asserted of versions."""
        return False

    @property
    def signature(self) -> None:
        """See :meth:`substitute`."""

    @property
    def calls_late(self) -> bool:
        """All that can be bound is, at once."""
        return False

    def leads(self, _obj: ElfObject, _mode: Mode) -> bool:
        """DT_SYMBOLIC is not read."""
        return False

    def is_looked_up(self, _reference: Reference) -> bool:
        """Hidden ones too; only STB_LOCAL binds to self."""
        return True

    def keeps(self, _reference: Reference) -> bool:
        """Protected ones can be interposed."""
        return False

    def defers(self, reference: Reference) -> bool:
        """Jump slots and entries of the GOT, since 1.1.17 (``prepare_lazy``; Rule 7 "lazy")."""
        return self.version >= (1, 1, 17) and reference.lookup_class in (CLASS_PLT, CLASS_DATA)

    def demands(self, reference: Reference) -> bool:
        """A weak one may stay empty only where its object does not define it itself."""
        return reference.defined or not reference.weak

    def match(self, reference: Reference, obj: ElfObject) -> Definition | None:
        """The first visible candidate of the hash walk, if it serves; there is no second one."""
        for definition in obj.exports.candidates(reference.name):
            rule = _judge(reference, definition)
            if rule is not MatchRule.NOT_DEFAULT_VERSION:
                return definition if rule.accepted else None
        return None

    def explain(self, reference: Reference, obj: ElfObject) -> tuple[Candidate, ...]:
        """See :class:`collide.loader.lookup.LookupRules`."""
        explained: list[Candidate] = []
        ended = False
        for definition in obj.exports.candidates(reference.name):
            rule = _judge(reference, definition)
            if rule is not MatchRule.NOT_DEFAULT_VERSION:
                rule, ended = (MatchRule.LATER if ended else rule), True
            explained.append((definition, rule))
        return tuple(explained)

    def simple(self, _exports: Exports, _wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        """None: what is simple for glibc compares versions."""
        return frozenset()

    def substitute(self, name: str) -> str | None:
        """``fopen`` of libc for ``fopen64`` (since 1.2.4)."""
        # Up to 1.2.5 names of more than 16 characters did not fit its buffer.
        if self.version < (1, 2, 4) or (self.version <= (1, 2, 5) and len(name) > 16):
            return None
        if name == "readdir64_r":
            return "readdir_r"
        short = name.removesuffix("64")
        return short if short != name and short in _LARGE_FILE else None


def _judge(reference: Reference, definition: Definition) -> MatchRule:
    if definition.hidden_version:
        return MatchRule.NOT_DEFAULT_VERSION
    if definition.undefined and (reference.lookup_class == CLASS_PLT or definition.type == STT_TLS):
        return MatchRule.CANONICAL_PLT
    if definition.zero:
        return MatchRule.NO_ADDRESS
    if definition.type not in _TYPES:
        return MatchRule.WRONG_TYPE
    if definition.binding not in MATCHING_BINDINGS:
        return MatchRule.LOCAL_BINDING
    return MatchRule.SAME_NAME
