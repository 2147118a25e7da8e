"""Follows the statements of Python modules in their order, and the functions that they call.

Both sides of a condition that cannot be told are followed, and what is opened there is possible
only. Of ``try`` the handlers run where the code surely raises, as an import of a module that is
not in its own package does.
"""

from __future__ import annotations

import ast
import builtins
import sys
from contextlib import contextmanager, suppress

from collide.wheels.python.containers import MORE, first_elements
from collide.wheels.python.displays import MOST_ROUNDS
from collide.wheels.python.expressions import Expressions
from collide.wheels.python.values import (
    UNKNOWN,
    Answer,
    CodeModule,
    Environment,
    PathValue,
    RaisedError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from collide.wheels.python.values import Value


class LeaveError(Exception):
    """A return, break or continue that is surely reached, but for what raises ``inside`` a try."""

    def __init__(self, kind: str, value: Value = None) -> None:
        self.kind = kind
        self.value = value
        self.inside = False


class Statements(Expressions):
    """The statements; what an import does is left to a subclass.

    ``sure`` is whether the present statement is surely reached, ``here`` whether it is if the
    branch is reached that it is in, and ``returned`` whether the present function may have
    returned before. With ``alternatives`` handlers are followed of what does not surely raise, too.
    """

    def __init__(self, steps: int, *, alternatives: bool = True) -> None:
        super().__init__(steps)
        self.sure = self.here = True
        self.returned = False
        self._alternatives = alternatives
        self.module = CodeModule("", "", "", "")
        self.nested = 0

    @property
    def is_likely(self) -> bool:
        """Whether the present statement is surely reached, or in a branch of a module."""
        return self.sure or self.nested == 0

    def bring(self, node: ast.Import | ast.ImportFrom, scope: Environment) -> None:
        """Do what an import statement does."""
        raise NotImplementedError

    def place(self, node: ast.stmt) -> str:
        """The file and line of a statement."""
        raise NotImplementedError

    def missed(self, raised: RaisedError) -> None:
        """What may not be reached raises."""

    def follow(self, statements: Iterable[ast.stmt], scope: Environment) -> None:
        """Follow statements; raises RaisedError where they surely raise."""
        rest = iter(statements)
        for statement in rest:
            self._step()
            try:
                self._follow_one(statement, scope)
            except LeaveError as leave:
                if leave.inside and self._alternatives:
                    self._aside(list(rest), scope)
                raise

    def follow_body(self, statements: Iterable[ast.stmt], scope: Environment) -> None:
        """Follow what no function and no loop is around: a return there is a syntax error."""
        with suppress(LeaveError):
            self.follow(statements, scope)

    def _follow_one(self, statement: ast.stmt, scope: Environment) -> None:
        follow = getattr(self, f"_on_{type(statement).__name__.lower()}", None)
        if follow is not None:
            follow(statement, scope)
            return
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, ast.expr):
                self.evaluate(child, scope)

    def _aside(self, statements: Sequence[ast.stmt], scope: Environment) -> None:
        """Follow what only an exception leads to; nothing of it is left behind but openings."""
        was, before = (self.sure, self.here, self.returned), dict(scope.names)
        self._maybe(statements, scope)
        self.sure, self.here, self.returned = was
        scope.names = before

    def _maybe(self, statements: Sequence[ast.stmt], scope: Environment) -> str:
        """Follow what may not be reached; how it surely leaves: "return", "raise", ... or ""."""
        was, left = (self.sure, self.here), ""
        self.sure, self.here = False, True
        try:
            self.follow(statements, scope)
        except LeaveError as leave:
            left = leave.kind if self.here else ""
            self.returned |= leave.kind == "return"
        except RaisedError as raised:
            left = "raise" if self.here else ""
            self.missed(raised)
        finally:
            self.sure, self.here = was
            if self.returned:
                self.sure = self.here = False
        return left

    def _on_return(self, node: ast.Return, scope: Environment) -> None:
        raise LeaveError("return", self.evaluate(node.value, scope) if node.value else None)

    def _on_break(self, _node: ast.Break, _scope: Environment) -> None:
        raise LeaveError("break")

    def _on_continue(self, _node: ast.Continue, _scope: Environment) -> None:
        raise LeaveError("continue")

    def _on_raise(self, node: ast.Raise, _scope: Environment) -> None:
        caught = sys.exc_info()[1]
        if node.exc is None and isinstance(caught, RaisedError):
            raise caught
        exception = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        name = exception.id if isinstance(exception, ast.Name) else "Exception"
        raise RaisedError(name, self.place(node))

    def _on_global(self, node: ast.Global, scope: Environment) -> None:
        scope.declared_global.update(node.names)

    def _on_nonlocal(self, node: ast.Nonlocal, scope: Environment) -> None:
        scope.declared_nonlocal.update(node.names)

    # -- names -----------------------------------------------------------------------------------

    def _on_import(self, node: ast.Import, scope: Environment) -> None:
        self.bring(node, scope)

    def _on_importfrom(self, node: ast.ImportFrom, scope: Environment) -> None:
        self.bring(node, scope)

    def _on_expr(self, node: ast.Expr, scope: Environment) -> None:
        if isinstance(node.value, ast.Name) and self._is_unbound(node.value, scope):
            raise RaisedError("NameError", self.place(node))
        self.evaluate(node.value, scope)

    def _is_unbound(self, node: ast.Name, scope: Environment) -> bool:
        """Whether a name surely is none."""
        known = self.module.complete and self.module.is_plain_at(node.lineno)
        return known and not scope.binds(node.id) and not hasattr(builtins, node.id)

    def _on_assign(self, node: ast.Assign, scope: Environment) -> None:
        value = self.evaluate(node.value, scope)
        for target in node.targets:
            self.assign(target, value, scope)

    def _on_annassign(self, node: ast.AnnAssign, scope: Environment) -> None:
        if node.value is not None:
            self.assign(node.target, self.evaluate(node.value, scope), scope)

    def _on_augassign(self, node: ast.AugAssign, scope: Environment) -> None:
        value = self.evaluate(node.value, scope)
        self.assign(node.target, self.combine(node.op, self._old(node.target, scope), value), scope)

    def _old(self, target: ast.Name | ast.Attribute | ast.Subscript, scope: Environment) -> Value:
        """The value that a name has, or what else is assigned to."""
        if isinstance(target, ast.Name):
            return self._name(target, scope)
        if isinstance(target, ast.Attribute):
            return self._attribute(target, scope)
        return self._subscript(target, scope)

    # -- branches --------------------------------------------------------------------------------

    def _on_if(self, node: ast.If, scope: Environment) -> None:
        test = self.evaluate(node.test, scope)
        truth = self.truth_of(test)
        if truth is None and isinstance(test, Answer):
            truth = self.decide(test, node, likely=not isinstance(node.body[-1], ast.Raise))
        if truth is not None:
            self.follow(node.body if truth else node.orelse, scope)
            return
        before = dict(scope.names)
        one = self._maybe(node.body, scope)
        after_one, scope.names = scope.names, dict(before)
        other = self._maybe(node.orelse, scope)
        # A branch that raises ends the import: what follows had the other one.
        if one == "raise":
            after_one = scope.names
        elif other == "raise":
            scope.names = after_one
        _join(scope, after_one)
        if {one, other} & {"break", "continue"}:
            self.sure = self.here = False

    def _on_for(self, node: ast.For, scope: Environment) -> None:
        values = first_elements(self.evaluate(node.iter, scope))
        if len(values) > MOST_ROUNDS:
            values = [MORE]
        was = self.sure, self.here
        for value in values:
            if value is MORE:
                self._round(node, scope)
                break
            self.assign(node.target, value, scope)
            try:
                self.follow(node.body, scope)
            except LeaveError as leave:
                if leave.kind == "return":
                    raise
                if leave.kind == "break":
                    break
        else:
            self.follow(node.orelse, scope)
        if not self.returned:
            self.sure, self.here = was

    def _round(self, node: ast.For | ast.While, scope: Environment) -> None:
        """Follow one round of a loop that may have none, or more."""
        before = dict(scope.names)
        if isinstance(node, ast.For):
            self.assign(node.target, UNKNOWN, scope)
        self._maybe(node.body, scope)
        _join(scope, before)

    def _on_while(self, node: ast.While, scope: Environment) -> None:
        self._round(node, scope)

    def enter(self, manager: Value) -> Value:
        """What ``with manager as`` gives: ``importlib.resources.as_file`` the path itself."""
        return manager if isinstance(manager, PathValue) else UNKNOWN

    def leave(self, manager: Value) -> None:
        """Do what the end of a with statement does."""

    def _on_with(self, node: ast.With, scope: Environment) -> None:
        managers = []
        for one in node.items:
            managers.append(self.evaluate(one.context_expr, scope))
            entered = self.enter(managers[-1])
            if one.optional_vars is not None:
                self.assign(one.optional_vars, entered, scope)
        with _suppressing(node):
            self.follow(node.body, scope)
        for manager in reversed(managers):
            self.leave(manager)


