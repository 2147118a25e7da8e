"""Wheels of one-line objects, built for a test."""

from __future__ import annotations

from pathlib import Path

from collide.wheels.archive import Member, write_wheel
from collide.wheels.target import Target, read_target
from compiler import compile_so


class WheelBuilder:
    """Builds wheels in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(self, name: str, members: dict[str, str | Path], *flags: str) -> Target:
        """The wheel ``name``; its ``members`` are C sources to compile, or files as they are."""
        wheel = self.directory / f"{name}-1.0-py3-none-linux_x86_64.whl"
        built = []
        for member, source in members.items():
            if isinstance(source, str):
                source = compile_so(
                    self.directory, f"{name}-{member.replace('/', '_')}", source, *flags
                )
            built.append(Member(member, source.read_bytes()))
        write_wheel(wheel, built)
        return read_target(wheel)
