"""The address of the documentation: that of the project, or the files of this installation."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


@cache
def project(label: str) -> str | None:
    """The address that the installed distribution gives for ``label``, as ``documentation``.

    None where collide is not installed, or gives none. Source: PyPA, "Well-known labels in project
    URLs", which compares labels without regard to case and punctuation.
    """
    from importlib.metadata import PackageNotFoundError, metadata  # late: start-up

    try:
        found = metadata("collide-wheels").get_all("Project-URL") or ()
    except PackageNotFoundError:
        return None
    urls = (url.partition(",") for url in found)
    known = {name.strip().lower().replace("-", ""): url.strip() for name, _, url in urls}
    return known.get(label)


def page_of_codes() -> str:
    """Where the codes are explained: below the documentation, or a file of this machine."""
    documentation = project("documentation")
    if documentation:
        return f"{documentation.rstrip('/')}/codes/"
    from socket import gethostname  # late: start-up

    # Without the name of the machine, a terminal takes the file for one of its own.
    return f"file://{gethostname()}{_PACKAGE / 'codes.md'}"
