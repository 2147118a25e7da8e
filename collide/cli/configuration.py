"""What ``collide check`` is told by a file and by the environment, beside its options.

An option comes before a variable, a variable before the file. The file is the nearest
``collide.toml``, or ``pyproject.toml`` with a table ``[tool.collide]``, from the working directory
upwards; ``configuration.schema.json`` has its form and ``docs/configuration.md`` is made of it.
"""

from __future__ import annotations

import os
import re
from functools import cache

from collide.cli.streams import complain, is_true
from collide.findings.chosen import prefixes
from collide.support.errors import InputError, UsageError
from collide.support.file_bytes import read_bytes
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from typing import Any

    from collide.check.accepted import Acceptance
    from collide.support.schema import MismatchError, Place, Schema

SCHEMA_FILE = os.path.join(os.path.dirname(__file__), "configuration.schema.json")
_YES_OR_NO = ("1", "true", "yes", "on", "0", "false", "no", "off")
_TABLE = ("tool", "collide")
_MENTIONED = rb"""(?m)^[ \t]*(\[\[?[ \t]*)?["']?tool["']?[ \t]*(\.[ \t]*["']?collide\b|\]|=)"""
"""What a line of a pyproject.toml with the table begins with; others are not parsed."""


@cache
def _schema() -> Schema:
    from collide.support.schema import Schema  # late: few have a configuration

    return Schema(SCHEMA_FILE)


class Setting(NamedTuple):
    """One key of the file: the option, the attribute of parsed options, and the default."""

    key: str
    option: str
    dest: str
    default: str | bool | None = None
    of_binary: bool = False
    path: bool = False
    of_codes: bool = False

    @property
    def variable(self) -> str:
        """Its variable in the environment."""
        return f"COLLIDE_{self.key.upper().replace('-', '_')}"


SETTINGS = (
    Setting("hosts", "--profile", "profile", path=True),
    Setting("preload", "--preload", "preload", of_binary=True, path=True),
    Setting("global", "--global", "rtld_global", of_binary=True, path=True),
    Setting("library-path", "--library-path", "library_path", of_binary=True, path=True),
    Setting("rtld-global", "--rtld-global", "mode_global"),
    Setting("rtld-lazy", "--rtld-lazy", "mode_lazy"),
    Setting("rtld-deepbind", "--rtld-deepbind", "mode_deepbind"),
    Setting("select", "--select", "select", of_codes=True),
    Setting("ignore", "--ignore", "ignore", of_codes=True),
    Setting("fail-on", "--fail-on", "fail_on", "error"),
    Setting("minimum", "--minimum", "minimum", "note"),
    Setting("baseline", "--baseline", "baseline", path=True),
    Setting("exposure", "--exposure", "exposure", True),
    Setting("together", "--together", "together", True),
    Setting("auditwheel", "--auditwheel", "auditwheel", False),
    Setting("allow-unchecked", "--allow-unchecked", "allow_unchecked", False),
)
"""All but ``accept``, which only a file has. An empty list is as good as none."""


class _File(NamedTuple):
    """A configuration file: its table, where that stands in its text, and its directory.

    ``directory`` is empty for the working directory, to which all paths are relative.
    """

    path: str
    text: str
    table: Mapping[str, Any]
    at: Place
    directory: str

    def error(self, place: Place, reason: str) -> InputError:
        """The error about a value."""
        return InputError(self.place(place), reason)

    def place(self, place: Place) -> str:
        """The file with the line of a value."""
        from collide.support.toml import line_of  # late: for messages only

        return f"{self.path}:{line_of(self.text, (*self.at, *place))}"


class Configuration(NamedTuple):
    """What is left when the options are filled in; ``path`` is that of the file, if any."""

    path: str | None = None
    accept: tuple[Acceptance, ...] = ()


