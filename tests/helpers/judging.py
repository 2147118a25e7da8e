"""What a test of a rule needs: libraries in a few lines of C, and the findings for them."""

from __future__ import annotations

import platform
import subprocess

import pytest

from collide.analysis.analysis import analyse
from collide.filesystems.root import Root
from collide.findings.code import Severity
from collide.findings.finding import Finding
from collide.findings.judge import judge
from collide.hosts.extract import extract
from collide.wheels.target import read_target
from scenario import Scenario

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
only_x86_64 = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="calls are read on x86-64 only; run the tests there"
)


def judged(s: Scenario, *libraries: str) -> tuple[Finding, ...]:
    """The findings for the tree ``w`` on a host that links ``libraries``."""
    host = extract(str(s.host(needed=libraries)), Root())
    return judge(analyse(read_target(s.directory / "w"), host))


def of(findings: tuple[Finding, ...], victim: str) -> tuple[str, Severity]:
    """Code and severity of the one finding for a victim."""
    (found,) = (f for f in findings if f.victim == victim)
    return found.code.id, found.severity


def codes(findings: tuple[Finding, ...]) -> list[str]:
    """The identifiers of their codes, in order."""
    return [f.code.id for f in findings]


def many(prefix: str, count: int) -> tuple[str, ...]:
    """So many names with one prefix."""
    return tuple(f"{prefix}_{number}" for number in range(count))


def functions(*names: str) -> str:
    """Functions of these names, exported, in this order."""
    return "".join(f"int {name}(void) {{ return 1; }}" for name in names)


def caller(*names: str, entry: str = "use") -> str:
    """A function that calls these, which are defined before."""
    return f"int {entry}(void) {{ return {' + '.join(f'{n}()' for n in names) or 0}; }}"


def calls(*names: str, entry: str = "use") -> str:
    """A function that calls these, which are defined elsewhere."""
    return "".join(f"int {name}(void);" for name in names) + caller(*names, entry=entry)


def module(*names: str) -> str:
    """A module whose initialisation calls these."""
    return calls(*names, entry="PyInit_m")


def static(*names: str) -> str:
    """Exported functions, and one behind them that calls them all."""
    return functions(*names) + caller(*names)


def archive(s: Scenario, name: str, *symbols: str) -> str:
    """A static library of one object that exports ``symbols``; the flag that links it."""
    source = s.directory / f"{name}.c"
    source.write_text(functions(*symbols))
    obj, path = source.with_suffix(".o"), s.directory / f"lib{name}.a"
    subprocess.run(["gcc", "-c", "-fPIC", "-O0", source, "-o", obj], check=True)
    subprocess.run(["ar", "rcs", path, obj], check=True)
    return str(path)
