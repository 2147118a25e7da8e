"""The values that the reading of Python code knows: constants, modules, functions, paths.

Strings, numbers, None, tuples and lists stand for themselves; everything else is
:data:`UNKNOWN` or one of the records here.
"""

from __future__ import annotations

from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from typing import Any, TypeAlias

    Value: TypeAlias = Any


class Unknown:
    """A value that the code alone does not say."""


UNKNOWN = Unknown()


class Answer(Unknown):
    """What native code or a child process says: ``asked`` is which, and where it is asked.

    ``likely`` is whether it is rather true, where that can be guessed.
    """

    def __init__(self, asked: str, *, likely: bool | None = None) -> None:
        self.asked = asked
        self.likely = likely


class Library(NamedTuple):
    """What an opened library is to ctypes and cffi; ``path`` is "" for all of the process.

    It is None where it cannot be told.
    """

    path: str | None


class External(NamedTuple):
    """A module, class or function of another package or of the standard library, by its name."""

    name: str


class ModuleSpec(NamedTuple):
    """What a finder says of a module: its full name, and its file."""

    name: str
    path: str


class PathValue(NamedTuple):
    """A ``pathlib`` path; what ``importlib.metadata`` lists is relative to ``base``."""

    text: str
    base: str = ""


class Environment:
    """The names of a module or of a call of a function; ``outer`` has those that it lacks.

    Those of the body of a class (``of_class``) are not those of the functions in it.
    """

    def __init__(self, outer: Environment | None = None, *, of_class: bool = False) -> None:
        self.names: dict[str, Value] = {}
        self.outer = outer
        self.of_class = of_class
        self.declared_global: set[str] = set()
        self.declared_nonlocal: set[str] = set()

    def find(self, name: str) -> Value:
        """The value of a name; :data:`UNKNOWN` without one."""
        scope: Environment | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return UNKNOWN

    @property
    def of_functions(self) -> Environment:
        """The names that functions see which are defined here."""
        return self.outer if self.of_class and self.outer is not None else self

    def binds(self, name: str) -> bool:
        """Whether a name has a value, be it unknown."""
        return name in self.names or (self.outer is not None and self.outer.binds(name))

    def bind(self, name: str, value: Value) -> None:
        """Assign to a name."""
        scope = self
        while name in self.declared_global and scope.outer is not None:
            scope = scope.outer
        if name in self.declared_nonlocal and self.outer is not None:
            scope = self.outer
            while name not in scope.names and scope.outer is not None:
                scope = scope.outer
        scope.names[name] = value

    def is_elsewhere(self, name: str) -> bool:
        """Whether an assignment to a name changes it outside of the present call."""
        return name in self.declared_global or name in self.declared_nonlocal


class ParsedCode(NamedTuple):
    """The code of a file.

    ``makes_names`` is the first line that may bind more than its statements show, 0 without one,
    ``opens`` whether it may open libraries.
    """

    tree: ast.Module
    makes_names: int
    opens: bool


class CodeModule:
    """A Python module of the package: where it is, and its names.

    ``member`` is the name that output uses, ``executed`` whether its code was read, ``complete``
    whether its code was read whole, ``code`` what was read of it.
    """

    def __init__(self, name: str, path: str, member: str, package: str) -> None:
        self.name = name
        self.path = path
        self.member = member
        self.package = package
        self.executed = False
        self.complete = True
        self.code: ParsedCode | None = None
        self.environment = Environment()

    @property
    def makes_names(self) -> bool:
        """Whether it binds more than its statements show."""
        return self.code is not None and self.code.makes_names > 0

    def is_plain_at(self, line: int) -> bool:
        """Whether nothing before a line of it binds more than its statements show."""
        return self.code is not None and not 0 < self.code.makes_names <= line


class CodeFunction(NamedTuple):
    """A function of the package."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    module: CodeModule
    closure: Environment


class CodeClass:
    """A class of the package.

    ``bases`` are those that it names, :data:`UNKNOWN` among them if what it is made of, or by,
    cannot be told.
    """

    def __init__(self, name: str, names: dict[str, Value], bases: tuple[Value, ...]) -> None:
        self.name = name
        self.names = names
        self.bases = bases


class Instance:
    """An object of a class of the package, and its attributes."""

    def __init__(self, of: CodeClass) -> None:
        self.of = of
        self.names: dict[str, Value] = {}


class BoundMethod(NamedTuple):
    """A function of a class, with the object or the class that it is called of."""

    function: CodeFunction
    owner: Value


class RaisedError(Exception):
    """An exception that the code surely raises, by the name of its class.

    ``missing`` is the module that an import does not find, ``where`` the line.
    """

    def __init__(self, name: str, where: str = "", missing: str = "") -> None:
        super().__init__(name)
        self.name = name
        self.where = where
        self.missing = missing

    def __str__(self) -> str:
        said = f"no module {self.missing}" if self.missing else f"raises {self.name}"
        return f"{self.where}: {said}"


class BudgetError(Exception):
    """The code takes more steps than are allowed."""
