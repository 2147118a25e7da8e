"""What a maintainer can change: findings about one copy of one library have one subject."""

from __future__ import annotations

import pytest

from collide.findings.code import Code
from collide.findings.loading import CAPTURED_SONAME, EXECUTABLE_STACK, UNDEFINED_SYMBOL
from collide.findings.pairs import SYSTEM_ACROSS
from collide.findings.shadowing.compiler_runtime import COMPILER_RUNTIME
from collide.findings.shadowing.foreign_symbol import FOREIGN_SYMBOL
from collide.findings.shadowing.own_shadow import OWN_SHADOW
from collide.findings.shadowing.replaced_library import REPLACED_LIBRARY
from collide.findings.shadowing.split_library import SPLIT_LIBRARY
from collide.findings.subject import Kind, is_linked_into, library, subject_of
from merging import finding

MODULE, SSL, CRYPTO = (
    "pkg/m.so",
    "pkg.libs/libssl-8bd944e8.so.3",
    "pkg.libs/libcrypto-1b2c3d4e.so.3",
)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/libssl-8bd944e8.so.3", "libssl"),
        ("/usr/lib/libxml2.so.2.9.14", "libxml2"),
        ("/usr/bin/gdb", "gdb"),
        ("pkg/_ext.cpython-311-x86_64-linux-gnu.so", "_ext.cpython-311-x86_64-linux-gnu.so"),
        ("pkg/lib.cpython-311-x86_64-linux-gnu.so", "lib.cpython-311-x86_64-linux-gnu.so"),
        ("", ""),
    ],
)
def test_library_is_named_without_hash_and_numbers(path: str, name: str) -> None:
    assert library(path) == name


@pytest.mark.parametrize(
    ("code", "victim", "intended", "provider", "name"),
    [
        (SPLIT_LIBRARY, MODULE, MODULE, "/lib/libxml2.so.2.9.14", "libxml2"),
        (SPLIT_LIBRARY, SSL, CRYPTO, "/lib/libcrypto.so.3", "libcrypto"),
        (REPLACED_LIBRARY, SSL, SSL, "/lib/libssl.so.3", "libssl"),
        (REPLACED_LIBRARY, SSL, SSL, "/lib/libdav1d.so.6", "libdav1d"),
        (REPLACED_LIBRARY, SSL, SSL, "/usr/bin/host", "libssl"),
        (FOREIGN_SYMBOL, MODULE, MODULE, "/usr/bin/postgres", "postgres"),
        (FOREIGN_SYMBOL, SSL, SSL, "/lib/libother.so.1", "libother"),
        (COMPILER_RUNTIME, MODULE, MODULE, "/lib/libother.so.1", "libother"),
        (CAPTURED_SONAME, MODULE, "libz.so.1", "/lib/libz.so.1.2.13", "libz"),
        (SYSTEM_ACROSS, MODULE, MODULE, "pkg.libs/libgeos-3ef06f11.so.3.13.1", "libgeos"),
        (SPLIT_LIBRARY, "p/lib.abi3.so", "p/lib.abi3.so", "/lib/libarrow.so.1", "libarrow"),
        (EXECUTABLE_STACK, MODULE, "", "libx.so.1", "libx"),
        (UNDEFINED_SYMBOL, MODULE, "", "", "undefined-symbol"),
    ],
)
def test_subject_is_the_library_that_can_be_changed(
    code: Code, victim: str, intended: str, provider: str, name: str
) -> None:
    meant = (intended,) if intended else ()
    found = finding(code, victim=victim, intended=meant, provider=provider or None)
    assert subject_of(found).name == name


def test_note_of_one_binding_is_of_its_code_whatever_library_it_is() -> None:
    found = finding(OWN_SHADOW, victim=SSL, intended=(CRYPTO,), provider=MODULE)
    assert subject_of(found) == (Kind.CODE, "own-shadow", "COL301")


def test_unrelated_object_has_names_and_no_copy() -> None:
    assert subject_of(finding(FOREIGN_SYMBOL)).kind is Kind.NAMES
    assert subject_of(finding(SPLIT_LIBRARY)).kind is Kind.COPY


def test_library_linked_into_a_module_is_told_from_a_bundled_one() -> None:
    assert is_linked_into(finding(SPLIT_LIBRARY, victim=MODULE, intended=(MODULE,)))
    for victim, intended, provider in (
        (SSL, SSL, "/lib/libssl.so.3"),
        (SSL, CRYPTO, "/lib/libcrypto.so.3"),
    ):
        found = finding(victim=victim, intended=(intended,), provider=provider)
        assert not is_linked_into(found)
