"""The architectures: which of their relocations look a symbol up, and in which class.

Source: ``elf_machine_type_class`` and ``elf_machine_rel[a]`` in glibc's
``sysdeps/<arch>/dl-machine.h``; the numbers are those of each psABI.
"""

from __future__ import annotations

from collide.support.records import NamedTuple

CLASS_DATA = 0
"""glibc's class 0: any reference that is neither of the two below."""
CLASS_PLT = 1
"""``ELF_RTYPE_CLASS_PLT``: jump slots and TLS; never satisfied by an undefined symbol."""
CLASS_COPY = 2
"""``ELF_RTYPE_CLASS_COPY``: the lookup skips the executable."""

CLASS_NAMES = ("data", "plt", "copy")


class Machine(NamedTuple):
    """One architecture as the loader sees it.

    ``name`` is the platform part of a wheel tag (``x86_64``, ``armv7l``),
    ``e_machine`` and ``bits`` what an ELF header says. ``plt``, ``copy`` and
    ``data`` are relocation types by class; ``none`` are the types that look
    nothing up. ``slots`` fill a word of the global offset table with an
    address, ``words`` any word. ``variant_tag`` is the dynamic tag of an object
    that has functions with another calling convention.
    ``cache_flags`` marks this machine's entries in ld.so.cache
    (glibc ``sysdeps/unix/sysv/linux/*/dl-cache.h``). ``executable_stack`` says
    that an object without PT_GNU_STACK asks for one (``DEFAULT_STACK_PERMS`` in
    ``sysdeps/*/stackinfo.h``). ``static_tls`` are the relocations of the initial-exec
    model, which need the definition's thread-local block at a fixed place, ``descriptors`` those
    that use such a place where there is one (TLS descriptors).
    """

    name: str
    e_machine: int
    bits: int
    big_endian: bool
    plt: frozenset[int]
    copy: frozenset[int]
    data: frozenset[int]
    none: frozenset[int]
    slots: frozenset[int]
    words: frozenset[int]
    cache_flags: int
    hash_entry_size: int = 4
    variant_tag: int | None = None
    static_tls: frozenset[int] = frozenset()
    descriptors: frozenset[int] = frozenset()
    executable_stack: bool = False

    @property
    def jump_slots(self) -> frozenset[int]:
        """The types that the lazy resolver can fill at the first call: calls among the slots."""
        return self.slots & self.plt

    def relocation_class(self, kind: int) -> int | None:
        """Lookup class of relocation type ``kind``; None when it looks nothing up (Rule 5).

        Raises KeyError for a type the loader would refuse
        (``_dl_reloc_bad_type``).
        """
        if kind in self.plt:
            return CLASS_PLT
        if kind in self.data:
            return CLASS_DATA
        if kind in self.none:
            return None
        if kind in self.copy:
            return CLASS_COPY
        raise KeyError(kind)


def _types(*kinds: int | range) -> frozenset[int]:
    return frozenset().union(*(k if isinstance(k, range) else (k,) for k in kinds))


MACHINES = (
    Machine(
        "x86_64", 62, 64, False,
        plt=_types(7, 16, 17, 18, 36),
        copy=_types(5),
        data=_types(1, 2, 6, 10, 32, 33),
        none=_types(0, 8, 37, 38),
        slots=_types(6, 7),
        words=_types(1),
        cache_flags=0x303,
        static_tls=_types(18),
        descriptors=_types(36),
        executable_stack=True,
    ),
    Machine(
        "aarch64", 183, 64, False,
        plt=_types(1026, range(1028, 1032)),
        copy=_types(1024),
        data=_types(257, 258, 1025),
        none=_types(0, 256, 1027, 1032),
        slots=_types(1025, 1026),
        words=_types(257),
        cache_flags=0xA03,
        static_tls=_types(1030),
        descriptors=_types(1031),
        variant_tag=0x70000005,
    ),
    Machine(
        "i686", 3, 32, False,
        plt=_types(7, 14, 35, 36, 37, 41),
        copy=_types(5),
        data=_types(1, 2, 6, 38),
        none=_types(0, 8, 42),
        slots=_types(6, 7),
        words=_types(1),
        cache_flags=0x3,
        static_tls=_types(14, 37),
        descriptors=_types(41),
        executable_stack=True,
    ),
    Machine(
        "armv7l", 40, 32, False,
        plt=_types(13, 17, 18, 19, 22),
        copy=_types(20),
        data=_types(1, 2, 3, 21),
        none=_types(0, 23, 160),
        slots=_types(21, 22),
        words=_types(2),
        cache_flags=0x903,
        static_tls=_types(19),
        descriptors=_types(13),
        executable_stack=True,
    ),
    Machine(
        # IS_PPC64_TLS_RELOC covers the two TLS ranges whole.
        "ppc64le", 21, 64, False,
        plt=_types(2, 21, range(67, 107), range(112, 116)),
        copy=_types(19),
        data=_types(1, range(3, 10), 20, range(24, 27), range(37, 45), 56, 57, 110, 111),
        none=_types(0, 22, 247, 248),
        slots=_types(20, 21),
        words=_types(38),
        cache_flags=0x503,
        static_tls=_types(range(69, 74)),
    ),
    Machine(
        "s390x", 22, 64, True,
        plt=_types(11, 54, 55, 56),
        copy=_types(9),
        data=_types(1, 2, 3, 4, 5, 10, 16, 17, 19, 22, 23),
        none=_types(0, 12, 61),
        slots=_types(10, 11),
        words=_types(22),
        cache_flags=0x403,
        static_tls=_types(56),
        executable_stack=True,
        hash_entry_size=8,
    ),
    Machine(
        "riscv64", 243, 64, False,
        plt=_types(5, 7, 9, 11),
        copy=_types(4),
        data=_types(1, 2),
        none=_types(0, 3, 58),
        slots=_types(5),
        words=_types(2),
        cache_flags=0x1003,
        static_tls=_types(11),
        variant_tag=0x70000001,
    ),
    Machine(
        # glibc's loongarch64 puts TLS into class 0, unlike every other one.
        "loongarch64", 258, 64, False,
        plt=_types(5),
        copy=_types(4),
        data=_types(1, 2, range(6, 12), 13, 14),
        none=_types(0, 3, 12),
        slots=_types(5),
        words=_types(2),
        cache_flags=0x1203,
        static_tls=_types(10, 11),
        descriptors=_types(14),
    ),
)  # fmt: skip

_BY_HEADER = {(m.e_machine, m.bits, m.big_endian): m for m in MACHINES}
_BY_NAME = {m.name: m for m in MACHINES}


def machine_of_header(e_machine: int, bits: int, big_endian: bool) -> Machine | None:
    """The machine an ELF header names; None for one collide has no table for."""
    return _BY_HEADER.get((e_machine, bits, big_endian))


def machine_named(name: str) -> Machine:
    """The machine called ``name``; raises KeyError."""
    return _BY_NAME[name]
