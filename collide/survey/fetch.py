"""Brings a wheel of a survey to the worker that looks at it."""

from __future__ import annotations

import shutil
from functools import lru_cache
from pathlib import Path

from collide.support.errors import InputError
from collide.survey.index import DEFAULT, Index
from collide.survey.wheel import Manners, Wheel

_OBJECT_SUFFIXES = (".so", ".pyd")


def bring(wheel: Wheel, manners: Manners, scratch: Path) -> tuple[Wheel, Path | None]:
    """The wheel with its size and digest, and its file; None where it has no shared object.

    Of one on an index its metadata comes first, then the names of its files, then the file.

    Raises InputError.
    """
    path = scratch / wheel.filename
    if "://" not in wheel.address:
        path = Path(wheel.address)
    elif wheel.address.startswith(("https://", "http://")):
        index = _index(manners)
        wheel = _with_requirements(wheel, index)
        names = index.names_in(wheel.address) if wheel.sha256 else None
        if names is not None and not any(map(_is_object, names)):
            return wheel, None
        index.fetch(wheel.address, path)
    else:
        _copy(wheel.address, path)
    try:
        brought = wheel.digested(path)
    except OSError as e:
        raise InputError(str(path), e.strerror or str(e)) from e
    if wheel.sha256 not in ("", brought.sha256):
        raise InputError(wheel.address, f"has the SHA-256 {brought.sha256}, not {wheel.sha256}")
    return brought, path


def _with_requirements(wheel: Wheel, index: Index) -> Wheel:
    """The wheel with the projects that it requires, where the index gives its metadata apart."""
    if not wheel.has_metadata:
        return wheel
    try:
        return wheel._replace(requires=index.required_by(wheel.address))
    except InputError:
        # What is checked is the wheel; nothing of that depends on its metadata.
        return wheel


@lru_cache(maxsize=8)
def _index(manners: Manners) -> Index:
    return Index(DEFAULT, manners)


def _is_object(name: str) -> bool:
    return name.endswith(_OBJECT_SUFFIXES) or ".so." in name


def _copy(address: str, path: Path) -> None:
    import fsspec  # late: for buckets only

    try:
        with fsspec.open(address) as source, path.open("wb") as file:
            shutil.copyfileobj(source, file)
    except (ImportError, OSError, ValueError) as e:
        raise InputError(address, str(e)) from e
