"""Does what import statements do: finds modules, and follows their code once.

Source: the Python reference, "The import system". Which modules there are a
:class:`~collide.wheels.python.imports.Finder` says.
"""

from __future__ import annotations

import ast
import posixpath
import re

from collide.loader.opening import RTLD_NOW
from collide.support.errors import InputError
from collide.support.records import NamedTuple
from collide.wheels.plan import OPENS
from collide.wheels.python.imports import absolute_name
from collide.wheels.python.known import AT_START, CONSTANTS, ELSEWHERE
from collide.wheels.python.objects import Objects
from collide.wheels.python.parse import parse_cython, parse_quietly
from collide.wheels.python.values import (
    UNKNOWN,
    CodeModule,
    Environment,
    External,
    ParsedCode,
    RaisedError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from collide.wheels.python.imports import Finder
    from collide.wheels.python.values import Value

# Ways to bind names, or to make modules, that no statement shows.
_MAKES_NAMES = re.compile(rb"globals\(|setattr\(|exec\(|vars\(|__dict__|sys\.modules\[")

_DEEPEST_IMPORT = 165
"""CPython itself ends a chain here: a nested import has six frames or more of 1,000."""


class Setup(NamedTuple):
    """What a run starts with.

    ``finder`` finds modules, ``parsed`` keeps the code of files for further runs. ``steps`` are
    for all modules with ``alternatives``, which follow every branch that may be taken, else for
    each.
    """

    finder: Finder
    parsed: dict[str, ParsedCode | None]
    steps: int
    alternatives: bool = True


class Modules(Objects):
    """The modules of one interpreter; what is opened is left to a subclass.

    ``notes`` are lines of what was not followed, ``unreadable`` files that are no Python, with
    the reason, ``executed`` the modules whose code was followed, ``sources`` the files that
    extension modules were made of. ``deferred`` are imports that are not likely, with the module
    and the line of each: they are followed when ``exploring``.
    """

    def __init__(self, setup: Setup) -> None:
        """Nothing is imported yet."""
        super().__init__(setup.steps, alternatives=setup.alternatives)
        self._finder = setup.finder
        self._flags: Value = RTLD_NOW
        self._parsed = setup.parsed
        self._steps = setup.steps
        self._line = 0
        self.notes: list[str] = []
        self.unreadable: dict[str, str] = {}
        self._importing = 0
        self.exploring = setup.alternatives
        self.deferred: list[tuple[str, CodeModule, int]] = []
        self.executed: list[CodeModule] = []
        self.sources: set[str] = set()

    def _record(self, name: str, flags: Value, *, imported: bool = False) -> None:
        """Take note of what the present line opens."""
        raise NotImplementedError

    @property
    def where(self) -> str:
        """The present line; what has begun the run where there is none."""
        return f"{self.module.member}:{self._line}" if self._line else self.module.member

    def _note(self, text: str) -> None:
        self.notes.append(f"{self.where}: {text}")

    def place(self, node: ast.stmt) -> str:
        """See :class:`Statements`."""
        return f"{self.module.member}:{node.lineno}"

    def missed(self, raised: RaisedError) -> None:
        """See :class:`Statements`."""
        if raised.missing:
            self.notes.append(f"{raised}, in a branch that may not run")

    def begin_import(self, name: str, source: str) -> None:
        """Import a module because of ``source``; raises RaisedError where that fails."""
        self.module, self._line = CodeModule("", "", source, ""), 0
        self.import_module(name)

    def import_module(self, name: str) -> Value:
        """Import a module and its parents; raises RaisedError where there is none."""
        if not self._finder.is_own(name) and name not in ELSEWHERE:
            return External(name)
        if name.partition(".")[0] == "cython" and self.module.path in self.sources:
            return UNKNOWN  # It is asked for when the module is compiled.
        if not (self.exploring or self.is_likely):
            self.deferred.append((name, self.module, self._line))
            module = self._finder.module(name)
            return module if module is not None and module.executed else UNKNOWN
        parts = name.split(".")
        found: Value = UNKNOWN
        compiled = False
        for end in range(1, len(parts) + 1):
            dotted = ".".join(parts[:end])
            module = self._finder.module(dotted)
            extensions = self._finder.extensions(dotted)
            if module is None and not extensions:
                otherwise = self.found_otherwise(dotted, found)
                if otherwise is None:
                    return self._absent(dotted, found, made=compiled)
                module, extensions = otherwise
            compiled = bool(extensions)
            if extensions:
                for path in extensions:
                    self._record(path, self._flags, imported=True)
                    self._initialise(dotted, path)
                found = UNKNOWN
            elif module is not None:
                self._execute(module)
                found = module
        return External(name) if self._finder.is_standard(name) else found

    def found_otherwise(
        self, name: str, parent: Value
    ) -> tuple[CodeModule | None, Sequence[str]] | None:
        """What a finder of the code has for a name: a Python module, or an extension module."""
        raise NotImplementedError

    def _initialise(self, module: str, path: str) -> None:
        """Do what an extension module does when it is imported for the first time."""
        raise NotImplementedError

    def _absent(self, name: str, parent: Value, *, made: bool) -> Value:
        """Some packages make modules of their own when they run, as six.moves.

        What an extension module has made (``made``) has no file either.
        """
        if self._finder.is_standard(name) and name not in ELSEWHERE:
            return External(name)
        if made or (isinstance(parent, CodeModule) and parent.makes_names):
            self._note(f"no module {name}: passed over")
            return UNKNOWN
        raise RaisedError("ModuleNotFoundError", self.where, name)

    def _execute(self, module: CodeModule) -> None:
        if module.executed or module.name in AT_START:
            return
        module.executed = True
        self.executed.append(module)
        module.code = self._code(module)
        module.complete = module.complete and module.code is not None
        if module.code is None:
            return
        names = module.environment.names
        names |= {"__file__": module.path, "__name__": module.name, "__package__": module.package}
        names |= dict.fromkeys(("__doc__", "__spec__", "__loader__", "__dict__"), UNKNOWN)
        names["__path__"] = [posixpath.dirname(module.path)]
        if self._importing >= _DEEPEST_IMPORT:
            raise RecursionError
        self._importing += 1
        was, self.module = self.module, module
        line, left, nested = self._line, self.left, self.nested
        self.nested = 0
        if not self._alternatives:
            self.left = self._steps
        try:
            self.follow_body(module.code.tree.body, module.environment)
        except RaisedError:
            module.executed = False
            raise
        finally:
            self.module, self._line, self.nested = was, line, nested
            self._importing -= 1
            if not self._alternatives:
                self.left = left

    def _code(self, module: CodeModule) -> ParsedCode | None:
        if module.path in self._parsed:
            return self._parsed[module.path]
        self._parsed[module.path] = None
        try:
            text = self._finder.text(module.path)
            if text is not None:
                found = _MAKES_NAMES.search(text)
                makes_names = text.count(b"\n", 0, found.start()) + 1 if found else 0
                opens = re.search(OPENS, text) is not None
                code = ParsedCode(
                    _parse(module.path, text, self._finder, self.unreadable), makes_names, opens
                )
                self._parsed[module.path] = code
        except InputError as e:
            self.unreadable[module.member] = e.reason
        except RecursionError as e:
            # The parser says so of the code; else it is the chain of imports that is too long.
            if "during" not in str(e):
                raise
            self.unreadable[module.member] = str(e)
        except (OSError, SyntaxError, ValueError, MemoryError) as e:
            self.unreadable[module.member] = getattr(e, "msg", "") or str(e) or type(e).__name__
        return self._parsed[module.path]

    def _on_functiondef(self, node: ast.FunctionDef, scope: Environment) -> None:
        super()._on_functiondef(node, scope)
        if node.name == "__getattr__" and scope is self.module.environment:
            self._line = node.lineno
            self._note("__getattr__ is followed for names that are known only")

    def bring(self, node: ast.Import | ast.ImportFrom, scope: Environment) -> None:
        """See :class:`Statements`."""
        self._line = node.lineno
        if isinstance(node, ast.Import):
            for alias in node.names:
                found = self.import_module(alias.name)
                top = alias.name.partition(".")[0]
                if alias.asname is None and "." in alias.name:
                    known = None if self._finder.is_standard(top) else self._finder.module(top)
                    found = known or External(top)
                scope.bind(alias.asname or top, found)
            return
        base = absolute_name(node.module, node.level, self.module.package)
        parent = self.import_module(base)
        for alias in node.names:
            if alias.name == "*":
                self.module.complete = False
                if isinstance(parent, CodeModule):
                    self._star(parent, base, scope)
                continue
            scope.bind(alias.asname or alias.name, self._member(parent, base, alias.name))

    def _star(self, parent: CodeModule, base: str, scope: Environment) -> None:
        """Do what ``from base import *`` does: ``__all__`` may name modules."""
        names = parent.environment.names
        for name in listed if isinstance(listed := names.get("__all__"), list | tuple) else ():
            if isinstance(name, str):
                scope.names[name] = self._member(parent, base, name)
        scope.names |= {n: v for n, v in names.items() if n[:1] != "_"}

    def _member(self, parent: Value, base: str, name: str) -> Value:
        """The value of ``from base import name``."""
        module = self._finder.module(base)
        # An attribute comes before a module; a package that is not yet through has only these.
        if module is not None and module.executed and name in module.environment.names:
            found = module.environment.names[name]
            return self.constant_of(f"{base}.{name}") if isinstance(parent, External) else found
        dotted = f"{base}.{name}"
        if self._finder.module(dotted) or self._finder.extensions(dotted):
            return self.import_module(dotted)
        if isinstance(parent, External):
            return self.constant_of(dotted)
        if not isinstance(parent, CodeModule):
            return UNKNOWN
        if self.found_otherwise(dotted, parent):
            return self.import_module(dotted)
        if "__getattr__" in parent.environment.names:
            return self.lazy(parent, name)
        is_read = parent.complete and parent.code is not None
        if is_read and (parent is self.module or not parent.makes_names):
            raise RaisedError("ImportError", self.where, dotted)
        return UNKNOWN

    def constant_of(self, name: str) -> Value:
        """See :class:`collide.wheels.python.expressions.Expressions`."""
        found = self._finder.constants.get(name, UNKNOWN)
        return CONSTANTS.get(name, External(name)) if found is UNKNOWN else found

    def _submodule(self, module: CodeModule, name: str) -> Value:
        found = self._finder.module(f"{module.name}.{name}")
        if found is not None and found.executed:
            return found
        return self.lazy(module, name)

    def lazy(self, module: CodeModule, name: str) -> Value:
        """What the function ``__getattr__`` of a module says to a name that the module lacks."""
        raise NotImplementedError


def _parse(path: str, text: bytes, finder: Finder, unreadable: dict[str, str]) -> ast.Module:
    """The code of a Python or Cython file; ``unreadable`` gets included files that are not there.

    Packages often leave them out.
    """
    if path.endswith(".py"):
        return parse_quietly(text)

    def included(name: str) -> bytes | None:
        at = f"{posixpath.dirname(path)}/{name}"
        try:
            return finder.text(at)
        except OSError as e:
            unreadable[at] = str(e)
            return None

    return parse_cython(text, included)
