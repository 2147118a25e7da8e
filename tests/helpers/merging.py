"""Findings of several hosts, to be merged."""

from __future__ import annotations

from typing import Any

from collide.findings.code import Code
from collide.findings.finding import Finding
from collide.findings.shadowing.split_library import SPLIT_LIBRARY

HOSTS = ("debian-12-python3", "debian-12-gdb", "debian-13-python3")


def finding(code: Code = SPLIT_LIBRARY, **fields: Any) -> Finding:
    """A finding about libz."""
    defaults: dict[str, Any] = {"victim": "m.so", "provider": "/lib/libz.so.1.2.13"}
    return Finding(code, code.severity, **{**defaults, **fields})
