"""Every format with hostile names in every place: no command, no control, valid JSON."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest

from collide.analysis.pair_traces import Shared
from collide.check.check import Exposed, Judged, Report
from collide.check.pairs import Order, Pair
from collide.findings.code import Code
from collide.findings.table import CODES
from collide.loader.link_map import LoadFailure
from collide.report.check.formats import FORMATS, Shown
from collide.support.errors import InputError
from collide.whatif.costs import Cost
from collide.whatif.edits import Edit, LinkChange
from collide.whatif.remedies import Remedy
from collide.whatif.whatif import Balance
from hostile import ALL, NAMES, odd_characters, strict, taken_for_commands
from reading import commands, page
from reports import finding, troubled

_OWN = {"process", "python", "architecture", "kind", "option", "code", "severity"}
"""Fields that hold no foreign text, but words by which collide decides."""


def _hostile(record: Any, name: str) -> Any:
    """A record with ``name`` before and behind each text in it, whatever field that is in."""
    if isinstance(record, InputError):
        return type(record)(name + record.path + name, name + record.reason + name)
    if isinstance(record, str):
        return name + record + name
    if isinstance(record, Mapping):
        return {_hostile(k, name): _hostile(v, name) for k, v in record.items()}
    if hasattr(record, "_fields"):
        return record._replace(
            **{f: _hostile(getattr(record, f), name) for f in record._fields if f not in _OWN}
        )
    return tuple(_hostile(one, name) for one in record) if isinstance(record, tuple) else record


def _finding(code: Code) -> Any:
    return finding(code, 3, kept=("kept",), detail="detail", evidence=("It is so.", "And so."))


def _report(name: str) -> Report:
    """A report with every part that a report can have, full of ``name``."""
    full = troubled()
    (judged,) = full.judged
    failure = LoadFailure("missing-library", "/lib/a.so", "libb.so", "detail")
    edit = Edit("libz.so", LinkChange("rename", ("one", "two"), "V1"))
    tried = Remedy(
        (edit,), (edit,), 3, 0, Balance(3, 0, 0, (failure,), (failure,)), None,
        (Cost("kind", "A cost."),), {"old": "new"},
    )  # fmt: skip
    refused = tried._replace(refusal="It does not help.")
    host = judged.analysis.host._replace(failures=(failure,), arguments=("--profile", "host"))
    analysis = judged.analysis._replace(host=host)
    findings = tuple(map(_finding, CODES.values()))
    with_remedies = Judged(analysis, findings, ((tried, refused),) * len(findings), frozenset([0]))
    shared = Shared(("s",), ("u",), ("/lib/x.so",), ("p",), ("f",))
    pair = Pair(("demo.whl", "two.whl"), host, shared, findings, (Order("a", "b", findings),))
    return full._replace(
        judged=(
            _hostile(Judged(analysis, findings), name),
            _hostile(with_remedies, name),
        ),
        left_out=_hostile(full.left_out, name),
        problems=_hostile(full.problems, name),
        pairs=(_hostile(pair, name), _hostile(pair._replace(left_out="why"), name)),
        exposed=_hostile((*full.exposed, Exposed("demo.whl", findings)), name),
    )


_BY_LINES = ("text", "github")
"""The formats in which it counts how a line begins. In the others a name does what all do."""


@pytest.mark.parametrize(
    ("name", "form", "verbose"),
    [
        *product(["all"], FORMATS, [False, True]),
        *product(NAMES, _BY_LINES, [True]),
        *(
            pytest.param(*case, marks=pytest.mark.corpus)
            for case in product(NAMES, [form for form in FORMATS if form not in _BY_LINES], [True])
        ),
    ],
)
def test_no_name_is_a_command_a_control_or_invalid(name: str, form: str, verbose: bool) -> None:
    text = {**NAMES, "all": ALL}[name].decode("utf-8", "surrogateescape")
    output = FORMATS[form].render(Shown(_report(text), None, verbose))
    output.encode()
    assert not odd_characters(output)
    taken = taken_for_commands(output)
    if form == "github":
        # Every line is a command, and each is one of collide's own.
        assert [c.level in ("error", "warning", "notice") for c in commands(output)] == [
            True for _ in taken
        ]
        assert "##[" not in output
    else:
        assert taken == []
    if form in ("json", "sarif"):
        strict(output)
    if form == "html":
        assert not [e for tag in ("script", "img") for e in page(output).all(tag)]


def test_markers_prove_that_the_report_has_names_everywhere() -> None:
    plain, marked = (FORMATS["json"].render(Shown(_report(n))) for n in ("", "MARK"))
    assert plain != marked
    assert marked.count("MARK") > 1000