def configure(args: argparse.Namespace, environment: Mapping[str, str]) -> Configuration:
    """Fill in the options that are not given from the environment and the file, then by default.

    Raises InputError for a file that cannot be read or has what means nothing, UsageError for a
    variable or an option of this kind.
    """
    isolated = args.isolated or is_true(environment.get("COLLIDE_ISOLATED", ""))
    chosen = args.config or environment.get("COLLIDE_CONFIG")
    if args.config and args.isolated:
        raise UsageError("--config and --isolated exclude each other")
    file = None if isolated else _file(chosen)
    variables = {} if isolated else _of_environment(environment)
    given_hosts = bool(args.profile)
    named = given_hosts or "hosts" in variables
    values = {} if file is None else _beside(file)
    for setting in SETTINGS:
        # What a binary opens is told of the hosts in the file, not of others.
        if setting.of_binary and named:
            values.pop(setting.key, None)
        given = getattr(args, setting.dest)
        if given is None or given == []:
            value = variables.get(setting.key, values.get(setting.key))
            default = given if setting.default is None else setting.default
            setattr(args, setting.dest, default if value is None else value)
    if args.profile and not given_hosts:
        _require_hosts(args.profile, None if named else file)
    if file is None:
        return Configuration()
    return Configuration(file.path, tuple(_acceptances(file)))


def _require_hosts(specs: list[str], file: _File | None) -> None:
    """Raise the error of the file, or of the variable, for a value that stands for no host."""
    from collide.hosts.select import require_named  # late: few have a configuration

    try:
        require_named(specs)
    except InputError as e:
        if file is None:
            raise UsageError(f"COLLIDE_HOSTS in the environment: {e}") from None
        # A pipe is named by its whole path.
        at = (specs.index(e.path),) if e.path in specs else ()
        raise file.error(("hosts", *at), f"hosts: {e}") from None


# -- the environment ------------------------------------------------------------------------------


def _of_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    known = {setting.variable: setting for setting in SETTINGS}
    others = ("COLLIDE_CONFIG", "COLLIDE_ISOLATED", "COLLIDE_NATIVE", "COLLIDE_TRACEBACK")
    values = {}
    for name, text in environment.items():
        if name in known and text:
            values[known[name].key] = _value(name, text, known[name])
            continue
        if name.startswith("COLLIDE_") and name not in (*known, *others):
            from collide.support.neighbours import neighbour  # late: for an error only

            if near := neighbour(name, (*known, *others)):
                raise UsageError(f"{name} in the environment means nothing{near}")
    return values


def _value(name: str, text: str, setting: Setting) -> str | bool | list[str]:
    """The value of a variable: lists have commas between their items."""
    rule = _schema().whole["properties"][setting.key]
    if rule["type"] == "boolean":
        if text.lower() not in _YES_OR_NO:
            raise UsageError(f"{name}={text} in the environment is none of {', '.join(_YES_OR_NO)}")
        return is_true(text)
    value: str | list[str] = text
    if rule["type"] == "array":
        # LD_LIBRARY_PATH has colons, as the option.
        commas = setting.key != "library-path"
        value = [word.strip() for word in text.split(",")] if commas else [text]
    from collide.support.schema import MismatchError  # late: few have a configuration

    try:
        _schema().check({setting.key: value})
    except MismatchError as e:
        raise UsageError(f"{name}={text} in the environment {e.what}") from None
    if setting.of_codes:
        try:
            prefixes(value)
        except UsageError as e:
            raise UsageError(f"{name} in the environment: {e}") from None
    return value


# -- the file -------------------------------------------------------------------------------------


def _file(chosen: str | None) -> _File | None:
    if chosen is not None:
        text, document = _read(chosen)
        inside = os.path.basename(chosen) == "pyproject.toml"
        table = _table(document) if inside else document
        if table is None:
            raise InputError(chosen, "has no table [tool.collide]")
        return _checked(chosen, text, table, _TABLE if inside else (), os.path.dirname(chosen))
    try:
        directory = os.getcwd()
    except OSError:
        return None
    start = directory
    while True:
        found = _in(directory, "" if directory == start else directory)
        above = os.path.dirname(directory)
        if found is not None or above == directory:
            return found
        directory = above


def _in(directory: str, shown: str) -> _File | None:
    """The configuration in one directory."""
    path = os.path.join(shown, "collide.toml")
    if os.path.isfile(os.path.join(directory, "collide.toml")):
        text, document = _read(path)
        return _checked(path, text, document, (), shown)
    path = os.path.join(shown, "pyproject.toml")
    if os.path.isfile(os.path.join(directory, "pyproject.toml")):
        if not re.search(_MENTIONED, read_bytes(path, "configuration-size")):
            return None
        text, document = _read(path)
        table = _table(document)
        if table is not None:
            return _checked(path, text, table, _TABLE, shown)
    return None


