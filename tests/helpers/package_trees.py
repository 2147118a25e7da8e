"""A package that opens libraries, and what its real import opens."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

from collide.loader.host import Python
from collide.wheels.imports import ImportPlan
from collide.wheels.python.tree import System
from compiler import compile_so

PYTHON = Python("cp", sys.version_info[:2])
HERE = System(platform.machine(), is_this=True)


def tree(directory: Path, text: str, libraries: tuple[str, ...] = ("lib/liba.so",)) -> Path:
    """A package ``p`` of this code, with libraries below it and in ``p.libs``."""
    site = (directory / "site").resolve()
    (site / "p").mkdir(parents=True)
    (site / "p/__init__.py").write_text(text)
    for name in libraries:
        file = site / "p" / name
        file.parent.mkdir(exist_ok=True)
        compile_so(file.parent, file.name, "int value = 1;")
    return site


def opened(site: Path, plan: ImportPlan) -> list[str]:
    """What the plan surely opens below ``site``."""
    paths = (Path(e.name) for e in plan.openings)
    return sorted(str(p.relative_to(site)) for p in paths if p.is_relative_to(site))


def really_opened(site: Path) -> list[str]:
    """What the import of ``p`` has opened below ``site``, in the middle of an empty directory."""
    script = (
        f"import sys; sys.path.insert(0, {str(site)!r}); import p\n"
        "print(*{line.split()[-1] for line in open('/proc/self/maps') if '.so' in line})"
    )
    empty = site.parent / "empty"
    empty.mkdir(exist_ok=True)
    ran = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=empty
    )
    paths = map(Path, ran.stdout.split())
    return sorted(str(p.relative_to(site)) for p in paths if p.is_relative_to(site))


HEAD = "import ctypes, glob, os, sys\nfrom pathlib import Path\nhere = os.path.dirname(__file__)\n"
"""How the code of each package begins."""
