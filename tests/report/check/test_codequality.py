"""GitLab's report of code quality: what it demands of an issue, and which it knows again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from collide.check.causes import causes
from collide.check.check import Report
from collide.report.check.codequality import render
from reports import everything, of, troubled

# GitLab documentation, "Code quality report format".
SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "minLength": 1},
                    "lines": {"type": "object", "required": ["begin"]},
                },
            },
        },
    },
}


@pytest.mark.parametrize("make", [everything, troubled, of, lambda: Report((), (), ())])
def test_issues_are_as_gitlab_wants_them(make: Any) -> None:
    issues = json.loads(render(make()))
    Draft202012Validator(SCHEMA).validate(issues)
    prints = [issue["fingerprint"] for issue in issues]
    assert len(prints) == len(set(prints))


def test_cause_is_one_issue() -> None:
    report = everything()
    told = [i["check_name"] for i in json.loads(render(report)) if i["check_name"][:3] == "COL"]
    assert told == [cause.code.id for cause in causes(report)]


def test_what_was_not_read_blocks() -> None:
    issues = [i for i in json.loads(render(troubled())) if i["check_name"] == "not-read"]
    assert {issue["severity"] for issue in issues} == {"blocker"}
    assert len(issues) == len(troubled().problems)
