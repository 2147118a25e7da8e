"""Follows the statements of Python modules in their order, and the functions that they call.

Both sides of a condition that cannot be told are followed, and what is opened there is possible
only. Of ``try`` the handlers run where the code surely raises, as an import of a module that is
not in its own package does.
"""

from __future__ import annotations

import ast
import builtins
import sys
from contextlib import contextmanager

from collide.wheels.python.containers import elements
from collide.wheels.python.displays import MOST_ROUNDS
from collide.wheels.python.expressions import Expressions
from collide.wheels.python.values import UNKNOWN, CodeFunction, CodeModule, Environment, RaisedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from collide.wheels.python.values import Value

_DEEPEST = 24


class _LeaveError(Exception):
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
        self.entered: set[int] = set()
        self.depth = self.nested = 0

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
            except _LeaveError as leave:
                if leave.inside and self._alternatives:
                    self._aside(list(rest), scope)
                raise

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
        except _LeaveError as leave:
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

    # -- functions -------------------------------------------------------------------------------

    def run_function(
        self, function: CodeFunction, values: Sequence[Value], keywords: dict[str, Value]
    ) -> Value:
        """Follow a call of a function of the package; the value it returns."""
        node = function.node
        if isinstance(node, ast.Lambda) or self.depth >= _DEEPEST:
            return UNKNOWN
        self.entered.add(id(node))
        scope = Environment(function.closure)
        _bind_arguments(node.args, values, keywords, scope, self)
        was = self.sure, self.here, self.returned, self.module
        self.here, self.returned, self.module = True, False, function.module
        self.depth += 1
        self.nested += 1
        try:
            self.follow(node.body, scope)
        except _LeaveError as leave:
            return leave.value if self.here else UNKNOWN
        except RaisedError:
            if self.here:
                raise
            return UNKNOWN
        finally:
            here = self.here
            self.depth -= 1
            self.nested -= 1
            self.sure, self.here, self.returned, self.module = was
        return None if here else UNKNOWN

    def _on_functiondef(self, node: ast.FunctionDef, scope: Environment) -> None:
        scope.bind(node.name, CodeFunction(node, self.module, scope))

    def _on_asyncfunctiondef(self, node: ast.AsyncFunctionDef, scope: Environment) -> None:
        scope.bind(node.name, UNKNOWN)

    def _on_classdef(self, node: ast.ClassDef, scope: Environment) -> None:
        self.follow(node.body, Environment(scope))
        scope.bind(node.name, UNKNOWN)

    def _on_return(self, node: ast.Return, scope: Environment) -> None:
        raise _LeaveError("return", self.evaluate(node.value, scope) if node.value else None)

    def _on_break(self, _node: ast.Break, _scope: Environment) -> None:
        raise _LeaveError("break")

    def _on_continue(self, _node: ast.Continue, _scope: Environment) -> None:
        raise _LeaveError("continue")

    def _on_raise(self, node: ast.Raise, _scope: Environment) -> None:
        caught = sys.exc_info()[1]
        if node.exc is None and isinstance(caught, RaisedError):
            raise caught
        exception = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        name = exception.id if isinstance(exception, ast.Name) else "Exception"
        raise RaisedError(name, self.place(node))

    def _on_global(self, node: ast.Global, scope: Environment) -> None:
        scope.declared_global.update(node.names)

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
        if isinstance(node.target, ast.Name):
            old = ast.Name(node.target.id, ast.Load())
            self.assign(node.target, self._binop(ast.BinOp(old, node.op, node.value), scope), scope)

    # -- branches --------------------------------------------------------------------------------

    def _on_if(self, node: ast.If, scope: Environment) -> None:
        truth = self.truth(node.test, scope)
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
        for name in after_one.keys() | scope.names.keys():
            if after_one.get(name, UNKNOWN) != scope.names.get(name, UNKNOWN):
                scope.names[name] = UNKNOWN
        if {one, other} & {"break", "continue"}:
            self.sure = self.here = False

    def _on_for(self, node: ast.For, scope: Environment) -> None:
        values = elements(self.evaluate(node.iter, scope))
        if values is None or len(values) > MOST_ROUNDS:
            self.assign(node.target, UNKNOWN, scope)
            self._maybe(node.body, scope)
            return
        was = self.sure, self.here
        for value in values:
            self.assign(node.target, value, scope)
            try:
                self.follow(node.body, scope)
            except _LeaveError as leave:
                if leave.kind == "return":
                    raise
                if leave.kind == "break":
                    break
        else:
            self.follow(node.orelse, scope)
        if not self.returned:
            self.sure, self.here = was

    def _on_while(self, node: ast.While, scope: Environment) -> None:
        self._maybe(node.body, scope)

    def _on_with(self, node: ast.With, scope: Environment) -> None:
        for item in node.items:
            self.evaluate(item.context_expr, scope)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, UNKNOWN, scope)
        with _suppressing(node):
            self.follow(node.body, scope)

    def _on_try(self, node: ast.Try, scope: Environment) -> None:
        try:
            try:
                self.follow(node.body, scope)
            except RaisedError as raised:
                handler = next((h for h in node.handlers if _catches(h, raised.name)), None)
                if handler is None:
                    raise
                self.follow(handler.body, scope)
            except _LeaveError:
                self._handlers_aside(node, scope)
                raise
            else:
                self._handlers_aside(node, scope)
                self.follow(node.orelse, scope)
        except _LeaveError as leave:
            leave.inside = leave.inside or bool(node.handlers)
            raise
        finally:
            self.follow(node.finalbody, scope)

    def _handlers_aside(self, node: ast.Try, scope: Environment) -> None:
        for handler in node.handlers if self._alternatives else ():
            self._aside(handler.body, scope)


_FAMILIES = {
    "ModuleNotFoundError": ("ImportError",),
    "FileNotFoundError": ("OSError", "IOError", "EnvironmentError"),
    "OSError": ("IOError", "EnvironmentError"),
}


def _catches(handler: ast.ExceptHandler, name: str) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return _is_one_of(name, types)


def _is_one_of(name: str, types: Iterable[ast.expr]) -> bool:
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
        if not any(_is_one_of(raised.name, call.args) for call in suppress):
            raise


def _bind_arguments(
    arguments: ast.arguments,
    values: Sequence[Value],
    keywords: dict[str, Value],
    scope: Environment,
    run: Statements,
) -> None:
    positional = [*arguments.posonlyargs, *arguments.args]
    for number, argument in enumerate(positional):
        default = number - len(positional) + len(arguments.defaults)
        if number < len(values):
            value = values[number]
        elif argument.arg in keywords:
            value = keywords[argument.arg]
        elif default >= 0:
            value = run.evaluate(arguments.defaults[default], scope)
        else:
            value = UNKNOWN
        scope.names[argument.arg] = value
    for argument, given in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        value = run.evaluate(given, scope) if given is not None else UNKNOWN
        scope.names[argument.arg] = keywords.get(argument.arg, value)
    for rest in (arguments.vararg, arguments.kwarg):
        if rest is not None:
            scope.names[rest.arg] = UNKNOWN
