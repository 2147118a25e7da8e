"""Evaluates the expressions of Python code, as far as their values can be told."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence

from collide.wheels.python.containers import call_method, elements, has_some, is_whole, item, joined
from collide.wheels.python.displays import Displays, is_known, size_of
from collide.wheels.python.paths import (
    LONGEST,
    path_attribute,
    path_method,
    path_of,
)
from collide.wheels.python.values import (
    UNKNOWN,
    Answer,
    BoundMethod,
    BudgetError,
    CodeClass,
    CodeFunction,
    CodeModule,
    Environment,
    External,
    Instance,
    Library,
    PathValue,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.wheels.python.values import Value

_SIMPLE_FORMAT = re.compile(r"(?:[^%]|%[sd%])*")
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Value, Value], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: lambda a, b: a is b or a == b,
    ast.IsNot: lambda a, b: not (a is b or a == b),
}
_OPERATIONS: Mapping[type[ast.operator], Callable[[Value, Value], Value]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
}
_OBJECTS = (CodeFunction, CodeModule, PathValue, CodeClass, BoundMethod, Library)
"""What counts as true, whatever it holds."""
_NEVER_NONE = (*_OBJECTS, Instance, list, tuple, dict, set)
_BUILTINS = frozenset(
    (
        *("str", "sorted", "list", "tuple", "reversed", "len", "hasattr", "getattr"),
        *("bool", "object", "__import__", "dict", "set", "frozenset", "range", "zip"),
        *("enumerate", "any", "all", "isinstance", "callable", "int", "exec", "eval", "ord"),
    )
)
_STRING_METHODS = frozenset(
    (
        *("startswith", "endswith", "lower", "upper", "strip", "lstrip", "rstrip", "replace"),
        *("split", "rsplit", "join", "format", "removeprefix", "removesuffix"),
        *("partition", "rpartition", "translate"),
    )
)


_GROWING = frozenset(("replace", "join", "format", "translate"))
"""The methods whose result may be longer than all that they get together."""
_LONGEST_PATTERN = 256
_VERSION_PARTS = ("major", "minor", "micro", "releaselevel", "serial")
# Of the tuples that are followed only sys.version_info has names.


class Expressions(Displays):
    """The evaluation of expressions; what calls do beyond values is left to a subclass.

    ``sure`` is whether the present statement is surely reached.
    """

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise BudgetError

    def call(
        self, function: Value, values: list[Value], keywords: dict[str, Value], node: ast.Call
    ) -> Value:
        """The value of a call of ``function``, whatever it is."""
        raise NotImplementedError

    def ask(self, path: PathValue, method: str, values: list[Value]) -> Value:
        """The value of a method of a path that asks the file system."""
        raise NotImplementedError

    def missing_key(self) -> None:
        """Raise RaisedError for a key that a dict lacks, where the code is prepared for that."""
        raise NotImplementedError

    def constant_of(self, name: str) -> Value:
        """The value of an attribute of the standard library, by its dotted name."""
        raise NotImplementedError

    def _submodule(self, module: CodeModule, name: str) -> Value:
        """The value of an attribute of a module of the package that is no name of its code."""
        raise NotImplementedError

    def evaluate(self, node: ast.expr, scope: Environment) -> Value:
        """The value of an expression, or :data:`UNKNOWN`."""
        self._step()
        evaluate = getattr(self, f"_{type(node).__name__.lower()}", None)
        if evaluate is not None:
            value: Value = evaluate(node, scope)
            return value
        # What it is cannot be told, but its parts may open something.
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.evaluate(child, scope)
        return UNKNOWN

    def truth(self, node: ast.expr, scope: Environment) -> bool | None:
        """Whether a condition holds; None where that cannot be told."""
        return self.truth_of(self.evaluate(node, scope))

    def truth_of(self, value: Value) -> bool | None:
        """Whether a value counts as true; None where that cannot be told."""
        if isinstance(value, _OBJECTS):
            return True
        if is_whole(value) or is_known(value):
            return bool(value)
        return True if has_some(value) else None

    def attribute_of(self, value: Value, name: str) -> Value:
        """An attribute of a class of the package, or of an object of one."""
        raise NotImplementedError

    def decide(self, answer: Answer, node: ast.stmt | ast.expr, *, likely: bool) -> bool | None:
        """The truth that an answer is taken to have; None where both ways are followed."""
        raise NotImplementedError

    def is_listed(self, value: Value, listed: str) -> Value:
        """Whether a list or dict of the interpreter, by its dotted name, has a value."""
        raise NotImplementedError

    def undefined(self, name: str) -> Value:
        """The value of a name that nothing has bound."""
        raise NotImplementedError

    def _constant(self, node: ast.Constant, _scope: Environment) -> Value:
        return node.value

    def _name(self, node: ast.Name, scope: Environment) -> Value:
        found = scope.find(node.id)
        if found is UNKNOWN and node.id in _BUILTINS:
            return External(f"builtins.{node.id}")
        return self.undefined(node.id) if found is UNKNOWN and not scope.binds(node.id) else found

    def _lambda(self, _node: ast.Lambda, _scope: Environment) -> Value:
        return UNKNOWN

    def _attribute(self, node: ast.Attribute, scope: Environment) -> Value:
        return self._attribute_from(self.evaluate(node.value, scope), node.attr)

    def _attribute_from(self, base: Value, name: str) -> Value:
        """``base.name``."""
        if isinstance(base, External):
            return self.constant_of(f"{base.name}.{name}")
        if isinstance(base, CodeModule):
            found = base.environment.find(name)
            return self._submodule(base, name) if found is UNKNOWN else found
        if type(base) is tuple and len(base) == len(_VERSION_PARTS) and name in _VERSION_PARTS:
            return base[_VERSION_PARTS.index(name)]
        if isinstance(base, PathValue):
            return path_attribute(base, name)
        if isinstance(base, Answer):
            return base
        return self.attribute_of(base, name)

    def _call(self, node: ast.Call, scope: Environment) -> Value:
        values = self._arguments(node.args, scope)
        keywords = {k.arg or "**": self.evaluate(k.value, scope) for k in node.keywords}
        if isinstance(node.func, ast.Attribute):
            # Once: a chain of calls would double with each of them.
            base = self.evaluate(node.func.value, scope)
            if isinstance(base, PathValue):
                found = path_method(base, node.func.attr, values)
                return self.ask(base, node.func.attr, values) if found is UNKNOWN else found
            if isinstance(base, str):
                return _of_text(base, node.func.attr, values, keywords)
            if type(base) in (list, tuple, dict, set):
                given = [*values, *keywords.values()]
                return call_method(base, node.func.attr, given, sure=self.sure and not keywords)
            return self.call(self._attribute_from(base, node.func.attr), values, keywords, node)
        return self.call(self.evaluate(node.func, scope), values, keywords, node)

    def _arguments(self, nodes: Sequence[ast.expr], scope: Environment) -> list[Value]:
        values: list[Value] = []
        is_known_length = True
        for node in nodes:
            starred = isinstance(node, ast.Starred)
            value = self.evaluate(node.value if isinstance(node, ast.Starred) else node, scope)
            parts = elements(value) if starred else [value]
            is_known_length &= parts is not None
            values += [UNKNOWN] if parts is None else parts
        # Behind a sequence of unknown length no parameter is known.
        return values if is_known_length else [UNKNOWN] * len(values)

    def _binop(self, node: ast.BinOp, scope: Environment) -> Value:
        left, right = self.evaluate(node.left, scope), self.evaluate(node.right, scope)
        return self.combine(node.op, left, right)

    def combine(self, op: ast.operator, left: Value, right: Value) -> Value:
        """The value of a binary operation."""
        if isinstance(op, ast.Div) and isinstance(left, PathValue | str):
            return path_of([left, right]) if PathValue in (type(left), type(right)) else UNKNOWN
        answer = answer_among((left, right))
        if answer and not {type(left), type(right)} & {list, set}:
            return answer
        sequences = type(left) is type(right) and type(left) in (list, tuple)
        if not (is_known(left) and is_known(right)) and not (sequences and is_whole(left)):
            return joined(left, right) if isinstance(op, ast.Add | ast.BitOr) else UNKNOWN
        try:
            if isinstance(op, ast.Mod):
                simple = isinstance(left, str) and _SIMPLE_FORMAT.fullmatch(left)
                return left % right if simple else UNKNOWN
            compute = _OPERATIONS.get(type(op))
            result = compute(left, right) if compute is not None else UNKNOWN
        except (TypeError, ValueError):
            return UNKNOWN
        size = size_of(result) if type(result) in (list, tuple) else len(str(result))
        return UNKNOWN if size > LONGEST else result

    def _unaryop(self, node: ast.UnaryOp, scope: Environment) -> Value:
        if isinstance(node.op, ast.Not):
            operand = self.evaluate(node.operand, scope)
            truth = self.truth_of(operand)
            return _opposite(operand) if truth is None else not truth
        value = self.evaluate(node.operand, scope)
        if type(value) is int:
            return ~value if isinstance(node.op, ast.Invert) else -value
        return UNKNOWN

    def _boolop(self, node: ast.BoolOp, scope: Environment) -> Value:
        decisive = isinstance(node.op, ast.Or)
        value: Value = UNKNOWN
        unknown: list[Value] = []
        for operand in node.values:
            value = self.evaluate(operand, scope)
            if not is_known(value):
                unknown.append(value)
            elif bool(value) is decisive:
                return value
        answered = all(isinstance(part, Answer) for part in unknown)
        return value if not unknown else unknown[0] if answered else UNKNOWN

    def _compare(self, node: ast.Compare, scope: Environment) -> Value:
        left = self.evaluate(node.left, scope)
        right = self.evaluate(node.comparators[0], scope)
        if len(node.ops) > 1:
            return UNKNOWN
        if answer := answer_among((left, right)):
            return Answer(answer.asked)
        known = is_known(left) and is_known(right)
        if isinstance(node.ops[0], (ast.In, ast.NotIn)) and isinstance(right, External):
            there = self.is_listed(left, right.name)
            return there if there is UNKNOWN else there is isinstance(node.ops[0], ast.In)
        if known:
            externals = isinstance(left, External), isinstance(right, External)
            if any(externals) and not isinstance(node.ops[0], (ast.Is, ast.IsNot)):
                return UNKNOWN
            # Two names may be one thing; a name is never None.
            if all(externals) and left != right:
                return UNKNOWN
            try:
                return _COMPARISONS[type(node.ops[0])](left, right)
            except TypeError:
                return UNKNOWN
        objects = any(isinstance(v, _NEVER_NONE) for v in (left, right))
        if objects and None in (left, right) and isinstance(node.ops[0], (ast.Is, ast.IsNot)):
            return isinstance(node.ops[0], ast.IsNot)
        if isinstance(left, PathValue) and isinstance(right, (PathValue, str, list, tuple)):
            return _paths_compared(node.ops[0], left, right)
        return UNKNOWN

    def _ifexp(self, node: ast.IfExp, scope: Environment) -> Value:
        test = self.evaluate(node.test, scope)
        truth = self.truth_of(test)
        if truth is None and isinstance(test, Answer):
            truth = self.decide(test, node, likely=True)
        if truth is None:
            return UNKNOWN
        return self.evaluate(node.body if truth else node.orelse, scope)

    def _subscript(self, node: ast.Subscript, scope: Environment) -> Value:
        value, index = self.evaluate(node.value, scope), self.evaluate(node.slice, scope)
        if type(value) is str and type(index) in (int, slice):
            inside = type(index) is slice or -len(value) <= index < len(value)
            return value[index] if inside else UNKNOWN
        if _lacks(value, index):
            self.missing_key()
        if isinstance(value, Answer):
            return value
        return item(value, index) if type(value) in (list, tuple, dict) else UNKNOWN

    def _slice(self, node: ast.Slice, scope: Environment) -> Value:
        ends = [None if e is None else self.evaluate(e, scope) for e in (node.lower, node.upper)]
        known = node.step is None and all(e is None or type(e) is int for e in ends)
        return slice(*ends) if known else UNKNOWN

    def _namedexpr(self, node: ast.NamedExpr, scope: Environment) -> Value:
        value = self.evaluate(node.value, scope)
        self.assign(node.target, value, scope)
        return value


def answer_among(values: Sequence[Value]) -> Answer | None:
    """The first of some values that native code or a child process says; None without one."""
    return next((value for value in values if isinstance(value, Answer)), None)


def _opposite(value: Value) -> Value:
    """``not value``, where its truth cannot be told."""
    if not isinstance(value, Answer):
        return UNKNOWN
    return Answer(value.asked, likely=None if value.likely is None else not value.likely)


def _lacks(value: Value, key: Value) -> bool:
    """Whether a dict, or the environment, surely has no such key."""
    if value == External("os.environ"):
        return isinstance(key, str)
    return type(value) is dict and is_whole(value) and type(key) in (str, int) and key not in value


def _paths_compared(op: ast.cmpop, left: PathValue, right: Value) -> Value:
    """Compare a path with another one, or look for it among others."""
    is_in = isinstance(op, (ast.In, ast.NotIn))
    if isinstance(right, (PathValue, str)) is is_in or (is_in and not is_whole(right)):
        return UNKNOWN
    if is_in and not all(is_known(v) or isinstance(v, PathValue) for v in right):
        return UNKNOWN
    found = _COMPARISONS.get(type(op))
    return found(left, right) if found is not None else UNKNOWN


def _of_text(text: str, method: str, values: list[Value], keywords: dict[str, Value]) -> Value:
    given = [*values, *keywords.values()]
    if method not in _STRING_METHODS or not all(map(is_known, given)):
        return UNKNOWN
    if method == "format" and (":" in text or not all(type(v) in (str, int) for v in given)):
        return UNKNOWN
    if method in _GROWING and len(text) > _LONGEST_PATTERN:
        return UNKNOWN
    try:
        result = getattr(text, method)(*values, **keywords)
    except (TypeError, ValueError, LookupError, AttributeError):
        return UNKNOWN
    return UNKNOWN if len(str(result)) > LONGEST else result
