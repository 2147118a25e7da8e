"""What leads to each module and library that an import opens: run by the interpreter itself.

    python import_chains.py OUTPUT STATEMENT

executes the statement and writes JSON: a list of pairs, the path or name of what was opened, and
from the innermost the lines ``FILE:LINE``, those of the functions that they are in, and the
extension modules that were being imported. Before the statement it imports nothing that opens a
module. Sources: "Audit events table"; ``importlib/_bootstrap.py``, ``_load_unlocked``.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

found: dict[str, list[str]] = {}


def watch(event: str, arguments: tuple[object, ...]) -> None:
    """Take an audit event."""
    if event == "import" and str(arguments[1]).endswith(".so"):
        name = str(arguments[1])
    elif event == "ctypes.dlopen" and arguments[0]:
        name = str(arguments[0])
    else:
        return
    found.setdefault(name, _chain(name))


def _chain(name: str) -> list[str]:
    chain = []
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith("<frozen importlib"):
            origin = getattr(frame.f_locals.get("spec"), "origin", None) or ""
            if frame.f_code.co_name == "_load_unlocked" and origin.endswith(".so"):
                chain += [origin] if origin != name else []
        else:
            chain.append(f"{path}:{frame.f_lineno}")
            if frame.f_code.co_name != "<module>":
                chain.append(f"{path}:{frame.f_code.co_firstlineno}")
        frame = frame.f_back
    return chain


def main() -> None:
    """Execute the statement, and write what it has opened."""
    output, statement = sys.argv[1:]
    sys.argv, sys.path[0] = ["-c"], ""
    sys.addaudithook(watch)
    try:
        exec(compile(statement, "<statement>", "exec"), {"__name__": "__main__"})
    finally:
        listed = list(found.items())
        import json
        from pathlib import Path

        Path(output).write_text(json.dumps(listed))


if __name__ == "__main__":
    main()
