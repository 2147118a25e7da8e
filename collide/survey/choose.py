"""Chooses the wheels of a project that are surveyed, and reads what their names say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import (
    InvalidWheelFilename,
    canonicalize_name,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from collide.support.errors import InputError
from collide.survey.index import Index
from collide.survey.wheel import Asked, Wheel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Tags = Literal["newest", "all"]

_PREFERRED = ("cp311", "cp312", "abi3")


def wheels_of(asked: Asked, index: Index, tags: Tags, since: str) -> list[Wheel]:
    """The wheels for Linux of the newest release that an input asks for.

    With ``newest`` it is one of x86-64 manylinux, for the interpreters that most hosts have; with
    ``all`` each of the release. ``since`` is a date: what was uploaded before it is left out.
    Raises InputError.
    """
    if asked.address:
        return [named(asked.address)]
    releases: dict[Version, list[Wheel]] = {}
    for wheel, is_yanked in index.at(asked.listed_at).wheels(asked.project):
        if is_yanked or not _is_for_linux(wheel.filename):
            continue
        try:
            version = Version(wheel.version)
        except InvalidVersion:
            continue
        releases.setdefault(version, []).append(wheel)
    # As pip: releases before the final one are taken where they are named, or nothing else is.
    fitting = list(SpecifierSet(asked.specifier).filter(releases))
    if not fitting:
        return []
    newest = sorted(releases[max(fitting)], key=lambda wheel: wheel.filename)
    recent = [wheel for wheel in newest if not since or wheel.uploaded >= since]
    if tags == "all" or not recent:
        return recent
    return [min(recent, key=lambda wheel: _rank(wheel.filename))]


def named(address: str) -> Wheel:
    """A wheel by its path or URL. Raises InputError for what is no name of a wheel."""
    filename = address.rpartition("/")[2]
    try:
        project, version, _, _ = parse_wheel_filename(filename)
    except (InvalidWheelFilename, InvalidVersion) as e:
        raise InputError(address, str(e)) from e
    size = Path(address).stat().st_size if "://" not in address else 0
    return Wheel(canonicalize_name(project), str(version), filename, address, size=size)


def _tags(filename: str) -> Iterable[tuple[str, str, str]]:
    try:
        return [(t.interpreter, t.abi, t.platform) for t in parse_wheel_filename(filename)[3]]
    except (InvalidWheelFilename, InvalidVersion):
        return ()


def _is_for_linux(filename: str) -> bool:
    """Whether one of a wheel's platform tags, which end its name, is one of Linux."""
    return "linux" in filename.rpartition("-")[2]


def _rank(filename: str) -> tuple[bool, int, str]:
    tags = list(_tags(filename))
    is_common = any("manylinux" in p and p.endswith("x86_64") for _, _, p in tags)
    named = {word for tag in tags for word in tag[:2]}
    place = next((n for n, word in enumerate(_PREFERRED) if word in named), len(_PREFERRED))
    return not is_common, place, filename


def limited(wheels: Iterable[Wheel], limit: int | None) -> Iterator[Wheel]:
    """The first ``limit`` wheels, each once."""
    seen: set[tuple[str, str]] = set()
    for wheel in wheels:
        key = (wheel.filename, wheel.sha256)
        if key not in seen:
            if limit is not None and len(seen) >= limit:
                return
            seen.add(key)
            yield wheel
