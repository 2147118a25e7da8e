"""COL108: functions and messages that refuse another release."""

from __future__ import annotations

import pytest

from collide.findings.code import Severity
from judging import ERROR, WARNING, functions, judged, many, module, of
from scenario import Scenario


@pytest.mark.parametrize(
    ("theirs", "text", "found"),
    [
        ("1.2.2", "", ("COL108", ERROR)),
        # Most checks ask for the release that was compiled for, and later ones.
        ("1.2.10", "", ("COL108", WARNING)),
        ("1.2.10", r"Warning! *** Frob library version mismatched ***\n", ("COL108", ERROR)),
        ("1.2.3", "", ("COL102", WARNING)),
    ],
)
def test_version_check_is_an_error_where_the_host_has_an_older_release(
    s: Scenario, theirs: str, text: str, found: tuple[str, Severity]
) -> None:
    def library(version: str) -> str:
        told = f'const char *lib_told(void) {{ return "Frob release {version} of today"; }}'
        told += f'const char *lib_says(void) {{ return "{text}"; }}'
        return functions("lib_check_version", "lib_one") + told

    s.lib("libhost.so", library(theirs))
    s.lib("w/liblib.so", library("1.2.3"))
    s.lib("w/m.so", module("lib_check_version", "lib_one"), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so") == found


_OLDER = "libfrob link-time version (%s) is older than compile-time version (%s)"
_DOWNGRADE = "Dynamic linking: downgrade of frob! (compiled with version %d, linked to %d)"
_OTHER = "libfrob link-time backend (%s) is different from compile-time backend (%s)"


@pytest.mark.parametrize(
    ("text", "host", "ours", "theirs", "code"),
    [
        (_OLDER, "libfrob.so.4", ("frob_new",), (), "COL108"),
        (_OLDER, "libfrob.so.4", (), ("frob_new",), "COL102"),
        (_OLDER.replace("libfrob", "libother"), "libfrob.so.4", ("frob_new",), (), "COL102"),
        ("m requires libfrob v2 or later", "libfrob.so.4", ("frob_new",), (), "COL108"),
        ("front requires libfrob from Frob 14", "libfrob.so.4", ("frob_new",), (), "COL102"),
        (_DOWNGRADE, "libfrob.so.4", ("frob_new",), (), "COL108"),
        (_DOWNGRADE.replace("frob", "knob"), "libfrob.so.4", ("frob_new",), (), "COL102"),
        (_OTHER, "libfrob-tls.so.4", (), (), "COL108"),
        (_OTHER, "libfrob.so.4", ("frob_new",), (), "COL102"),
        ("libfrob is the best in its time", "libfrob.so.4", ("frob_new",), (), "COL102"),
    ],
    ids=[
        "older",
        "newer",
        "of-another",
        "required",
        "one-function",
        "downgrade",
        "downgrade-of-another",
        "flavour",
        "same-flavour",
        "no-refusal",
    ],
)
def test_words_of_refusal_are_an_error_where_they_would_be_said(
    s: Scenario, text: str, host: str, ours: tuple[str, ...], theirs: tuple[str, ...], code: str
) -> None:
    names = ("frob_version", *many("frob", 5))
    s.lib(host, functions(*names, *theirs))
    s.lib("w/libfrob-0f8b79dc.so.4", functions(*names, *ours))
    said = f'const char *refuse(void) {{ return "{text}"; }}'
    s.lib("w/m.so", said + module(*names), needed=["w/libfrob-0f8b79dc.so.4"])
    assert of(judged(s, host), "m.so")[0] == code


@pytest.mark.parametrize(
    ("name", "theirs", "code"),
    [
        ("frob_enc_init_ver", 8, "COL108"),
        ("frob_enc_init_ver", 7, "COL102"),
        ("frob_enc_init", 8, "COL105"),
        ("FROB_VER", 8, "COL105"),
    ],
)
def test_number_of_the_interface_is_refused_where_it_has_changed(
    s: Scenario, name: str, theirs: int, code: str
) -> None:
    s.lib(f"libfrob.so.{theirs}", functions(name, "frob_one"))
    s.lib("w/libfrob-0f8b79dc.so.7", functions(name, "frob_one"))
    s.lib("w/m.so", module(name, "frob_one"), needed=["w/libfrob-0f8b79dc.so.7"])
    assert of(judged(s, f"libfrob.so.{theirs}"), "m.so")[0] == code
