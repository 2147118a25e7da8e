"""The result of ``collide check`` as GitLab's report of code quality, a JSON list of issues.

Source: GitLab documentation, "Code Quality", "Code quality report format": description,
check_name, fingerprint, severity and location are read; ``content`` is of the Code Climate
specification that it is a subset of.
"""

from __future__ import annotations

import posixpath

from collide.check.causes import Cause, Grouped, group
from collide.check.check import LeftOut, Report
from collide.check.fingerprints import fingerprints
from collide.findings.code import Severity
from collide.report.check.messages import first_line, message
from collide.support.foreign import Text, json_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from collide.support.errors import InputError

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.NOTE: "info"}


def render(given: Report | Grouped, *, verbose: bool = False) -> Text:
    """One issue for each cause, and for each input that could not be read or checked at all.

    ``verbose`` names every symbol.
    """
    grouped = group(given)
    report, found = grouped.report, grouped.causes
    issues = [
        _issue(c, known, verbose) for c, known in zip(found, fingerprints(found), strict=True)
    ]
    issues += map(_problem, report.problems)
    issues += [_unchecked(one) for one in report.left_out] if not report.judged else []
    return json_of(issues)


def _problem(problem: InputError) -> dict[str, Any]:
    return {
        "description": text_of([str(problem)]),
        "check_name": "not-read",
        "fingerprint": f"not-read:{problem.path}:{problem.reason}",
        "severity": "blocker",
        "location": _location(problem.path),
    }


def _unchecked(left_out: LeftOut) -> dict[str, Any]:
    said = f"{left_out.target} on {left_out.host}: nothing was checked: {left_out.misfit.reason}"
    return {
        "description": text_of([said]),
        "check_name": "not-checked",
        "fingerprint": f"not-checked:{left_out.target}:{left_out.host}",
        "severity": "info",
        "location": _location(left_out.target),
    }


def _issue(cause: Cause, fingerprint: str, verbose: bool) -> dict[str, Any]:
    return {
        "description": text_of([first_line(cause)]),
        "content": {"body": text_of(message(cause, verbose=verbose))},
        "check_name": cause.code.id,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[cause.severity],
        "location": _location(cause.targets[0]),
    }


def _location(path: str) -> dict[str, Any]:
    """A file of the repository; GitLab takes no issue without a line."""
    return {"path": posixpath.normpath(path), "lines": {"begin": 1}}
