"""Containers and texts as Python code writes them, comprehensions, and the targets of assignments.

Source: the Python reference, "Expressions" and "Assignment statements".
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from collide.wheels.python.containers import (
    MORE,
    blur,
    call_method,
    elements,
    first_elements,
    has_some,
    is_whole,
    store,
)
from collide.wheels.python.known import FUNCTIONS
from collide.wheels.python.paths import LONGEST, path_text
from collide.wheels.python.values import UNKNOWN, Environment, External

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.wheels.python.values import Value

MOST_ROUNDS = 2000
"""The rounds of a loop that are followed."""


def is_known(value: Value) -> bool:
    """Whether a value can be computed with: a constant, or a sequence of nothing else."""
    if type(value) in (list, tuple, set):
        return all(map(is_known, value))
    if type(value) is dict:
        return all(map(is_known, value)) and all(map(is_known, value.values()))
    return value is None or type(value) in (str, bytes, int, bool, float, External)


def size_of(value: Value) -> int:
    """The number of values in a value, and of itself."""
    if type(value) is dict:
        return 1 + sum(map(size_of, value.values()))
    return 1 + sum(map(size_of, value)) if type(value) in (list, tuple) else 1


class Displays:
    """The evaluation of displays; that of other expressions is left to a subclass.

    ``sure`` is whether the present statement is surely reached, ``left`` the steps that are left.
    """

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.sure = True

    def evaluate(self, node: ast.expr, scope: Environment) -> Value:
        """The value of an expression, or :data:`UNKNOWN`."""
        raise NotImplementedError

    def truth(self, node: ast.expr, scope: Environment) -> bool | None:
        """Whether a condition holds; None where that cannot be told."""
        raise NotImplementedError

    def assign(self, target: ast.expr, value: Value, scope: Environment) -> None:
        """Give a value to the target of an assignment."""
        if isinstance(target, ast.Name):
            # What a call may do to names outside of it is not undone behind a branch.
            certain = self.sure or not scope.is_elsewhere(target.id)
            scope.bind(target.id, value if certain else UNKNOWN)
        elif isinstance(target, (ast.Tuple, ast.List)):
            fits = type(value) in (list, tuple) and len(value) == len(target.elts)
            for number, element in enumerate(target.elts):
                self.assign(element, value[number] if fits else UNKNOWN, scope)
        elif isinstance(target, ast.Subscript):
            base, key = self.evaluate(target.value, scope), self.evaluate(target.slice, scope)
            store(base, key, value, sure=self.sure)

    def _tuple(self, node: ast.Tuple | ast.List, scope: Environment) -> Value:
        values: list[Value] = []
        for e in node.elts:
            value = self.evaluate(e.value if isinstance(e, ast.Starred) else e, scope)
            parts = elements(value) if isinstance(e, ast.Starred) else [value]
            if parts is None:
                return UNKNOWN
            values += parts
        return tuple(values) if self._is_small(values) else UNKNOWN

    def _is_small(self, values: Iterable[Value]) -> bool:
        size = sum(map(size_of, values))
        # Tuples of tuples of themselves grow twofold with each line.
        self.left -= size
        return size <= LONGEST

    def _set(self, node: ast.Set, scope: Environment) -> Value:
        found = self._tuple(ast.Tuple(node.elts, ast.Load()), scope)
        return FUNCTIONS["builtins.set"](found) if isinstance(found, tuple) else UNKNOWN

    def _dict(self, node: ast.Dict, scope: Environment) -> Value:
        found: dict[Value, Value] = {}
        for key, part in zip(node.keys, node.values, strict=True):
            value = self.evaluate(part, scope)
            if key is None:
                call_method(found, "update", [value], sure=True)
                continue
            name = self.evaluate(key, scope)
            if is_known(name) and name.__hash__ is not None and type(name) is not tuple:
                found[name] = value
            else:
                blur(found)
        return found if self._is_small([found]) else UNKNOWN

    def _listcomp(self, node: ast.ListComp, scope: Environment) -> Value:
        rounds = self._rounds(node.generators, scope)
        found = [MORE if names is None else self.evaluate(node.elt, names) for names in rounds]
        return found if self._is_small(found) and (is_whole(found) or has_some(found)) else UNKNOWN

    def _generatorexp(self, node: ast.GeneratorExp, scope: Environment) -> Value:
        return self._listcomp(ast.ListComp(node.elt, node.generators), scope)

    def _setcomp(self, node: ast.SetComp, scope: Environment) -> Value:
        found = self._listcomp(ast.ListComp(node.elt, node.generators), scope)
        return FUNCTIONS["builtins.set"](found) if isinstance(found, list) else UNKNOWN

    def _dictcomp(self, node: ast.DictComp, scope: Environment) -> Value:
        pair = ast.Tuple([node.key, node.value], ast.Load())
        found = self._listcomp(ast.ListComp(pair, node.generators), scope)
        return FUNCTIONS["builtins.dict"](found) if isinstance(found, list) else UNKNOWN

    def _rounds(
        self, generators: Sequence[ast.comprehension], scope: Environment
    ) -> Iterator[Environment | None]:
        """The names in each round of a comprehension; None for rounds that cannot be told."""
        if not generators:
            yield scope
            return
        first, *others = generators
        values = first_elements(self.evaluate(first.iter, scope))
        if len(values) > MOST_ROUNDS:
            yield None
            return
        for value in values:
            if value is MORE:
                yield None
                return
            names = Environment(scope)
            self.assign(first.target, value, names)
            holds = [self.truth(test, names) for test in first.ifs]
            if None in holds:
                yield None
            elif all(holds):
                yield from self._rounds(others, names)

    def _list(self, node: ast.List, scope: Environment) -> Value:
        found = self._tuple(node, scope)
        return list(found) if isinstance(found, tuple) else found

    def _joinedstr(self, node: ast.JoinedStr, scope: Environment) -> Value:
        parts = [self.evaluate(part, scope) for part in node.values]
        whole = UNKNOWN not in parts and sum(map(len, parts)) <= LONGEST
        return "".join(parts) if whole else UNKNOWN

    def _formattedvalue(self, node: ast.FormattedValue, scope: Environment) -> Value:
        value = self.evaluate(node.value, scope)
        if node.format_spec is not None or node.conversion not in (-1, 115):
            return UNKNOWN
        text = path_text(value)
        return text if text is not None else str(value) if type(value) is int else UNKNOWN
