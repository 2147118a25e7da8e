"""Names that somebody may ask for by name at run time, so that they must stay as they are.

No relocation tells of ``dlsym``. What does: the text in objects that call it,
the Python files of a wheel that opens libraries itself, and the documented
names under which interpreters and plugin loaders look for their entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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
_ASKING = {"dlsym", "dlvsym"}
# How ctypes and cffi open a library; a cffi module that is compiled ("API mode") is linked.
_OPENING = re.compile(rb"\b(?:CDLL|PyDLL|cdll|pydll|LoadLibrary|dlopen|in_dll)\b")
_FOREIGN = re.compile(rb"\b(?:ctypes|cffi)\b")
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


def names_in_python(sources: Mapping[str, bytes]) -> dict[str, frozenset[str]]:
    """Identifiers and names of libraries in those Python files that may use an opened library.

    These are, where any file opens one: that file, each that imports it by
    name, and each that uses ctypes or cffi.
    """
    opening = {name for name, source in sources.items() if _OPENING.search(source)}
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
        if name in opening or _FOREIGN.search(source) or importing.search(source)
    }


def entry_points(
    names: AbstractSet[str],
    *,
    plugins: AbstractSet[str],
    python: Mapping[str, frozenset[str]],
    text: Mapping[str, frozenset[str]],
    reach: Mapping[str, AbstractSet[str]],
) -> dict[str, str]:
    """Those of ``names`` that may be asked for at run time, with the reason.

    ``plugins`` are the names defined by objects that no other one needs, which
    are opened by somebody who knows what to ask for. ``python`` and ``text``
    are the identifiers and strings by member, ``reach`` the names that each
    object of ``text`` could get from dlsym. A string that is a name of the
    object's own is no sign: that is what ``__func__`` leaves there, and nobody
    asks dlsym for what he can call.
    """
    found = {
        name: "is a documented entry point"
        for name in sorted(names & plugins)
        if _PLUGIN.fullmatch(name)
    }
    for member, words in sorted(python.items()):
        for name in sorted(names & words):
            found.setdefault(name, f"stands in {member}, which may use a library it opened")
    for member, words in sorted(text.items()):
        for name in sorted(names & words & reach[member]):
            found.setdefault(name, f"stands as text in {member}, which calls dlsym")
    return found