def _join(scope: Environment, others: Mapping[str, Value]) -> None:
    """Forget the values of names that another way to the same place gives otherwise."""
    for name in others.keys() | scope.names.keys():
        if others.get(name, UNKNOWN) != scope.names.get(name, UNKNOWN):
            scope.names[name] = UNKNOWN


_FAMILIES = {
    "ModuleNotFoundError": ("ImportError",),
    "FileNotFoundError": ("OSError", "IOError", "EnvironmentError"),
    "OSError": ("IOError", "EnvironmentError"),
    "KeyError": ("LookupError",),
}


def is_one_of(name: str, types: Iterable[ast.expr]) -> bool:
    """Whether an exception is of one of these classes."""
    wide = {name, *_FAMILIES.get(name, ()), "Exception", "BaseException"}
    return any(isinstance(t, ast.Name) and t.id in wide for t in types)


@contextmanager
def _suppressing(node: ast.With) -> Iterator[None]:
    """Go on behind a ``with`` whose ``contextlib.suppress`` takes what its body raises."""
    try:
        yield
    except RaisedError as raised:
        calls = (i.context_expr for i in node.items if isinstance(i.context_expr, ast.Call))
        suppress = (c for c in calls if ast.unparse(c.func).rpartition(".")[2] == "suppress")
        if not any(is_one_of(raised.name, call.args) for call in suppress):
            raise
