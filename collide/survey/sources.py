"""What the inputs of a survey ask for: requirements, lock files, SBOMs, directories, indexes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from collide.support import documents, toml
from collide.support.errors import InputError, MissingPackageError
from collide.support.file_bytes import read_bytes
from collide.survey.index import Index
from collide.survey.wheel import Asked

_IS_INDEX = re.compile(r"https?://.*/\Z")


def asked_for(inputs: Iterable[str], index: Index, stdin: str = "") -> Iterator[Asked]:
    """What each input names, in order, each once; ``index`` lists the projects of an index.

    An input is the name of a project (with versions: ``lxml<6``), a wheel, a directory of
    wheels, a file of requirements, a lock file (``pylock.toml``), an SBOM (CycloneDX JSON), the
    address of a simple index (it ends in ``/``), of a wheel or of a bucket (fsspec), or ``-`` for
    ``stdin``, lines of requirements. Raises InputError for what is none of these.
    """
    seen: set[Asked] = set()
    for name in inputs:
        for asked in _read(name, index, stdin):
            if asked not in seen:
                seen.add(asked)
                yield asked


def _read(name: str, index: Index, stdin: str) -> Iterator[Asked]:
    if name == "-":
        yield from (_requirement(line, "-") for line in _lines(stdin))
    elif _IS_INDEX.match(name):
        yield from (Asked(project, listed_at=name) for project in index.at(name).projects())
    elif "://" in name:
        yield from _bucket(name)
    elif Path(name).is_dir():
        found = sorted(Path(name).rglob("*.whl"))
        if not found:
            raise InputError(name, "has no wheel in it")
        yield from (Asked(address=os.fspath(path)) for path in found)
    elif name.endswith(".whl"):
        if not Path(name).exists():
            raise InputError(name, "no such file")
        yield Asked(address=name)
    elif Path(name).exists():
        yield from _file(name)
    else:
        yield _requirement(name, "")


def _file(path: str) -> Iterator[Asked]:
    if path.endswith(".toml"):
        yield from _lock_file(path)
    elif path.endswith(".json"):
        yield from _sbom(path)
    else:
        yield from _requirements(path)


def _text(path: str) -> bytes:
    return read_bytes(path, "text-size")


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        stripped = line.partition("#")[0].strip()
        if stripped:
            yield stripped


def _requirement(text: str, where: str) -> Asked:
    try:
        found = Requirement(text)
    except InvalidRequirement as e:
        reason = "neither a file nor the name of a project"
        raise InputError(where or text, str(e) if where else reason) from e
    return Asked(canonicalize_name(found.name), str(found.specifier), found.url or "")


def _requirements(path: str) -> Iterator[Asked]:
    from pip_requirements_parser import RequirementsFile  # late: for such a file only

    _text(path)
    found = RequirementsFile.from_file(path, include_nested=True)
    for line in found.invalid_lines:
        raise InputError(path, f"line {line.line_number}: {line.error_message}")
    for one in found.requirements:
        if one.name is None:
            raise InputError(path, f"line {one.line_number}: has no name of a project")
        yield Asked(canonicalize_name(one.name), str(one.specifier or ""))


def _lock_file(path: str) -> Iterator[Asked]:
    try:
        from packaging.pylock import Pylock, PylockValidationError  # late: for such a file only
    except ImportError as e:
        raise MissingPackageError("a packaging that knows lock files (26)") from e
    data = _text(path)
    try:
        lock = Pylock.from_dict(toml.parse(data.decode(), path))
    except (InputError, UnicodeDecodeError, PylockValidationError) as e:
        reason = e.reason if isinstance(e, InputError) else e
        raise InputError(path, f"no lock file (pylock.toml): {reason}") from e
    for package in lock.packages:
        if package.wheels and package.version is not None:
            yield Asked(package.name, f"=={package.version}")


def _sbom(path: str) -> Iterator[Asked]:
    from packageurl import PackageURL  # late: for such a file only

    try:
        document = documents.parse(_text(path))
        components = document["components"]
        if document["bomFormat"] != "CycloneDX":
            raise ValueError(document["bomFormat"])
        addresses = [one["purl"] for one in components if "purl" in one]
        packages = [PackageURL.from_string(address) for address in addresses]
    except (ValueError, KeyError, TypeError, RecursionError) as e:
        raise InputError(path, "no SBOM of CycloneDX in JSON") from e
    for package in packages:
        if package.type == "pypi":
            versions = f"=={package.version}" if package.version else ""
            yield Asked(canonicalize_name(package.name), versions)


def _bucket(address: str) -> Iterator[Asked]:
    if address.endswith(".whl"):
        yield Asked(address=address)
        return
    import fsspec  # late: for such an input only

    try:
        files, path = fsspec.core.url_to_fs(address)
        found = sorted(files.glob(f"{path.rstrip('/')}/**/*.whl"))
    except (ImportError, OSError, ValueError) as e:
        raise InputError(address, str(e)) from e
    if not found:
        raise InputError(address, "has no wheel in it")
    yield from (Asked(address=files.unstrip_protocol(path)) for path in found)
