"""The codes of interpositions: COL101 to COL112 and COL301."""

from __future__ import annotations

from collide.findings.code import Code, Severity, Shape

SPLIT_LIBRARY = Code(
    "COL101",
    "split-library",
    Severity.ERROR,
    Shape.SPLIT,
    "calls two copies of one library, its own and the host's",
    "Some functions of one library come from the host's copy and some from the wheel's, and code "
    "that runs uses both. They work on the same structures with different ideas of their layout: a "
    "crash or wrong results.",
    "Symbols in use that the victim's own closure defines bind to the host, while others of the "
    "same library, in use too, still bind to the wheel's copy, since the host's does not offer "
    "them. A warning where these are few: up to three and less than a tenth between two objects; "
    "and where only so few functions of the victim are called from other objects, which have the "
    "others from the host; less than 7.5 % inside one, where they may be functions that a shared "
    "build hides, unless the first two numbers of their versions differ. In a static library they "
    "are the functions that lie between the first and the last taken one and begin with the same "
    "word, and those with the prefix that all of the taken have in common. A warning too where "
    "what is taken inside one object are routines in assembly, which have no unwind table, and "
    "compiled functions that call nothing. Another way to split a library: its names were given a "
    "prefix, all but those of its inside, and a host of another release has these. And another: "
    "ctypes or cffi open it and ask it for its functions, which are then its own, while more than "
    "three that these call by name are those of a host's library of that name, and nothing tells "
    "that both are of one series.",
    "Keep the bundled library's symbols from being looked up by name: link a static one with "
    "-Wl,--exclude-libs,ALL, a shared one with -Bsymbolic, and rename what crosses from one "
    "bundled library to another (patchelf --rename-dynamic-symbols).",
)
REPLACED_LIBRARY = Code(
    "COL102",
    "replaced-library",
    Severity.WARNING,
    Shape.INTERPOSITION,
    "uses the host's copy of a library in place of its own",
    "Every function of the library that is in use is the host's. That works as long as the two "
    "copies are compatible, which nobody has tested; fixes that the wheel's copy has are lost.",
    "Symbols in use that the victim's own closure defines bind to the host, and none of the same "
    "library that is in use stays in the wheel. Nothing tells that the two are incompatible. A "
    "note where both have one build id.",
    "As for COL101: no host can replace what is not looked up by name.",
)
VAGUE_LINKAGE = Code(
    "COL103",
    "vague-linkage",
    Severity.NOTE,
    Shape.INTERPOSITION,
    "uses the host's copy of C++ inline functions and templates",
    "C++ emits these in every object that uses them, and any copy serves as long as all were "
    "compiled from the same source (Itanium C++ ABI 5.2).",
    "A shadowed symbol with a mangled name whose intended definition is weak or unique.",
    "Compile with -fvisibility-inlines-hidden, if the two were compiled from different sources.",
    fixed_remedy=True,
    per_binding=True,
)
FOREIGN_SYMBOL = Code(
    "COL104",
    "foreign-symbol",
    Severity.WARNING,
    Shape.INTERPOSITION,
    "takes symbols from an object of the host that is no copy of the library meant",
    "Two libraries that have nothing to do with each other use the same name, or have copied the "
    "same source. What the host's does may be something else altogether.",
    "Of the names that the two objects export, less than a tenth are in both; or less than a "
    "hundredth of the host's, and not most of the wheel's. An error where one is code and the "
    "other data.",
    "Keep the names from being looked up (see COL101), or give them a prefix of their own.",
)
OTHER_ABI = Code(
    "COL105",
    "other-abi",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "uses a library of the host with another ABI number than its own",
    "The makers of a library change the number behind .so when programs linked with the old one "
    "cannot run with the new one.",
    "The first numbers behind .so differ between the library meant and the one used: those of "
    "their DT_SONAMEs, or of their files where auditwheel has renamed the library. An error where "
    "structures of it are in use as variables, else a warning.",
    "As for COL101: no host can replace what is not looked up by name.",
)
DATA_MISMATCH = Code(
    "COL106",
    "data-mismatch",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "uses a variable of the host that has another size or kind than its own",
    "The code was compiled for another type: it reads or writes behind the end of the variable, "
    "or takes code for data.",
    "The variable's size in the host's symbol table is smaller than in the wheel's, or only one "
    "of them is thread-local, or one is code. A larger one is not told, nor a text, "
    "which carries its end in itself.",
    "As for COL101: no host can replace what is not looked up by name.",
)
INTEGER_WIDTH = Code(
    "COL107",
    "integer-width",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "passes integers of another width than the host's library takes",
    "Libraries of linear algebra come with 32-bit and 64-bit integers under the same names of "
    "functions. With the wrong one arguments are read from the wrong places: crashes, wrong sums.",
    "Only one of the two libraries says in its name or in its build options that its integers "
    "have 64 bits.",
    "Build the 64-bit library with a suffix on all names of functions (OpenBLAS SYMBOLSUFFIX).",
)
VERSION_CHECK = Code(
    "COL108",
    "version-check",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "calls a check of the version in the host's library, which is another release",
    "The library compares the version that its user was compiled for with its own, and ends the "
    "program or the import where they differ.",
    "A function in use that is taken from the host has both check and version in its name, and "
    "the two copies differ in their version strings or in the numbers of their files. Or a "
    "function with version in its name is, and the victim has a text that names the library and "
    "says that the times of compiling and of linking differ, or that it requires a later one: and "
    "the host's lacks functions and adds none, or has another name, as the text has it.",
    "As for COL101: no host can replace what is not looked up by name.",
)
WIDE_INTERFACE = Code(
    "COL109",
    "wide-interface",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "is compiled against the inside of a library that the host replaces",
    "So many functions and variables of the library are in use that its structures are compiled "
    "in. Another release with other layouts or other rules gives wrong results.",
    "At least 150 symbols in use bind to one library of the host, variables of more than one word "
    "among them.",
    "As for COL101: no host can replace what is not looked up by name.",
)
UNUSED_COPY = Code(
    "COL110",
    "unused-copy",
    Severity.NOTE,
    Shape.INTERPOSITION,
    "is loaded, and nothing that runs leads to these references",
    "Whoever would use this library was given the host's in its place. What its own references "
    "bind to harms nobody.",
    "The graph of calls is walked from the module's initialisation and all constructors, over the "
    "actual bindings; no function that is reached refers to these symbols. A function that is "
    "looked up with dlsym is not seen.",
    "Nothing need be done; see the findings for those who use the host's copy.",
    fixed_remedy=True,
)
COMPILER_RUNTIME = Code(
    "COL111",
    "compiler-runtime",
    Severity.NOTE,
    Shape.INTERPOSITION,
    "uses the host's copy of functions of the compiler or its C++ library",
    "Newer releases of these libraries keep what older ones promised. The static parts serve "
    "systems that are older than the compiler.",
    "All symbols in use have names that are reserved for the implementation (ISO C++ "
    "[lex.name]), and the variables among them have one size in both.",
    "Nothing need be done; -static-libgcc and -static-libstdc++ with -Wl,--exclude-libs,ALL keep "
    "the wheel's own.",
    fixed_remedy=True,
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
