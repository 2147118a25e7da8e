"""Follows imports through the Python files of installed trees: the order of extension modules.

Nothing is executed. Statements at module level are followed in their order, with those of classes,
loops and branches; a function runs when something calls it, which is not known. Sources: Python
language reference, "The import system"; ``importlib.machinery.FileFinder`` for what a name finds.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from collide.loader.host import Python
from collide.support.errors import UsageError
from collide.support.limits import LimitError, hold
from collide.support.records import NamedTuple
from collide.support.text import plural
from collide.wheels.python.imports import absolute_name
from collide.wheels.python.parse import parse_quietly
from collide.wheels.tags import module_misfit


class ImportedModule(NamedTuple):
    """An extension module that is opened: its file, and the line that imports it first."""

    path: str
    source: str


class ImportPlan(NamedTuple):
    """The extension modules in the order in which they are opened.

    ``notes`` say what was not followed, or would fail, and where.
    """

    modules: tuple[ImportedModule, ...]
    notes: tuple[str, ...]


def follow_imports(
    names: Sequence[str], roots: Sequence[Path], python: Python | None
) -> ImportPlan:
    """What ``import NAME`` of each of ``names`` opens, one after the other in one process.

    ``roots`` are the directories of sys.path that are searched, in their order; a name of the
    standard library that is in none of them is passed over. Raises UsageError for a name that is
    nowhere.
    """
    follower = _Follower(roots, python)
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise UsageError(f"--import {name}: is no name of a module")
        try:
            follower.load(name, f"--import {name}")
        except _MissingError as e:
            if e.name == name or name.startswith(f"{e.name}."):
                there = ", ".join(follower.listed()) or "none"
                raise UsageError(f"--import {name}: no module {e.name}; there are: {there}") from e
            follower.notes.append(f"import {name} fails: {e.where}: no module {e.name}")
        except RecursionError:
            follower.notes.append(f"import {name}: the imports are nested too deep to be followed")
    if follower.found:
        count = plural(len(follower.found), "extension module")
        follower.notes.append(f"what {count} import themselves, in C, is not followed")
    return ImportPlan(tuple(follower.found), tuple(dict.fromkeys(follower.notes)))


class _MissingError(Exception):
    """ModuleNotFoundError: the module ``name``, asked for at ``where``."""

    def __init__(self, name: str, where: str) -> None:
        super().__init__(name)
        self.name = name
        self.where = where


class _Found(NamedTuple):
    """A module by its file; ``directories`` is the ``__path__`` of a package."""

    path: Path | None
    directories: tuple[Path, ...] = ()
    bound: frozenset[str] = frozenset()
    exported: tuple[str, ...] = ()


_CAUGHT = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_Body = Sequence[ast.stmt]


class _Follower:
    """The state of ``sys.modules`` while imports are followed."""

    def __init__(self, roots: Sequence[Path], python: Python | None) -> None:
        self.found: list[ImportedModule] = []
        self.notes: list[str] = []
        self._roots = tuple(roots)
        self._python = python
        self._loaded: dict[str, _Found] = {}
        self._names: dict[Path, frozenset[str]] = {}

    def listed(self) -> list[str]:
        """The names of what lies in the first root: packages and modules."""
        names = self._in(self._roots[0]) if self._roots else frozenset()
        stems = {n.partition(".")[0] for n in names if "-" not in n and n[:1] not in "._"}
        return sorted(stem for stem in stems if stem.isidentifier())

    # -- finding ------------------------------------------------------------------------------

    def _in(self, directory: Path) -> frozenset[str]:
        if directory not in self._names:
            try:
                self._names[directory] = frozenset(os.listdir(directory))  # noqa: PTH208
            except OSError:
                self._names[directory] = frozenset()
        return self._names[directory]

    def _find(self, tail: str, directories: Sequence[Path]) -> _Found | None:
        """What a finder makes of one name: a package, an extension module, a source file."""
        portions = []
        for directory in directories:
            names = self._in(directory)
            below = directory / tail
            if tail in names:
                if init := self._file("__init__", below):
                    return _Found(init, (below,))
                portions += [below] if below.is_dir() else []
            if module := self._file(tail, directory):
                return _Found(module)
        return _Found(None, tuple(portions)) if portions else None

    def _file(self, stem: str, directory: Path) -> Path | None:
        fitting = [
            name
            for name in sorted(self._in(directory))
            if name.startswith(f"{stem}.")
            and name.endswith(".so")
            and name.count(".") <= 2
            and module_misfit(name, self._python) is None
        ]
        # EXTENSION_SUFFIXES: the interpreter's own, .abi3.so, .so.
        fitting.sort(key=lambda n: (n.endswith(".abi3.so"), n == f"{stem}.so"))
        names = [*fitting, *[n for n in (f"{stem}.py",) if n in self._in(directory)]]
        return directory / names[0] if names else None

    # -- loading ------------------------------------------------------------------------------

    def load(self, name: str, where: str) -> _Found:
        """Import ``name`` and the packages it is in; raises _MissingError."""
        parent = name.rpartition(".")[0]
        if name in self._loaded:
            return self._loaded[name]
        package = self.load(parent, where) if parent else None
        if name in self._loaded:
            return self._loaded[name]
        found = self._find(name.rpartition(".")[2], package.directories if package else self._roots)
        if found is None:
            # Where the standard library is not among the roots, its modules are taken for granted;
            # some make others when they run, as os.path.
            if name.partition(".")[0] not in sys.stdlib_module_names:
                raise _MissingError(name, where)
            found = _Found(None)
        self._loaded[name] = found
        if found.path is not None and found.path.suffix == ".so":
            self.found.append(ImportedModule(str(found.path), where))
        elif found.path is not None:
            try:
                self._execute(name, found)
            except _MissingError:
                del self._loaded[name]
                raise
        return self._loaded[name]

    def _execute(self, name: str, found: _Found) -> None:
        assert found.path is not None
        try:
            hold("text-size", found.path.stat().st_size, str(found.path))
            body = parse_quietly(found.path.read_bytes()).body
        except (OSError, ValueError, SyntaxError, RecursionError, MemoryError, LimitError) as e:
            self.notes.append(f"{found.path}: cannot be read as Python ({e}): not followed")
            return
        exported = tuple(_exported(body))
        self._loaded[name] = found._replace(bound=frozenset(_bound(body)), exported=exported)
        package = name if found.directories else name.rpartition(".")[0]
        _Module(self, name, package, found.path, self._python).run(body, guarded=False)


class _Module:
    """One module whose body is followed."""

    def __init__(
        self, follower: _Follower, name: str, package: str, path: Path, python: Python | None
    ) -> None:
        self._follower = follower
        self._name = name
        self._package = package
        self._path = path
        self._python = python

    def run(self, body: _Body, *, guarded: bool) -> None:
        """Follow statements; ``guarded`` ones are in a ``try`` that catches ImportError."""
        for statement in body:
            match statement:
                case ast.Import(names=names):
                    for alias in names:
                        self._load(alias.name, statement, guarded)
                case ast.ImportFrom():
                    self._from(statement, guarded)
                case ast.If():
                    self._if(statement, guarded)
                case ast.Try():
                    self._try(statement, guarded)
                case ast.For() | ast.While() | ast.With() | ast.ClassDef():
                    self.run(statement.body, guarded=guarded)
                case ast.FunctionDef(name="__getattr__") if statement.col_offset == 0:
                    self._note(statement, "__getattr__ is not followed: it may import more")
                case ast.Expr() | ast.Assign() | ast.AnnAssign() | ast.Return():
                    self._calls(statement, guarded)

    def _if(self, statement: ast.If, guarded: bool) -> None:
        holds = self._holds(statement.test)
        if holds is None:
            self._maybe(statement.body, guarded)
            self._maybe(statement.orelse, guarded)
        else:
            self.run(statement.body if holds else statement.orelse, guarded=guarded)

    def _maybe(self, body: _Body, guarded: bool) -> None:
        """Follow a branch whose condition is not known: what it lacks ends nothing else."""
        try:
            self.run(body, guarded=guarded)
        except _MissingError as e:
            self._note(body[0], f"no module {e.name}, in a branch that may not run")

    def _try(self, statement: ast.Try, guarded: bool) -> None:
        handlers = [h for h in statement.handlers if _catches(h)]
        try:
            self.run(statement.body, guarded=guarded or bool(handlers))
        except _MissingError:
            if not handlers:
                raise
            self.run(handlers[0].body, guarded=guarded)
        else:
            self.run(statement.orelse, guarded=guarded)
        finally:
            self.run(statement.finalbody, guarded=guarded)

    def _load(self, name: str, at: ast.stmt, guarded: bool) -> _Found | None:
        where = f"{self._path}:{at.lineno}"
        try:
            return self._follower.load(name, where)
        except _MissingError as e:
            # Some packages make modules of their own when they run, as six.moves.
            if guarded or e.where != where or "." not in e.name:
                raise
            self._note(at, f"no module {e.name}: passed over")
            return None

    def _from(self, statement: ast.ImportFrom, guarded: bool) -> None:
        name = absolute_name(statement.module, statement.level, self._package)
        found = self._load(name, statement, guarded) if name else None
        if found is None:
            return
        names = [alias.name for alias in statement.names]
        wanted = found.exported if names == ["*"] else names
        for one in wanted:
            # An attribute comes before a module; a package that is not yet through has only these.
            if name != self._name and one in found.bound:
                continue
            try:
                self._follower.load(f"{name}.{one}", f"{self._path}:{statement.lineno}")
            except _MissingError as e:
                if e.name != f"{name}.{one}":
                    raise

    def _calls(self, statement: ast.stmt, guarded: bool) -> None:
        """``importlib.import_module`` of a literal, and lazy loaders, which are told."""
        for node in ast.walk(statement):
            if not isinstance(node, ast.Call):
                continue
            function = ast.unparse(node.func)
            first = node.args[0] if node.args else None
            if function in ("lazy_loader.attach", "lazy.attach", "lazy_loader.attach_stub"):
                self._note(statement, f"{function} is not followed: it imports when it is used")
            elif (
                function in ("importlib.import_module", "import_module", "__import__")
                and isinstance(first, ast.Constant)
                and isinstance(first.value, str)
            ):
                level = len(first.value) - len(first.value.lstrip("."))
                name = absolute_name(first.value.lstrip("."), level, self._package)
                if name:
                    self._load(name, statement, guarded)

    def _note(self, at: ast.stmt, text: str) -> None:
        self._follower.notes.append(f"{self._path}:{at.lineno}: {text}")

    def _holds(self, test: ast.expr) -> bool | None:
        """Whether a condition holds on Linux in this interpreter; None where that is not known."""
        match test:
            case ast.Constant(value=value):
                return bool(value)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self._holds(operand)
                return None if inner is None else not inner
            case ast.BoolOp(op=operator, values=values):
                known = [self._holds(value) for value in values]
                decides = isinstance(operator, ast.Or)
                if decides in known:
                    return decides
                return None if None in known else not decides
        text = ast.unparse(test)
        if text in ("TYPE_CHECKING", "typing.TYPE_CHECKING", "__name__ == '__main__'"):
            return False
        return self._compared(test)

    def _compared(self, test: ast.expr) -> bool | None:
        match test:
            case ast.Call(
                func=ast.Attribute(attr="startswith", value=of), args=[ast.Constant(value)]
            ):
                known = _PLATFORM.get(ast.unparse(of))
                return None if known is None else known.startswith(str(value))
            case ast.Compare(left=left, ops=[operator], comparators=[ast.Constant(value)]):
                known = _PLATFORM.get(ast.unparse(left))
                if known is not None and isinstance(operator, ast.Eq | ast.NotEq):
                    return (known == value) is isinstance(operator, ast.Eq)
            case ast.Compare(left=left, ops=[operator], comparators=[ast.Tuple() as bound]):
                if self._python is not None and ast.unparse(left) == "sys.version_info":
                    return _ordered(self._python.version, operator, ast.unparse(bound))
        return None


_PLATFORM = {"sys.platform": "linux", "os.name": "posix", "platform.system()": "Linux"}


def _ordered(version: tuple[int, int], operator: ast.cmpop, bound: str) -> bool | None:
    try:
        least = ast.literal_eval(bound)[:2]
        if isinstance(operator, ast.GtE | ast.Gt):
            return bool(version >= least)
        if isinstance(operator, ast.Lt | ast.LtE):
            return bool(version < least)
    except (ValueError, TypeError, IndexError):
        return None
    return None


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(one).rpartition(".")[2] in _CAUGHT for one in types)


def _bound(body: _Body) -> Iterator[str]:
    """Names that statements bind to something else than submodules."""
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (t.id for t in targets if isinstance(t, ast.Name))
            case ast.Import(names=names):
                yield from (a.asname or a.name.partition(".")[0] for a in names)
            case ast.ImportFrom(module=module, names=names) if module:
                yield from (a.asname or a.name for a in names)
            case ast.If(body=then, orelse=other):
                yield from _bound([*then, *other])
            case ast.Try(body=tried, handlers=handlers):
                yield from _bound([*tried, *(s for h in handlers for s in h.body)])


def _exported(body: _Body) -> Iterator[str]:
    """The names of a literal ``__all__``."""
    for statement in body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            for node in ast.walk(statement.value):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