def _read(path: str) -> tuple[str, dict[str, Any]]:
    from collide.support import toml  # late: few have a configuration

    text = toml.read(path)
    return text, toml.parse(text, path)


def _table(document: Mapping[str, Any]) -> Any:
    tool = document.get(_TABLE[0])
    return tool.get(_TABLE[1]) if isinstance(tool, dict) else None


def _checked(path: str, text: str, table: Any, at: Place, directory: str) -> _File:
    """The file; raises InputError for what is not as the schema says."""
    from collide.support.schema import MismatchError  # late: few have a configuration

    file = _File(path, text, _plain(table), at, directory)
    try:
        _schema().check(file.table)
    except MismatchError as e:
        raise _wrong(file, e) from None
    return file


def _plain(value: Any) -> Any:
    """A day as text, as JSON has it."""
    from datetime import date, datetime  # late: few have a configuration

    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return value.isoformat() if is_day else value


def _wrong(file: _File, e: MismatchError) -> InputError:
    from collide.support.neighbours import neighbour  # late: for an error only
    from collide.support.schema import written  # late: for an error only

    name = written((*file.at, *e.place)) or "the document"
    near = neighbour(str(e.place[-1]), e.known) if e.known else ""
    among = f"; there are {', '.join(e.known)}" if e.known and not near else ""
    return file.error(e.place, f"{name} {e.what}{near}{among}")


def _beside(file: _File) -> dict[str, Any]:
    """The values of the file, with paths relative to its directory."""
    values = {}
    for setting in SETTINGS:
        value = file.table.get(setting.key)
        if setting.path and value is not None:
            paths = [value] if isinstance(value, str) else value
            moved = [_moved(setting.key, one, file.directory) for one in paths]
            value = moved[0] if isinstance(value, str) else moved
        if setting.of_codes:
            try:
                prefixes(value or ())
            except UsageError as e:
                raise file.error((setting.key,), f"{setting.key}: {e}") from None
        values[setting.key] = value
    return values


def _moved(key: str, name: str, directory: str) -> str:
    """A path from the working directory; what may be a bare name stays one."""
    if key == "library-path":
        return ":".join(os.path.join(directory, part) if part else part for part in name.split(":"))
    is_path = key == "baseline" or "/" in name or name.endswith((".json", ".json.xz"))
    return os.path.join(directory, name) if is_path else name


# -- what is accepted -----------------------------------------------------------------------------

_PARTS = {"library": "libraries", "object": "objects", "symbol": "symbols", "host": "hosts"}


def _acceptances(file: _File) -> Iterator[Acceptance]:
    from collide.check.accepted import Acceptance  # late: few have a configuration

    for number, entry in enumerate(file.table.get("accept", ())):
        place = ("accept", number)
        named = {_PARTS[key]: _listed(entry[key]) for key in _PARTS if key in entry}
        if not named and "code" not in entry:
            parts = ", ".join(("code", *_PARTS))
            raise file.error(place, f"an entry of accept names what it is about: {parts}")
        try:
            codes = prefixes(_listed(entry.get("code", ())))
            until = _day(entry["until"]) if "until" in entry else None
        except UsageError as e:
            raise file.error((*place, "code"), f"accept: {e}") from None
        except ValueError:
            raise file.error((*place, "until"), f"until is no day: {entry['until']}") from None
        yield Acceptance(
            codes, **named, reason=entry["reason"], until=until, place=file.place(place)
        )


def _listed(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _day(text: str) -> date:
    from datetime import date  # late: few have a configuration

    return date.fromisoformat(text)


def complain_of_entries(entries: Iterable[Acceptance], what: str) -> None:
    """Say of entries of ``accept`` on stderr, a line each, what there is with them."""
    for entry in entries:
        named = (*entry.codes, *entry.libraries, *entry.objects, *entry.symbols, *entry.hosts)
        complain(f"{entry.place}: accept {', '.join(named)}: {what}")
