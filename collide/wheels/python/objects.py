"""Classes of Python code, their objects and attributes.

An attribute is looked for in the object, in its class and the bases of that, and then by
``__getattr__``. Source: the Python reference, "Data model". Of a class with a base, a decorator or
a metaclass that is not followed only the methods count that it has itself.
"""

from __future__ import annotations

import ast

from collide.wheels.python.functions import Functions
from collide.wheels.python.values import (
    UNKNOWN,
    BoundMethod,
    CodeClass,
    CodeFunction,
    CodeModule,
    Environment,
    External,
    Instance,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from collide.wheels.python.values import Value

_OBJECT = External("builtins.object")
_MOST_BASES = 64
_PROPERTIES = frozenset(("property", "cached_property"))


class Objects(Functions):
    """Classes, and the attributes of their objects; what a call does is left to a subclass."""

    def __init__(self, steps: int, *, alternatives: bool = True) -> None:
        """See :class:`Functions`."""
        super().__init__(steps, alternatives=alternatives)
        self._function_names: dict[int, dict[str, Value]] = {}

    def call_own(
        self, function: CodeFunction, values: Sequence[Value], keywords: dict[str, Value]
    ) -> Value:
        """The value of a call of a function of the package."""
        raise NotImplementedError

    def _on_classdef(self, node: ast.ClassDef, scope: Environment) -> None:
        names = Environment(scope, of_class=True)
        self.follow_body(node.body, names)
        bases = [self.evaluate(base, scope) for base in node.bases]
        if node.keywords or node.decorator_list:
            bases.append(UNKNOWN)
        scope.bind(node.name, CodeClass(node.name, names.names, tuple(bases)))

    def call_object(
        self,
        called: CodeFunction | BoundMethod | CodeClass | Instance,
        values: Sequence[Value],
        keywords: dict[str, Value],
    ) -> Value:
        """The value of a call of a function or a class of the package, or of an object of one."""
        if isinstance(called, CodeFunction):
            return self.call_own(called, values, keywords)
        if isinstance(called, BoundMethod):
            return self.call_own(called.function, [called.owner, *values], keywords)
        if isinstance(called, Instance):
            return self._call_method(called, "__call__", values, keywords)
        return self._instantiate(called, values, keywords)

    def _instantiate(
        self, of: CodeClass, values: Sequence[Value], keywords: dict[str, Value]
    ) -> Value:
        if _find(of, "__new__") is not None:
            return UNKNOWN
        made = Instance(of)
        initialise = _find(of, "__init__")
        if isinstance(initialise, CodeFunction):
            self.call_own(initialise, [made, *values], keywords)
        return made

    def _call_method(
        self,
        of: Instance,
        name: str,
        values: Sequence[Value] = (),
        keywords: dict[str, Value] | None = None,
    ) -> Value:
        method = _find(of.of, name)
        if not isinstance(method, CodeFunction):
            return UNKNOWN
        return self.call_own(method, [of, *values], keywords or {})

    # -- attributes ------------------------------------------------------------------------------

    def attribute_of(self, value: Value, name: str) -> Value:
        """See :class:`collide.wheels.python.expressions.Expressions`."""
        if isinstance(value, CodeClass):
            return _bound(_find(value, name), value, value)
        if isinstance(value, CodeFunction):
            return self._function_names.get(id(value.node), {}).get(name, UNKNOWN)
        if not isinstance(value, Instance):
            return UNKNOWN
        if name in value.names:
            return value.names[name]
        found = _find(value.of, name)
        if found is None and name[:2] != "__" and _is_whole(value.of):
            return self._call_method(value, "__getattr__", [name])
        if isinstance(found, CodeFunction) and _PROPERTIES & _decorators(found):
            return self.call_own(found, [value], {})
        return _bound(found, value, value.of)

    def assign(self, target: ast.expr, value: Value, scope: Environment) -> None:
        """See :class:`collide.wheels.python.displays.Displays`."""
        if not isinstance(target, ast.Attribute):
            super().assign(target, value, scope)
            return
        base = self.evaluate(target.value, scope)
        if isinstance(base, CodeModule):
            names = base.environment.names
        elif isinstance(base, (Instance, CodeClass)):
            names = base.names
        elif isinstance(base, CodeFunction):
            names = self._function_names.setdefault(id(base.node), {})
        else:
            self.assign_external(base, target.attr, value)
            return
        names[target.attr] = value if self.sure else UNKNOWN

    def assign_external(self, base: Value, name: str, value: Value) -> None:
        """Assign to an attribute of what is not of the package."""
        raise NotImplementedError

    def truth_of(self, value: Value) -> bool | None:
        """See :class:`collide.wheels.python.expressions.Expressions`."""
        if isinstance(value, Instance):
            asked = (_find(value.of, name) for name in ("__bool__", "__len__"))
            return True if _is_whole(value.of) and not any(asked) else None
        return super().truth_of(value)

    # -- with statements -------------------------------------------------------------------------

    def enter(self, manager: Value) -> Value:
        """See :class:`Statements`."""
        if isinstance(manager, Instance):
            return self._call_method(manager, "__enter__")
        return super().enter(manager)

    def leave(self, manager: Value) -> None:
        """See :class:`Statements`."""
        if isinstance(manager, Instance):
            self._call_method(manager, "__exit__", [None, None, None])


def lineage(of: CodeClass) -> Iterator[CodeClass | None]:
    """A class and its bases, each once, the first ones first; None for what is not followed."""
    seen: set[int] = set()
    waiting: list[Value] = [of]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, CodeClass):
            if one != _OBJECT:
                yield None
        elif len(seen) > _MOST_BASES:
            yield None
            return
        elif id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += reversed(one.bases)


def _find(of: CodeClass, name: str) -> Value:
    """What a class or a base of it has of a name; None without, UNKNOWN where it may have."""
    for one in lineage(of):
        if one is None:
            return UNKNOWN
        if name in one.names:
            found = one.names[name]
            # A metaclass makes other things of them, as enum does.
            return found if isinstance(found, CodeFunction) or _is_whole(one) else UNKNOWN
    return None


def _is_whole(of: CodeClass) -> bool:
    """Whether all bases of a class are followed."""
    return None not in lineage(of)


def _bound(found: Value, owner: Instance | CodeClass, of: CodeClass) -> Value:
    """What an attribute of a class is, asked for by ``owner``."""
    if found is None:
        return UNKNOWN
    if not isinstance(found, CodeFunction):
        return found
    decorators = _decorators(found)
    if "classmethod" in decorators:
        return BoundMethod(found, of)
    if "staticmethod" in decorators or isinstance(owner, CodeClass):
        return found
    return BoundMethod(found, owner)


def _decorators(function: CodeFunction) -> set[str]:
    if isinstance(function.node, ast.Lambda):
        return set()
    return {ast.unparse(d).rpartition(".")[2] for d in function.node.decorator_list}
