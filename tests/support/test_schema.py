"""Documents held to the shipped schemas, as jsonschema holds them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import mutators
from checkout import PACKAGE
from collide.support.documents import parse
from collide.support.schema import Schema
from targets import TARGETS

FILES = {
    "profile": PACKAGE / "hosts/profile.schema.json",
    "baseline": PACKAGE / "hosts/baseline.schema.json",
    "interposed": PACKAGE / "check/interposed.schema.json",
}


def has_float(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(has_float, value.values()))
    return any(map(has_float, value)) if isinstance(value, list) else isinstance(value, float)


def is_valid(schema: Schema, document: object) -> bool:
    try:
        schema.check(document)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("name", FILES)
def test_verdict_is_that_of_jsonschema(name: str) -> None:
    judge = Draft202012Validator(json.loads(FILES[name].read_text()))
    schema, rand = Schema(str(FILES[name])), random.Random(3)
    (seed,) = TARGETS[name].seeds()
    assert is_valid(schema, json.loads(seed))
    counts = {True: 0, False: 0}
    for _ in range(300):
        document = mutators.change_document(json.loads(seed), rand)
        # A number without a fraction is an integer there, however it is written.
        if not has_float(document):
            expected = judge.is_valid(document)
            assert is_valid(schema, document) == expected, document
            counts[expected] += 1
    assert min(counts.values()) > 5, counts


def test_message_names_the_place(tmp_path: Path) -> None:
    rule = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}}}
    (tmp_path / "s.json").write_text(json.dumps(rule))
    schema = Schema(str(tmp_path / "s.json"))
    schema.check({"a": ["x", "y"]})
    with pytest.raises(ValueError, match=r"^a\[1\] is no string$"):
        schema.check({"a": ["x", 2]})


def test_schema_that_uses_more_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"pattern": "x"}')
    with pytest.raises(AssertionError, match="pattern"):
        Schema(str(tmp_path / "s.json")).check("x")


@pytest.mark.parametrize("text", [b"[NaN]", b"[-Infinity]", b"[1", b"[" * 100_000, b"\xff"])
def test_what_is_no_json_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)
