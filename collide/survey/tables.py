"""The tables of a dataset: columns with types and meanings, and the version of their schema."""

from __future__ import annotations

import pyarrow as pa

from collide.survey.wheel import KINDS, TRACES

SCHEMA = 1
"""Raised when a column changes its meaning or goes; columns may come without that."""

_TEXT, _TEXTS, _COUNT = pa.string(), pa.list_(pa.string()), pa.int64()


def _table(**columns: tuple[pa.DataType, str]) -> pa.Schema:
    return pa.schema(
        [pa.field(n, t, metadata={"meaning": meaning}) for n, (t, meaning) in columns.items()],
        metadata={"collide-survey": str(SCHEMA)},
    )


_WHEEL = (_TEXT, "SHA-256 of the wheel, in hex")
_RULES = (_TEXT, "version of collide's rules")

TABLES = {
    "wheels": _table(
        sha256=_WHEEL,
        rules=_RULES,
        project=(_TEXT, "normalised name"),
        version=(_TEXT, "of the project"),
        wheel=(_TEXT, "of the wheel"),
        address=(_TEXT, "where it was taken from"),
        uploaded=(_TEXT, "date, empty where it is not known"),
        size=(_COUNT, "bytes"),
        requires=(_TEXTS, "projects, of its metadata; null where the index does not give that"),
        seconds=(pa.float64(), "CPU time of its check, on all hosts of that run"),
        memory=(_COUNT, "peak of its check, bytes"),
    ),
    "analyses": _table(
        sha256=_WHEEL,
        rules=_RULES,
        host=(_TEXT, "name of the host"),
        digest=(_TEXT, "of the host's profile"),
        checked=(pa.bool_(), "false: the wheel cannot be installed there, or nothing is new"),
        left_out=(_TEXT, "why it was not checked"),
        as_if=(pa.bool_(), "as if the host had the Python that the wheel wants"),
        error=(_COUNT, "findings"),
        warning=(_COUNT, "findings"),
        note=(_COUNT, "findings"),
        worst=(_TEXT, "error, warning, note or empty"),
    ),
    "causes": _table(
        sha256=_WHEEL,
        rules=_RULES,
        hosts=(_TEXTS, "where it is a cause"),
        subject=(_TEXT, "what can be changed: a library, a function, a file"),
        kind=(_TEXT, "of the subject"),
        release=(_TEXT, "of the subject, empty where it is not known"),
        code=(_TEXT, "COLnnn"),
        slug=(_TEXT, "the code in words"),
        severity=(_TEXT, "error, warning or note"),
        objects=(_TEXTS, "files of the wheel that carry or use it"),
        providers=(_TEXTS, "files that answer in its place"),
        symbols=(_COUNT, "names that are concerned"),
        fix=(_TEXT, "what to change"),
    ),
    "findings": _table(
        sha256=_WHEEL,
        rules=_RULES,
        host=(_TEXT, "name of the host"),
        code=(_TEXT, "COLnnn"),
        severity=(_TEXT, "error, warning or note"),
        victim=(_TEXT, "file of the wheel"),
        provider=(_TEXT, "file that answers; empty where none does"),
        references=(_COUNT, "references that are concerned"),
        symbols=(_TEXTS, "names that are concerned"),
        detail=(_TEXT, "what the loader says, and the like"),
    ),
    "exposure": _table(
        sha256=_WHEEL,
        rules=_RULES,
        object=(_TEXT, "file of the wheel"),
        code=(_TEXT, "COLnnn"),
        intended=(_TEXTS, "files that define the names"),
        symbols=(_TEXTS, "names that any host could take"),
    ),
    "loads": _table(
        sha256=_WHEEL,
        rules=_RULES,
        host=(_TEXT, "name of the host"),
        code=(_TEXT, "COLnnn: missing library, captured name, executable stack, thread storage"),
        severity=(_TEXT, "error, warning or note"),
        object=(_TEXT, "file of the wheel"),
        library=(_TEXT, "the library, by the name or the file that the finding has"),
        detail=(_TEXT, "what the loader says, and the like"),
    ),
    "traces": _table(
        sha256=_WHEEL,
        rules=_RULES,
        host=(_TEXT, "name of the host"),
        digest=(_TEXT, "of the host's profile"),
        kind=(_TEXT, ", ".join(TRACES)),
        name=(_TEXT, "a library, a symbol, a path"),
        path=(_TEXT, "the file that has it"),
        modules=(_TEXTS, "of the wheel, that do it"),
    ),
    "pairs": _table(
        one=_WHEEL,
        other=_WHEEL,
        rules=_RULES,
        host=(_TEXT, "name of the host"),
        digest=(_TEXT, "of the host's profile"),
        sonames=(_TEXTS, "libraries that one brings and the other needs from elsewhere"),
        system=(_TEXTS, "system libraries that one changes and both load"),
        promoted=(_TEXTS, "modules that are opened RTLD_GLOBAL"),
        static_tls=(_TEXTS, "modules whose initial-exec TLS may have no room together"),
        unique=(_COUNT, "unique symbols that both find, each its own"),
        files=(_COUNT, "paths that both install"),
        left_out=(_TEXT, "why they were not compared"),
        error=(_COUNT, "findings"),
        warning=(_COUNT, "findings"),
        note=(_COUNT, "findings"),
    ),
    "pair_findings": _table(
        after=(_TEXT, "SHA-256 of the wheel imported first; empty: in any order"),
        wheels=(_TEXTS, "SHA-256 of those that it happens to; in any order: of each pair"),
        rules=_RULES,
        host=(_TEXT, "name of the host"),
        digest=(_TEXT, "of the host's profile"),
        code=(_TEXT, "COLnnn"),
        severity=(_TEXT, "error, warning or note"),
        victim=(_TEXT, "file of the other wheel, or of the host"),
        provider=(_TEXT, "file that answers; empty where none does"),
        references=(_COUNT, "references that are concerned"),
        symbols=(_TEXTS, "names that are concerned"),
        detail=(_TEXT, "evidence, and what the loader says"),
    ),
    "problems": _table(
        sha256=(_TEXT, "SHA-256 of the wheel; empty where it was not fetched"),
        rules=_RULES,
        wheel=(_TEXT, "of the wheel, or the name of the project"),
        kind=(_TEXT, ", ".join(KINDS)),
        reason=(_TEXT, "a clause"),
    ),
}  # fmt: skip
"""The tables by name; each column has its meaning in its metadata."""
