"""The result of ``collide profiles``: hosts as a list, as trees, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from posixpath import basename

from collide.hosts.inventory import Inventory, LoadedObject
from collide.support.foreign import Text, json_of, text_of

SCHEMA = "collide-profiles/1"


def render_list(entries: Sequence[Inventory], *, verbose: bool = False) -> Text:
    """A line for each host; with ``verbose`` its libraries and packages below it."""
    rows = [_row(entry) for entry in entries]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for entry, row in zip(entries, rows, strict=True):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join(cells).rstrip())
        if verbose:
            libraries = " ".join(basename(lib.path) for lib in entry.libraries)
            packages = " ".join(f"{name}={version}" for name, version in entry.packages)
            lines += [f"    libraries: {libraries}", f"    packages: {packages}"]
        lines += [f"    missing: {one.name}, needed by {one.needed_by}" for one in entry.missing]
    lines.append(f"{len(entries)} hosts")
    return text_of([*lines, ""])


def _row(entry: Inventory) -> tuple[str, ...]:
    summary = entry.summary
    return (
        summary.name,
        str(summary.python or "-"),
        summary.architecture,
        f"{summary.loader.libc} {'.'.join(map(str, summary.loader.version))}",
        ",".join(summary.groups),
        f"{len(entry.host.process.maps)} objects",
        summary.source,
    )


def render_trees(entries: Sequence[Inventory]) -> Text:
    """What each host loads, an empty line between two."""
    lines = (line for entry in entries for line in ("", *_tree(entry)))
    return text_of([*lines, ""][1:])


def _tree(entry: Inventory) -> list[str]:
    """What the host loads, each library below the first that needed it, and how it was found."""
    summary = entry.summary
    libc = f"{summary.loader.libc} {'.'.join(map(str, summary.loader.version))}"
    python = summary.python or "no Python"
    lines = [f"{summary.name} ({python}, {libc}, {summary.architecture}), from {summary.source}"]
    below: dict[int | None, list[int]] = {}
    for number, library in enumerate(entry.libraries):
        below.setdefault(library.needed_by, []).append(number)
    # Without recursion: a chain of libraries has any length.
    pending = [(number, "") for number in reversed(below.get(None, ()))]
    while pending:
        number, indent = pending.pop()
        library = entry.libraries[number]
        lines.append(f"{indent}  {_library(library)}")
        missing = (one.name for one in entry.missing if one.needed_by == library.path)
        lines += [f"{indent}    {name}: missing" for name in missing]
        pending += [(under, f"{indent}  ") for under in reversed(below.get(number, ()))]
    return lines


def _library(library: LoadedObject) -> str:
    place = "not in scope" if library.scope is None else f"scope {library.scope}"
    package = f", {library.package[0]} {library.package[1]}" if library.package else ""
    return f"{library.path} [{library.found}; {place}; {library.exports} names{package}]"


def render_json(entries: Sequence[Inventory]) -> Text:
    """The same as one JSON document (schema ``collide-profiles/1``)."""
    document = {"schema": SCHEMA, "profiles": [_as_json(entry) for entry in entries]}
    return json_of(document)


def _as_json(entry: Inventory) -> dict[str, object]:
    summary = entry.summary
    return {
        "name": summary.name,
        "groups": list(summary.groups),
        "source": summary.source,
        "binary": entry.host.path,
        "architecture": summary.architecture,
        "libc": f"{summary.loader.libc} {'.'.join(map(str, summary.loader.version))}",
        "python": str(summary.python) if summary.python else None,
        "global": list(entry.host.rtld_global),
        "libraries": [
            {
                "path": library.path,
                "soname": library.dso.elf.soname,
                "needed_by": None
                if library.needed_by is None
                else entry.libraries[library.needed_by].path,
                "found": library.found._asdict(),
                "scope": library.scope,
                "exports": library.exports,
                "package": None
                if library.package is None
                else {"name": library.package[0], "version": library.package[1]},
            }
            for library in entry.libraries
        ],
        "missing": [one._asdict() for one in entry.missing],
    }
