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
        lines.append(f"  {_saved(found.probes, found.noted)}")
    return text_of([*lines, ""])


def render_modules(target: str, host: Host, found: Sequence[ModuleProbes]) -> Text:
    """What opening each module alone tries, those that try most first."""
    return text_of([*_modules(target, host, found), ""])


def _modules(target: str, host: Host, found: Sequence[ModuleProbes]) -> Iterator[str]:
    yield f"{target} on {host.name}, files tried for each module opened alone:"
    for module in sorted(found, key=lambda m: (-m.probes.tried, m.name)):
        yield f"  {module.name}: {_count(module.probes)}"
        if module.noted is not None:
            yield f"    with resolution notes: {_count(module.noted)}"
            yield f"    {_saved(module.probes, module.noted)}"
    total = sum(m.probes.tried for m in found)
    missed = sum(len(m.probes.missed) for m in found)
    yield f"  in all: {total} files tried, {missed} missed"


def _count(probes: Probes) -> str:
    return (
        f"{probes.tried} files tried, {len(probes.opened)} opened, {len(probes.missed)} missed, "
        f"{len(probes.directories)} directories asked for"
    )


def _saved(plain: Probes, noted: Probes) -> str:
    files = plain.tried - noted.tried
    directories = len(plain.directories) - len(noted.directories)
    return f"the notes save {files} files and {directories} directories"


def start_as_json(host: Host, found: StartUp) -> dict[str, Any]:
    """A JSON object; paths are in the order in which they are tried."""
    return {
        "binary": host.path,
        "start": found.probes._asdict(),
        "noted": None if found.noted is None else found.noted._asdict(),
        "notes": list(found.notes),
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
