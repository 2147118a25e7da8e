"""The modules of the package, and what they are as syntax trees."""

from __future__ import annotations

import ast
from functools import cache

from checkout import PACKAGE

MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.parent.name != "exercises"  # scripts for hosts, which import nothing of collide
}


@cache
def trees() -> dict[str, ast.Module]:
    """The tree of each module; 100 MB that a module of tests has to forget when it ends.

    Every process that a test forks would have them, too, and each collection of garbage look at
    them.
    """
    return {name: ast.parse(path.read_text()) for name, path in MODULES.items()}
