"""Hashes of members, with and without OpenSSL."""

from __future__ import annotations

import base64
import hashlib
import sys

import pytest

from collide.wheels.record import record_digest

DATA = bytes(range(256)) * 40
LARGE = 1 << 30


def expected(algorithm: str) -> str:
    digest = hashlib.new(algorithm, DATA).digest()
    return f"{algorithm}={base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512", "blake2b"])
@pytest.mark.parametrize("total", [len(DATA), LARGE])
def test_digest_is_hashlibs(algorithm: str, total: int) -> None:
    assert record_digest(algorithm, DATA, total) == expected(algorithm)


@pytest.mark.parametrize("total", [len(DATA), LARGE])
def test_contents_may_be_a_bytearray(total: int) -> None:
    assert record_digest("sha256", bytearray(DATA), total) == expected("sha256")


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "shake_128", "none", ""])
def test_algorithm_that_no_wheel_may_use_is_refused(algorithm: str) -> None:
    with pytest.raises(ValueError, match=r"not allowed in a wheel|has no fixed size"):
        record_digest(algorithm, DATA, len(DATA))


def test_interpreter_without_a_sha256_of_its_own_asks_hashlib(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("_sha2", "_sha256"):
        monkeypatch.setitem(sys.modules, module, None)
    assert record_digest("sha256", DATA, len(DATA)) == expected("sha256")
