"""Follows the import of a package, and lists what it opens, in order.

Events are libraries that are opened (ctypes, cffi) and extension modules of the package that
are imported, each with its flags.
"""

from __future__ import annotations

import ast
import posixpath
from contextlib import suppress
from fnmatch import fnmatchcase

from collide.loader.opening import RTLD_NOW, Mode
from collide.wheels.plan import Event
from collide.wheels.python.imports import ModuleFinder, absolute_name
from collide.wheels.python.known import CONSTANTS, FUNCTIONS, OPENERS, path_text
from collide.wheels.python.parse import parse_quietly
from collide.wheels.python.statements import Statements
from collide.wheels.python.values import (
    UNKNOWN,
    CodeFunction,
    CodeModule,
    Environment,
    External,
    PathValue,
    RaisedError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.wheels.python.imports import Sources
    from collide.wheels.python.values import Value


class Run(Statements):
    """One interpreter that imports modules of a package; ``events`` are its openings."""

    def __init__(
        self,
        sources: Sources,
        finder: ModuleFinder,
        parsed: dict[str, ast.Module | None],
        steps: int,
    ) -> None:
        """``parsed`` keeps the syntax trees of files for further runs."""
        super().__init__(steps)
        self._sources = sources
        self._finder = finder
        self._flags: Value = RTLD_NOW
        self._parsed = parsed
        self._line = 0
        self.events: list[Event] = []
        self.unreadable: dict[str, str] = {}

    # -- modules ---------------------------------------------------------------------------------

    def import_module(self, name: str) -> Value:
        """Import a module of the package and its parents; raises RaisedError without one."""
        if not self._finder.is_own(name):
            return External(name)
        parts = name.split(".")
        found: Value = UNKNOWN
        for end in range(1, len(parts) + 1):
            dotted = ".".join(parts[:end])
            module = self._finder.module(dotted)
            extensions = self._finder.extensions(dotted)
            if module is None and not extensions:
                raise RaisedError("ModuleNotFoundError")
            if extensions:
                for path in extensions:
                    self._record(path, self._flags, imported=True)
                found = UNKNOWN
            elif module is not None:
                self._execute(module)
                found = module
        return found

    def _execute(self, module: CodeModule) -> None:
        if module.executed:
            return
        module.executed = True
        tree = self._tree(module)
        module.complete = tree is not None
        if tree is None:
            return
        names = module.environment.names
        names |= {"__file__": module.path, "__name__": module.name, "__package__": module.package}
        names["__path__"] = [posixpath.dirname(module.path)]
        was, self.module = self.module, module
        line = self._line
        try:
            self.follow(tree.body, module.environment)
        finally:
            self.module, self._line = was, line

    def _tree(self, module: CodeModule) -> ast.Module | None:
        text = self._sources.texts.get(module.path)
        if text is None:
            return None
        if module.path not in self._parsed:
            self._parsed[module.path] = None
            try:
                self._parsed[module.path] = parse_quietly(text)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
                self.unreadable[module.member] = getattr(e, "msg", "") or type(e).__name__
        return self._parsed[module.path]

    def bring(self, node: ast.Import | ast.ImportFrom, scope: Environment) -> None:
        """See :class:`Statements`."""
        self._line = node.lineno
        if isinstance(node, ast.Import):
            for alias in node.names:
                found = self.import_module(alias.name)
                top = alias.name.partition(".")[0]
                if alias.asname is None and "." in alias.name:
                    found = self._finder.module(top) or External(top)
                scope.bind(alias.asname or top, found)
            return
        base = absolute_name(node.module, node.level, self.module.package)
        parent = self.import_module(base)
        for alias in node.names:
            if alias.name == "*":
                self.module.complete = False
                if isinstance(parent, CodeModule):
                    scope.names |= {
                        n: v for n, v in parent.environment.names.items() if n[:1] != "_"
                    }
                continue
            scope.bind(alias.asname or alias.name, self._member(parent, base, alias.name))

    def _member(self, parent: Value, base: str, name: str) -> Value:
        """The value of ``from base import name``."""
        if isinstance(parent, External):
            return self._constant_of(f"{base}.{name}")
        if not isinstance(parent, CodeModule):
            return UNKNOWN
        if name in parent.environment.names:
            return parent.environment.names[name]
        dotted = f"{base}.{name}"
        if self._finder.module(dotted) or self._finder.extensions(dotted):
            return self.import_module(dotted)
        is_read = parent.complete and self._parsed.get(parent.path) and parent is not self.module
        if is_read and "__getattr__" not in parent.environment.names:
            raise RaisedError("ImportError")
        return UNKNOWN

    def _constant_of(self, dotted: str) -> Value:
        return CONSTANTS.get(dotted, External(dotted))

    def _submodule(self, module: CodeModule, name: str) -> Value:
        found = self._finder.module(f"{module.name}.{name}")
        return found if found is not None and found.executed else UNKNOWN

    # -- calls -----------------------------------------------------------------------------------

    def call(
        self, function: Value, values: list[Value], keywords: dict[str, Value], node: ast.Call
    ) -> Value:
        """See :class:`collide.wheels.python.expressions.Expressions`."""
        self._line = node.lineno
        if isinstance(function, CodeFunction):
            return self.run_function(function, values, keywords)
        if not isinstance(function, External):
            return UNKNOWN
        name = function.name
        if name in OPENERS:
            self._load(OPENERS[name], values, keywords)
            return UNKNOWN
        if name == "sys.setdlopenflags":
            self._flags = values[0] if values and self.sure else UNKNOWN
            return None
        if name in ("importlib.import_module", "builtins.__import__"):
            return self._import_call(values)
        return self._answer(name, values)

    def _answer(self, name: str, values: list[Value]) -> Value:
        """The value of a function of the standard library that changes nothing."""
        if name == "cffi.FFI":
            return External("cffi.FFI()")
        if name == "sys.getdlopenflags":
            return self._flags
        if name in ("importlib.resources.files", "importlib_resources.files"):
            return self._directory_of(values)
        if name == "sysconfig.get_path":
            return self._sources.site if values[:1] in (["platlib"], ["purelib"]) else UNKNOWN
        if name in FUNCTIONS:
            return FUNCTIONS[name](*values)
        return self._ask(name.rpartition(".")[2] if _asks(name) else "", values)

    def _load(
        self, opener: tuple[str, int], values: list[Value], keywords: dict[str, Value]
    ) -> None:
        keyword, added = opener
        name = path_text(values[0] if values else keywords.get("name"))
        flags = values[1] if len(values) > 1 else keywords.get(keyword, 0)
        if values[:1] == [None] or (values and name is None and values[0] is not UNKNOWN):
            return
        if name is None or type(flags) is not int:
            self._record(name or "", flags)
            return
        if name.startswith("/"):
            name = posixpath.normpath(name)
            if self._is_missing(name):
                raise RaisedError("OSError")
        self._record(name, flags | added)

    def _record(self, name: str, flags: Value, *, imported: bool = False) -> None:
        mode = Mode.of_flags(flags) if type(flags) is int else None
        source = f"{self.module.member}:{self._line}"
        certain = self.sure and mode is not None and bool(name)
        self.events.append(Event(name, mode or Mode(), source, certain, imported))

    def _import_call(self, values: list[Value]) -> Value:
        if values and isinstance(values[0], str) and values[0]:
            name = values[0]
            level = len(name) - len(name.lstrip("."))
            return self.import_module(absolute_name(name[level:], level, self.module.package))
        return UNKNOWN

    def _directory_of(self, values: list[Value]) -> Value:
        name = values[0].name if values and isinstance(values[0], CodeModule) else None
        if values and isinstance(values[0], str):
            name = values[0]
        if name and self._finder.is_own(name):
            return PathValue(f"{self._sources.site}/{name.replace('.', '/')}")
        return UNKNOWN

    def follow_unreached(self, path: str) -> None:
        """Follow the functions of a module's file that nothing has called: possible openings."""
        module = self._finder.module(self._finder.name_of(path))
        tree = self._parsed.get(path)
        if module is None or tree is None:
            return
        self.module = module
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and id(node) not in self.entered:
                arguments = [UNKNOWN] * (len(node.args.posonlyargs) + len(node.args.args))
                self.sure = False
                function = CodeFunction(node, module, module.environment)
                with suppress(RaisedError):
                    self.run_function(function, arguments, {})
        self.sure = True

    # -- the file system -------------------------------------------------------------------------

    def _is_missing(self, path: str) -> bool:
        """Whether a path lies in the package's own directories, and it has no such file."""
        if path in self._sources.files:
            return False
        site = f"{self._sources.site}/"
        return path.startswith(site) and self._finder.is_own(path[len(site) :].partition("/")[0])

    def ask(self, path: PathValue, method: str, values: list[Value]) -> Value:
        """See :class:`collide.wheels.python.expressions.Expressions`."""
        if method in ("exists", "is_file", "is_dir"):
            return self._ask(method, [path])
        if method == "glob" and values and isinstance(values[0], str):
            found = self._glob(f"{path.text}/{values[0]}")
            return [PathValue(p) for p in found] if isinstance(found, list) else UNKNOWN
        return UNKNOWN

    def _ask(self, question: str, values: list[Value]) -> Value:
        path = path_text(values[0]) if values else None
        if path is None or not question:
            return UNKNOWN
        path = posixpath.normpath(path)
        if question in ("exists", "isfile", "is_file", "isdir", "is_dir"):
            is_file, is_directory = path in self._sources.files, self._finder.is_directory(path)
            if is_file or is_directory:
                return is_file if "file" in question else question == "exists" or is_directory
            return False if self._is_missing(path) else UNKNOWN
        if question == "listdir":
            return self._finder.children(path) if self._finder.is_directory(path) else UNKNOWN
        return self._glob(path) if question in ("glob", "iglob") else UNKNOWN

    def _glob(self, pattern: str) -> Value:
        directory, name = posixpath.split(pattern)
        if not self._finder.is_directory(directory):
            return [] if self._is_missing(directory) else UNKNOWN
        return [
            f"{directory}/{n}" for n in self._finder.children(directory) if fnmatchcase(n, name)
        ]


def _asks(name: str) -> bool:
    return name.startswith(("os.path.", "glob.")) or name == "os.listdir"
