"""The table of COL codes: what each finding means and how it is decided.

The families are in ``FAMILIES``. Codes are stable: one that is retired is never used again.
"""

from __future__ import annotations

from collide.findings.code import Code, Family, FamilyText, Severity, Shape
from collide.findings.codes_shadowed import (
    COMPILER_RUNTIME,
    DATA_MISMATCH,
    EXPOSED_LIBRARY,
    EXPOSED_SYMBOLS,
    FOREIGN_SYMBOL,
    INTEGER_WIDTH,
    OTHER_ABI,
    REPLACED_LIBRARY,
    SPLIT_LIBRARY,
    UNUSED_COPY,
    VAGUE_LINKAGE,
    VERSION_CHECK,
    WIDE_INTERFACE,
)

__all__ = [
    "CAPTURED_SONAME",
    "CODES",
    "COMPILER_RUNTIME",
    "DATA_MISMATCH",
    "EXPOSED_LIBRARY",
    "EXPOSED_SYMBOLS",
    "FAMILIES",
    "FILE_ACROSS",
    "FOREIGN_SYMBOL",
    "GAINED_LIBRARY",
    "GAINED_MISSING",
    "GAINED_OPENING",
    "GAINED_SEARCH_PATH",
    "GAINED_UNVERSIONED",
    "GAINED_VERSIONED",
    "GAINED_VERSIONS",
    "GLOBAL_ACROSS",
    "INTEGER_WIDTH",
    "MISSING_LIBRARY",
    "ORDER_DECIDES",
    "OTHER_ABI",
    "OWN_SHADOW",
    "REPLACED_BY_RELEASE",
    "REPLACED_LIBRARY",
    "SONAME_ACROSS",
    "SPLIT_LIBRARY",
    "STATIC_OBJECTS",
    "SYSTEM_ACROSS",
    "UNDEFINED_SYMBOL",
    "UNIQUE_ACROSS",
    "UNLOADABLE_FILE",
    "UNUSED_COPY",
    "VAGUE_LINKAGE",
    "VERSION_CHECK",
    "VERSION_NOT_FOUND",
    "WIDE_INTERFACE",
    "Code",
    "FamilyText",
    "Severity",
]

