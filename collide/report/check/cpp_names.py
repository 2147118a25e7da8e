"""Names of C++ and of Rust in their source form, beside the names in a JSON document."""

from __future__ import annotations

from collide.report.check.parts import demangled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def with_source_forms(document: dict[str, Any]) -> dict[str, Any]:
    """A JSON object with ``demangled``: the source form of each such name in it, if it has any."""
    forms = {name: demangled(name) for name in sorted(set(_names(document)))}
    forms = {name: form for name, form in forms.items() if form != name}
    return {**document, "demangled": forms} if forms else document


def _names(value: object) -> Iterator[str]:
    """The strings that begin as mangled names do, in a JSON value."""
    if isinstance(value, str):
        if value.startswith(("_Z", "_R")):
            yield value
    elif isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _names(one)
