"""Follows what Python code changes of the way in which modules are found.

That are directories that it puts into ``sys.path``, finders of its own in ``sys.meta_path``, and
modules that it makes of files itself. Source: the Python reference, "The import system".
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from collide.wheels.python.containers import MORE, call_method
from collide.wheels.python.known import AT_START
from collide.wheels.python.modules import Modules
from collide.wheels.python.paths import path_text
from collide.wheels.python.values import (
    UNKNOWN,
    CodeClass,
    CodeModule,
    External,
    Instance,
    ModuleSpec,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast

    from collide.wheels.python.modules import Setup
    from collide.wheels.python.values import Environment, Value

_META_PATH = "sys.meta_path"
_MOST_FINDERS = 16


class Finders(Modules):
    """The modules of one interpreter whose search code may change.

    ``left_out`` are the modules that code has taken out of ``sys.modules``.
    """

    def __init__(self, setup: Setup) -> None:
        """See :class:`Modules`."""
        super().__init__(setup)
        self._finders: list[CodeClass | Instance] = []
        self._asking: set[str] = set()
        self._unsure_path = False
        self.left_out: set[str] = set()
        self._made: dict[ModuleSpec, CodeModule] = {}

    def found_otherwise(
        self, name: str, parent: Value
    ) -> tuple[CodeModule | None, Sequence[str]] | None:
        """See :class:`Modules`: a finder is asked for nothing that it needs itself."""
        if name in self._asking or not self.sure:
            return None
        names = parent.environment.names if isinstance(parent, CodeModule) else {}
        self._asking.add(name)
        line = self._line
        try:
            for one in self._finders:
                method = self.attribute_of(one, "find_spec")
                found = self.call_value(method, [name, names.get("__path__"), None])
                if isinstance(found, ModuleSpec):
                    return self._module_at(found)
        finally:
            self._asking.discard(name)
            self._line = line
        return None

    def _module_at(self, spec: ModuleSpec) -> tuple[CodeModule | None, Sequence[str]]:
        """The module of a file that code has found itself: of Python, or an extension module."""
        if spec.path.endswith(".so"):
            return None, (spec.path,)
        is_package = posixpath.basename(spec.path) == "__init__.py"
        package = spec.name if is_package else spec.name.rpartition(".")[0]
        module = CodeModule(spec.name, spec.path, spec.path, package)
        return self._made.setdefault(spec, module), ()

    def call_value(self, function: Value, values: list[Value]) -> Value:
        """The value of a call that no code shows."""
        raise NotImplementedError

    def is_imported(self, name: Value) -> bool:
        """Whether a module of this name is in ``sys.modules``, as far as it was followed."""
        module = self._finder.module(name) if isinstance(name, str) else None
        return name in AT_START or (module is not None and module.executed)

    def is_listed(self, value: Value, listed: str) -> Value:
        """See :class:`collide.wheels.python.expressions.Expressions`."""
        if listed in ("os.environ", "sys.modules"):
            return listed == "sys.modules" and self.is_imported(value)
        if listed == _META_PATH and isinstance(value, (CodeClass, Instance)):
            return any(value is one for one in self._finders)
        return UNKNOWN

    def _find_call(self, name: str, values: Sequence[Value]) -> Value:
        """The value of a function of the search for modules; NotImplemented of others."""
        module, _, method = name.rpartition(".")
        if not values:
            return NotImplemented
        if name == "sys.modules.pop" and isinstance(values[0], str):
            self.left_out.add(values[0])
            return UNKNOWN
        if name == "importlib.util.spec_from_file_location":
            return _spec(values)
        if name == "importlib.util.module_from_spec":
            return self._make_module(values[0])
        if name == "site.addsitedir":
            call_method(self._finder.path, "append", [path_text(values[0])], sure=self.sure)
            return UNKNOWN
        if module == _META_PATH and method in ("append", "insert"):
            self._add_finder(values[-1], first=method == "insert")
            return UNKNOWN
        return NotImplemented

    def _add_finder(self, finder: Value, *, first: bool) -> None:
        known = isinstance(finder, (CodeClass, Instance)) and self.sure
        if not known or len(self._finders) >= _MOST_FINDERS:
            self._note("a finder of modules is not followed")
            return
        self._finders.insert(0 if first else len(self._finders), finder)

    def _make_module(self, spec: Value) -> Value:
        """What ``importlib.util.module_from_spec`` does: it opens an extension module."""
        if not isinstance(spec, ModuleSpec):
            return UNKNOWN
        module, extensions = self._module_at(spec)
        for path in extensions:
            self._record(path, self._flags, imported=True)
            self._initialise(spec.name, path)
        return module or UNKNOWN

    def assign_external(self, base: Value, name: str, value: Value) -> None:
        """See :class:`collide.wheels.python.objects.Objects`: of ``sys`` the path counts."""
        path = self._finder.path
        if base == External("sys") and name == "path" and value is not path:
            names = value if isinstance(value, list) and self.sure else [*path, MORE]
            path[:] = [one if isinstance(one, str) else MORE for one in names]

    def _call(self, node: ast.Call, scope: Environment) -> Value:
        value = super()._call(node, scope)
        if not self._unsure_path and not all(isinstance(p, str) for p in self._finder.path):
            self._unsure_path = True
            self._note("what it puts into sys.path cannot be told")
        return value


def _spec(values: Sequence[Value]) -> Value:
    path = path_text(values[1]) if len(values) == 2 else None
    return ModuleSpec(values[0], path) if path and type(values[0]) is str else UNKNOWN
