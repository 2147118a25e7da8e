"""Which modules the Python code of a package can do without: it catches that they do not import."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from collide.wheels.python.parse import parse_quietly
from collide.wheels.python_names import texts_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.loader.model import Dso
    from collide.wheels.target import Target

_CAUGHT = frozenset(("ImportError", "Exception", "BaseException"))
"""What a module raises that cannot be loaded, ImportError, by its own name or a base's."""


def done_without(target: Target, module: Dso) -> str | None:
    """The place of an import of an extension module that may fail: ``numba/parallel.py:381``.

    None where no Python file beside the module imports it, or where one does that fails with it:
    outside of ``try``, or where no handler catches an ImportError, or one raises again.
    """
    name = module.path.rpartition("/")[2].partition(".")[0]
    places = list[str]()
    for file, text in texts_of(target, module):
        if name.encode() not in text:
            continue
        try:
            found = list(_imports(parse_quietly(text), name, guarded=False))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        if not all(guarded for _, guarded in found):
            return None
        places += [f"{file}:{line}" for line, _ in found]
    return places[0] if places else None


def _imports(node: ast.AST, name: str, *, guarded: bool) -> Iterator[tuple[int, bool]]:
    """The lines that import a module of that last name, and whether each may fail."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        whole = [alias.name for alias in node.names]
        parts = [one.rpartition(".")[2] for one in whole]
        if isinstance(node, ast.ImportFrom):
            parts.append((node.module or "").rpartition(".")[2])
        if name in parts:
            yield node.lineno, guarded
    for field, value in ast.iter_fields(node):
        inner = guarded
        if isinstance(node, ast.Try) and field == "body":
            inner = guarded or any(map(_goes_on, node.handlers))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            # Who calls it later is not in the statement.
            inner = False if field == "body" and not isinstance(node, ast.ClassDef) else guarded
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, ast.AST):
                yield from _imports(one, name, guarded=inner)


def _goes_on(handler: ast.ExceptHandler) -> bool:
    """Whether it catches an ImportError and raises nothing."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
    catches = handler.type is None or not _CAUGHT.isdisjoint(names)
    return catches and not any(
        isinstance(n, ast.Raise) for one in handler.body for n in ast.walk(one)
    )
