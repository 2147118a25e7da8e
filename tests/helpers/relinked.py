"""What tests of re-linking share: tools, static libraries, and what the linker made instead."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from collide.elf.object import ElfObject
from collide.whatif.relink import Relinked
from corpus import unavailable


def require(there: bool | str, how: str) -> None:
    """Skip the calling test where something is not there, as ``unavailable`` does.

    A name stands for a program in PATH.
    """
    if shutil.which(there) is not None if isinstance(there, str) else there:
        return
    unavailable(f"needs {there}: {how}" if isinstance(there, str) else f"needs {how}")


def archive(directory: Path, name: str, source: str) -> str:
    """A static library of one object."""
    compiled, path = directory / f"{name}.o", directory / f"lib{name}.a"
    command = ["gcc", "-c", "-fPIC", "-O0", "-x", "c", "-", "-o", str(compiled)]
    subprocess.run(command, input=source, text=True, check=True)
    subprocess.run(["ar", "rcs", str(path), str(compiled)], check=True)
    return str(path)


def facts(obj: ElfObject) -> set[tuple[str, Any]]:
    """Everything that decides a binding, in a form whose differences can be read."""
    definitions = {
        d._replace(value=None, size=0)
        for name in obj.exports.names
        for d in obj.exports.candidates(name)
        # GNU ld defines an absolute symbol for each node, which nothing ever refers to.
        if not d.zero
    }
    not_told = ("exports", "references", "code_size")
    rest = {k: v for k, v in obj._asdict().items() if k not in not_told}
    rest["version_needs"] = tuple(sorted(obj.version_needs))
    return {
        *rest.items(),
        ("versioned", obj.exports.versioned),
        *(("reference", r) for r in obj.references),
        *(("definition", d) for d in definitions),
    }


def same(relinked: Relinked | ElfObject, linked: ElfObject) -> bool:
    """Whether the linker has made of it what was made in memory; fails with the differences."""
    changed = relinked.object if isinstance(relinked, Relinked) else relinked
    in_memory, by_linker = facts(changed), facts(linked)
    only = [f"only in memory: {fact}" for fact in sorted(in_memory - by_linker, key=str)]
    only += [f"only by the linker: {fact}" for fact in sorted(by_linker - in_memory, key=str)]
    assert not only, "\n".join(only)
    return True
