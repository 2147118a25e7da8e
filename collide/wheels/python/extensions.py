"""Follows what extension modules import in C, when they are initialised.

A module does what the Cython or Python source beside it says. Of others the names count that are
in their texts, and those that the machine code of their initialisation gives to C's own calls.
"""

from __future__ import annotations

import re
from contextlib import suppress

from collide.wheels.python.modules import Modules
from collide.wheels.python.values import UNKNOWN, CodeModule, RaisedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.wheels.python.compiled import Named
    from collide.wheels.python.imports import Finder
    from collide.wheels.python.values import ParsedCode, Value

_CAPSULE = re.compile(r"C_?API\Z")


class Extensions(Modules):
    """The extension modules of one interpreter; what is opened is left to a subclass.

    ``compiled`` are the names of those that import in C what is followed in part, ``left_out``
    the modules that code has taken out of ``sys.modules``.
    """

    def __init__(
        self,
        finder: Finder,
        parsed: dict[str, ParsedCode | None],
        steps: int,
        *,
        alternatives: bool = True,
    ) -> None:
        """See :class:`Modules`."""
        super().__init__(finder, parsed, steps, alternatives=alternatives)
        self.compiled: list[str] = []
        self.left_out: set[str] = set()
        self._initialised: set[str] = set()

    def _initialise(self, module: str, path: str) -> None:
        """See :class:`Modules`."""
        if path in self._initialised:
            return
        self._initialised.add(path)
        was = self.module, self._line
        self.module, self._line = CodeModule("", "", path, ""), 0
        source = self._finder.source_of(path)
        if source:
            self._follow_source(module, source)
        if names := self._finder.named(path):
            self._follow_names(module, names, is_told=bool(source))
        self.module, self._line = was

    def _follow_names(self, module: str, names: Named, *, is_told: bool) -> None:
        """Import what an extension module names; ``is_told`` if its source has told the rest.

        One that has the full name of another, or of a capsule of the interpreter's headers
        (``datetime.h``), has it for that. Other names may be of anything.
        """
        followed = False
        for name in names.called:
            with suppress(RaisedError):
                self.import_module(name)
        for name in names.own:
            parent, _, tail = name.rpartition(".")
            capsule = parent if _CAPSULE.search(tail) and self._finder.is_standard(parent) else ""
            if capsule or (parent and self._finder.extensions(name)):
                followed = True
                with suppress(RaisedError):
                    self.import_module(capsule or name)
            elif names.imports and not is_told and name not in names.called:
                self.deferred.append((name, self.module, 0))
        for name, certain in self._finder.modules_in(names.packed).items():
            followed = True
            if not certain:
                self.deferred.append((name, self.module, 0))
                continue
            with suppress(RaisedError):
                self.import_module(name)
        if names.imports and not is_told:
            self.deferred += [(name, self.module, 0) for name in names.linked]
        if followed or (names.imports and not is_told):
            self.compiled.append(module)

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
