"""Hashes as RECORD has them (PEP 376, PEP 427)."""

from __future__ import annotations

from binascii import b2a_base64

_SHORT = 1 << 20
"""Bytes up to which CPython's own SHA-256 is done before OpenSSL, which hashlib loads, is there."""
_URL_SAFE = str.maketrans("+/", "-_")  # RFC 4648 5; base64 itself is slow to import


def record_digest(algorithm: str, data: bytes | bytearray, total: int) -> str:
    """``algorithm=digest``, where ``total`` bytes at most will be hashed.

    Raises ValueError for an algorithm that PEP 427 does not allow.
    """
    if algorithm == "sha256" and total <= _SHORT and (digest := _own_sha256(data)):
        return _told(algorithm, digest)
    import hashlib

    if algorithm in ("md5", "sha1") or algorithm not in hashlib.algorithms_guaranteed:
        raise ValueError(f"{algorithm or 'no algorithm'}: not allowed in a wheel")
    hashed = hashlib.new(algorithm, data)
    if not hashed.digest_size:
        raise ValueError(f"{algorithm}: has no fixed size")
    return _told(algorithm, hashed.digest())


def _own_sha256(data: bytes | bytearray) -> bytes | None:
    """By the module that hashlib falls back on; None in an interpreter that is built without."""
    for module in ("_sha2", "_sha256"):  # since CPython 3.12, before
        try:
            digest: bytes = __import__(module).sha256(data).digest()
        except (ImportError, AttributeError):
            continue
        return digest
    return None


def _told(algorithm: str, digest: bytes) -> str:
    text = b2a_base64(digest, newline=False).decode("ascii").rstrip("=")
    return f"{algorithm}={text.translate(_URL_SAFE)}"
