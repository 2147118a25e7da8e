"""Follows what extension modules import in C, when they are initialised.

A module does what the Cython or Python source beside it says. Of others the names count that are
in their texts, and those that the machine code of their initialisation gives to C's own calls.
"""

from __future__ import annotations

import ast
import re
from contextlib import suppress

from collide.wheels.python.finders import Finders
from collide.wheels.python.imports import imported_in
from collide.wheels.python.parse import parse_quietly
from collide.wheels.python.values import UNKNOWN, CodeModule, Environment, RaisedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from collide.wheels.python.compiled import Named
    from collide.wheels.python.modules import Setup
    from collide.wheels.python.values import Value

_CAPSULE = re.compile(r"C_?API\Z")


class Extensions(Finders):
    """The extension modules of one interpreter; what is opened is left to a subclass.

    ``compiled`` are the names of those that import in C what is followed in part.
    """

    def __init__(self, setup: Setup) -> None:
        """See :class:`Finders`."""
        super().__init__(setup)
        self.compiled: list[str] = []
        self._initialised: set[str] = set()

    def _initialise(self, module: str, path: str) -> None:
        """See :class:`Finders`."""
        if path in self._initialised:
            return
        self._initialised.add(path)
        was = self.module, self._line
        self.module, self._line = CodeModule("", "", path, ""), 0
        source = self._finder.source_of(path)
        if source:
            self._follow_source(module, source)
        if names := self._finder.named(path):
            later = self._imported_later(module, source) if source else frozenset()
            self._follow_names(module, names, later, is_told=bool(source))
            for code in names.code:
                self._follow_code(code)
        self.module, self._line = was

    def _follow_code(self, code: str) -> None:
        """Follow Python code that a module has as a text, and runs (``PyRun_String``)."""
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError, RaisedError):
            self.follow_body(parse_quietly(code).body, Environment())

    def _imported_later(self, module: str, source: str) -> AbstractSet[str]:
        """The modules that only functions of a source import: it does not cimport them."""
        code = self._parsed.get(source)
        if code is None:
            return frozenset()
        package = module.rpartition(".")[0]
        text = (self._finder.text(source) or b"").decode(errors="replace")
        declared = " ".join(line for line in text.splitlines() if "cimport" in line)
        functions = (f for f in ast.walk(code.tree) if isinstance(f, ast.FunctionDef))
        names = {name for f in functions for name, _, _ in imported_in(f, package)}
        return {name for name in names if name not in declared}

    def _follow_names(
        self, module: str, names: Named, later: AbstractSet[str], *, is_told: bool
    ) -> None:
        """Import what an extension module names; ``is_told`` if its source has told the rest.

        It says of ``later`` that they are not imported at once.
        One that has the full name of another, or of a capsule of the interpreter's headers
        (``datetime.h``), has it for that; a Cython module also that of a Python module of its
        package. Other names may be of anything.
        """
        tells = names.imports and not is_told
        for name in names.called:
            self._try(name)
        named: dict[str, bool] = {}
        for name in names.own:
            if wanted := self._named_for(name, module, beside=names.is_cython and not is_told):
                named[wanted] = True
            elif tells and name not in names.called:
                named.setdefault(name, False)
        packed = self._finder.modules_in(names.packed)
        for name, certain in {**named, **packed}.items():
            if certain and name not in later:
                self._try(name)
            elif name not in later:
                self.deferred.append((name, self.module, 0))
        if tells:
            self.deferred += [(name, self.module, 0) for name in names.linked]
        if tells or packed or any(named.values()):
            self.compiled.append(module)

    def _try(self, name: str) -> None:
        with suppress(RaisedError):
            self.import_module(name)

    def _named_for(self, name: str, module: str, *, beside: bool) -> str:
        """The module that a text of an extension module surely is the name of; "" without one.

        It may be of a Python file ``beside`` it.
        """
        parent, _, tail = name.rpartition(".")
        if _CAPSULE.search(tail) and self._finder.is_standard(parent):
            return parent
        beside = beside and self._is_beside(name, module)
        return name if parent and (beside or self._finder.extensions(name)) else ""

    def _is_beside(self, name: str, module: str) -> bool:
        """Whether a full name is that of a Python file in the package of an extension module."""
        parent, _, _ = module.rpartition(".")
        found = self._finder.module(name) if name.startswith(f"{parent}.") and parent else None
        return found is not None and found.path.endswith(".py")

    def _follow_source(self, name: str, path: str) -> None:
        """Follow the file that an extension module was made of: it does what this says."""
        module = CodeModule(name, path, path, name.rpartition(".")[0])
        module.complete = False
        self.sources.add(path)
        try:
            self._execute(module)
        except RaisedError as raised:
            self._note(f"its source is followed up to what fails there: {raised}")

    def import_again(self, name: str) -> Value:
        """Import the module that runs: once it has left sys.modules, another of its name.

        That is one further down, as sys.path may have been changed; it is certain if it is alone.
        """
        found = self._finder.again(name)
        if name not in self.left_out or len(found) != 1:
            self._note(f"{name} is imported again while it runs: not followed")
            return self.import_module(name)
        self._record(found[0], self._flags, imported=True)
        self._initialise(name, found[0])
        return UNKNOWN
