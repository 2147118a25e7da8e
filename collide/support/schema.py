"""Holds a JSON document to a schema: the part of JSON Schema 2020-12 that collide's own use.

The schemas are files of this package (``*.schema.json``). One that uses anything else is refused,
so what is shipped and what is checked cannot part. Source: JSON Schema Core and Validation,
2020-12. Here no number with a fraction point is an integer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress

from collide.support.errors import InputError
from collide.support.file_bytes import read_bytes
from collide.support.foreign import from_json
from collide.support.limits import LimitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Place = tuple[str | int, ...]
"""The keys and the numbers of items that lead to a value."""

_TYPES: Mapping[str, type] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}
_KNOWN = {
    *("$ref", "type", "const", "enum", "oneOf", "minimum", "minLength", "minItems", "maxItems"),
    *("items", "prefixItems", "properties", "required", "additionalProperties"),
    *("$schema", "$id", "$defs", "title", "description", "default"),
}


class MismatchError(ValueError):
    """What is not as the schema says: ``place`` leads to it, ``known`` are keys of an object.

    ``place`` are keys, and numbers of items. str() names it in one line.
    """

    def __init__(self, place: Place, what: str, known: Sequence[str] = ()) -> None:
        super().__init__(f"{written(place) or 'the document'} {what}")
        self.place = place
        self.what = what
        self.known = known


def written(place: Place) -> str:
    """A place as it is read: ``accept[1].until``."""
    parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in place)
    return "".join(parts).removeprefix(".")


class Schema:
    """One schema file, read when it is first needed."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._read: dict[str, Any] | None = None

    @property
    def whole(self) -> Mapping[str, Any]:
        """The schema itself."""
        if self._read is None:
            with open(self._path, "rb") as stream:  # noqa: PTH123
                self._read = json.load(stream)
        return self._read

    def baseline(self, path: str, name: str) -> Any:
        """The document in a baseline, whose ``schema`` is ``name``; raises InputError.

        A file of strangers, which people edit: it may have at most ``text-size`` bytes.
        """
        try:
            document = from_json(read_bytes(path, "text-size"))
        except LimitError as e:
            raise e if e.path else e.inside(path) from None
        except ValueError as e:
            raise InputError(path, f"not a readable baseline ({e})") from e
        found = document.get("schema") if isinstance(document, dict) else None
        if found != name:
            raise InputError(path, f"not a baseline of schema {name} (its schema is {found!r})")
        try:
            self.check(document)
        except MismatchError as e:
            raise InputError(path, f"not a valid baseline of schema {name} ({e})") from e
        return document

    def check(self, value: object, definition: str | None = None) -> None:
        """Raise MismatchError for what is not as the schema, or one of its definitions, says."""
        whole = self.whole
        self._check(value, whole["$defs"][definition] if definition else whole, ())

    def _check(self, value: Any, rule: Mapping[str, Any], at: Place) -> None:
        if "$ref" in rule:
            rule = self.whole["$defs"][rule["$ref"].removeprefix("#/$defs/")]
        assert rule.keys() <= _KNOWN, rule.keys() - _KNOWN
        if "oneOf" in rule:
            self._one_of(value, rule["oneOf"], at)
        if "const" in rule and value != rule["const"]:
            raise MismatchError(at, f"is not {rule['const']!r}")
        if "enum" in rule and (value not in rule["enum"] or isinstance(value, bool)):
            raise MismatchError(at, f"is none of {', '.join(map(str, rule['enum']))}")
        if "type" in rule:
            _check_type(type(value), rule["type"], at)
        if isinstance(value, int) and value < rule.get("minimum", value):
            raise MismatchError(at, f"is less than {rule['minimum']}")
        if isinstance(value, str) and len(value) < rule.get("minLength", 0):
            raise MismatchError(at, "is too short")
        if isinstance(value, list):
            self._check_items(value, rule, at)
        elif isinstance(value, dict):
            self._check_properties(value, rule, at)

    def _one_of(self, value: Any, rules: Sequence[Mapping[str, Any]], at: Place) -> None:
        for rule in rules[:-1]:
            with suppress(ValueError):
                self._check(value, rule, at)
                return
        self._check(value, rules[-1], at)

    def _check_items(self, value: list[Any], rule: Mapping[str, Any], at: Place) -> None:
        fewest, most = rule.get("minItems", 0), rule.get("maxItems", len(value))
        if not fewest <= len(value) <= most:
            raise MismatchError(at, f"has {len(value)} items")
        first = rule.get("prefixItems", ())
        for number, (item, of_item) in enumerate(zip(value, first, strict=False)):
            self._check(item, of_item, (*at, number))
        rest = rule.get("items", {})
        if rest is False:
            if len(value) > len(first):
                raise MismatchError(at, f"has {len(value)} items")
        elif not self._all_alike(value[len(first) :], rest):
            for number, item in enumerate(value[len(first) :], len(first)):
                self._check(item, rest, (*at, number))

    def _all_alike(self, values: list[Any], rule: Mapping[str, Any]) -> bool:
        """Whether many items fit a rule of type and least value alone: all at once, not one by one.

        Columns of symbols have a hundred thousand.
        """
        if not values or not rule:
            return True
        if "type" not in rule or not rule.keys() <= {"type", "minimum", "description"}:
            return False
        kinds = set(map(type, values))
        if kinds != {_TYPES.get(rule["type"]) if isinstance(rule["type"], str) else None}:
            return False
        return "minimum" not in rule or min(values) >= rule["minimum"]

    def _check_properties(self, value: dict[str, Any], rule: Mapping[str, Any], at: Place) -> None:
        for key in rule.get("required", ()):
            if key not in value:
                raise MismatchError(at, f"has no {key}")
        known, others = rule.get("properties", {}), rule.get("additionalProperties", {})
        for key, item in value.items():
            place = (*at, key)
            if key in known:
                self._check(item, known[key], place)
            elif others is False:
                raise MismatchError(place, "means nothing", tuple(known))
            else:
                self._check(item, others, place)


def _check_type(found: type, names: str | Sequence[str], at: Place) -> None:
    wanted = [names] if isinstance(names, str) else names
    if found not in [_TYPES[name] for name in wanted]:
        raise MismatchError(at, f"is no {' or '.join(wanted)}")
