"""Holds a JSON document to a schema: the part of JSON Schema 2020-12 that collide's own use.

The schemas are files of this package (``*.schema.json``). One that uses anything else is refused,
so what is shipped and what is checked cannot part. Source: JSON Schema Core and Validation,
2020-12. Here no number with a fraction point is an integer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

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
    *("$schema", "$defs", "title", "description"),
}


class Schema:
    """One schema file, read when it is first needed."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._read: dict[str, Any] | None = None

    def check(self, value: object, definition: str | None = None) -> None:
        """Raise ValueError for what is not as the schema, or one of its definitions, says.

        The message names the place in the document.
        """
        if self._read is None:
            with open(self._path, "rb") as stream:  # noqa: PTH123
                self._read = json.load(stream)
        whole = self._read
        self._check(value, whole["$defs"][definition] if definition else whole, "")

    def _check(self, value: Any, rule: Mapping[str, Any], at: str) -> None:
        if "$ref" in rule:
            assert self._read is not None
            rule = self._read["$defs"][rule["$ref"].removeprefix("#/$defs/")]
        assert rule.keys() <= _KNOWN, rule.keys() - _KNOWN
        if "oneOf" in rule:
            self._one_of(value, rule["oneOf"], at)
        if "const" in rule and value != rule["const"]:
            raise _wrong(at, f"is not {rule['const']!r}")
        if "enum" in rule and (value not in rule["enum"] or isinstance(value, bool)):
            raise _wrong(at, f"is none of {', '.join(map(str, rule['enum']))}")
        if "type" in rule:
            _check_type(type(value), rule["type"], at)
        if isinstance(value, int) and value < rule.get("minimum", value):
            raise _wrong(at, f"is less than {rule['minimum']}")
        if isinstance(value, str) and len(value) < rule.get("minLength", 0):
            raise _wrong(at, "is too short")
        if isinstance(value, list):
            self._check_items(value, rule, at)
        elif isinstance(value, dict):
            self._check_properties(value, rule, at)

    def _one_of(self, value: Any, rules: Sequence[Mapping[str, Any]], at: str) -> None:
        for rule in rules[:-1]:
            with suppress(ValueError):
                self._check(value, rule, at)
                return
        self._check(value, rules[-1], at)

    def _check_items(self, value: list[Any], rule: Mapping[str, Any], at: str) -> None:
        fewest, most = rule.get("minItems", 0), rule.get("maxItems", len(value))
        if not fewest <= len(value) <= most:
            raise _wrong(at, f"has {len(value)} items")
        first = rule.get("prefixItems", ())
        for number, (item, of_item) in enumerate(zip(value, first, strict=False)):
            self._check(item, of_item, f"{at}[{number}]")
        rest = rule.get("items", {})
        if rest is False:
            if len(value) > len(first):
                raise _wrong(at, f"has {len(value)} items")
        elif not self._all_alike(value[len(first) :], rest):
            for number, item in enumerate(value[len(first) :], len(first)):
                self._check(item, rest, f"{at}[{number}]")

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

    def _check_properties(self, value: dict[str, Any], rule: Mapping[str, Any], at: str) -> None:
        for key in rule.get("required", ()):
            if key not in value:
                raise _wrong(at, f"has no {key}")
        known, others = rule.get("properties", {}), rule.get("additionalProperties", {})
        for key, item in value.items():
            place = f"{at}.{key}" if at else key
            if key in known:
                self._check(item, known[key], place)
            elif others is False:
                raise _wrong(at, f"has {key}, which means nothing")
            else:
                self._check(item, others, place)


def _check_type(found: type, names: str | Sequence[str], at: str) -> None:
    wanted = [names] if isinstance(names, str) else names
    if found not in [_TYPES[name] for name in wanted]:
        raise _wrong(at, f"is no {' or '.join(wanted)}")


def _wrong(at: str, what: str) -> ValueError:
    return ValueError(f"{at or 'the document'} {what}")
