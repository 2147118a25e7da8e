"""The table of codes: every code, and the text of each family.

A code is defined in the module that decides it. Codes are stable: the number of
one that is retired is never used again. Importing this module imports all those
modules; a check imports only what it needs.
"""

from __future__ import annotations

from collide.findings.archive.ambiguous_path import AMBIGUOUS_PATH
from collide.findings.archive.control_name import CONTROL_NAME
from collide.findings.archive.duplicate_name import DUPLICATE_NAME
from collide.findings.archive.hidden_bytes import HIDDEN_BYTES
from collide.findings.archive.other_header import OTHER_HEADER
from collide.findings.archive.outside_path import OUTSIDE_PATH
from collide.findings.archive.several_info import SEVERAL_DIST_INFO
from collide.findings.archive.unsupported_storage import UNSUPPORTED_STORAGE
from collide.findings.archive.violated_tag import VIOLATED_TAG
from collide.findings.code import Family, FamilyText
from collide.findings.exposure import (
    EXPOSED_LIBRARY,
    EXPOSED_SYMBOLS,
)
from collide.findings.footprint import (
    GAINED_HISTORY,
    GAINED_LIBRARY,
    GAINED_MISSING,
    GAINED_OPENING,
    GAINED_SEARCH_PATH,
    GAINED_UNVERSIONED,
    GAINED_VERSIONED,
    GAINED_VERSIONS,
    REPLACED_BY_RELEASE,
)
from collide.findings.interposed import COPIED_VARIABLES
from collide.findings.loading import (
    CAPTURED_SONAME,
    CPU_LEVEL,
    EXECUTABLE_STACK,
    LOAD_COMMAND,
    MISSING_LIBRARY,
    STATIC_TLS,
    UNDEFINED_CALL,
    UNDEFINED_SYMBOL,
    UNLOADABLE_FILE,
    UNRECORDED_LIBRARY,
    VERSION_NOT_FOUND,
)
from collide.findings.pairs import (
    FILE_ACROSS,
    GLOBAL_ACROSS,
    ORDER_DECIDES,
    SONAME_ACROSS,
    SYSTEM_ACROSS,
    UNIQUE_ACROSS,
)
from collide.findings.shadowing.compiler_runtime import COMPILER_RUNTIME
from collide.findings.shadowing.data_mismatch import DATA_MISMATCH
from collide.findings.shadowing.foreign_symbol import FOREIGN_SYMBOL
from collide.findings.shadowing.integer_width import INTEGER_WIDTH
from collide.findings.shadowing.moved_structure import MOVED_STRUCTURE
from collide.findings.shadowing.other_abi import OTHER_ABI
from collide.findings.shadowing.other_string import OTHER_STRING
from collide.findings.shadowing.own_shadow import OWN_SHADOW
from collide.findings.shadowing.release_data import RELEASE_DATA
from collide.findings.shadowing.replaced_library import REPLACED_LIBRARY
from collide.findings.shadowing.split_class import SPLIT_CLASS
from collide.findings.shadowing.split_library import SPLIT_LIBRARY
from collide.findings.shadowing.static_objects import STATIC_OBJECTS
from collide.findings.shadowing.unused_copy import UNUSED_COPY
from collide.findings.shadowing.vague_linkage import VAGUE_LINKAGE
from collide.findings.shadowing.version_check import VERSION_CHECK
from collide.findings.shadowing.wide_interface import WIDE_INTERFACE

CODES = {
    code.id: code
    for code in (
        SPLIT_LIBRARY,
        REPLACED_LIBRARY,
        VAGUE_LINKAGE,
        FOREIGN_SYMBOL,
        OTHER_ABI,
        DATA_MISMATCH,
        INTEGER_WIDTH,
        VERSION_CHECK,
        WIDE_INTERFACE,
        UNUSED_COPY,
        COMPILER_RUNTIME,
        STATIC_OBJECTS,
        COPIED_VARIABLES,
        OTHER_STRING,
        SPLIT_CLASS,
        MOVED_STRUCTURE,
        RELEASE_DATA,
        MISSING_LIBRARY,
        VERSION_NOT_FOUND,
        UNDEFINED_SYMBOL,
        UNLOADABLE_FILE,
        CAPTURED_SONAME,
        EXECUTABLE_STACK,
        STATIC_TLS,
        LOAD_COMMAND,
        CPU_LEVEL,
        UNDEFINED_CALL,
        UNRECORDED_LIBRARY,
        OWN_SHADOW,
        SONAME_ACROSS,
        UNIQUE_ACROSS,
        SYSTEM_ACROSS,
        GLOBAL_ACROSS,
        ORDER_DECIDES,
        FILE_ACROSS,
        GAINED_LIBRARY,
        GAINED_UNVERSIONED,
        GAINED_VERSIONED,
        GAINED_VERSIONS,
        GAINED_OPENING,
        GAINED_SEARCH_PATH,
        GAINED_MISSING,
        REPLACED_BY_RELEASE,
        GAINED_HISTORY,
        EXPOSED_SYMBOLS,
        EXPOSED_LIBRARY,
        OUTSIDE_PATH,
        DUPLICATE_NAME,
        SEVERAL_DIST_INFO,
        OTHER_HEADER,
        HIDDEN_BYTES,
        CONTROL_NAME,
        UNSUPPORTED_STORAGE,
        AMBIGUOUS_PATH,
        VIOLATED_TAG,
    )
}
"""Every code by its identifier."""

FAMILIES = (
    FamilyText(
        Family.SHADOWING,
        "Shadowed symbols",
        "A reference that an object of the wheel, or what it depends on, satisfies by itself is "
        "bound to the host. Such references are grouped by the object that holds them and the "
        "object that provides. First it is asked what of them is in use: from the code, a graph of "
        "calls is read, and walked from the module's initialisation and from constructors along "
        "the actual bindings, through all libraries of the wheel. Then the copies are compared.",
    ),
    FamilyText(
        Family.LOADING,
        "Loading",
        "The loader refuses the object, or uses another file than the wheel brings. Some of this "
        "occurs only after an import of the interpreter's own modules (`import ssl` brings "
        "libssl.so.3), and says so. What is captured then is a note as long as all that needs it "
        "opens. The import itself may be refused, after a module of the wheel.",
    ),
    FamilyText(
        Family.AMONG_WHEELS,
        "Objects of wheels among themselves",
        "What modules and wheels do to each other in one process.",
    ),
    FamilyText(
        Family.EXPOSURE,
        "Exposure",
        "What any host could take. These notes are told once a wheel and change no exit status.",
    ),
    FamilyText(
        Family.FOOTPRINT,
        "Footprint of a host",
        "What a host brings into the global scope of every module.",
    ),
    FamilyText(
        Family.ARCHIVE,
        "Archives",
        "What pip or the package index refuse of a wheel's archive, what readers of archives "
        "understand in different ways, and tags that promise what the wheel does not keep. They "
        "depend on no host and, but for the tags, are reported of pure wheels too. "
        "An error where the wheel cannot be uploaded or installed, else a warning.",
    ),
)
"""Each family with its text, in the order of the page of codes."""
