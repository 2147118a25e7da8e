"""Load failures in the words of dlerror(3), and messages recognised by them.

Source: glibc ``elf/dl-load.c``, ``elf/dl-version.c``, ``elf/dl-lookup.c``;
musl ``ldso/dynlink.c``.
"""

from __future__ import annotations

import posixpath
import re

from collide.loader.link_map import LoadFailure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.loader.link_map import FailureKind

_UNLOADABLE = (
    "file too short|invalid ELF header|cannot read file data|wrong ELF class|cannot dynamically "
    "load|ELF file (?:OS ABI|ABI version) invalid|ELF file version|ELF file's phentsize|nonzero "
    "padding|object file has no|ELF file data encoding|only ET_DYN and ET_EXEC|shared object "
    "cannot be dlopen|cannot open shared object file|Error loading shared library"
)
_PATTERNS: dict[FailureKind, str] = {
    "missing-library": "{name}: (?:cannot open shared object file|No such file or directory)",
    "unloadable-file": f"(?s:.*{{base}}.*(?:{_UNLOADABLE})|(?:{_UNLOADABLE}).*{{base}})",
    "version-not-found": "version `{name}' not found|DT_RELR without {name} dependency",
    "version-file-not-loaded": "Assertion `needed != NULL' failed",
    "version-tables-missing": "Assertion `version->filename == NULL",
    "executable-stack": "{base}: cannot enable executable stack as shared object requires",
    "load-command": "{base}: ELF load command",
    "cpu-level": "{base}: CPU ISA level is lower than required",
    "static-tls": "{base}: cannot allocate memory in static TLS block|"
    "initial-exec TLS resolves to dynamic definition in .*{base}",
    "undefined-symbol": "undefined symbol: {name}(?![^,\\s)]){version}|: {name}: symbol not found",
}


def says(message: str, failure: LoadFailure) -> bool:
    """Whether the loader's ``message`` reports this failure, by kind and name."""
    undefined = failure.kind == "undefined-symbol"
    pattern = _PATTERNS[failure.kind].format(
        name=re.escape(failure.name),
        base=re.escape(posixpath.basename(failure.name)),
        version=f", version {re.escape(failure.detail)}" if undefined and failure.detail else "",
    )
    return re.search(pattern, message) is not None


def describe(failure: LoadFailure) -> str:
    """A load failure in the words of dlerror(3)."""
    name, detail = failure.name, failure.detail
    match failure.kind:
        case "undefined-symbol":
            return f"undefined symbol: {name}" + (f", version {detail}" if detail else "")
        case "version-not-found":
            return f"version `{name}' not found in {detail}"
        case "missing-library":
            return f"{name}: cannot open shared object file"
        case "unloadable-file" | "load-command" | "static-tls":
            return f"{name}: {detail}"
        case "executable-stack":
            why = "cannot enable executable stack as shared object requires: Invalid argument"
            return f"{name}: {why}"
        case "cpu-level":
            return f"{name}: CPU ISA level is lower than required"
        case "version-file-not-loaded":
            return f"version `{name}' is of {detail}, which is not loaded"
        case "version-tables-missing":
            return f"version `{name}' is of {detail}, which has no versions any more"