MISSING_LIBRARY = Code(
    "COL201",
    "missing-library",
    Severity.WARNING,
    Shape.LOAD_FAILURE,
    "needs a library that is neither in the wheel nor on the host",
    "The import fails, unless another package has loaded a library of that name before.",
    "A DT_NEEDED name that is not loaded and that the loader's search does not find.",
    "Bundle the library (auditwheel repair), or depend on the package that brings it.",
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
)
UNDEFINED_SYMBOL = Code(
    "COL203",
    "undefined-symbol",
    Severity.ERROR,
    Shape.SYMBOLS,
    "needs a symbol that nothing in its scope defines",
    'The import fails with "undefined symbol".',
    "A strong reference without a definition in the global scope, the module and its closure.",
    "Link the library that defines it, or check that the module is meant for this interpreter.",
)
UNLOADABLE_FILE = Code(
    "COL204",
    "unloadable-file",
    Severity.ERROR,
    Shape.LOAD_FAILURE,
    "needs a file at which the loader stops",
    "The import fails: the file found first under the name is no object that can be mapped.",
    "The search's first hit is empty, no ELF file, truncated, or an executable.",
    "Replace the file in the wheel.",
)
CAPTURED_SONAME = Code(
    "COL205",
    "captured-soname",
    Severity.WARNING,
    Shape.CAPTURE,
    "brings a library that is never loaded here: the host's of the same name is used",
    "The host has already loaded a library of this name, so the wheel's copy stays unused.",
    "A DT_NEEDED name for which the wheel has a file equals the path, an alias or the DT_SONAME of "
    "an object that the host has loaded.",
    "Give the bundled library a SONAME of its own, as auditwheel repair does.",
)
OWN_SHADOW = Code(
    "COL301",
    "own-shadow",
    Severity.NOTE,
    Shape.INTERPOSITION,
    "takes symbols from another object of the wheel than its own closure offers first",
    "The module that is opened comes first in the scope of all its libraries, and the first "
    "library before the later ones: which definition is used depends on what is imported.",
    "A symbol that the object or its closure defines binds to another object of the same wheel.",
    "Export from a module only its initialisation function (-fvisibility=hidden).",
    fixed_remedy=True,
    per_binding=True,
)
SONAME_ACROSS = Code(
    "COL302",
    "soname-across-wheels",
    Severity.WARNING,
    Shape.CHANGED_BINDINGS,
    "uses a library of the wheel that was opened before, not the one it brings or would find",
    "Two wheels bring libraries of one SONAME (auditwheel gives equal names to equal files), or "
    "one brings what the other finds on the system. The loader keeps whichever is opened first, "
    "for both.",
    "A DT_NEEDED name equals the DT_SONAME or an alias of an object that the first wheel has "
    "loaded from another path. A note when both copies export the same names, or nothing else was "
    "there.",
    "Nothing where both were made from the same library; else rename the SONAME in one of the "
    "wheels (auditwheel repair, patchelf --set-soname).",
)
UNIQUE_ACROSS = Code(
    "COL303",
    "unique-across-wheels",
    Severity.WARNING,
    Shape.CHANGED_BINDINGS,
    "shares C++ objects with the wheel that was opened before",
    "A symbol of binding STB_GNU_UNIQUE (a static variable of an inline function or template) "
    "exists once in a process, by name alone: both wheels work on the first one's object.",
    "A lookup ends at a unique symbol that the first wheel's lookups have registered. A note when "
    "the two definitions have the same type and size.",
    "Compile with -fno-gnu-unique or -fvisibility=hidden, unless both must share the object.",
)
SYSTEM_ACROSS = Code(
    "COL304",
    "system-library-across-wheels",
    Severity.WARNING,
    Shape.CHANGED_BINDINGS,
    "a system library that both load is bound in the scope of the wheel opened first",
    "A library that the host does not load at start-up is relocated once, where it is opened "
    "first. What the first wheel exports takes part in it for all that come later.",
    "References of a system library that both wheels load get other definitions when the first "
    "wheel opens it than when the second does. A note when the library only gets its own or equal "
    "ones.",
    "Export from a module and its libraries only what others use (-fvisibility=hidden, "
    "-Wl,--exclude-libs,ALL): what it links of libstdc++ statically most of all.",
)
GLOBAL_ACROSS = Code(
    "COL305",
    "global-across-wheels",
    Severity.WARNING,
    Shape.CHANGED_BINDINGS,
    "takes symbols of a wheel that was opened RTLD_GLOBAL",
    "What is opened RTLD_GLOBAL joins the global scope with all its libraries, and comes before "
    "everything that is opened later.",
    "A reference binds to an object that the first wheel has promoted. A note when the second has "
    "no definition of its own, or an equal one.",
    "Do not open extension modules RTLD_GLOBAL (sys.setdlopenflags); as for COL101 otherwise.",
)
ORDER_DECIDES = Code(
    "COL306",
    "order-decides-loading",
    Severity.ERROR,
    Shape.OUTCOME,
    "opens or fails depending on what has been opened before",
    "The import works or not, depending on the order of imports.",
    "A dlopen that succeeds alone fails after those of the other wheel; a note when it is the "
    "other way round.",
    "As for the finding that tells which library or symbol is taken from the other wheel.",
)
FILE_ACROSS = Code(
    "COL307",
    "file-across-wheels",
    Severity.WARNING,
    Shape.FILES,
    "has files that the other wheel replaces",
    "Installers unpack every wheel into the same directory: of two files with one path the last "
    "that is installed stays, and uninstalling one wheel removes the other's.",
    "Members of two wheels are installed at the same path.",
    "Give the files names of their own; two builds of one package cannot be installed together.",
)

# -- 5xx: the link footprint of a host, compared with an earlier one or another host's ------------

