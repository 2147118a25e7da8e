"""How well the verdicts agree with what was measured: 55 cases of wheel and host that were run.

    python tests/score.py [--case ID] [--without FAMILY] [--leave-one-out]

``cases.json`` holds what happened, ``hosts/NAME.json.xz`` the hosts as
``record_hosts.py`` recorded them; the wheels come from the package index. A
case that breaks must get an error, one that misbinds a warning and no error, a
harmless one no error, a safe one nothing above a note.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from collide.analysis import Analysis, analyse
from collide.codes import Severity
from collide.host import Host
from collide.judge import Finding, judge
from collide.recorded import load
from collide.wheel import Target, read_target

HERE = Path(__file__).parent
Case = dict[str, Any]

_HOSTS = {
    "preload:310:/usr/lib/x86_64-linux-gnu/libprotobuf.so.32": "preload-protobuf",
    "preload:pypy3": "preload-pypy3-proj",
}


def cases() -> list[Case]:
    """The measured cases."""
    loaded: list[Case] = json.loads((HERE / "cases.json").read_text())
    return loaded


def wheels_of(case: Case) -> list[Path]:
    """The wheels of a case, the named one first; those without machine code are left out."""
    names = [case["wheel_filename"], *case.get("other_wheels", ())]
    options = case["pip_spec"].split()[1:]
    return [_download(name, options) for name in names if not name.endswith("-any.whl")]


def _download(filename: str, options: Sequence[str]) -> Path:
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = cache_home / "collide-tests" / "wheels" / filename.removesuffix(".whl")
    name, version = re.split(r"-", filename)[:2]
    if not (found := sorted(directory.glob("*.whl"))):
        directory.mkdir(parents=True, exist_ok=True)
        options = list(options)
        at = options.index("--platform")
        platforms = [o for p in options[at + 1].split(",") for o in ("--platform", p)]
        with TemporaryDirectory(dir=directory) as partial:
            command = [sys.executable, "-m", "pip", "-q", "download", "--dest", partial]
            command += [*options[:at], *platforms, "--platform", "manylinux_2_24_x86_64"]
            command += [
                "--platform",
                "manylinux_2_26_x86_64",
                "--platform",
                "manylinux_2_12_x86_64",
            ]
            subprocess.run([*command, f"{name}=={version}"], check=True)
            for wheel in Path(partial).glob("*.whl"):
                wheel.replace(directory / wheel.name)
        found = sorted(directory.glob("*.whl"))
    return found[0]


@cache
def host_named(name: str) -> Host:
    """A recorded host."""
    return load(HERE / "hosts" / f"{name}.json.xz")


def host_of(case: Case) -> Host:
    """The host of a case."""
    return host_named(_HOSTS.get(case["host"], case["host"]))


def installed_together(wheels: Iterable[Path]) -> Target:
    """Several wheels in one site-packages directory."""
    first, *others = [read_target(wheel) for wheel in wheels]
    for other in others:
        first = first._replace(
            members={**first.members, **other.members},
            names={**first.names, **other.names},
            skipped=first.skipped + other.skipped,
            problems=first.problems + other.problems,
        )
    return first._replace(tags=None)


def analysis_of(case: Case) -> Analysis:
    """Every module of the case's wheels opened alone in its host."""
    return analyse(installed_together(wheels_of(case)), host_of(case))


def agrees(label: str, worst: Severity | None) -> bool:
    """Whether the worst finding is what the label of a case demands."""
    match label:
        case "breaks":
            return worst == Severity.ERROR
        case "misbinds":
            return worst == Severity.WARNING
        case "harmless":
            return worst != Severity.ERROR
        case _:
            return worst in (None, Severity.NOTE)


def worst_of(findings: Iterable[Finding]) -> Severity | None:
    """The highest severity."""
    return max((f.severity for f in findings), default=None)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--case")
    args = parser.parse_args()
    table: Counter[tuple[str, str]] = Counter()
    for case in cases():
        if args.case not in (None, case["id"]):
            continue
        analysis = analysis_of(case)
        findings = judge(analysis)
        worst = worst_of(findings)
        table[case["label"], str(worst)] += 1
        ok = "" if agrees(case["label"], worst) else "  <-- WRONG"
        print(f"{case['label']:9}{worst or 'none':9}{case['id']}{ok} {analysis.left_out or ''}")
        if args.case or ok:
            for f in findings:
                if args.case or f.severity > 1:
                    print(
                        "    ",
                        str(f.severity),
                        f.code.id,
                        f.victim,
                        "<-",
                        f.provider,
                        f.references,
                        len(f.kept),
                        f.intended,
                    )
    print(table)


if __name__ == "__main__":
    main()
