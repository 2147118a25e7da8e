"""Follows ``try`` statements: the handlers run where the code surely raises.

Source: the Python reference, "The try statement".
"""

from __future__ import annotations

import ast

from collide.wheels.python.statements import LeaveError, Statements, is_one_of
from collide.wheels.python.values import Environment, RaisedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Guards(Statements):
    """The ``try`` statements; what an import does is left to a subclass."""

    def __init__(self, steps: int, *, alternatives: bool = True) -> None:
        """See :class:`Statements`."""
        super().__init__(steps, alternatives=alternatives)
        self._guards: list[ast.Try] = []

    def _on_try(self, node: ast.Try, scope: Environment) -> None:
        try:
            try:
                self._follow_guarded(node, scope)
            except RaisedError as raised:
                handler = next((h for h in node.handlers if _catches(h, raised.name)), None)
                if handler is None:
                    raise
                self.follow(handler.body, scope)
            except LeaveError:
                self._handlers_aside(node, scope)
                raise
            else:
                self._handlers_aside(node, scope)
                self.follow(node.orelse, scope)
        except LeaveError as leave:
            leave.inside = leave.inside or bool(node.handlers)
            raise
        finally:
            self.follow(node.finalbody, scope)

    def _follow_guarded(self, node: ast.Try, scope: Environment) -> None:
        self._guards.append(node)
        try:
            self.follow(node.body, scope)
        finally:
            self._guards.pop()

    def missing_key(self) -> None:
        """See :class:`Expressions`: what may be missing is raised where it is waited for."""
        if self.awaits("KeyError", "LookupError"):
            raise RaisedError("KeyError", self.module.member)

    def awaits(self, *names: str) -> bool:
        """Whether the present statement is in a ``try`` that names one of these exceptions."""
        handlers = (handler for guard in self._guards for handler in guard.handlers)
        return any(_awaits(handler, names) for handler in handlers)

    def _handlers_aside(self, node: ast.Try, scope: Environment) -> None:
        for handler in node.handlers if self._alternatives else ():
            self._aside(handler.body, scope)


def _catches(handler: ast.ExceptHandler, name: str) -> bool:
    if handler.type is None:
        return True
    return is_one_of(name, _types(handler))


def _types(handler: ast.ExceptHandler) -> list[ast.expr]:
    """The classes that a handler names."""
    if handler.type is None:
        return []
    return handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]


def _awaits(handler: ast.ExceptHandler, names: Sequence[str]) -> bool:
    kinds = {kind.id for kind in _types(handler) if isinstance(kind, ast.Name)}
    return not kinds.isdisjoint(names)
