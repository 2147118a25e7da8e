"""Follows imports, and lists what they open, in order.

Events are libraries that are opened (ctypes, cffi) and extension modules that are imported, each
with its flags.
"""

from __future__ import annotations

import ast
import posixpath
from contextlib import suppress

from collide.loader.opening import Mode
from collide.wheels.plan import Event
from collide.wheels.python.answers import Answers
from collide.wheels.python.disk import answer, answer_of_path, is_question
from collide.wheels.python.expressions import answer_among
from collide.wheels.python.imports import absolute_name, imported_in
from collide.wheels.python.known import FUNCTIONS, IMPORTING, OPENERS
from collide.wheels.python.parse import parse_quietly
from collide.wheels.python.paths import path_text
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
    RaisedError,
    Unknown,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from collide.wheels.python.answers import Choices
    from collide.wheels.python.modules import Setup
    from collide.wheels.python.values import Value

_MOST_IDLE_CALLS = 10
_LAZY_LOADERS = frozenset(("lazy_loader.attach", "lazy_loader.attach_stub"))


class Run(Answers):
    """One interpreter that imports modules; ``events`` are its openings.

    ``followed`` are those that are certain, and what modules import in branches that are not,
    ``possible`` what other imports open, each with a sentence about it.
    """

    def __init__(self, setup: Setup, choices: Choices | None = None) -> None:
        """See :class:`Answers`."""
        super().__init__(setup, choices)
        self.events: list[Event] = []
        self.followed: list[Event] = []
        self.possible: list[tuple[str, tuple[Event, ...]]] = []
        self._is_late = False
        self._idle: dict[int, int] = {}

    def call(
        self, function: Value, values: list[Value], keywords: dict[str, Value], node: ast.Call
    ) -> Value:
        """See :class:`collide.wheels.python.expressions.Expressions`."""
        self._line = node.lineno
        if _qualified(function) in _LAZY_LOADERS:
            self._note(f"{_qualified(function)} is not followed: it imports when it is used")
        if isinstance(function, (CodeFunction, BoundMethod, CodeClass, Instance)):
            value = self.call_object(function, values, keywords)
            # What it does it does in C, also where its Python files are followed.
            return External("cffi.FFI()") if self._is_cffi(function) else value
        if isinstance(node.func, ast.Attribute) and node.func.attr == "dlopen":
            # An FFI object of cffi, wherever it comes from: nothing else has such a method.
            function = External("cffi.FFI().dlopen")
        if isinstance(function, Answer):
            return function
        if not isinstance(function, External):
            return UNKNOWN
        value = self._call_known(function.name, values, keywords)
        # What is made of an answer is one, too.
        return answer_among(values) or UNKNOWN if value is UNKNOWN else value

    def _is_cffi(self, function: Value) -> bool:
        """Whether a class is ``cffi.FFI``."""
        if not isinstance(function, CodeClass) or function.name != "FFI":
            return False
        module = self._finder.module("cffi.api")
        return module is not None and module.environment.names.get("FFI") is function

    def call_value(self, function: Value, values: list[Value]) -> Value:
        """See :class:`collide.wheels.python.finders.Finders`."""
        if isinstance(function, (CodeFunction, BoundMethod, CodeClass, Instance)):
            return self.call_object(function, values, {})
        return UNKNOWN

    def _call_known(self, name: str, values: list[Value], keywords: dict[str, Value]) -> Value:
        """The value of a call of a function of the standard library, by its dotted name."""
        if name in IMPORTING:
            self.import_module(IMPORTING[name])
        if name in OPENERS:
            return self._load(OPENERS[name], values, keywords)
        for special in (self._asked, self._find_call):
            if (found := special(name, values)) is not NotImplemented:
                return found
        if name == "sys.setdlopenflags":
            self._flags = values[0] if values and self.sure else UNKNOWN
            return None
        if name in ("importlib.import_module", "builtins.__import__"):
            return self._import_call(values)
        if name == "ctypes.util.find_library" and values and isinstance(values[0], str):
            return self._finder.library(values[0])
        if is_question(name):
            return answer(self._finder, name, values, keywords)
        return self._answer(name, values)

    def call_own(
        self, function: CodeFunction, values: Sequence[Value], keywords: dict[str, Value]
    ) -> Value:
        """Follow a call, unless the function was called often and has opened nothing."""
        number, before = id(function.node), len(self.events) + len(self.executed)
        if self._idle.get(number, 0) >= _MOST_IDLE_CALLS:
            return UNKNOWN
        value = self.run_function(function, values, keywords)
        if len(self.events) + len(self.executed) == before:
            self._idle[number] = self._idle.get(number, 0) + 1
        return value

    def _answer(self, name: str, values: list[Value]) -> Value:
        """The value of a function of the standard library that changes nothing."""
        if name == "cffi.FFI":
            return External("cffi.FFI()")
        if name == "sys.getdlopenflags":
            return self._flags
        if name in ("importlib.resources.files", "importlib_resources.files"):
            return self._directory_of(values)
        if name in ("importlib.metadata.files", "importlib_metadata.files"):
            return self._listed_by(values)
        if name == "sysconfig.get_path":
            return self._finder.site if values[:1] in (["platlib"], ["purelib"]) else UNKNOWN
        if name == "sys.modules.get" and values and self.is_imported(values[0]):
            standard = self._finder.is_standard(values[0])
            return External(values[0]) if standard else self._finder.module(values[0])
        if f"{name}()" in self._finder.constants:
            return self._finder.constants[f"{name}()"]
        if name in FUNCTIONS:
            return FUNCTIONS[name](*values)
        if name in ("builtins.exec", "builtins.eval"):
            return self._execute_text(values)
        module = self._finder.module(name.rpartition(".")[0])
        found = module.environment.find(name.rpartition(".")[2]) if module else UNKNOWN
        return self.call_own(found, values, {}) if isinstance(found, CodeFunction) else UNKNOWN

    def _execute_text(self, values: list[Value]) -> Value:
        """Follow code in a text, in the module where that is executed."""
        try:
            body = parse_quietly(values[0]).body if values and type(values[0]) is str else None
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            body = None
        if body is None:
            self._note("code that is made when it runs is not followed")
        else:
            for statement in body:
                ast.increment_lineno(statement, self._line - 1)
            self.follow_body(body, Environment(self.module.environment))
        return UNKNOWN

    def lazy(self, module: CodeModule, name: str) -> Value:
        """See :class:`Extensions`."""
        function = module.environment.names.get("__getattr__")
        if not isinstance(function, CodeFunction) or name.startswith("__"):
            return UNKNOWN
        try:
            return self.run_function(function, [name], {})
        except RaisedError as raised:
            if raised.name != "AttributeError":
                raise
            return UNKNOWN

    def _load(
        self, opener: tuple[str, int], values: list[Value], keywords: dict[str, Value]
    ) -> Value:
        """Open a library; what stands for it in the code."""
        keyword, added = opener
        name = path_text(values[0] if values else keywords.get("name"))
        flags = values[1] if len(values) > 1 else keywords.get(keyword, 0)
        if values[:1] == [None]:
            return Library("")
        if values and name is None and not isinstance(values[0], Unknown):
            return UNKNOWN
        if name is None or type(flags) is not int:
            self._record(name or "", flags)
            return Library(name)
        if name.startswith("/"):
            name = posixpath.normpath(name)
            if self._finder.is_refused(name):
                raise RaisedError("OSError", self.where)
        self._record(name, flags | added)
        return Library(name)

    def _record(self, name: str, flags: Value, *, imported: bool = False) -> None:
        mode = Mode.of_flags(flags) if type(flags) is int else None
        certain = self.sure and mode is not None and bool(name)
        event = Event(name, mode or Mode(), self.where, certain, imported)
        self.events.append(event)
        if certain or (imported and self.is_likely and not self._is_late):
            self.followed.append(event)

    def _import_call(self, values: list[Value]) -> Value:
        if values and isinstance(values[0], str) and values[0]:
            name = values[0]
            level = len(name) - len(name.lstrip("."))
            dotted = absolute_name(name[level:], level, self.module.package)
            if dotted == self.module.name:
                return self.import_again(dotted)
            return self.import_module(dotted)
        self._note("imports a module whose name is worked out when it runs: not followed")
        return UNKNOWN

    def _directory_of(self, values: list[Value]) -> Value:
        name = values[0].name if values and isinstance(values[0], CodeModule) else None
        if values and isinstance(values[0], str):
            name = values[0]
        if name and self._finder.is_own(name):
            return PathValue(f"{self._finder.site}/{name.replace('.', '/')}")
        return UNKNOWN

    def _listed_by(self, values: list[Value]) -> Value:
        """The files of an installed distribution, as its RECORD lists them."""
        if not values or not isinstance(values[0], str):
            return UNKNOWN
        found = self._finder.distribution(values[0])
        return UNKNOWN if found is None else [PathValue(name, found.site) for name in found.files]

    def follow_possible(self) -> None:
        """Follow what may be reached: functions that open something, and deferred imports."""
        self._is_late = True
        executed = tuple(self.executed)
        for module in executed:
            if module.code and module.code.opens:
                self.left = self._steps
                with suppress(RecursionError, BudgetError):
                    self.follow_unreached(module.name)
        self.exploring = True
        for name, module, line in dict.fromkeys([*self.deferred, *self._nested_imports(executed)]):
            self.sure, self.module, self._line = False, module, line
            before = len(self.events)
            with suppress(RaisedError, RecursionError, BudgetError):
                self.import_module(name)
            if opened := tuple(e for e in self.events[before:] if e.imported):
                where = f"{module.member}:{line}" if line else module.member
                self.possible.append((f"{where}: may import {name}", opened))

    def _nested_imports(
        self, modules: Iterable[CodeModule]
    ) -> Iterator[tuple[str, CodeModule, int]]:
        """The import statements in functions that nothing has called."""
        for module in modules:
            for node in ast.walk(module.code.tree) if module.code else ():
                if isinstance(node, ast.FunctionDef) and id(node) not in self.entered:
                    for name, line, may_be_value in imported_in(node, module.package):
                        if not may_be_value or self._is_module(name):
                            yield name, module, line

    def follow_unreached(self, name: str) -> None:
        """Follow the functions of a module that nothing has called: possible openings."""
        module = self._finder.module(name)
        code = self._parsed.get(module.path) if module is not None else None
        if module is None or code is None:
            return
        self.module = module
        for node in ast.walk(code.tree):
            if isinstance(node, ast.FunctionDef) and id(node) not in self.entered:
                arguments = [UNKNOWN] * (len(node.args.posonlyargs) + len(node.args.args))
                self.sure = False
                function = CodeFunction(node, module, module.environment)
                with suppress(RaisedError):
                    self.run_function(function, arguments, {})
        self.sure = True

    def ask(self, path: PathValue, method: str, values: list[Value]) -> Value:
        """See :class:`collide.wheels.python.expressions.Expressions`."""
        return answer_of_path(self._finder, path, method, values)


def _qualified(function: Value) -> str:
    """The dotted name of a function, of whatever package."""
    if isinstance(function, CodeFunction):
        return f"{function.module.name}.{getattr(function.node, 'name', '')}"
    return function.name if isinstance(function, External) else ""
