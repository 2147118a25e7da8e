"""What Python code asks native code and child processes, and the way that is taken then.

Neither is run. Where a branch depends on such an answer, the import is taken to succeed: one way
is followed, and where the import fails behind it, the other one.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence

from collide.wheels.python.extensions import Extensions
from collide.wheels.python.imports import imported_in
from collide.wheels.python.known import OPENERS
from collide.wheels.python.values import (
    UNKNOWN,
    Answer,
    CodeFunction,
    CodeModule,
    External,
    Library,
    RaisedError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.wheels.python.modules import Setup
    from collide.wheels.python.values import Value

_MOST_CHOICES = 64
_MOST_RUNS = 6
_NATIVE = "ctypes.CDLL()"
_OF_ATTRIBUTES = frozenset(("builtins.hasattr", "builtins.getattr"))
_CHILDREN = frozenset(("os.popen", "os.system", "os.spawnl", "os.spawnv", "os.posix_spawn"))
_NUMBERS = frozenset(
    f"ctypes.c_{kind}"
    for kind in (
        *("bool", "byte", "ubyte", "char", "char_p", "double", "float", "int", "uint", "long"),
        *("ulong", "longlong", "ulonglong", "short", "ushort", "size_t", "ssize_t", "void_p"),
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    )
)


class Choices:
    """The ways that are taken where the code does not say which; each run may try others.

    At most 64 are made in a run, and at most six runs.
    """

    def __init__(self) -> None:
        self._taken: list[bool] = []
        self._changed: list[bool] = []
        self._first: list[bool] = []
        self._at = 0
        self._runs = 1

    @property
    def made(self) -> int:
        """The choices of this run up to now."""
        return self._at

    def take(self, *, likely: bool) -> bool | None:
        """The next way; None where too many were taken."""
        if self._at == len(self._taken):
            if self._at == _MOST_CHOICES:
                return None
            self._taken.append(likely)
            self._changed.append(False)
        self._at += 1
        return self._taken[self._at - 1]

    def change(self) -> bool:
        """Take another way at the last choice that is left; whether there is one.

        Without one all ways are again those of the first run.
        """
        self._first = self._first or self._taken[:]
        self._at = 0
        self._runs += 1
        while self._changed and self._changed[-1]:
            del self._changed[-1], self._taken[-1]
        if not self._taken or self._runs > _MOST_RUNS:
            self._taken = self._first
            self._changed = [True] * len(self._first)
            return False
        self._taken[-1] = not self._taken[-1]
        self._changed[-1] = True
        return True


class Answers(Extensions):
    """The questions that code asks of libraries, of C and of child processes.

    ``choices`` are the ways that are taken; without them both are followed. ``doubtful`` is
    whether a finder of the code has found nothing behind one of them.
    """

    def __init__(self, setup: Setup, choices: Choices | None = None) -> None:
        """See :class:`Extensions`."""
        super().__init__(setup)
        self._choices = choices
        self._said: set[tuple[str, str]] = set()
        self.doubtful = False

    def found_otherwise(
        self, name: str, parent: Value
    ) -> tuple[CodeModule | None, Sequence[str]] | None:
        """See :class:`collide.wheels.python.finders.Finders`."""
        before = self._choices.made if self._choices else 0
        found = super().found_otherwise(name, parent)
        if found is None and self._choices and self._choices.made > before:
            self.doubtful = True
        return found

    def decide(self, answer: Answer, node: ast.stmt | ast.expr, *, likely: bool) -> bool | None:
        """See :class:`collide.wheels.python.expressions.Expressions`."""
        if self._choices is None or not self.sure:
            return None
        likely = likely if answer.likely is None else answer.likely
        taken = self._choices.take(likely=likely)
        if taken is None:
            return None
        self._line = node.lineno
        said = f"depends on what {answer.asked}: followed as if that were {str(taken).lower()}"
        if (self.module.member, said) not in self._said:
            self._said.add((self.module.member, said))
            self._note(said)
        if isinstance(node, ast.If):
            self._defer_imports(node.orelse if taken else node.body)
        return taken

    def _defer_imports(self, statements: Sequence[ast.stmt]) -> None:
        """The imports on the way that is not taken may be made."""
        for statement in statements:
            for name, line, may_be_value in imported_in(statement, self.module.package):
                if not may_be_value or self._is_module(name):
                    self.deferred.append((name, self.module, line))

    def _is_module(self, name: str) -> bool:
        return bool(self._finder.module(name) or self._finder.extensions(name))

    def undefined(self, name: str) -> Value:
        """See :class:`collide.wheels.python.expressions.Expressions`: Cython code may say in C."""
        of_cython = self.module.path in self.sources and self.module.path.endswith(".pyx")
        if of_cython and not hasattr(builtins, name):
            return Answer(f"C has for names of {self.module.member}")
        return UNKNOWN

    def attribute_of(self, value: Value, name: str) -> Value:
        """See :class:`collide.wheels.python.objects.Objects`: a library has functions."""
        if not isinstance(value, Library):
            return super().attribute_of(value, name)
        if value.path == "" and self.awaits("AttributeError"):
            answer = Answer("the program has itself for names of a library", likely=False)
            if self.decide(answer, self._here(), likely=False) is False:
                raise RaisedError("AttributeError", self.where)
        return External(f"{_NATIVE}.{name}")

    def _has(self, library: Library, name: Value) -> Value:
        """``hasattr`` of a library: what it links may have the name, too."""
        if not isinstance(name, str) or not library.path:
            return UNKNOWN
        if self._finder.defines(library.path, name):
            return True
        return Answer(f"{library.path} has by what it links", likely=False)

    def _here(self) -> ast.expr:
        """A node of the present line."""
        return ast.Constant(None, lineno=self._line)

    def _attribute_call(self, name: str, values: list[Value]) -> Value:
        """``hasattr`` and ``getattr`` of a library or of a function of the package."""
        if len(values) < 2:
            return UNKNOWN
        owner, attribute = values[:2]
        if isinstance(owner, CodeFunction):
            default = values[2:] if name == "builtins.getattr" else []
            found = self._function_attribute(owner, attribute, default)
            return found if name == "builtins.getattr" or found is UNKNOWN else True
        there = self._has(owner, attribute)
        if name == "builtins.hasattr":
            return there
        if isinstance(there, Answer) and len(values) > 2:
            there = self.decide(there, self._here(), likely=False)
        if there is False:
            return values[2]
        return External(f"{_NATIVE}.{attribute}") if there is True else UNKNOWN

    def _function_attribute(self, of: CodeFunction, name: Value, default: list[Value]) -> Value:
        """``getattr`` of a function: it has what the code has given it."""
        given = self._function_names.get(id(of.node), {})
        if not isinstance(name, str) or name[:2] == "__":
            return UNKNOWN
        return given.get(name, default[0] if default else UNKNOWN)

    def _asked(self, name: str, values: list[Value]) -> Value:
        """What a function says that asks no Python code; NotImplemented of others."""
        if name in _OF_ATTRIBUTES and values and isinstance(values[0], (Library, CodeFunction)):
            return self._attribute_call(name, values)
        if name.startswith("subprocess.") or name in _CHILDREN:
            return Answer(f"a child process answers at {self.where}")
        if name in _NUMBERS or any(name.startswith(f"{opener}().") for opener in OPENERS):
            return Answer(f"native code answers at {self.where}")
        return NotImplemented
