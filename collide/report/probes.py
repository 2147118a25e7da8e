"""How many files a loader tries to open, as text and as JSON objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from collide.analysis.probes import ModuleProbes, Probes, StartUp
from collide.loader.host import Host
from collide.support.foreign import Text, text_of
from collide.support.records import NamedTuple


class Counted(NamedTuple):
    """The probes of one target on one host, by module."""

    target: str
    host: Host
    modules: list[ModuleProbes]


def render_start(host: Host, found: StartUp) -> Text:
    """What a start-up tries to open, and what resolution notes save of it."""
    lines = [f"{host.path} at start-up: {_count(found.probes)}"]
    if found.noted is not None:
        objects = f"{len(found.notes)} object{'s' if len(found.notes) > 1 else ''}"
        lines.append(f"  with the resolution notes of {objects}: {_count(found.noted)}")
        lines.append(f"  the notes {_saved(found.probes, found.noted)}")
        lines += _notes(found)
    for change, label in _CHANGES.items():
        after = found.changed[change]
        if after.tried >= found.probes.tried or not found.probes.missed:
            continue
        lines.append(f"  {label}: {_count(after)}")
        lines.append(f"    this would {_saved(found.probes, after)}")
    return text_of([*lines, ""])


_CHANGES = {
    "note": "with a resolution note in every object, and a loader that reads them (NixOS)",
    "absolute": "with absolute paths of all libraries in the executable's DT_NEEDED (shrinkwrap)",
    "cache": "with a cache of the package that is asked first (Guix)",
}


def _notes(found: StartUp) -> Iterator[str]:
    """What each note says, with its fault."""
    for path, entries in found.entries.items():
        yield f"  the note of {path}:"
        for entry in entries:
            fault = f" ({entry.fault})" if entry.fault else ""
            yield f"    {entry.name}: {', '.join(entry.places)}{fault}"


def render_modules(target: str, host: Host, found: Sequence[ModuleProbes]) -> Text:
    """What opening each module alone tries, those that try most first."""
    return text_of([*_modules(target, host, found), ""])


def _modules(target: str, host: Host, found: Sequence[ModuleProbes]) -> Iterator[str]:
    yield f"{target} on {host.name}, files tried for each module opened alone:"
    for module in sorted(found, key=lambda m: (-m.probes.tried, m.name)):
        yield f"  {module.name}: {_count(module.probes)}"
        if module.noted is not None:
            yield f"    with resolution notes: {_count(module.noted)}"
            yield f"    the notes {_saved(module.probes, module.noted)}"
    total = sum(m.probes.tried for m in found)
    missed = sum(len(m.probes.missed) for m in found)
    yield f"  in all: {total} files tried, {missed} missed"


def _count(probes: Probes) -> str:
    return (
        f"{probes.tried} files tried, {len(probes.opened)} opened, {len(probes.missed)} missed, "
        f"{len(probes.directories)} directories asked for"
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what if count != 1 else 'file' if what == 'files' else 'directory'}"


def _saved(plain: Probes, noted: Probes) -> str:
    """A verb with what is saved, and what is tried besides."""
    found = (
        (plain.tried - noted.tried, "files"),
        (len(plain.directories) - len(noted.directories), "directories"),
    )
    saved = [_counted(count, what) for count, what in found if count > 0]
    more = [_counted(-count, what) for count, what in found if count < 0]
    text = f"save {' and '.join(saved) or 'nothing'}"
    return f"{text}, and {' and '.join(more)} more are tried" if more else text


def start_as_json(host: Host, found: StartUp) -> dict[str, Any]:
    """A JSON object; paths are in the order in which they are tried."""
    return {
        "binary": host.path,
        "start": found.probes._asdict(),
        "noted": None if found.noted is None else found.noted._asdict(),
        "notes": list(found.notes),
        "entries": {
            path: [entry._asdict() for entry in entries] for path, entries in found.entries.items()
        },
        "changed": {change: probes._asdict() for change, probes in found.changed.items()},
    }


def modules_as_json(target: str, host: Host, found: Sequence[ModuleProbes]) -> dict[str, Any]:
    """A JSON object for one target on one host."""
    return {
        "target": target,
        "profile": host.name,
        "modules": [
            {
                "module": m.name,
                "probes": m.probes._asdict(),
                "noted": None if m.noted is None else m.noted._asdict(),
            }
            for m in found
        ],
    }
