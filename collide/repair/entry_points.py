"""Finds what may be opened or asked for at run time, which no relocation shows.

Three things show it: Python files that open libraries, objects that hold a file name as
text, and the documented names by which interpreters and plugin loaders find their entry
points.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cache

from collide.wheels.grafted import HASH

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast

_DOCUMENTED = (
    # Python: PEP 489 and 793, cffi's modules in PyPy.
    r"PyInit_\w+|PyInitU_\w+|PyModExport_\w+|_cffi_pypyinit_\w+",
    # JNI and JVMTI, the invocation of a library.
    r"JNI_On(?:Load|Unload)\w*|Agent_On\w+",
    # OpenSSL engines and providers, PKCS#11, SASL, GSSAPI and Kerberos plugins, PAM, NSS.
    r"bind_engine|v_check|OSSL_provider_init|C_GetFunctionList|C_GetInterface\w*",
    r"sasl_(?:client|server|auxprop|canonuser)_plug_init|gss_mech_initialize|\w+_initvt",
    r"pam_sm_\w+|_nss_\w+",
    # SQLite extensions, HDF5 filters, GDAL drivers, Qt plugins, GIO modules, R packages.
    r"sqlite3_\w*_?init|H5PLget_plugin_\w+|GDALRegister\w*",
    r"qt_plugin_(?:instance|query_\w+)|g_io_(?:module_)?\w*(?:load|unload|query)|R_(?:un)?load_\w+",
)
DLSYM_FUNCTIONS = frozenset(("dlsym", "dlvsym"))
"""The functions that give an address for a name (dlsym(3))."""
DLOPEN_FUNCTIONS = frozenset(("dlopen", "dlmopen"))
"""The functions that open a library under a name (dlopen(3))."""
_OPENERS = {"CDLL", "PyDLL", "cdll", "pydll", "LoadLibrary", "load_library", "dlopen", "in_dll"}
_OPENING = re.compile(rf"\b(?:{'|'.join(sorted(_OPENERS))})\b")
# A match has one of these: most files have none, and a literal is found sooner.
_IN_OPENING = ("DLL", "dll", "LoadLibrary", "load_library", "dlopen")
_SONAME = re.compile(r"(?:^|/)[\w+.-]+\.so[\w.]*$")


def is_documented_entry_point(name: str) -> bool:
    """Whether a documented interface for plugins looks up entry points of this name."""
    return _plugin().fullmatch(name) is not None


@cache
def _plugin() -> re.Pattern[str]:
    """Compiled when it is first asked for: most wheels have no name that might be hidden."""
    return re.compile("|".join(_DOCUMENTED))


def opens_libraries(source: str) -> bool:
    """Whether a Python file opens libraries: with ctypes, cffi's ABI mode or numpy's loader.

    A cffi module that is compiled ("API mode") is linked, and shows what it uses.
    """
    return any(part in source for part in _IN_OPENING) and _OPENING.search(source) is not None


def opens_by_made_up_names(source: str) -> bool:
    """Whether a Python file opens a library under a name that is no literal in that place.

    Of a path, only the last part matters. What cannot be parsed may do anything.
    """
    import ast  # late: start-up

    from collide.wheels.python.parse import parse_quietly  # late: start-up

    try:
        tree = parse_quietly(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    literal = set(map(id, _openers_with_literals(tree)))
    return any(
        id(node) not in literal and _names_an_opener(node)
        for node in ast.walk(tree)
        if not isinstance(node, (ast.Import, ast.ImportFrom))
    )


def _openers_with_literals(tree: ast.AST) -> Iterator[ast.AST]:
    """The names of functions in calls that open nothing, the program, or a literal name."""
    import ast  # late: start-up

    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _is_literal(node.args[0]):
            yield node.func
            yield from ast.walk(node.func)
        # ctypes.cdll.NAME opens the library of that name.
        elif isinstance(node, ast.Attribute) and node.attr not in _OPENERS:
            yield node.value


def _is_literal(node: ast.AST) -> bool:
    """Whether an expression for a library ends with a literal file name, or is None."""
    import ast  # late: start-up

    if isinstance(node, ast.Constant):
        return node.value is None or isinstance(node.value, str)
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        called = node.func.id if isinstance(node.func, ast.Name) else called
        if called in ("find_library", "str", "fspath") and len(node.args) == 1:
            return _is_literal(node.args[0])
        return called == "join" and bool(node.args) and _is_file_name(node.args[-1])
    if isinstance(node, ast.BinOp):
        return _is_file_name(node.right)
    return isinstance(node, ast.JoinedStr) and bool(node.values) and _is_file_name(node.values[-1])


def _is_file_name(node: ast.AST) -> bool:
    import ast  # late: start-up

    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, str) and _SONAME.search(value) is not None


def _names_an_opener(node: ast.AST) -> bool:
    import ast  # late: start-up

    if isinstance(node, ast.Name):
        return node.id in _OPENERS
    if isinstance(node, ast.Attribute):
        return node.attr in _OPENERS
    return isinstance(node, ast.Constant) and node.value in _OPENERS


def file_names_in(
    data: bytes | bytearray, among: AbstractSet[str], spans: Sequence[tuple[int, int]] = ()
) -> frozenset[str]:
    """Those of the file names ``among`` that stand in ``data`` as words of their own.

    With ``spans`` (first and after the last byte) only there.
    """
    words = {name.encode("utf-8", "surrogateescape"): name for name in among}
    plain = {raw for raw in words if _is_library(raw)}
    if len(plain) <= _FEW:
        plain.clear()
    found = set[bytes]()
    for start, end in spans or ((0, len(data)),):
        if plain:
            found |= plain.intersection(_words_with_end(data, start, end))
        found.update(raw for raw in words.keys() - plain if _stands_in(data, raw, start, end))
    return frozenset(words[raw] for raw in found)


def _is_library(raw: bytes) -> bool:
    return len(raw) <= _LONGEST and _END in raw and _WORD.fullmatch(raw) is not None


def _words_with_end(data: bytes | bytearray, start: int, end: int) -> Iterator[bytes]:
    """All words of a span of ``data`` with the end of a library's name in them.

    One search for what few words have takes the time that searches for ``_FEW`` names do.
    """
    at = data.find(_END, start, end)
    while at >= 0:
        # Backwards, so that the word before is found at once and not from each of its places.
        before = data[max(start, at - _LONGEST) : at][::-1]
        after = data[at : min(at + _LONGEST, end)]
        first, last = _WORD.match(before), _WORD.match(after)
        yield (bytes(first[0])[::-1] if first else b"") + (bytes(last[0]) if last else b"")
        at = data.find(_END, at + 1, end)


def _stands_in(data: bytes | bytearray, raw: bytes, start: int, end: int) -> bool:
    at = data.find(raw, start, end)
    while at >= 0:
        after = at + len(raw)
        around = data[max(start, at - 1) : at], data[after : min(after + 1, end)]
        if not any(map(_WORD.match, around)):
            return True
        at = data.find(raw, at + 1, end)
    return False


def begins_file_name(data: bytes | bytearray, stem: str) -> bool:
    """Whether a string in ``data`` can become the name of a library called ``stem``.

    It begins with it, or the last part of its path does, and goes on as ``%s`` or ``.so``.
    """
    raw = re.escape(stem.encode("utf-8", "surrogateescape"))
    return re.search(rb"(?:^|[\0/])%b(?:\0|%%|\.so|\.%%|$)" % raw, data) is not None


_FEW = 6
"""Names that are found one by one in the time that all words with ``_END`` are: long ones are
skipped to, as no three bytes are."""
_END = b".so"
_WORD = re.compile(rb"[\w+.-]+")
_LONGEST = 255
"""Bytes of a file name (NAME_MAX, limits.h)."""


def stem(name: str) -> str:
    """The file name of a library without hash, extension and version."""
    return re.split(rf"{HASH}\.|\.so", name)[0]
