"""Compiles the optional part of collide into its wheel where that is possible: a hatchling hook.

Without a compiler, and where the limited API has no buffers (CPython before 3.11) or is not known
(PyPy, CPython without the GIL), the wheel is one of Python alone. COLLIDE_NATIVE in the environment
is 0 for that everywhere, or 1 to fail instead.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACE, NAME = "collide/elf", "_native"
MACROS = [("Py_LIMITED_API", "0x030B0000")]
TAG = "cp311-abi3"


class NativeHook(BuildHookInterface[Any]):
    """Adds the compiled part to a wheel, or lays it beside its source for an editable one."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """See hatchling."""
        self._scratch = Path(tempfile.mkdtemp(prefix="collide-build-"))
        wanted = os.environ.get("COLLIDE_NATIVE", "")
        if wanted == "0":
            return
        try:
            built = compiled(Path(self.root), self._scratch)
        except Exception as e:
            # Of setuptools, its compilers and the system: whatever it is, collide runs without.
            if wanted == "1":
                raise
            self.app.display_warning(f"collide is built without its compiled part: {e}")
            return
        if version == "editable":
            shutil.copy(built, Path(self.root, PLACE))
        else:
            build_data["force_include"][str(built)] = f"{PLACE}/{built.name}"
        build_data["pure_python"] = False
        system = sysconfig.get_platform().translate(str.maketrans("-.", "__"))
        build_data["tag"] = f"{TAG}-{system}"

    def finalize(self, *_unused: Any) -> None:
        """See hatchling."""
        shutil.rmtree(self._scratch, ignore_errors=True)


def compiled(root: Path, scratch: Path) -> Path:
    """The compiled part, below ``scratch``; raises whatever says why there is none."""
    if platform.python_implementation() != "CPython" or sys.version_info < (3, 11):
        raise RuntimeError("it needs CPython 3.11 or later")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise RuntimeError("the limited API needs the GIL")
    from setuptools import Distribution, Extension

    posix = os.name == "posix"
    extension = Extension(
        NAME,
        [str(root / PLACE / f"{NAME}.c")],
        define_macros=MACROS,
        # Debug information would hold the directory of the build.
        extra_compile_args=["-g0"] if posix else [],
        py_limited_api=True,
    )
    command: Any = Distribution({"ext_modules": [extension]}).get_command_obj("build_ext")
    command.build_lib = command.build_temp = str(scratch)
    command.ensure_finalized()
    command.run()
    (built,) = command.get_outputs()
    return Path(built)
