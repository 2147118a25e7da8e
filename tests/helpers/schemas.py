"""The shipped schemas of documents."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

from checkout import PACKAGE

SCHEMAS = {path.name.split(".")[0]: path for path in sorted(PACKAGE.rglob("*.schema.json"))}
"""All of them, by the first part of their names."""


def valid(name: str, document: Any) -> None:
    """Hold a document to a schema."""
    schema = json.loads(SCHEMAS[name].read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)
