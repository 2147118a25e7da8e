"""C++ names for people."""

from __future__ import annotations

import sys

import pytest

from collide.report.check.parts import _demangler, demangled

NAME, SOURCE = "_ZN4geos4geom10Coordinate10_nullCoordE", "geos::geom::Coordinate::_nullCoord"


def test_name_of_c_or_of_no_known_form_stays_as_it_is() -> None:
    for name in ("xmlFree", "_Znot\x1b[31m", "_ZN", "_Rust"):
        assert demangled(name) == name


def test_name_of_cpp_is_as_in_its_source() -> None:
    pytest.importorskip("pydemumble")
    assert demangled(NAME) == SOURCE


def test_without_the_package_names_stay_mangled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydemumble", None)
    _demangler.cache_clear()
    assert demangled(NAME) == NAME
    _demangler.cache_clear()
