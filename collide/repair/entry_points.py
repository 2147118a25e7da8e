"""Finds names that somebody may look up at run time, so that a repair must not change them.

No relocation shows what ``dlsym`` is asked for. Three things do: the text in objects
that call it, the Python files of a wheel that opens libraries itself, and the
documented names by which interpreters and plugin loaders find their entry points.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

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
_PLUGIN = re.compile("|".join(_DOCUMENTED))
DLSYM_FUNCTIONS = frozenset(("dlsym", "dlvsym"))
"""The functions that give an address for a name (dlsym(3))."""
# How ctypes and cffi open a library; a cffi module that is compiled ("API mode") is linked.
_OPENING = re.compile(rb"\b(?:CDLL|PyDLL|cdll|pydll|LoadLibrary|dlopen|in_dll)\b")
_FOREIGN = re.compile(rb"\b(?:ctypes|cffi)\b")
# A match of these has one of the following: most files have none, and a literal is found sooner.
_IN_OPENING = (b"DLL", b"dll", b"LoadLibrary", b"dlopen")
_IN_FOREIGN = (b"ctypes", b"cffi")
_WORD = re.compile(rb"[\w+.-]+\.so[\w.]*|[A-Za-z_]\w*")
_TEXT = re.compile(rb"(?:[\w+.-]+\.so[\w.]*|[A-Za-z_][\w.]*)(?=\0)")
_WORD_BYTES = frozenset(b"+-.0123456789_") | frozenset(range(65, 91)) | frozenset(range(97, 123))
Text = bytes | bytearray | memoryview
_UNIFORM = bytes(97 if byte in _WORD_BYTES else min(byte, 1) for byte in range(256))
_TAIL = 6
"""Characters at the end of a word that are compared first: most words differ there."""
_CHUNK = 1 << 18
"""Bytes that are searched together, so that they stay in a processor's cache."""


def names_in_text(loaded: Iterable[Text], among: AbstractSet[str]) -> frozenset[str]:
    """Those of the names ``among`` that an object holds as a string of their own.

    ``loaded`` are the contents of its segments without ``.dynstr``, which holds
    all names of symbols. The last word of a string counts as well, but not
    the end of a longer word: linkers share those only at ``-Wl,-O2``.
    """
    tails = {name[-_TAIL:] for name in among}
    encoded = {tail.encode() for tail in tails if tail and tail.isascii()}
    found: set[str] = set()
    for part in loaded if encoded else ():
        for end in _ends(part, encoded):
            word = _word_before(part, end).decode("ascii")
            if word and word in among:
                found.add(word)
    return frozenset(found)


def _ends(part: Text, tails: AbstractSet[bytes]) -> Iterator[int]:
    """The ends of strings that end with one of ``tails``, or begin within it.

    A regular expression would look at every byte, and code is full of short words. With
    all characters of words replaced by one, a search for a row of these passes over most.
    """
    length = min(map(len, tails))
    short = {name[-length:] for name in tails if len(name) < _TAIL}
    row = b"a" * length + b"\0"
    for start in range(0, len(part), _CHUNK):
        first = max(0, start - _TAIL)
        chunk = bytes(part[first : start + _CHUNK])
        uniform = chunk.translate(_UNIFORM)
        at = uniform.find(row, max(0, start - first - length))
        while at >= 0:
            end = at + length
            if chunk[max(0, end - _TAIL) : end] in tails or chunk[at:end] in short:
                yield first + end
            at = uniform.find(row, end)


def beginnings_in_text(loaded: Iterable[Text], among: AbstractSet[str]) -> frozenset[str]:
    """Those ``among`` which some string of the object begins with.

    Strings are found as in :func:`names_in_text`.
    """
    wanted = {text.encode(): text for text in among if text.isascii()}
    found: set[bytes] = {text for text in wanted if len(text) == 0}  # any begins with it
    ordered = sorted(wanted.keys() - found)
    hints = re.compile(rb"(?:%b)(?=[\w+.-]*(\0))" % b"|".join(map(re.escape, ordered)))
    for part in loaded if ordered else ():
        for hint in hints.finditer(part):
            word = _word_before(part, hint.start(1))
            found |= {text for text in wanted.keys() - found if word.startswith(text)}
    return frozenset(wanted[text] for text in found)


def _word_before(part: Text, end: int) -> bytes:
    """The word that ends the string which ``part`` has up to ``end``; empty for none."""
    start = end
    while start and part[start - 1] in _WORD_BYTES:
        start -= 1
    word = _TEXT.search(part, start, end + 1)
    return word[0] if word else b""


def names_in_python(sources: Mapping[str, bytes]) -> dict[str, frozenset[str]]:
    """Identifiers and library names in the Python files that may use an opened library, by file.

    Where any file opens one, these are that file, each that imports it by
    name, and each that uses ctypes or cffi.
    """
    opening = {
        name
        for name, source in sources.items()
        if any(part in source for part in _IN_OPENING) and _OPENING.search(source)
    }
    if not opening:
        return {}
    modules = sorted(
        name.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2].encode()
        for name in opening
    )
    importing = re.compile(
        rb"import\b.*\b(?:%s)\b|from\b.*\b(?:%s)\b" % ((b"|".join(modules),) * 2)
    )
    return {
        name: frozenset(word.decode("ascii", "replace") for word in _WORD.findall(source))
        for name, source in sources.items()
        if name in opening
        or (any(part in source for part in _IN_FOREIGN) and _FOREIGN.search(source))
        or importing.search(source)
    }


def is_documented_entry_point(name: str) -> bool:
    """Whether a documented interface for plugins looks up entry points of this name."""
    return _PLUGIN.fullmatch(name) is not None
