"""Functions of Python code, and calls of them.

Source: the Python reference, "Function definitions" and "Calls".
"""

from __future__ import annotations

import ast

from collide.wheels.python.containers import call_method
from collide.wheels.python.guards import Guards
from collide.wheels.python.statements import LeaveError
from collide.wheels.python.values import UNKNOWN, CodeFunction, Environment, RaisedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from collide.wheels.python.values import Value

_DEEPEST = 24
_PARTS = frozenset(("setter", "deleter", "getter"))


class Functions(Guards):
    """Definitions of functions, and their bodies.

    ``entered`` are those functions that were followed, by the identity of their syntax trees.
    """

    def __init__(self, steps: int, *, alternatives: bool = True) -> None:
        """See :class:`Guards`."""
        super().__init__(steps, alternatives=alternatives)
        self.entered: set[int] = set()
        self._depth = 0
        self._yielded: list[Value] = []

    def run_function(
        self, function: CodeFunction, values: Sequence[Value], keywords: dict[str, Value]
    ) -> Value:
        """Follow a call of a function of the package; the value it returns."""
        node = function.node
        if self._depth >= _DEEPEST:
            return UNKNOWN
        self.entered.add(id(node))
        scope = Environment(function.closure)
        _bind_arguments(node.args, values, keywords, scope, self)
        was = self.sure, self.here, self.returned, self.module, self._yielded
        self.here, self.returned, self.module, self._yielded = True, False, function.module, []
        self._depth += 1
        self.nested += 1
        try:
            if isinstance(node, ast.Lambda):
                return self.evaluate(node.body, scope)
            self.follow(node.body, scope)
        except LeaveError as leave:
            if self._yielded:
                return self._yielded
            return leave.value if self.here else UNKNOWN
        except RaisedError:
            if self.here:
                raise
            return UNKNOWN
        finally:
            here, yielded = self.here, self._yielded
            self._depth -= 1
            self.nested -= 1
            self.sure, self.here, self.returned, self.module, self._yielded = was
        return yielded or (None if here else UNKNOWN)

    def _yield(self, node: ast.Yield, scope: Environment) -> Value:
        """Keep what a generator gives: what it does between, it does at once."""
        value = self.evaluate(node.value, scope) if node.value else None
        call_method(self._yielded, "append", [value], sure=self.sure)
        return UNKNOWN

    def _yieldfrom(self, node: ast.YieldFrom, scope: Environment) -> Value:
        call_method(self._yielded, "extend", [self.evaluate(node.value, scope)], sure=self.sure)
        return UNKNOWN

    def _lambda(self, node: ast.Lambda, scope: Environment) -> Value:
        return CodeFunction(node, self.module, scope.of_functions)

    def _on_functiondef(self, node: ast.FunctionDef, scope: Environment) -> None:
        if any(isinstance(d, ast.Attribute) and d.attr in _PARTS for d in node.decorator_list):
            return  # Of a property that has this name the first function is what it gives.
        scope.bind(node.name, CodeFunction(node, self.module, scope.of_functions))

    def _on_asyncfunctiondef(self, node: ast.AsyncFunctionDef, scope: Environment) -> None:
        scope.bind(node.name, UNKNOWN)


def _bind_arguments(
    arguments: ast.arguments,
    values: Sequence[Value],
    keywords: dict[str, Value],
    scope: Environment,
    run: Functions,
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
    if arguments.vararg is not None:
        scope.names[arguments.vararg.arg] = tuple(values[len(positional) :])
    if arguments.kwarg is not None:
        known = {a.arg for a in (*positional, *arguments.kwonlyargs)}
        others = {name: value for name, value in keywords.items() if name not in known}
        scope.names[arguments.kwarg.arg] = UNKNOWN if "**" in others else others
