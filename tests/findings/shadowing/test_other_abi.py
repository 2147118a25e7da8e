"""COL105: another number behind .so, with and without structures in use."""

from __future__ import annotations

import pytest

from collide.findings.code import Severity
from judging import ERROR, WARNING, functions, judged, module
from scenario import Scenario


@pytest.mark.parametrize(
    ("extra", "longs", "severity"),
    [
        ("", 1, WARNING),
        ("long lib_data[1] = {1};", 1, WARNING),
        ("long lib_data[3] = {1};", 3, WARNING),
        ("long lib_data[3] = {1};", 4, ERROR),
    ],
)
def test_other_abi_number_is_an_error_where_structures_have_changed(
    s: Scenario, extra: str, longs: int, severity: Severity
) -> None:
    theirs = f"long lib_data[{longs}] = {{1}};" if extra else ""
    s.lib("liblib.so.8", functions("lib_one") + theirs)
    s.lib("w/liblib.so.6", functions("lib_one") + extra)
    use = "extern long lib_data[]; int lib_read(void) { return lib_data[0]; }" if extra else ""
    names = ("lib_one", "lib_read") if extra else ("lib_one",)
    s.lib("w/m.so", use + module(*names), needed=["w/liblib.so.6"])
    (found,) = (f for f in judged(s, "liblib.so.8") if f.victim == "m.so")
    assert (found.code.id, found.severity) == ("COL105", severity)
    assert any("ABI number 6, the host's 8" in line for line in found.evidence)


@pytest.mark.parametrize(
    ("host", "severity"),
    [
        ("libvault3.so.3", ERROR),
        ("libvault4.so.4", WARNING),
        ("libvault.so.3", WARNING),
        ("libvaults3.so.3", WARNING),
    ],
)
def test_a_number_in_the_name_of_the_library_is_one_that_programs_are_changed_for(
    s: Scenario, host: str, severity: Severity
) -> None:
    s.lib(host, functions("vault_one"))
    s.lib("w/libvault4.so.4", functions("vault_one"))
    s.lib("w/m.so", module("vault_one"), needed=["w/libvault4.so.4"])
    (found,) = (f for f in judged(s, host) if f.victim == "m.so")
    assert found.severity == severity
    told = [line for line in found.evidence if "is libvault4, the host's libvault3" in line]
    assert bool(told) is (severity is ERROR)