GAINED_LIBRARY = Code(
    "COL501",
    "gained-library",
    Severity.ERROR,
    Shape.FOOTPRINT,
    "the host links one library more",
    "Every export of the library comes before those of all modules that are opened later: what "
    "bundles a copy of it may run on the host's from now on.",
    "The global scope has an object that the earlier one did not have, by DT_SONAME or file name.",
    "Link it statically with its symbols hidden, or open it with dlopen from an extension module, "
    "so that it stays out of the global scope.",
)
GAINED_UNVERSIONED = Code(
    "COL502",
    "gained-unversioned",
    Severity.WARNING,
    Shape.FOOTPRINT,
    "a library of the host exports more names without a version",
    "An export without a version satisfies every reference of its name, versioned or not.",
    "Definitions at a base version, or in an object without version tables, that were not there.",
    "Hide what is no interface (-fvisibility=hidden, -Wl,--exclude-libs,ALL), or give the library "
    "a version script.",
)
GAINED_VERSIONED = Code(
    "COL503",
    "gained-versioned",
    Severity.NOTE,
    Shape.FOOTPRINT,
    "a library of the host exports more versioned symbols",
    "They satisfy references of the same version, and those without one.",
    "Definitions with a version name that were not there.",
    "None is needed, unless a wheel bundles another build of the same library.",
)
GAINED_VERSIONS = Code(
    "COL504",
    "gained-versions",
    Severity.NOTE,
    Shape.FOOTPRINT,
    "a library of the host defines more versions",
    "Objects that need them can be loaded now; a newer release of the library is installed.",
    "Version names of exported definitions that were not there.",
    "None is needed.",
)
GAINED_OPENING = Code(
    "COL505",
    "gained-opening",
    Severity.ERROR,
    Shape.FOOTPRINT,
    "the host preloads a library more, or opens one RTLD_GLOBAL",
    "The library and its closure are in the global scope from then on, as if the host linked them.",
    "What the profiles were recorded with (--preload, --global).",
    "Open it RTLD_LOCAL.",
)
GAINED_SEARCH_PATH = Code(
    "COL506",
    "gained-search-path",
    Severity.WARNING,
    Shape.FOOTPRINT,
    "the host searches for libraries in another place",
    "What is found there answers for its own needs and, as DT_RPATH of the executable or as "
    "LD_LIBRARY_PATH, for those of every module.",
    "DT_RPATH, DT_RUNPATH, LD_LIBRARY_PATH and the directories built into the loader.",
    "Drop the entry (patchelf --remove-rpath), or replace an RPATH by a RUNPATH.",
)
GAINED_MISSING = Code(
    "COL507",
    "gained-missing",
    Severity.WARNING,
    Shape.FOOTPRINT,
    "the host needs one library more, which is not there",
    "Where it is installed the host links it; here its exports cannot be told.",
    "A DT_NEEDED name that the loader's search does not find, and that was not needed before.",
    "Install the library and look again; then as for COL501.",
)
REPLACED_BY_RELEASE = Code(
    "COL508",
    "replaced-by-release",
    Severity.NOTE,
    Shape.FOOTPRINT,
    "the host links another release of a library",
    "Its exports are compared with those of the earlier one; its new name captures DT_NEEDED "
    "entries of that name.",
    "One library gone and one come whose names differ in numbers only.",
    "None is needed.",
)

STATIC_OBJECTS = Code(
    "COL112",
    "static-objects",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "has its static C++ objects built or destroyed by the host's copy of the library",
    "Static objects of the wheel's copy are made when it is loaded and destroyed when the program "
    "ends, by code of the other copy. Seen with real libraries: a crash at the end.",
    "Constructors or destructors of classes, by their mangled names, bind to the host from code "
    "that is reached from the object's own list of initialisers.",
    "As for COL101: no host can replace what is not looked up by name.",
)
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
        MISSING_LIBRARY,
        VERSION_NOT_FOUND,
        UNDEFINED_SYMBOL,
        UNLOADABLE_FILE,
        CAPTURED_SONAME,
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
        EXPOSED_SYMBOLS,
        EXPOSED_LIBRARY,
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
        "The loader refuses the object, or uses another file than the wheel brings.",
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
)
"""Each family with its text, in the order of the page of codes."""
