"""Names that somebody may ask for by name at run time, so that they must stay as they are.

No relocation tells of ``dlsym``. What does: the text in objects that call it,
the Python files of a wheel that use ctypes or cffi, and the documented names
under which interpreters and plugin loaders look for their entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

_DOCUMENTED = (
    # Python: PEP 489 and 793, "initNAME" of Python 2, cffi's modules in PyPy.
    r"PyInit_\w+|PyInitU_\w+|PyModExport_\w+|init[a-z_]\w*|_cffi_pypyinit_\w+",
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
_ASKING = {"dlsym", "dlvsym"}
_FOREIGN = re.compile(rb"\b(?:ctypes|cffi|dlopen|CDLL)\b")
_WORD = re.compile(rb"[\w+.-]+\.so[\w.]*|[A-Za-z_]\w*")
_TEXT = re.compile(rb"(?:[\w+.-]+\.so[\w.]*|[A-Za-z_][\w.]*)(?=\0)")


def asks_by_name(names: Iterable[str]) -> bool:
    """Whether an object that refers to these names looks symbols up at run time."""
    return not _ASKING.isdisjoint(names)


def names_in_text(loaded: Iterable[bytes]) -> frozenset[str]:
    """What stands in an object as a string of its own and could be a symbol's name.

    ``loaded`` are the contents of its segments without ``.dynstr``, which holds
    all names and tells nothing. The end of a longer string is not seen:
    linkers share those only at ``-Wl,-O2``.
    """
    return frozenset(
        found.decode("ascii", "replace") for part in loaded for found in _TEXT.findall(part)
    )


def names_in_python(source: bytes) -> frozenset[str]:
    """Identifiers and names of libraries in a Python file that opens any itself, else none."""
    if not _FOREIGN.search(source):
        return frozenset()
    return frozenset(name.decode("ascii", "replace") for name in _WORD.findall(source))


def entry_points(
    names: AbstractSet[str],
    *,
    python: Mapping[str, frozenset[str]],
    text: Mapping[str, frozenset[str]],
    defined: Mapping[str, AbstractSet[str]],
) -> dict[str, str]:
    """Those of ``names`` that may be asked for at run time, with the reason.

    ``python`` and ``text`` are the identifiers and strings by member,
    ``defined`` the names that each object of ``text`` defines. A string in
    the object that defines the symbol is no such sign: it is what
    ``__func__`` leaves there, and nobody asks dlsym for what he can call.
    """
    found = {
        name: "is a documented entry point" for name in sorted(names) if _PLUGIN.fullmatch(name)
    }
    for member, words in sorted(python.items()):
        for name in sorted(names & words):
            found.setdefault(name, f"stands in {member}, which opens libraries by itself")
    for member, words in sorted(text.items()):
        for name in sorted((names & words) - defined[member]):
            found.setdefault(name, f"stands as text in {member}, which calls dlsym")
    return found
