"""Names in their source form beside those of a JSON document."""

from __future__ import annotations

import sys

import pytest

from collide.report.check.cpp_names import with_source_forms
from collide.report.check.parts import _demangler

NAME, SOURCE = "_ZN4geos4geom10Coordinate10_nullCoordE", "geos::geom::Coordinate::_nullCoord"


def test_document_has_the_source_form_of_each_name_once() -> None:
    pytest.importorskip("pydemumble")
    inside = {"a": [(NAME, "xmlFree"), NAME], "b": {"c": "_ZN", "d": 1, "e": None}}
    assert with_source_forms(inside) == {**inside, "demangled": {NAME: SOURCE}}
    assert with_source_forms({"a": "xmlFree"}) == {"a": "xmlFree"}


def test_without_the_package_a_document_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydemumble", None)
    _demangler.cache_clear()
    assert with_source_forms({"symbol": NAME}) == {"symbol": NAME}
    _demangler.cache_clear()
